//! Missing numbers among Paygent's notices, and numbers given up (O9).

use crate::notices::{MERCHANT, at, notice};
use crate::place::{Place, texts};
use teiki_infrastructure::event_store::Storage;
use teiki_infrastructure::notice_inbox::{CameBy, Received, give_up_hole, holes, receive};

async fn take(storage: &Storage, merchant: &str, number: u64) -> Received {
    receive(storage, merchant, &notice(number, "70007", 3_980), at(0), CameBy::Notice).await.unwrap()
}

async fn missing(storage: &Storage) -> Vec<u64> {
    holes(storage, MERCHANT, 50).await.unwrap()
}

async fn lost(storage: &Storage) -> Vec<String> {
    let sql = "SELECT merchant_id || ':' || notice_id || ' ' || why || ' ' || since FROM paygent_notices_lost \
               ORDER BY merchant_id, notice_id";
    texts(storage, sql).await
}

pub(crate) async fn o9_holes_are_what_lies_between_the_first_and_the_newest(place: Place) {
    let storage = place.open().await;
    assert_eq!(missing(&storage).await, [0; 0], "no notice, no hole");
    take(&storage, MERCHANT, 100).await;
    assert_eq!(missing(&storage).await, [0; 0], "what was before the first is not missed");
    for number in [101, 104, 106, 110] {
        take(&storage, MERCHANT, number).await;
    }
    // Another merchant's numbers close no hole and make none.
    for number in [1, 102, 103, 200] {
        take(&storage, "1002", number).await;
    }
    assert_eq!(missing(&storage).await, [102, 103, 105, 107, 108, 109]);
    for (limit, expected) in [(0, vec![]), (1, vec![102]), (3, vec![102, 103, 105]), (4, vec![102, 103, 105, 107])] {
        assert_eq!(holes(&storage, MERCHANT, limit).await.unwrap(), expected, "the smallest first");
    }
    let others = holes(&storage, "1002", 1_000).await.unwrap();
    assert_eq!(others, (2..200).filter(|number| ![102, 103].contains(number)).collect::<Vec<_>>());
}

pub(crate) async fn o9_notices_out_of_order_close_their_holes(place: Place) {
    let storage = place.open().await;
    for (number, expected) in [
        (14, vec![]),
        (18, vec![15, 16, 17]),
        (16, vec![15, 17]),
        (12, vec![13, 15, 17]),
        (17, vec![13, 15]),
        (13, vec![15]),
        (15, vec![]),
    ] {
        assert_eq!(take(&storage, MERCHANT, number).await, Received::New);
        assert_eq!(missing(&storage).await, expected, "after {number}");
        // Doubled, it changes nothing.
        assert_eq!(take(&storage, MERCHANT, number).await, Received::Known);
        assert_eq!(missing(&storage).await, expected, "after {number} again");
    }
}

pub(crate) async fn o9_a_notice_given_up_is_no_hole_until_it_comes_after_all(place: Place) {
    let storage = place.open().await;
    for number in [10, 14] {
        take(&storage, MERCHANT, number).await;
        take(&storage, "1002", number).await;
    }
    give_up_hole(&storage, MERCHANT, 12, "kept no more", at(1)).await.unwrap();
    give_up_hole(&storage, "1002", 12, "kept no more", at(1)).await.unwrap();
    assert_eq!(missing(&storage).await, [11, 13]);
    // Given up again, it keeps its first reason and time.
    give_up_hole(&storage, MERCHANT, 12, "again", at(2)).await.unwrap();
    let mark = |merchant: &str| format!("{merchant}:12 kept no more {}", at(1).to_rfc3339());
    assert_eq!(lost(&storage).await, [mark(MERCHANT), mark("1002")]);
    assert_eq!(take(&storage, MERCHANT, 12).await, Received::New, "it comes after all");
    assert_eq!(lost(&storage).await, [mark("1002")], "only this merchant's is found");
    assert_eq!(missing(&storage).await, [11, 13]);
    for number in [11, 13] {
        give_up_hole(&storage, MERCHANT, number, "kept no more", at(3)).await.unwrap();
    }
    assert_eq!(missing(&storage).await, [0; 0]);
    assert_eq!(take(&storage, MERCHANT, 11).await, Received::New);
    assert_eq!(missing(&storage).await, [0; 0]);
}

/// A number as large as the store can hold stops nobody from looking for what is missing.
pub(crate) async fn o9_the_largest_number_hides_no_hole(place: Place) {
    let storage = place.open().await;
    let largest = i64::MAX.unsigned_abs();
    for number in [0, 2, largest - 1, largest] {
        assert_eq!(take(&storage, MERCHANT, number).await, Received::New);
    }
    assert_eq!(holes(&storage, MERCHANT, 3).await.unwrap(), [1, 3, 4]);
}

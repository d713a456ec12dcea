//! Paygent's difference notices: each kept once (O9).

use crate::place::{Place, number, sixteen_at_once, texts};
use chrono::{DateTime, Utc};
use teiki_domain::money::Yen;
use teiki_infrastructure::event_store::Storage;
use teiki_infrastructure::notice_inbox::{CameBy, InboxNotice, Received, handled, open, receive};
use teiki_infrastructure::paygent::{CardDetails, Notice, PaymentStatus};

pub(crate) const MERCHANT: &str = "1001";

/// A notice of payment `payment` over `yen` yen.
pub(crate) fn notice(notice_id: u64, payment: &str, yen: i64) -> Notice {
    Notice {
        notice_id,
        changed_at: None,
        payment_id: payment.parse().unwrap(),
        trading_id: Some(format!("02396{payment:0>15}")),
        payment_type: "02".to_owned(),
        status: PaymentStatus::Captured,
        amount: Yen::new(yen).unwrap(),
        initiated_at: None,
        cancel_date: None,
        payment_date: None,
        card: CardDetails { masked_number: None, valid_term: None, fingerprint: None, brand: None },
        customer_id: None,
        card_id: None,
    }
}

/// Just after midnight in Tokyo, and so many seconds.
pub(crate) fn at(second: u32) -> DateTime<Utc> {
    format!("2026-03-31T15:00:{second:02}Z").parse().unwrap()
}

fn kept(merchant: &str, notice: &Notice, second: u32) -> InboxNotice {
    InboxNotice {
        merchant_id: merchant.to_owned(),
        notice_id: notice.notice_id,
        payment_id: notice.payment_id.as_str().to_owned(),
        trading_id: notice.trading_id.clone(),
        payment_status: notice.status.code().to_owned(),
        payment_amount: notice.amount.get(),
        received_at: at(second).to_rfc3339(),
    }
}

async fn take(storage: &Storage, notice: &Notice, second: u32) -> Received {
    receive(storage, MERCHANT, notice, at(second), CameBy::Notice).await.unwrap()
}

pub(crate) async fn o9_a_notice_is_stored_once_with_all_it_says(place: Place) {
    let storage = place.open().await;
    assert_eq!(open(&storage, 10).await.unwrap(), []);
    let posted = notice(7, "70007", 3_980);
    let fetched = Notice { trading_id: None, status: PaymentStatus::Other("31".to_owned()), ..notice(8, "70008", 0) };
    assert_eq!(take(&storage, &posted, 2).await, Received::New);
    assert_eq!(receive(&storage, MERCHANT, &fetched, at(1), CameBy::Fetched).await.unwrap(), Received::New);
    storage.close().await;
    let storage = place.open().await;
    let all = [kept(MERCHANT, &fetched, 1), kept(MERCHANT, &posted, 2)];
    assert_eq!(open(&storage, 10).await.unwrap(), all, "what came first comes first");
    assert_eq!(open(&storage, 1).await.unwrap(), all[..1]);
    let came_by = texts(&storage, "SELECT came_by FROM paygent_notices ORDER BY notice_id").await;
    assert_eq!(came_by, ["notice", "fetched"]);
}

pub(crate) async fn o9_a_doubled_notice_is_known_and_changes_nothing(place: Place) {
    let storage = place.open().await;
    let first = notice(7, "70007", 3_980);
    assert_eq!(take(&storage, &first, 1).await, Received::New);
    assert_eq!(take(&storage, &first, 2).await, Received::Known);
    assert_eq!(receive(&storage, MERCHANT, &first, at(3), CameBy::Fetched).await.unwrap(), Received::Known);
    // The check value does not cover the status: whoever changes it has no other notice.
    let touched = Notice { status: PaymentStatus::SaleCancelled, ..first.clone() };
    assert_eq!(take(&storage, &touched, 4).await, Received::Known);
    assert_eq!(open(&storage, 10).await.unwrap(), [kept(MERCHANT, &first, 1)]);
    assert_eq!(texts(&storage, "SELECT came_by FROM paygent_notices").await, ["notice"]);
}

pub(crate) async fn o9_another_payment_or_amount_under_a_known_number_differs_and_the_first_stays(place: Place) {
    let storage = place.open().await;
    let first = notice(7, "70007", 3_980);
    assert_eq!(take(&storage, &first, 1).await, Received::New);
    for other in [notice(7, "70008", 3_980), notice(7, "70007", 3_981)] {
        assert_eq!(take(&storage, &other, 2).await, Received::Differs, "{other:?}");
    }
    assert_eq!(open(&storage, 10).await.unwrap(), [kept(MERCHANT, &first, 1)]);
    assert_eq!(take(&storage, &first, 3).await, Received::Known);
}

pub(crate) async fn o9_merchants_count_their_notices_apart(place: Place) {
    let storage = place.open().await;
    let (one, other) = (notice(7, "70007", 3_980), notice(7, "80007", 120));
    assert_eq!(take(&storage, &one, 1).await, Received::New);
    assert_eq!(receive(&storage, "1002", &other, at(1), CameBy::Notice).await.unwrap(), Received::New);
    handled(&storage, MERCHANT, 7, "known", at(2)).await.unwrap();
    assert_eq!(open(&storage, 10).await.unwrap(), [kept("1002", &other, 1)], "only the one merchant's is done with");
}

pub(crate) async fn o9_what_is_handled_is_not_open_and_does_not_open_again(place: Place) {
    let storage = place.open().await;
    let notices = [notice(9, "70009", 1), notice(10, "70010", 2), notice(11, "70011", 3)];
    for notice in &notices {
        take(&storage, notice, 1).await;
    }
    handled(&storage, MERCHANT, 10, "AuthorizationSucceeded", at(5)).await.unwrap();
    let left = [kept(MERCHANT, &notices[0], 1), kept(MERCHANT, &notices[2], 1)];
    assert_eq!(open(&storage, 10).await.unwrap(), left);
    // Paygent posts it again because our answer was lost.
    assert_eq!(take(&storage, &notices[1], 6).await, Received::Known);
    assert_eq!(open(&storage, 10).await.unwrap(), left);
    let verdicts = "SELECT verdict || ' ' || handled_at FROM paygent_notices WHERE handled_at IS NOT NULL";
    assert_eq!(texts(&storage, verdicts).await, [format!("AuthorizationSucceeded {}", at(5).to_rfc3339())]);
}

pub(crate) async fn o9_of_sixteen_that_store_a_notice_at_once_exactly_one_has_it_new(place: Place) {
    let engines = [place.open().await, place.open().await];
    for number in 1..=8 {
        let received = sixteen_at_once(&engines, |storage, task| async move {
            take(&storage, &notice(number, "70007", 3_980), task as u32).await
        })
        .await;
        let count = |what| received.iter().filter(|received| **received == what).count();
        assert_eq!((count(Received::New), count(Received::Known)), (1, 15), "{received:?}");
    }
    assert_eq!(number(&engines[0], "SELECT count(*) FROM paygent_notices").await, 8);
}

pub(crate) async fn o9_of_sixteen_different_notices_under_one_number_exactly_one_stays(place: Place) {
    let engines = [place.open().await, place.open().await];
    for number in 1..=8 {
        let received = sixteen_at_once(&engines, |storage, task| async move {
            take(&storage, &notice(number, "70007", task as i64), 0).await
        })
        .await;
        let new: Vec<_> = (0..).zip(&received).filter(|(_, received)| **received == Received::New).collect();
        let differing = received.iter().filter(|received| **received == Received::Differs).count();
        assert_eq!((new.len(), differing), (1, 15), "{received:?}");
        let stored = open(&engines[0], 1).await.unwrap();
        assert_eq!(stored, [kept(MERCHANT, &notice(number, "70007", new[0].0), 0)], "the one that was told so");
        handled(&engines[0], MERCHANT, number, "known", at(1)).await.unwrap();
    }
}

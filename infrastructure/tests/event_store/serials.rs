//! Serial numbers.

use crate::place::Place;
use std::collections::HashSet;
use teiki_infrastructure::serial_numbers::SerialNumbers;

pub(crate) async fn numbers_never_come_twice_between_two_engines(place: Place) {
    let engines = [SerialNumbers::new(place.open().await), SerialNumbers::new(place.open().await)];
    let takers: Vec<_> = (0..8)
        .map(|taker| {
            let serials = engines[taker % 2].clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                for _ in 0..120 {
                    taken.push(serials.next("transaction:1").await.unwrap());
                }
                taken
            })
        })
        .collect();
    let mut all = HashSet::new();
    for taker in takers {
        let taken = taker.await.unwrap();
        assert!(taken.is_sorted(), "one engine hands them out in order");
        for number in taken {
            assert!(number > 0 && all.insert(number), "{number} came twice");
        }
    }
    assert_eq!(all.len(), 960);
    // A new engine after a restart skips what was left of the blocks.
    let next = SerialNumbers::new(place.open().await).next("transaction:1").await.unwrap();
    assert!(next > *all.iter().max().unwrap());
}

pub(crate) async fn series_are_apart_and_begin_with_1(place: Place) {
    let serials = SerialNumbers::new(place.open().await);
    for number in 1..=120 {
        assert_eq!(serials.next("a").await.unwrap(), number);
    }
    assert_eq!(serials.next("b").await.unwrap(), 1);
    assert_eq!(serials.next("a").await.unwrap(), 121);
}

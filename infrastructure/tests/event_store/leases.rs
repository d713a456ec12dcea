//! Work of one process at a time: who has it, who gets it, and who is kept out.

use crate::place::{Place, number, sixteen_at_once};
use teiki_infrastructure::worker_lease::{BEAT_EVERY, TAKE_OVER_AFTER, WorkerLease};

pub(crate) async fn of_sixteen_that_take_work_at_once_exactly_one_has_it(place: Place) {
    let engines = [place.open().await, place.open().await];
    let taken = sixteen_at_once(&engines, |storage, _| async move {
        WorkerLease::new(storage, "test").try_take().await.unwrap().is_some()
    })
    .await;
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    assert_eq!(number(&engines[0], "SELECT COUNT(*) FROM worker_leases").await, 1);
}

/// A holder that shows that it lives keeps the work; one that does not loses it, and is kept out by the fence.
pub(crate) async fn work_passes_on_when_its_holder_is_silent(place: Place) {
    let storage = place.open().await;
    let (mut first, mut second) = (WorkerLease::new(storage.clone(), "test"), WorkerLease::new(storage, "test"));
    let fence = first.try_take().await.unwrap().unwrap();
    assert_eq!(second.try_take().await.unwrap(), None);
    tokio::time::sleep(TAKE_OVER_AFTER / 2).await;
    assert!(first.beat(fence).await.unwrap());
    assert_eq!(second.try_take().await.unwrap(), None);
    tokio::time::sleep(TAKE_OVER_AFTER / 2 + BEAT_EVERY / 2).await;
    assert_eq!(second.try_take().await.unwrap(), None, "longer than the limit, but with a sign of life in between");
    tokio::time::sleep(TAKE_OVER_AFTER).await;
    let next = second.try_take().await.unwrap().unwrap();
    assert!(next > fence);
    assert!(!first.beat(fence).await.unwrap(), "whoever slept finds the work gone");
    first.release(fence).await.unwrap();
    assert!(second.beat(next).await.unwrap(), "and cannot give away what is not theirs");
    second.release(next).await.unwrap();
    assert!(first.try_take().await.unwrap().unwrap() > next, "what is given back is free at once");
}

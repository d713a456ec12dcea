//! Stores that came from somewhere else: the numbers that give the commit order mean nothing there.

use crate::order::{assert_ordered, fill, whole_log};
use crate::place::{Place, execute};
use crate::tally::{Tally, added, because};
use teiki_infrastructure::event_store::{EventStore, LogReader, Sequencer, Storage};

pub(crate) async fn a_log_continues_after_the_stored_order_lost_its_meaning(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    fill(&store, 3, 4).await;
    Sequencer::new(store.clone()).catch_up().await.unwrap();
    let before = whole_log(&LogReader::new(storage.clone()), 100).await;
    // Written and not placed when the dump was made.
    store.append::<Tally>("s0", 4, added(&[1]), &because()).await.unwrap();
    store.append::<Tally>("s1", 4, added(&[1, 2]), &because()).await.unwrap();
    match storage {
        Storage::Sqlite(_) => {
            execute(&storage, "UPDATE events SET rowid = rowid + 1000").await;
        }
        Storage::Postgres(_) => {
            // As restored into a younger cluster: all transaction ids lie in the future.
            execute(&storage, "UPDATE events SET xid = (xid::text::numeric + 4000000000)::text::xid8").await;
            let elsewhere = "cluster = 'elsewhere', last_xid = (last_xid::text::numeric + 4000000000)::text::xid8";
            execute(&storage, &format!("UPDATE sequencer_state SET {elsewhere}")).await;
        }
    }
    // Written here before the sequencer ran for the first time.
    store.append::<Tally>("s1", 6, added(&[3]), &because()).await.unwrap();
    let (sequencer, other) = (Sequencer::new(store.clone()), Sequencer::new(EventStore::new(place.open().await)));
    let (one, two) = tokio::join!(sequencer.catch_up(), other.catch_up());
    assert_eq!((one.unwrap(), two.unwrap()), (16, 16));
    for sequence in 7..12 {
        store.append::<Tally>("s1", sequence, added(&[4]), &because()).await.unwrap();
        store.append::<Tally>(&format!("n{sequence}"), 0, added(&[5]), &because()).await.unwrap();
        assert_eq!(other.catch_up().await.unwrap(), 16 + (sequence as i64 - 6) * 2);
    }
    let log = LogReader::new(storage);
    let after = whole_log(&log, 100).await;
    assert_ordered(&after);
    assert_eq!(after[..12], before[..], "places given once stay");
    assert_eq!(log.verify(|_| ()).await.unwrap().head, 26);
}

pub(crate) async fn a_lost_log_is_made_again_from_the_streams(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    fill(&store, 2, 5).await;
    let log = LogReader::new(storage.clone());
    Sequencer::new(store.clone()).catch_up().await.unwrap();
    let (before, verified) = (whole_log(&log, 100).await, log.verify(|_| ()).await.unwrap());
    let start = match storage {
        Storage::Sqlite(_) => "last_rowid = 0, hash = zeroblob(32)",
        Storage::Postgres(_) => "cluster = 'elsewhere', hash = decode(repeat('00', 32), 'hex')",
    };
    execute(&storage, "DELETE FROM event_log").await;
    execute(&storage, &format!("UPDATE sequencer_state SET position = 0, {start}")).await;
    assert_eq!(Sequencer::new(store).catch_up().await.unwrap(), 10);
    assert_eq!(whole_log(&log, 100).await, before);
    assert_eq!(log.verify(|_| ()).await.unwrap(), verified);
}

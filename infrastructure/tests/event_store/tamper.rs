//! What `verify` finds when somebody with full access to the database changes it.

use crate::order::fill;
use crate::place::{Place, execute};
use crate::tally::{Tally, added, because};
use std::cell::RefCell;
use teiki_infrastructure::event_store::{EventStore, LogError, LogReader, Sequencer, Storage, Verified, VerifyError};

async fn filled(place: &Place) -> (Storage, LogReader, Verified) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    fill(&store, 3, 4).await;
    Sequencer::new(store).catch_up().await.unwrap();
    let log = LogReader::new(storage.clone());
    let verified = log.verify(|_| ()).await.unwrap();
    assert_eq!(verified.head, 12);
    (storage, log, verified)
}

async fn assert_broken_at(log: &LogReader, position: i64) -> String {
    match log.verify(|_| ()).await {
        Err(VerifyError::Broken(broken)) => {
            assert_eq!(broken.position, position, "{broken}");
            broken.why
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_whole_log_is_verified_with_head_and_hash(place: Place) {
    let empty = LogReader::new(place.open().await).verify(|_| ()).await.unwrap();
    assert_eq!(empty, Verified { head: 0, hash: [0; 32] });
    let (storage, log, verified) = filled(&place).await;
    assert_eq!(log.page(11, 1).await.unwrap()[0].hash, verified.hash);
    let seen = RefCell::new(Vec::new());
    assert_eq!(log.verify(|position| seen.borrow_mut().push(position)).await.unwrap(), verified);
    assert_eq!(seen.into_inner(), [12]);
    // Events that are not placed yet do not make the log wrong.
    EventStore::new(storage).append::<Tally>("new", 0, added(&[1]), &because()).await.unwrap();
    assert_eq!(log.verify(|_| ()).await.unwrap(), verified);
}

pub(crate) async fn a_flipped_byte_in_the_log_is_found(place: Place) {
    let (storage, log, _) = filled(&place).await;
    for (position, change) in [
        (12, "hash = (SELECT hash FROM event_log WHERE position = 1)"),
        (9, "metadata = replace(metadata, 'hanako', 'hanaki')"),
        (8, "recorded_at = '2026-01-31T15:00:00.123457Z'"),
        (7, "aggregate_id = 's9'"),
        (6, "event_type = 'added'"),
        (5, "payload = replace(payload, '4', '5')"),
    ] {
        assert_eq!(execute(&storage, &format!("UPDATE event_log SET {change} WHERE position = {position}")).await, 1);
        assert!(assert_broken_at(&log, position).await.contains("hash"));
    }
}

pub(crate) async fn a_changed_stored_event_is_found(place: Place) {
    let (storage, log, _) = filled(&place).await;
    let payload = "'{\"Added\":{\"amount\":5}}'";
    execute(&storage, &format!("UPDATE events SET payload = {payload} WHERE aggregate_id = 's1' AND sequence = 2"))
        .await;
    // It was amount 4 at position 5.
    assert!(assert_broken_at(&log, 5).await.contains("was changed"));
}

pub(crate) async fn a_deleted_position_is_found_and_is_an_error_for_readers(place: Place) {
    let (storage, log, _) = filled(&place).await;
    execute(&storage, "DELETE FROM event_log WHERE position = 7").await;
    assert_broken_at(&log, 7).await;
    for (after, limit) in [(0, 100), (5, 3), (6, 1)] {
        let read = log.page(after, limit).await;
        assert!(matches!(read, Err(LogError::Hole { position: 7 })), "{read:?}");
    }
    assert_eq!(log.page(0, 6).await.unwrap().len(), 6);
    assert_eq!(log.page(7, 100).await.unwrap().len(), 5);
}

pub(crate) async fn swapped_positions_are_found(place: Place) {
    let (storage, log, _) = filled(&place).await;
    for (from, to) in [(4, 1004), (5, 4), (1004, 5)] {
        execute(&storage, &format!("UPDATE event_log SET position = {to} WHERE position = {from}")).await;
    }
    assert_broken_at(&log, 4).await;
}

pub(crate) async fn a_truncated_log_is_found(place: Place) {
    let (storage, log, _) = filled(&place).await;
    execute(&storage, "DELETE FROM event_log WHERE position > 10").await;
    assert_broken_at(&log, 11).await;
    // The last event from everywhere, and the place where it was left: the stored event is gone, so this is as if it
    // had never been; only a hash kept elsewhere can tell. The rows between are still found.
    execute(&storage, "DELETE FROM event_log").await;
    assert_broken_at(&log, 1).await;
}

pub(crate) async fn a_deleted_stored_event_is_found(place: Place) {
    let (storage, log, _) = filled(&place).await;
    execute(&storage, "DELETE FROM events WHERE aggregate_id = 's2' AND sequence = 3").await;
    assert!(assert_broken_at(&log, 9).await.contains("missing"));
}

pub(crate) async fn an_event_that_was_passed_over_is_found(place: Place) {
    let (storage, log, _) = filled(&place).await;
    // It looks as old as the first event.
    let copied = match storage {
        Storage::Sqlite(_) => ("rowid", "-1"),
        Storage::Postgres(_) => ("xid, arrival", "xid, 0"),
    };
    let overriding = if matches!(storage, Storage::Postgres(_)) { "OVERRIDING SYSTEM VALUE" } else { "" };
    let sql = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, {}) \
         {overriding} SELECT aggregate_type, 'late', sequence, event_type, event_version, payload, metadata, {} \
         FROM events WHERE aggregate_id = 's0' AND sequence = 1",
        copied.0, copied.1
    );
    execute(&storage, &sql).await;
    assert!(assert_broken_at(&log, 13).await.contains("tally late, sequence 1"));
}

pub(crate) async fn a_waiting_event_whose_stream_has_a_gap_is_found(place: Place) {
    let (storage, log, verified) = filled(&place).await;
    let store = EventStore::new(storage.clone());
    store.append::<Tally>("new", 0, added(&[1, 2, 3]), &because()).await.unwrap();
    assert_eq!(log.verify(|_| ()).await.unwrap(), verified);
    // None of the three has a position yet.
    execute(&storage, "DELETE FROM events WHERE aggregate_id = 'new' AND sequence = 2").await;
    assert!(assert_broken_at(&log, 13).await.contains("tally new, sequence 3"));
    execute(&storage, "DELETE FROM events WHERE aggregate_id = 'new' AND sequence = 3").await;
    assert_eq!(log.verify(|_| ()).await.unwrap(), verified);
    // The last one that has a position is followed by one that leaves one out.
    execute(&storage, "UPDATE events SET aggregate_id = 's2', sequence = 6 WHERE aggregate_id = 'new'").await;
    assert!(assert_broken_at(&log, 13).await.contains("tally s2, sequence 6"));
}

pub(crate) async fn an_event_added_behind_the_end_is_found(place: Place) {
    let (storage, log, _) = filled(&place).await;
    let sql = "INSERT INTO event_log SELECT 13, aggregate_type, 'more', sequence, event_type, event_version, payload, \
               metadata, recorded_at, hash FROM event_log WHERE position = 12";
    execute(&storage, sql).await;
    assert_broken_at(&log, 13).await;
}

pub(crate) async fn a_new_chain_over_changed_events_shows_in_the_hash(place: Place) {
    let (storage, log, before) = filled(&place).await;
    // Somebody changes an event and has the whole log made again.
    execute(
        &storage,
        "UPDATE events SET payload = '{\"Added\":{\"amount\":5}}' WHERE aggregate_id = 's1' AND sequence = 2",
    )
    .await;
    let again = match storage {
        Storage::Sqlite(_) => "last_rowid = 0, hash = zeroblob(32)",
        Storage::Postgres(_) => "cluster = '', hash = decode(repeat('00', 32), 'hex')",
    };
    execute(&storage, "DELETE FROM event_log").await;
    execute(&storage, &format!("UPDATE sequencer_state SET position = 0, {again}")).await;
    Sequencer::new(EventStore::new(storage)).catch_up().await.unwrap();
    let after = log.verify(|_| ()).await.unwrap();
    assert_eq!(after.head, before.head);
    assert_ne!(after.hash, before.hash);
}

//! The one order: positions, chain, several sequencers, and when the log must stand still.

use crate::place::{Place, execute, number};
use crate::tally::{Tally, added, because, noted};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::time::Duration;
use teiki_infrastructure::event_store::{
    EventMetadata, EventStore, LogEvent, LogReader, Sequencer, SequencerError, SequencerStatus,
};
use tokio_util::sync::CancellationToken;

/// Fills `streams` streams with `events` events each, in turns.
pub(crate) async fn fill(store: &EventStore, streams: usize, events: usize) {
    for sequence in 0..events {
        for stream in 0..streams {
            let amount = i64::try_from(sequence * streams + stream).unwrap();
            store.append::<Tally>(&format!("s{stream}"), sequence, added(&[amount]), &because()).await.unwrap();
        }
    }
}

pub(crate) async fn whole_log(log: &LogReader, page: i64) -> Vec<LogEvent> {
    let mut all = Vec::new();
    loop {
        let some = log.page(all.len() as i64, page).await.unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

/// Positions without gaps, and every stream complete and in order.
pub(crate) fn assert_ordered(events: &[LogEvent]) {
    let mut last: HashMap<(&str, &str), i64> = HashMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position);
        let before = last.insert((&event.aggregate_type, &event.aggregate_id), event.sequence).unwrap_or(0);
        assert_eq!(event.sequence, before + 1, "{event:?}");
    }
}

pub(crate) async fn positions_are_contiguous_and_keep_every_stream_in_order(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    let (sequencer, log) = (Sequencer::new(store.clone()), LogReader::new(storage));
    assert_eq!(log.head().await.unwrap(), 0);
    assert_eq!(sequencer.run_once().await.unwrap().count, 0);
    fill(&store, 7, 10).await;
    assert_eq!(sequencer.catch_up().await.unwrap(), 70);
    assert_eq!(log.head().await.unwrap(), 70);
    let events = whole_log(&log, 9).await;
    assert_eq!(events.len(), 70);
    assert_ordered(&events);
    // One writer after the other: the commit order is the order of the appends.
    for (event, amount) in events.iter().zip(0..) {
        assert_eq!(event.payload, format!("{{\"Added\":{{\"amount\":{amount}}}}}"));
    }
    assert_eq!(log.page(68, 10).await.unwrap().len(), 2);
    assert!(log.page(70, 10).await.unwrap().is_empty());
    let stream = log.stream("tally", "s3").await.unwrap();
    assert_eq!(
        stream.iter().map(|event| event.position).collect::<Vec<_>>(),
        (0..10).map(|n| n * 7 + 4).collect::<Vec<_>>()
    );
    assert_eq!(log.position_of("tally", "s3", 2).await.unwrap(), Some(11));
    assert_eq!(log.position_of("tally", "s3", 11).await.unwrap(), None);
}

pub(crate) async fn the_chain_is_what_an_independent_reading_computes(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    fill(&store, 3, 5).await;
    Sequencer::new(store).catch_up().await.unwrap();
    let mut hash = [0u8; 32];
    for event in whole_log(&LogReader::new(storage), 100).await {
        let mut bytes = vec![];
        let mut field = |field: &[u8]| {
            bytes.extend(u64::try_from(field.len()).unwrap().to_be_bytes());
            bytes.extend(field);
        };
        field(&event.position.to_be_bytes());
        field(event.aggregate_type.as_bytes());
        field(event.aggregate_id.as_bytes());
        field(&event.sequence.to_be_bytes());
        for text in [&event.event_type, &event.event_version, &event.payload, &event.metadata, &event.recorded_at] {
            field(text.as_bytes());
        }
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        hash = Sha256::digest([hash, digest].concat()).into();
        assert_eq!(event.hash, hash, "position {}", event.position);
    }
}

pub(crate) async fn both_stores_write_the_same_canonical_form(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    store.append::<Tally>("a", 0, vec![noted("é/\"\u{1}")], &because()).await.unwrap();
    Sequencer::new(store).catch_up().await.unwrap();
    let event = &LogReader::new(storage).page(0, 1).await.unwrap()[0];
    let expected = "{\"Noted\":{\"big\":18446744073709551615,\"factor\":100,\"text\":\"é/\\\"\\u0001\"}}";
    assert_eq!(event.payload, expected);
    assert_eq!((event.event_type.as_str(), event.event_version.as_str()), ("Noted", "1.0.0"));
    assert_eq!(event.recorded_at, "2026-01-31T15:00:00.123456Z");
    let keys: Vec<&str> = event.metadata.split("\":\"").filter_map(|part| part.rsplit('"').next()).collect();
    assert_eq!(
        keys[..7],
        ["actor", "append_id", "causation_id", "command_id", "correlation_id", "reason", "recorded_at"]
    );
}

pub(crate) async fn a_new_sequencer_goes_on_where_the_old_one_stopped(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    fill(&store, 2, 3).await;
    assert_eq!(Sequencer::new(store).catch_up().await.unwrap(), 6);
    storage.close().await;
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    for stream in ["s0", "s1", "s0"] {
        let sequence = store.load::<Tally>(stream).await.unwrap().sequence;
        store.append::<Tally>(stream, sequence, added(&[9]), &because()).await.unwrap();
    }
    let sequencer = Sequencer::new(store);
    // On PostgreSQL the transactions of other databases of the server may hold a step back for a moment.
    let first = loop {
        let batch = sequencer.run_once().await.unwrap();
        if batch.count > 0 {
            break batch.first;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((first, sequencer.catch_up().await.unwrap()), (7, 9));
    assert_ordered(&whole_log(&LogReader::new(storage.clone()), 100).await);
    LogReader::new(storage).verify(|_| ()).await.unwrap();
}

pub(crate) async fn two_sequencers_at_once_place_every_event_once(place: Place) {
    let (one, two) = (place.open().await, place.open().await);
    let (first, second) = (EventStore::new(one.clone()), EventStore::new(two.clone()));
    let stop = CancellationToken::new();
    let runs = [&first, &second].map(|store| tokio::spawn(Sequencer::new(store.clone()).run(stop.clone())));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = if writer % 2 == 0 { first.clone() } else { second.clone() };
            tokio::spawn(async move {
                for sequence in 0..25 {
                    store.append::<Tally>(&format!("w{writer}"), sequence, added(&[1]), &because()).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let (a, b) = (Sequencer::new(first), Sequencer::new(second));
    let (a, b) = tokio::join!(a.catch_up(), b.catch_up());
    assert_eq!((a.unwrap(), b.unwrap()), (200, 200));
    stop.cancel();
    for run in runs {
        run.await.unwrap();
    }
    let events = whole_log(&LogReader::new(one.clone()), 64).await;
    assert_eq!(events.len(), 200);
    assert_ordered(&events);
    assert_eq!(LogReader::new(two).verify(|_| ()).await.unwrap().head, 200);
}

pub(crate) async fn a_running_sequencer_wakes_up_and_tells_the_head(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    let sequencer = Sequencer::new(store.clone());
    let other = Sequencer::new(EventStore::new(place.open().await));
    assert_eq!(*sequencer.status().borrow(), SequencerStatus::NotStarted);
    let (mut head, mut elsewhere, stop) = (sequencer.head(), other.head(), CancellationToken::new());
    let runs = [sequencer.clone(), other].map(|sequencer| tokio::spawn(sequencer.run(stop.clone())));
    let log = LogReader::new(storage);
    for sequence in 0..10 {
        store.append::<Tally>("a", sequence, added(&[1]), &because()).await.unwrap();
        let position = sequence as i64 + 1;
        let within = Duration::from_secs(20);
        assert_eq!(log.wait_for("tally", "a", position, within).await.unwrap(), position);
        for head in [&mut head, &mut elsewhere] {
            tokio::time::timeout(within, head.wait_for(|head| *head == position)).await.unwrap().unwrap();
        }
    }
    assert_eq!(*sequencer.status().borrow(), SequencerStatus::Running);
    stop.cancel();
    for run in runs {
        run.await.unwrap();
    }
    assert_eq!(*sequencer.status().borrow(), SequencerStatus::Stopped);
    let late = log.wait_for("tally", "a", 11, Duration::from_millis(20)).await;
    assert!(late.unwrap_err().to_string().contains("tally a, sequence 11"));
}

pub(crate) async fn a_gap_in_a_stream_stops_the_log_and_is_shown(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    fill(&store, 1, 2).await;
    let sql = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
               metadata) VALUES ('tally', 's0', 4, 'Added', '1.0.0', '{\"Added\":{\"amount\":1}}', '{}')";
    execute(&storage, sql).await;
    let sequencer = Sequencer::new(store.clone());
    let expected = SequencerError::BrokenStream { stream: "tally s0".to_owned(), expected: 3, found: 4, position: 3 };
    assert_eq!(sequencer.catch_up().await.unwrap_err(), expected);
    assert_eq!(number(&storage, "SELECT count(*) FROM event_log").await, 0, "a batch is placed whole or not at all");
    let (mut status, stop) = (sequencer.status(), CancellationToken::new());
    let run = tokio::spawn(sequencer.run(stop.clone()));
    let shown = status.wait_for(|status| matches!(status, SequencerStatus::Failing { times, .. } if *times > 1));
    let shown = tokio::time::timeout(Duration::from_secs(20), shown).await.unwrap().unwrap().clone();
    assert!(matches!(shown, SequencerStatus::Failing { error, .. } if error == expected));
    // What is missing comes back: the log goes on by itself.
    execute(&storage, &sql.replace(", 4,", ", 3,")).await;
    execute(&storage, "DELETE FROM events WHERE sequence = 4").await;
    execute(&storage, sql).await;
    let going = status.wait_for(|status| *status == SequencerStatus::Running);
    tokio::time::timeout(Duration::from_secs(20), going).await.unwrap().unwrap();
    let head = LogReader::new(storage).wait_for("tally", "s0", 4, Duration::from_secs(20)).await.unwrap();
    assert_eq!(head, 4);
    stop.cancel();
    run.await.unwrap();
}

pub(crate) async fn a_log_cut_at_its_end_is_not_continued(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    let sequencer = Sequencer::new(store.clone());
    fill(&store, 1, 3).await;
    sequencer.catch_up().await.unwrap();
    execute(&storage, "DELETE FROM event_log WHERE position = 3").await;
    let meta = EventMetadata { causation_id: None, ..because() };
    store.append::<Tally>("s0", 3, added(&[1]), &meta).await.unwrap();
    assert_eq!(sequencer.catch_up().await.unwrap_err(), SequencerError::End { expected: 3, found: 2 });
}

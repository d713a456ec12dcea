//! Appending and loading.

use crate::place::{Place, number};
use crate::tally::{Tally, TallyEvent, added, because, noted};
use teiki_infrastructure::event_store::{AppendError, EventMetadata, EventStore};

pub(crate) async fn what_is_appended_is_loaded(place: Place) {
    let store = EventStore::new(place.open().await);
    assert_eq!(store.append::<Tally>("a", 0, added(&[1, 2]), &because()).await.unwrap(), 2);
    assert_eq!(store.append::<Tally>("a", 2, vec![noted("定期購入 \"\\\n😀")], &because()).await.unwrap(), 3);
    assert_eq!(store.append::<Tally>("b", 0, added(&[40]), &because()).await.unwrap(), 1);
    assert_eq!(store.append::<Tally>("b", 1, Vec::new(), &because()).await.unwrap(), 1);
    let loaded = store.load::<Tally>("a").await.unwrap();
    assert_eq!(loaded.sequence, 3);
    assert_eq!(loaded.aggregate, Tally { sum: 3, times: 3, text: "定期購入 \"\\\n😀".to_owned() });
    // Once, not twice.
    assert_eq!(store.load::<Tally>("b").await.unwrap().aggregate.sum, 40);
}

pub(crate) async fn a_stream_that_does_not_exist_is_at_sequence_0(place: Place) {
    let store = EventStore::new(place.open().await);
    let loaded = store.load::<Tally>("nobody").await.unwrap();
    assert_eq!((loaded.sequence, loaded.aggregate), (0, Tally::default()));
    assert!(store.load_events::<Tally>("nobody").await.unwrap().is_empty());
}

pub(crate) async fn of_two_writers_at_the_same_place_one_wins_and_one_has_a_conflict(place: Place) {
    let store = EventStore::new(place.open().await);
    // A second engine on the same store, with connections of its own.
    let other = EventStore::new(place.open().await);
    for round in 0..20 {
        let sequence = store.load::<Tally>("a").await.unwrap().sequence;
        assert_eq!(sequence, round);
        let (first, second) = (because(), because());
        let (one, two) = tokio::join!(
            store.append::<Tally>("a", sequence, added(&[1]), &first),
            other.append::<Tally>("a", sequence, added(&[1]), &second),
        );
        let conflicts = [one, two]
            .into_iter()
            .filter(|result| match result {
                Ok(last) => *last != sequence + 1,
                Err(AppendError::Conflict { expected, .. }) => *expected == sequence,
                Err(other) => panic!("{other}"),
            })
            .count();
        assert_eq!(conflicts, 1, "round {round}");
    }
    let late = store.append::<Tally>("a", 3, added(&[1]), &because()).await;
    assert!(matches!(late, Err(AppendError::Conflict { expected: 3, .. })), "{late:?}");
    assert_eq!(store.load::<Tally>("a").await.unwrap().aggregate.sum, 20);
}

pub(crate) async fn a_stream_cannot_be_continued_behind_its_end(place: Place) {
    let store = EventStore::new(place.open().await);
    store.append::<Tally>("a", 0, added(&[1]), &because()).await.unwrap();
    for (id, expected) in [("a", 2), ("a", 7), ("nobody", 1)] {
        let result = store.append::<Tally>(id, expected, added(&[1]), &because()).await;
        assert!(matches!(result, Err(AppendError::Conflict { .. })), "{result:?}");
    }
    assert_eq!(number(store.storage(), "SELECT count(*) FROM events").await, 1);
}

pub(crate) async fn nul_is_refused_everywhere_before_anything_is_written(place: Place) {
    let store = EventStore::new(place.open().await);
    let refused = |result: Result<usize, AppendError>, part: &str| match result {
        Err(error @ AppendError::Refused { .. }) => {
            let text = error.to_string();
            assert!(text.contains("U+0000") && text.contains(part) && !text.contains("geheim"), "{text}");
        }
        other => panic!("{other:?}"),
    };
    let events = vec![TallyEvent::Added { amount: 1 }, noted("geheim\0")];
    refused(store.append::<Tally>("a", 0, events, &because()).await, "Noted.text");
    let meta = EventMetadata { reason: "geheim\0".to_owned(), ..because() };
    refused(store.append::<Tally>("a", 0, added(&[1]), &meta).await, "`reason`");
    let meta = EventMetadata { actor: "\0".to_owned(), ..because() };
    refused(store.append::<Tally>("a", 0, added(&[1]), &meta).await, "`actor`");
    refused(store.append::<Tally>("a\0", 0, added(&[1]), &because()).await, "its id");
    assert_eq!(number(store.storage(), "SELECT count(*) FROM events").await, 0);
    // Six harmless characters that only look like it.
    store.append::<Tally>("a", 0, vec![noted("\\u0000")], &because()).await.unwrap();
    assert_eq!(store.load::<Tally>("a").await.unwrap().aggregate.text, "\\u0000");
}

pub(crate) async fn every_event_says_who_why_when_and_from_what(place: Place) {
    let store = EventStore::new(place.open().await);
    let meta = because();
    store.append::<Tally>("a", 0, added(&[1, 2]), &meta).await.unwrap();
    let without_cause = EventMetadata { causation_id: None, ..because() };
    store.append::<Tally>("a", 2, added(&[3]), &without_cause).await.unwrap();
    let events = store.load_events::<Tally>("a").await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    for event in &events[..2] {
        let get = |key: &str| event.metadata.get(key).map(String::as_str);
        assert_eq!(get("actor"), Some("operator:hanako"));
        assert_eq!(get("reason"), Some("test"));
        assert_eq!(get("command_id"), Some(meta.command_id.to_string().as_str()));
        assert_eq!(get("correlation_id"), Some(meta.correlation_id.to_string().as_str()));
        assert_eq!(get("causation_id"), Some("00000000-0000-0000-0000-000000000003"));
        assert_eq!(get("recorded_at"), Some("2026-01-31T15:00:00.123456Z"));
    }
    assert!(!events[2].metadata.contains_key("causation_id"));
    let mark = |at: usize| events[at].metadata.get("append_id").unwrap();
    assert_eq!(mark(0), mark(1), "one append");
    assert_ne!(mark(1), mark(2), "another append");
}

pub(crate) async fn an_append_is_stored_whole_or_not_at_all(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    store.append::<Tally>("a", 0, added(&[1]), &because()).await.unwrap();
    // A row in the way of the third event.
    let sql = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
         VALUES ('tally', 'a', 4, 'Added', '1.0.0', '{}', '{}')";
    crate::place::execute(&storage, sql).await;
    let result = store.append::<Tally>("a", 1, added(&[1, 2, 3]), &because()).await;
    assert!(matches!(result, Err(AppendError::Conflict { .. })), "{result:?}");
    assert_eq!(number(&storage, "SELECT count(*) FROM events").await, 2);
}

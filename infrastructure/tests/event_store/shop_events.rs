//! One shop's events, read without passing over those of others.

use crate::place::{Place, execute, texts};
use crate::tally::{Tally, added, because};
use teiki_domain::ids::ShopId;
use teiki_infrastructure::event_store::{EventStore, LogReader, Sequencer, Storage};

pub(crate) async fn the_events_of_one_shop_come_in_log_order_and_within_their_bounds(place: Place) {
    let storage = place.open().await;
    let store = EventStore::new(storage.clone());
    let (sequencer, log) = (Sequencer::new(store.clone()), LogReader::new(storage));
    for i in 0..30 {
        for shop in ["00001", "00002", "00003"] {
            let stream = format!("{shop}-S{}", i % 3);
            store.append::<Tally>(&stream, i / 3, added(&[1]), &because()).await.unwrap();
        }
    }
    let head = sequencer.catch_up().await.unwrap();
    assert_eq!(head, 90);
    let shop = ShopId::new(2).unwrap();
    let positions = async |after, through, limit| -> Vec<i64> {
        let page = log.page_of_shop(shop, after, through, limit).await.unwrap();
        assert!(page.iter().all(|event| event.aggregate_id.starts_with("00002-")));
        page.iter().map(|event| event.position).collect()
    };
    let all: Vec<i64> = (0..30).map(|i| i * 3 + 2).collect();
    assert_eq!(positions(0, head, 100).await, all);
    assert_eq!(positions(2, head, 2).await, [5, 8], "behind a position, at most so many");
    assert_eq!(positions(4, 11, 100).await, [5, 8, 11], "up to and with the last");
    assert_eq!(positions(head, head, 100).await, [0; 0]);
    assert_eq!(log.page_of_shop(ShopId::new(4).unwrap(), 0, head, 100).await.unwrap(), []);
}

/// `?as_of=INSTANT`: the end of the log at an instant, also where clocks disagree, and by an index.
pub(crate) async fn the_end_of_the_log_at_an_instant_is_found_by_time(place: Place) {
    let storage = place.open().await;
    // Position 3 was recorded by a clock that is ahead of the others.
    for (position, second) in [(1, 10), (2, 20), (3, 50), (4, 30), (5, 40)] {
        let zeros = match &storage {
            Storage::Sqlite(_) => "zeroblob(32)",
            Storage::Postgres(_) => "decode(repeat('00', 32), 'hex')",
        };
        let sql = format!(
            "INSERT INTO event_log (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata, recorded_at, hash) VALUES ({position}, 'tally', '00001-S{position}', 1, 'Added', '1.0.0', '{{}}', \
             '{{}}', '2026-04-01T00:00:{second}.000000Z', {zeros})"
        );
        execute(&storage, &sql).await;
    }
    let log = LogReader::new(storage.clone());
    for (second, end) in [(5, 0), (10, 1), (19, 1), (20, 2), (35, 2), (49, 2), (50, 5), (59, 5)] {
        let at = format!("2026-04-01T00:00:{second:02}Z").parse().unwrap();
        assert_eq!(log.end_at(at).await.unwrap(), end, "at second {second}");
    }
    let plan = match &storage {
        Storage::Sqlite(sqlite) => {
            let plan = "EXPLAIN QUERY PLAN SELECT min(+position) FROM event_log WHERE recorded_at > '2026'";
            let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan).fetch_all(&sqlite.readers).await.unwrap();
            rows.into_iter().map(|(.., detail)| detail).collect()
        }
        Storage::Postgres(_) => {
            execute(
                &storage,
                "INSERT INTO event_log SELECT i, 'tally', '00001-S' || i, 1, 'Added', '1.0.0', '{}', '{}', \
                 to_char(i, 'FM000000'), decode(repeat('00', 32), 'hex') FROM generate_series(10, 20000) AS i",
            )
            .await;
            execute(&storage, "ANALYZE event_log").await;
            let select = "SELECT min(position) FROM (SELECT position FROM event_log \
                WHERE recorded_at COLLATE \"C\" > '019000' OFFSET 0) later";
            texts(&storage, &format!("EXPLAIN {select}")).await
        }
    };
    let plan = plan.join("\n");
    assert!(plan.contains("event_log_recorded") && !plan.contains("SCAN event_log"), "{plan}");
}

/// Long histories of other shops cost a reader nothing: an index leads from one event of the shop to the next.
pub(crate) async fn a_reader_is_led_by_an_index(place: Place) {
    let storage = place.open().await;
    let select = "SELECT position FROM event_log WHERE substr(aggregate_id, 1, 5) = '00002' AND position > 5 \
        AND position <= 50000 ORDER BY position LIMIT 500";
    let plan = match &storage {
        Storage::Sqlite(sqlite) => {
            let plan = format!("EXPLAIN QUERY PLAN {select}");
            let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(&plan).fetch_all(&sqlite.readers).await.unwrap();
            rows.into_iter().map(|(.., detail)| detail).collect()
        }
        Storage::Postgres(_) => {
            // Enough events of other shops for the planner to mind, and its own way of counting them.
            execute(
                &storage,
                "INSERT INTO event_log SELECT i, 'tally', '00001-S' || i, 1, 'Added', '1.0.0', '{}', '{}', '', \
                 decode(repeat('00', 32), 'hex') FROM generate_series(1, 20000) AS i",
            )
            .await;
            execute(&storage, "ANALYZE event_log").await;
            texts(&storage, &format!("EXPLAIN {select}")).await
        }
    };
    let plan = plan.join("\n");
    assert!(plan.contains("event_log_shops") && !plan.contains("SCAN event_log"), "{plan}");
    assert!(!plan.to_lowercase().contains("sort") && !plan.contains("TEMP B-TREE"), "{plan}");
}

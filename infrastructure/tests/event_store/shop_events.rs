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

//! Rates, for looking at by hand: `tests/postgres cargo test -p teiki-infrastructure --test event_store -- --ignored
//! --nocapture rates`.

use crate::place::{Place, execute};
use std::time::Instant;
use teiki_infrastructure::event_store::{EventStore, LogReader, Sequencer, Storage};

const EVENTS: i64 = 100_000;

async fn measure(place: Place) {
    let storage = place.open().await;
    let payload = "{\"Added\":{\"amount\":1,\"note\":\"定期購入定期購入定期購入定期購入定期購入定期購入\",\"at\":\"2026-01-31\",\
                   \"lines\":[{\"product\":\"P-1\",\"count\":2,\"price\":1980},{\"product\":\"P-2\",\"count\":1,\"price\":500}]}}";
    let metadata = "{\"actor\":\"worker:night-run\",\"reason\":\"renewal\",\"command_id\":\"00000000-0000-0000-0000-000000000001\",\
                    \"correlation_id\":\"00000000-0000-0000-0000-000000000001\",\"recorded_at\":\"2026-01-31T15:00:00.123456Z\"}";
    let numbers = match storage {
        Storage::Sqlite(_) => format!(
            "(WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {EVENTS} - 1) SELECT n FROM n) n"
        ),
        Storage::Postgres(_) => format!("generate_series(0, {EVENTS} - 1) n(n)"),
    };
    let sql = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
         SELECT 'tally', 's' || (n.n % 20000), n.n / 20000 + 1, 'Added', '1.0.0', '{payload}', '{metadata}' FROM {numbers} ORDER BY n.n"
    );
    execute(&storage, &sql).await;
    let rate = |what: &str, started: Instant| {
        let seconds = started.elapsed().as_secs_f64();
        println!("{what}: {:.0} events/s", EVENTS as f64 / seconds);
        seconds
    };
    let started = Instant::now();
    assert_eq!(Sequencer::new(EventStore::new(storage.clone())).catch_up().await.unwrap(), EVENTS);
    rate("sequencer", started);
    let log = LogReader::new(storage.clone());
    type Row = (i64, String, String, i64, String, String, String, String, String, Vec<u8>);
    const PLAIN: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
                         metadata, recorded_at, hash FROM event_log WHERE position > $1 ORDER BY position LIMIT $2";
    let (mut ours, mut plain) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        let started = Instant::now();
        for page in 0..EVENTS / 1000 {
            assert_eq!(log.page(page * 1000, 1000).await.unwrap().len(), 1000);
        }
        ours = rate("log reader", started).min(ours);
        let started = Instant::now();
        for page in 0..EVENTS / 1000 {
            let rows: Vec<Row> = match &storage {
                Storage::Sqlite(sqlite) => {
                    sqlx::query_as(PLAIN).bind(page * 1000).bind(1000_i64).fetch_all(&sqlite.readers).await.unwrap()
                }
                Storage::Postgres(pool) => {
                    sqlx::query_as(PLAIN).bind(page * 1000).bind(1000_i64).fetch_all(pool).await.unwrap()
                }
            };
            assert_eq!(rows.len(), 1000);
        }
        plain = rate("plain sqlx", started).min(plain);
    }
    println!("log reader against plain sqlx: {:.2}", plain / ours);
    let started = Instant::now();
    log.verify(|_| ()).await.unwrap();
    rate("verify", started);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn rates_on_sqlite() {
    Place::on_sqlite(measure).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn rates_on_postgres() {
    Place::on_postgres(measure).await;
}

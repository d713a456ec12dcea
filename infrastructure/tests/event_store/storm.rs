//! Sixteen writers at once, on PostgreSQL with rollbacks, killed connections and a slow writer: every committed event
//! comes to the reader exactly once and in order.

use crate::order::assert_ordered;
use crate::place::{Place, execute, number};
use crate::tally::{Tally, TallyEvent, because};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use teiki_infrastructure::event_store::{AppendError, EventStore, LogEvent, LogReader, Sequencer, Storage};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const WRITERS: usize = 16;

/// What one writer knows of its work: the numbers it was told are stored, and all it tried.
#[derive(Default)]
struct Written {
    acknowledged: Vec<i64>,
    tried: HashSet<i64>,
    conflicts: usize,
    unavailable: usize,
}

async fn write(store: EventStore, writer: usize, numbers: Arc<AtomicI64>, until: Instant) -> Written {
    let mut written = Written::default();
    let mut turn = 0;
    while Instant::now() < until {
        turn += 1;
        // Every third append goes to a stream that all writers want.
        let id = if turn % 3 == 0 { format!("shared{}", turn % 4) } else { format!("w{writer}-{}", turn / 40) };
        let Ok(loaded) = store.load::<Tally>(&id).await else {
            written.unavailable += 1;
            continue;
        };
        let events: Vec<_> =
            (0..=turn % 3).map(|_| TallyEvent::Added { amount: numbers.fetch_add(1, Ordering::Relaxed) }).collect();
        let amounts = events.iter().filter_map(|event| match event {
            TallyEvent::Added { amount } => Some(*amount),
            TallyEvent::Noted { .. } => None,
        });
        let amounts: Vec<i64> = amounts.collect();
        written.tried.extend(&amounts);
        match store.append::<Tally>(&id, loaded.sequence, events, &because()).await {
            Ok(last) => {
                assert_eq!(last, loaded.sequence + amounts.len());
                written.acknowledged.extend(amounts);
            }
            Err(AppendError::Conflict { .. }) => written.conflicts += 1,
            Err(AppendError::Unavailable { .. }) => written.unavailable += 1,
            Err(other) => panic!("{other}"),
        }
    }
    written
}

/// Follows the log as a projection does, until it has seen `stop_at`.
async fn follow(log: LogReader, stop_at: Arc<AtomicI64>) -> Vec<LogEvent> {
    let mut seen: Vec<LogEvent> = Vec::new();
    while (seen.len() as i64) < stop_at.load(Ordering::SeqCst) {
        match log.page(seen.len() as i64, 500).await {
            Ok(page) if page.is_empty() => sleep(Duration::from_millis(2)).await,
            Ok(page) => seen.extend(page),
            Err(error) if error.is_unavailable() => sleep(Duration::from_millis(2)).await,
            Err(error) => panic!("{error}"),
        }
    }
    seen
}

/// PostgreSQL only: kills connections, rolls transactions back, and leaves one open for a while.
fn troubles(storage: &Storage, until: Instant) -> Vec<JoinHandle<usize>> {
    let Storage::Postgres(pool) = storage else { return Vec::new() };
    let insert = |id: &str| {
        format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
             VALUES ('tally', '{id}', 1, 'Added', '1.0.0', '{{\"Added\":{{\"amount\":-1}}}}', '{{}}')"
        )
    };
    let (kill, roll, slow) = (pool.clone(), pool.clone(), pool.clone());
    let (rolled, slowly) = (insert("rolled-back"), insert("slow"));
    vec![
        tokio::spawn(async move {
            let mut killed = 0;
            while Instant::now() < until {
                sleep(Duration::from_millis(30)).await;
                // Only the engines; what makes the trouble has another name.
                let done = sqlx::query_scalar::<_, i64>(
                    "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid() \
                     AND application_name = 'teiki' ORDER BY random() LIMIT 2) victims",
                );
                killed += done.fetch_one(&kill).await.map_or(0, |count| usize::try_from(count).unwrap());
            }
            killed
        }),
        tokio::spawn(async move {
            let mut done = 0;
            while Instant::now() < until {
                if let Ok(mut transaction) = roll.begin().await {
                    done += usize::from(sqlx::query(&rolled).execute(&mut *transaction).await.is_ok());
                    let _ = transaction.rollback().await;
                }
                sleep(Duration::from_millis(3)).await;
            }
            done
        }),
        tokio::spawn(async move {
            let mut transaction = slow.begin().await.unwrap();
            sqlx::query(&slowly).execute(&mut *transaction).await.unwrap();
            sleep(Duration::from_millis(2500)).await;
            transaction.commit().await.unwrap();
            1
        }),
    ]
}

pub(crate) async fn sixteen_writers_lose_nothing_and_repeat_nothing(place: Place) {
    let engines = [place.open().await, place.open().await];
    // Connections that nobody kills.
    let calm = match &engines[0] {
        Storage::Sqlite(_) => engines[0].clone(),
        Storage::Postgres(_) => {
            let options = place.url.parse::<sqlx::postgres::PgConnectOptions>().unwrap().application_name("calm");
            Storage::Postgres(sqlx::PgPool::connect_with(options).await.unwrap())
        }
    };
    let seconds = if matches!(calm, Storage::Sqlite(_)) { 3 } else { 7 };
    let until = Instant::now() + Duration::from_secs(seconds);
    let stores = engines.clone().map(EventStore::new);
    let stop = CancellationToken::new();
    let runs = stores.clone().map(|store| tokio::spawn(Sequencer::new(store).run(stop.clone())));
    let stop_at = Arc::new(AtomicI64::new(i64::MAX));
    let reader = tokio::spawn(follow(LogReader::new(engines[1].clone()), stop_at.clone()));
    let numbers = Arc::new(AtomicI64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(stores[writer % 2].clone(), writer, numbers.clone(), until)))
        .collect();
    let troubles = troubles(&calm, until);

    let mut written = Written::default();
    for writer in writers {
        let one = writer.await.unwrap();
        written.acknowledged.extend(one.acknowledged);
        written.tried.extend(one.tried);
        written.conflicts += one.conflicts;
        written.unavailable += one.unavailable;
    }
    let mut counts = Vec::new();
    for trouble in troubles {
        counts.push(trouble.await.unwrap());
    }
    let total = number(&calm, "SELECT count(*) FROM events").await;
    assert_eq!(Sequencer::new(EventStore::new(calm.clone())).catch_up().await.unwrap(), total);
    stop_at.store(total, Ordering::SeqCst);
    let seen = tokio::time::timeout(Duration::from_secs(20), reader).await.unwrap().unwrap();
    stop.cancel();
    for run in runs {
        run.await.unwrap();
    }

    assert_eq!(seen.len() as i64, total);
    assert_ordered(&seen);
    let mut amounts = HashSet::new();
    for event in &seen {
        let payload: TallyEvent = serde_json::from_str(&event.payload).unwrap();
        if let TallyEvent::Added { amount: amount @ 0.. } = payload {
            assert!(amounts.insert(amount), "{amount} came twice");
        }
    }
    for amount in &written.acknowledged {
        assert!(amounts.contains(amount), "{amount} was acknowledged and lost");
    }
    assert!(amounts.is_subset(&written.tried));
    assert!(!seen.iter().any(|event| event.aggregate_id == "rolled-back"));
    LogReader::new(calm.clone()).verify(|_| ()).await.unwrap();
    assert!(written.conflicts > 0, "the writers met");
    if let [killed, rolled_back, _] = counts[..] {
        assert!(killed > 20 && rolled_back > 20, "{counts:?}");
        assert_eq!(seen.iter().filter(|event| event.aggregate_id == "slow").count(), 1);
    } else {
        assert_eq!(written.unavailable, 0);
        assert_eq!(amounts.len(), written.acknowledged.len());
        execute(&calm, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    }
    println!(
        "{total} events, {} acknowledged, {} conflicts, {} unavailable, {counts:?} killed, rolled back, slow",
        written.acknowledged.len(),
        written.conflicts,
        written.unavailable
    );
}

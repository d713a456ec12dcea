//! Rebuilding the tables from the first event, beside the ones in use.

use crate::Failure;
use crate::place::Place;
use crate::report::{Table, Targets, rate, whole};
use std::time::{Duration, Instant};
use teiki_projections::Projections;

const LEAST: f64 = 20_000.0;

/// Rebuilds each projection, then makes all of them from nothing by following the log.
pub(crate) async fn measure(place: &Place, targets: &mut Targets) -> Result<(), Failure> {
    let name = crate::name(place.kind);
    let app = place.app().await?;
    let head = app.settle().await?;
    let events = head.unsigned_abs();
    println!("## Rebuild of the tables from {} events on {name}\n", whole(events as f64));
    let mut table = Table::new(&["projection", "took", "events/s"]);
    let (mut slowest, mut total) = (f64::MAX, Duration::ZERO);
    let mut row = |what: &str, took: Duration, rate: f64| {
        table.row(vec![what.to_owned(), format!("{:.2} s", took.as_secs_f64()), whole(rate)]);
    };
    let names = app.projections.names();
    for projection in &names {
        let started = Instant::now();
        app.projections.rebuild(projection, &|_, _| {}).await?;
        let took = started.elapsed();
        total += took;
        slowest = slowest.min(rate(events, took));
        row(projection, took, rate(events, took));
    }
    let all = rate(events * names.len() as u64, total);
    row(&format!("all {}, one after the other", names.len()), total, all);
    app.stop().await;
    let together = from_nothing(place, head).await?;
    row(&format!("all {} at once, following the log", names.len()), together, rate(events, together));
    table.print();
    targets.add(
        format!("{name}: each projection rebuilt at 20,000 events/s or more (the slowest)"),
        whole(slowest),
        slowest >= LEAST,
    );
    targets.add(format!("{name}: all projections rebuilt, 20,000 events/s or more"), whole(all), all >= LEAST);
    targets.add(
        format!("{name}: all projections at once from nothing, 20,000 events/s or more"),
        whole(rate(events, together)),
        rate(events, together) >= LEAST,
    );
    Ok(())
}

/// All tables thrown away, as if this were a new program on an old log.
async fn from_nothing(place: &Place, head: i64) -> Result<Duration, Failure> {
    use teiki_infrastructure::event_store::{LogReader, Storage, StorageOptions};
    let storage = Storage::open(&place.url, &StorageOptions::default()).await?;
    const FORGET: &str = "DELETE FROM projection_checkpoints";
    match &storage {
        Storage::Sqlite(sqlite) => sqlx::query(FORGET).execute(&sqlite.writer).await.map(drop)?,
        Storage::Postgres(pool) => sqlx::query(FORGET).execute(pool).await.map(drop)?,
    }
    let projections = Projections::open(storage.clone(), LogReader::new(storage.clone())).await?;
    let started = Instant::now();
    let reached = projections.catch_up().await?;
    let took = started.elapsed();
    storage.close().await;
    match reached == head {
        true => Ok(took),
        false => Err(format!("the projections reached {reached} instead of {head}").into()),
    }
}

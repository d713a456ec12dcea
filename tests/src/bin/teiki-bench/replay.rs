//! Replaying the log: through the log reader, and as plain typed rows by the same statement.

use crate::place::Place;
use crate::report::{Table, Targets, median, rate, whole};
use crate::{Failure, Sizes};
use futures::TryStreamExt as _;
use std::time::{Duration, Instant};
use teiki_infrastructure::event_store::{LogReader, Storage, StorageOptions};

/// Events of one page, as projections read them.
const PAGE: i64 = 1_000;
const LEAST: f64 = 0.8;

/// A row of the log as sqlx gives it.
type Plain = (i64, String, String, i64, String, String, String, String, String, Vec<u8>);

const COLUMNS: &str = "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
    recorded_at, hash";

/// Reads the whole log in three ways, taking turns. The target is for like and like, page by page; one statement for
/// the whole log is shown beside it, though no reader that may stop and go on anywhere can work so.
pub(crate) async fn measure(place: &Place, sizes: &Sizes, targets: &mut Targets) -> Result<(), Failure> {
    let name = crate::name(place.kind);
    let storage = Storage::open(&place.url, &StorageOptions::default()).await?;
    let reader = LogReader::new(storage.clone());
    let head = reader.head().await?;
    println!("## Replay of {} events on {name}\n", whole(head as f64));
    let (mut ours, mut pages, mut streamed) = (vec![], vec![], vec![]);
    // The first round warms the caches and does not count.
    for round in 0..=sizes.replay_rounds {
        let took =
            [through_reader(&reader, head).await?, in_pages(&storage, head).await?, in_one(&storage, head).await?];
        if round > 0 {
            let [reader, page, stream] = took.map(|took| rate(head.unsigned_abs(), took));
            ours.push(reader);
            pages.push(page);
            streamed.push(stream);
        }
    }
    storage.close().await;
    // Rounds are compared with themselves, so that what else the machine does weighs on both sides.
    let ratio = |plain: &[f64]| median(ours.iter().zip(plain).map(|(ours, plain)| ours / plain).collect());
    let (to_pages, to_stream) = (ratio(&pages), ratio(&streamed));
    let mut table = Table::new(&["way", "events/s (median)", "LogReader / this"]);
    table.row(vec!["LogReader::page".into(), whole(median(ours.clone())), String::new()]);
    table.row(vec!["sqlx, typed, the same pages".into(), whole(median(pages)), format!("{to_pages:.2}")]);
    table.row(vec!["sqlx, typed, one statement streamed".into(), whole(median(streamed)), format!("{to_stream:.2}")]);
    table.print();
    targets.add(
        format!("{name}: replay at least 0.80 of the same pages read as plain typed rows"),
        format!("{to_pages:.2}"),
        to_pages >= LEAST,
    );
    Ok(())
}

async fn through_reader(reader: &LogReader, head: i64) -> Result<Duration, Failure> {
    let started = Instant::now();
    let mut after = 0;
    while after < head {
        let page = reader.page(after, PAGE).await?;
        after = std::hint::black_box(&page).last().map_or(head, |event| event.position);
    }
    Ok(started.elapsed())
}

async fn in_pages(storage: &Storage, head: i64) -> Result<Duration, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM event_log WHERE position > $1 ORDER BY position LIMIT $2");
    let started = Instant::now();
    let mut after = 0;
    while after < head {
        let query = sqlx::query_as::<_, Plain>(&sql);
        let page = match storage {
            Storage::Sqlite(sqlite) => query.bind(after).bind(PAGE).fetch_all(&sqlite.readers).await?,
            Storage::Postgres(pool) => sqlx::query_as::<_, Plain>(&sql).bind(after).bind(PAGE).fetch_all(pool).await?,
        };
        after = std::hint::black_box(&page).last().map_or(head, |row| row.0);
    }
    Ok(started.elapsed())
}

async fn in_one(storage: &Storage, head: i64) -> Result<Duration, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM event_log ORDER BY position");
    let started = Instant::now();
    let mut rows = match storage {
        Storage::Sqlite(sqlite) => sqlx::query_as::<_, Plain>(&sql).fetch(&sqlite.readers),
        Storage::Postgres(pool) => sqlx::query_as::<_, Plain>(&sql).fetch(pool),
    };
    let mut count = 0;
    while let Some(row) = rows.try_next().await? {
        std::hint::black_box(&row);
        count += 1;
    }
    match count == head {
        true => Ok(started.elapsed()),
        false => Err(format!("a plain read of the log gave {count} events instead of {head}").into()),
    }
}

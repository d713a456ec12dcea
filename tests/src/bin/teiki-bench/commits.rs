//! What the machine can do at most: single rows of an order's size, each its own commit, as durable as the engine's.

use crate::Failure;
use crate::place::{CONCURRENCY, Place};
use crate::report::{median, rate};
use crate::seed;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgPool};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use teiki_infrastructure::event_store::{Storage, StorageOptions};
use teiki_tests::stores;

/// A plain table beside the store, on the same server or disk.
pub(crate) struct SingleRows {
    url: String,
    storage: Storage,
    payloads: Arc<Vec<String>>,
    metadata: Arc<str>,
    next: Arc<AtomicI64>,
    rates: Vec<f64>,
}

impl SingleRows {
    pub(crate) async fn beside(place: &Place) -> Result<Self, Failure> {
        let url = place.beside().await?;
        // Opened as the engine opens its store, so that durability is set the same.
        let storage = Storage::open(&url, &StorageOptions::default()).await?;
        match &storage {
            Storage::Sqlite(sqlite) => {
                let create =
                    "CREATE TABLE plain (id INTEGER PRIMARY KEY, payload TEXT NOT NULL, metadata TEXT NOT NULL)";
                sqlx::query(create).execute(&sqlite.writer).await?;
            }
            Storage::Postgres(pool) => {
                let create =
                    "CREATE TABLE plain (id bigint PRIMARY KEY, payload json NOT NULL, metadata json NOT NULL)";
                sqlx::query(create).execute(pool).await?;
            }
        }
        let (payloads, metadata) = seed::order_payloads()?;
        Ok(Self {
            url,
            storage,
            payloads: payloads.into(),
            metadata: metadata.into(),
            next: Arc::default(),
            rates: vec![],
        })
    }

    /// Commits single rows for so long, and keeps the rate.
    pub(crate) async fn measure(&mut self, lasting: Duration) -> Result<(), Failure> {
        let writers = match &self.storage {
            Storage::Sqlite(_) => 1,
            Storage::Postgres(_) => CONCURRENCY,
        };
        let before = self.next.load(Ordering::Relaxed);
        let started = Instant::now();
        let until = started + lasting;
        let mut work = tokio::task::JoinSet::new();
        for _ in 0..writers {
            let row = (self.payloads.clone(), self.metadata.clone(), self.next.clone());
            match &self.storage {
                Storage::Sqlite(sqlite) => work.spawn(on_sqlite(sqlite.writer.clone(), row, until)),
                Storage::Postgres(pool) => {
                    let own = pool.acquire().await?.detach();
                    work.spawn(on_postgres(own, row, until))
                }
            };
        }
        while let Some(ended) = work.join_next().await {
            ended??;
        }
        let count = self.next.load(Ordering::Relaxed) - before;
        self.rates.push(rate(count.unsigned_abs(), started.elapsed()));
        Ok(())
    }

    /// The median rate so far.
    pub(crate) fn rate(&self) -> f64 {
        median(self.rates.clone())
    }

    /// The durability the server has in force.
    pub(crate) async fn durability(&self) -> Result<String, Failure> {
        Ok(match &self.storage {
            Storage::Sqlite(sqlite) => {
                let level: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&sqlite.writer).await?;
                format!("journal_mode=WAL, synchronous={level} (2 is FULL)")
            }
            Storage::Postgres(pool) => durability_of(pool).await?,
        })
    }

    pub(crate) async fn close(self) {
        self.storage.close().await;
        stores::drop_store(&self.url).await;
    }
}

async fn durability_of(pool: &PgPool) -> Result<String, Failure> {
    let mut words = vec![];
    for name in ["fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "server_version"] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(pool).await?;
        words.push(format!("{name}={value}"));
    }
    Ok(words.join(", "))
}

type Content = (Arc<Vec<String>>, Arc<str>, Arc<AtomicI64>);

const INSERT_SQLITE: &str = "INSERT INTO plain (id, payload, metadata) VALUES ($1, $2, $3)";
const INSERT_POSTGRES: &str = "INSERT INTO plain (id, payload, metadata) VALUES ($1, $2::text::json, $3::text::json)";

async fn on_sqlite(writer: sqlx::SqlitePool, row: Content, until: Instant) -> Result<(), sqlx::Error> {
    let mut connection = writer.acquire().await?;
    while Instant::now() < until {
        let id = row.2.fetch_add(1, Ordering::Relaxed);
        let insert = sqlx::query(INSERT_SQLITE).bind(id).bind(payload(&row.0, id)).bind(&*row.1);
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn on_postgres(mut connection: PgConnection, row: Content, until: Instant) -> Result<(), sqlx::Error> {
    while Instant::now() < until {
        let id = row.2.fetch_add(1, Ordering::Relaxed);
        let insert = sqlx::query(INSERT_POSTGRES).bind(id).bind(payload(&row.0, id)).bind(&*row.1);
        insert.execute(&mut connection).await?;
    }
    connection.close().await
}

fn payload(payloads: &[String], id: i64) -> &str {
    let place = usize::try_from(id).unwrap_or(0) % payloads.len().max(1);
    payloads.get(place).map_or("{}", String::as_str)
}

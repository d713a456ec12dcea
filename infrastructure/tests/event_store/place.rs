//! Where a test has its store: a temporary file, or a database of its own that is dropped afterwards.

use futures::FutureExt as _;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use teiki_infrastructure::event_store::{Storage, StorageError, StorageOptions};
use tokio::sync::Barrier;

/// A place for stores of one test.
#[derive(Clone)]
pub(crate) struct Place {
    /// The store's address.
    pub(crate) url: String,
    /// A folder for files of the test.
    pub(crate) folder: PathBuf,
}

impl Place {
    /// Runs `test` on a new SQLite file.
    pub(crate) async fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Place) -> F) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        test(Place { url, folder: folder.path().to_owned() }).await;
    }

    /// Runs `test` on a new PostgreSQL database, which is dropped afterwards, also when the test fails.
    pub(crate) async fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Place) -> F) {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("teiki_test_{:016x}", rand::random::<u64>());
        let mut server = PgConnection::connect(&server_url()).await.expect("the test server must be reachable");
        server.execute(format!("CREATE DATABASE {name}").as_str()).await.unwrap();
        let place = Place { url: with_database(&server_url(), &name), folder: folder.path().to_owned() };
        let result = AssertUnwindSafe(test(place)).catch_unwind().await;
        server.execute(format!("DROP DATABASE {name} WITH (FORCE)").as_str()).await.unwrap();
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    }

    /// Opens the store here.
    pub(crate) async fn open(&self) -> Storage {
        self.try_open().await.unwrap()
    }

    /// Tries to open the store here.
    pub(crate) async fn try_open(&self) -> Result<Storage, StorageError> {
        Storage::open(&self.url, &StorageOptions { connections: 24, ..StorageOptions::default() }).await
    }
}

/// The server for tests.
pub(crate) fn server_url() -> String {
    std::env::var("TEIKI_TEST_POSTGRES_URL").expect(
        "these tests need a PostgreSQL server: run `make test`, or `tests/postgres cargo test`, or set \
         TEIKI_TEST_POSTGRES_URL to a server on which databases may be created",
    )
}

/// The address of another database on the same server.
pub(crate) fn with_database(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, String::new()), |(a, q)| (a, format!("?{q}")));
    let start = address.find("://").unwrap() + 3;
    let end = address[start..].find('/').map_or(address.len(), |at| start + at);
    format!("{}/{database}{query}", &address[..end])
}

/// Runs SQL on the store as somebody with full access would.
pub(crate) async fn execute(storage: &Storage, sql: &str) -> u64 {
    match storage {
        Storage::Sqlite(sqlite) => sqlx::raw_sql(sql).execute(&sqlite.writer).await.unwrap().rows_affected(),
        Storage::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await.unwrap().rows_affected(),
    }
}

/// Reads one number.
pub(crate) async fn number(storage: &Storage, sql: &str) -> i64 {
    match storage {
        Storage::Sqlite(sqlite) => sqlx::query_scalar(sql).fetch_one(&sqlite.readers).await.unwrap(),
        Storage::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
    }
}

/// Reads one column of text.
pub(crate) async fn texts(storage: &Storage, sql: &str) -> Vec<String> {
    match storage {
        Storage::Sqlite(sqlite) => sqlx::query_scalar(sql).fetch_all(&sqlite.readers).await.unwrap(),
        Storage::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
    }
}

/// Does `work` 16 times at once on two engines over one store, and returns what each came to, by its number.
pub(crate) async fn sixteen_at_once<T, F>(engines: &[Storage; 2], work: impl Fn(Storage, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    // Nobody begins before all are there.
    let start = Arc::new(Barrier::new(16));
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (start, work) = (start.clone(), work(engines[task % 2].clone(), task));
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

//! Opening a store: one SQLite file or one PostgreSQL schema.

use super::classify::describe;
use super::migrate;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Executor as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

/// Connections that were idle for longer are tried out before use; asking every time would cost a round trip per use.
const TRUSTED_FOR: Duration = Duration::from_millis(250);
/// A transaction of ours that does nothing for this long is given up by the server: an open one holds the log back.
/// And a commit means that the events are on disk: a server or database set to answer earlier loses the newest ones in a
/// crash, with them the intent of a call that Paygent has booked. Stricter settings than `on` are kept.
const SESSION: &str = "SET idle_in_transaction_session_timeout = '60s'; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// SQLite: most attempts at opening a file, and the pause between them.
const OPEN_ATTEMPTS: u32 = 10;
const OPEN_PAUSE: Duration = Duration::from_millis(50);

/// Memory the SQLite writer keeps pages in, in KiB as SQLite wants it. It is the only writer, so its pages never
/// grow stale; with too little of it a batch is written to the log more than once, and the more often the larger the
/// store is.
const WRITER_CACHE: &str = "-32768";
/// Pages of the write-ahead log after which SQLite folds it into the file. Every commit is durable in the log
/// itself; folding it less often writes pages that change again and again only once.
const FOLD_AFTER_PAGES: &str = "4000";
/// Rows that SQLite may read ahead of whoever takes them; every time one has to wait for the other costs more than
/// a row does.
const ROWS_AHEAD: usize = 500;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StorageOptions {
    /// Most connections at once: all of them on PostgreSQL, the readers on SQLite, which has one writer.
    pub connections: u32,
    /// Longest wait for a free connection.
    pub acquire_timeout: Duration,
    /// SQLite: longest wait for another process that writes.
    pub busy_timeout: Duration,
}

impl Default for StorageOptions {
    fn default() -> Self {
        Self { connections: 16, acquire_timeout: Duration::from_secs(30), busy_timeout: Duration::from_secs(30) }
    }
}

/// Why a store does not open. No text carries a password. A store that is refused is left as it was.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The address is not one of a store.
    #[error("the store's address {reason}; write `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")]
    Address {
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be used.
    #[error("the store {path} cannot be opened: {reason}; check that the path is right and may be read and written")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What is there is something else.
    #[error(
        "{place} is not a store of Teiki: {reason}; nothing was changed, point the address to a store or a new place"
    )]
    NotAStore {
        /// Which file or database.
        place: String,
        /// How that was seen.
        reason: String,
    },
    /// A newer program wrote it.
    #[error(
        "{place} was written by a newer version of Teiki (its tables are at version {found}, this program knows \
         {known}); nothing was changed, start the newer program"
    )]
    Newer {
        /// Which file or database.
        place: String,
        /// The version of its tables.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The server did not let us in.
    #[error("{place} cannot be reached: {reason}; check that the server runs and the address is right")]
    Unreachable {
        /// Which database.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// Bringing the tables up to date failed.
    #[error("the tables of {place} cannot be brought up to date: {reason}")]
    Migration {
        /// Which file or database.
        place: String,
        /// What is wrong.
        reason: String,
    },
}

/// A SQLite store: one connection that writes, and others that read what is committed.
#[derive(Debug, Clone)]
pub struct SqliteStorage {
    /// The single writer. SQLite has one writer at a time; waiting here is faster than failing there.
    pub writer: SqlitePool,
    /// Readers; they cannot write.
    pub readers: SqlitePool,
}

/// An open store. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Storage {
    /// One file.
    Sqlite(SqliteStorage),
    /// One schema, the first of the connection's search path.
    Postgres(PgPool),
}

impl Storage {
    /// Opens the store at `url` (`sqlite:PATH`, `postgres://…`) and brings its tables up to date; an empty place
    /// becomes a new store. A newer store, and anything that is not a store, is refused and left untouched.
    pub async fn open(url: &str, options: &StorageOptions) -> Result<Self, StorageError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return open_sqlite(path.strip_prefix("//").unwrap_or(path), options).await.map(Self::Sqlite);
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return open_postgres(url, options).await.map(Self::Postgres);
        }
        Err(StorageError::Address { reason: "starts with neither `sqlite:` nor `postgres://`".to_owned() })
    }

    /// Closes all connections after the work on them is done.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.readers.close().await;
                // Last, so that the write-ahead log is folded into the file.
                sqlite.writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(path: &str, options: &StorageOptions) -> Result<SqliteStorage, StorageError> {
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(StorageError::Address { reason: "names no file".to_owned() });
    }
    let path = PathBuf::from(path);
    let file_error = |reason: String| StorageError::File { path: path.clone(), reason };
    migrate::examine_sqlite(&path).await?;

    let base = SqliteConnectOptions::new()
        .filename(&path)
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout)
        .statement_cache_capacity(200)
        .row_buffer_size(ROWS_AHEAD)
        .synchronous(SqliteSynchronous::Full);
    let mut attempt = 1;
    let writer = loop {
        // Several engines may make the same new store at once, and SQLite does not let one wait for the other here.
        match open_writer(&path, &base, options).await {
            Err(_) if attempt < OPEN_ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(OPEN_PAUSE).await;
            }
            opened => break opened?,
        }
    };
    let readers = SqlitePoolOptions::new()
        .max_connections(options.connections.max(1))
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .connect_with(base.read_only(true))
        .await
        .map_err(|error| file_error(describe(&error)))?;
    Ok(SqliteStorage { writer, readers })
}

/// Opens the writer and brings the tables up to date; each step of that is one transaction, so it can be repeated.
async fn open_writer(
    path: &Path,
    base: &SqliteConnectOptions,
    options: &StorageOptions,
) -> Result<SqlitePool, StorageError> {
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(
            base.clone()
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .pragma("cache_size", WRITER_CACHE)
                // What is deleted is overwritten: a destroyed key must not be found in the file.
                .pragma("secure_delete", "ON")
                .pragma("wal_autocheckpoint", FOLD_AFTER_PAGES),
        )
        .await
        .map_err(|error| StorageError::File { path: path.to_owned(), reason: describe(&error) })?;
    if let Err(error) = migrate::run_sqlite(&writer, path).await {
        writer.close().await;
        return Err(error);
    }
    Ok(writer)
}

/// The options for opening a file only to look at it.
pub(super) fn look_only(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(Duration::from_secs(5))
}

async fn open_postgres(url: &str, options: &StorageOptions) -> Result<PgPool, StorageError> {
    // The parser's own text is not passed on: it may quote parts of the address.
    let connect = PgConnectOptions::from_str(url)
        .map_err(|_| StorageError::Address { reason: "of PostgreSQL cannot be read".to_owned() })?
        .application_name("teiki");
    let place = format!("the database {}", connect.get_database().unwrap_or("of the user's name"));
    let pool = PgPoolOptions::new()
        .max_connections(options.connections.max(4))
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) }))
        .connect_with(connect)
        .await
        .map_err(|error| StorageError::Unreachable { place: place.clone(), reason: describe(&error) })?;
    let ready = match migrate::examine_postgres(&pool, &place).await {
        Ok(()) => migrate::run_postgres(&pool, &place).await,
        Err(error) => Err(error),
    };
    if let Err(error) = ready {
        pool.close().await;
        return Err(error);
    }
    Ok(pool)
}

//! The event log on SQLite and PostgreSQL.
//!
//! - [`Storage`] opens a store and brings its tables up to date.
//! - [`EventStore`] loads and appends streams through sqlite-es and postgres-es.
//! - [`Sequencer`] gives every committed event its place in one order for all readers, with a chain of hashes.
//! - [`LogReader`] reads that order and verifies it.

mod append;
mod canonical;
mod chain;
mod classify;
mod integrity;
mod listen;
mod load;
mod log_reader;
mod metadata;
mod migrate;
mod sequence_postgres;
mod sequence_sqlite;
mod sequenced_rows;
mod sequencer;
mod shop_events;
mod storage;
mod verify;

pub use append::AppendError;
pub use load::{Loaded, StoreError};
pub use log_reader::{LogError, LogEvent, LogReader};
pub use metadata::EventMetadata;
pub use sequencer::{SequencedBatch, Sequencer, SequencerError, SequencerStatus};
pub use storage::{SqliteStorage, Storage, StorageError, StorageOptions};
pub use verify::{Broken, Judge, Verified, VerifyError};

use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;
use std::sync::Arc;
use tokio::sync::Notify;

/// Loads and appends streams of events. Cheap to clone; all clones wake the same sequencer.
#[derive(Clone)]
pub struct EventStore {
    storage: Storage,
    repository: Repository,
    appended: Arc<Notify>,
}

#[derive(Clone)]
enum Repository {
    Sqlite { writer: Arc<SqliteEventRepository>, readers: Arc<SqliteEventRepository> },
    Postgres(Arc<PostgresEventRepository>),
}

impl EventStore {
    /// The streams of a store.
    pub fn new(storage: Storage) -> Self {
        let repository = match &storage {
            Storage::Sqlite(sqlite) => Repository::Sqlite {
                writer: Arc::new(SqliteEventRepository::new(sqlite.writer.clone())),
                readers: Arc::new(SqliteEventRepository::new(sqlite.readers.clone())),
            },
            Storage::Postgres(pool) => Repository::Postgres(Arc::new(PostgresEventRepository::new(pool.clone()))),
        };
        Self { storage, repository, appended: Arc::default() }
    }

    /// The store behind it.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }
}

/// A database error in words, without anything of the address or of stored values, and whether the database is out
/// of reach.
pub(crate) fn in_words(error: &sqlx::Error) -> (String, bool) {
    (classify::describe(error), classify::is_out_of_reach(classify::classify_sqlx(error)))
}

//! Numbers that never come twice, whoever asks: transaction IDs (O1) and subscription numbers are made of them.

use crate::event_store::Storage;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Numbers taken from the store at once. A restart skips what is left of a block.
const BLOCK: i64 = 50;

/// Why no number could be given.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// The store did not answer.
    #[error("no new number of the series {name} can be taken ({reason}); try again when the store is back")]
    Store {
        /// Which series.
        name: String,
        /// What happened.
        reason: String,
        /// Whether the store is out of reach.
        unavailable: bool,
    },
    /// All numbers are used.
    #[error("the series {name} has no numbers left")]
    Exhausted {
        /// Which series.
        name: String,
    },
}

impl SerialError {
    /// Whether the store is out of reach, so that nothing else would work either.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store { unavailable: true, .. })
    }
}

/// Series of numbers, each from 1. Numbers may be skipped, never repeated, also between several engines on one
/// store. Cheap to clone; clones share their blocks.
#[derive(Debug, Clone)]
pub struct SerialNumbers {
    storage: Storage,
    blocks: Arc<Mutex<HashMap<String, Range<i64>>>>,
}

impl SerialNumbers {
    /// The series of a store.
    pub fn new(storage: Storage) -> Self {
        Self { storage, blocks: Arc::default() }
    }

    /// The next number of the series `name`.
    pub async fn next(&self, name: &str) -> Result<u64, SerialError> {
        // Held while a block is taken, so that those who wait share it.
        let mut blocks = self.blocks.lock().await;
        if let Some(number) = blocks.get_mut(name).and_then(Iterator::next) {
            return Ok(number.unsigned_abs());
        }
        let mut block = self.take_block(name).await?;
        let number = block.next().ok_or_else(|| SerialError::Exhausted { name: name.to_owned() })?;
        blocks.insert(name.to_owned(), block);
        Ok(number.unsigned_abs())
    }

    /// Takes a block. Should the answer get lost, the block is skipped.
    async fn take_block(&self, name: &str) -> Result<Range<i64>, SerialError> {
        const SQL: &str = "INSERT INTO serial_numbers (name, next) VALUES ($1, 1 + $2) \
            ON CONFLICT (name) DO UPDATE SET next = serial_numbers.next + $2 RETURNING next";
        let next: Result<i64, sqlx::Error> = match &self.storage {
            Storage::Sqlite(sqlite) => sqlx::query_scalar(SQL).bind(name).bind(BLOCK).fetch_one(&sqlite.writer).await,
            Storage::Postgres(pool) => sqlx::query_scalar(SQL).bind(name).bind(BLOCK).fetch_one(pool).await,
        };
        match next {
            Ok(next) => Ok(next - BLOCK..next),
            Err(error) => {
                let (reason, unavailable) = crate::event_store::in_words(&error);
                Err(SerialError::Store { name: name.to_owned(), reason, unavailable })
            }
        }
    }
}

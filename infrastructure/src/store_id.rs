//! The store's own name: a random number that tells its log from every other one. A copy keeps it.

use crate::both_stores::{execute, fetch};
use crate::event_store::{Storage, in_words};
use uuid::Uuid;

/// Under this name the store remembers it.
const NAME: &str = "store_id";

/// The store's name could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the store's own name cannot be read or written ({0}); try again when the store is back")]
pub struct StoreIdError(String);

/// The store's name, made on first use.
pub async fn of(storage: &Storage) -> Result<Uuid, StoreIdError> {
    let failed = |error: sqlx::Error| StoreIdError(in_words(&error).0);
    if let Some(known) = read(storage).await.map_err(failed)? {
        return parse(&known);
    }
    let new = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    let sql = "INSERT INTO store_identity (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    execute!(storage, sql, NAME, new.to_string()).map_err(failed)?;
    // Somebody else may have been first; what is stored is what counts.
    match read(storage).await.map_err(failed)? {
        Some(known) => parse(&known),
        None => Err(StoreIdError("it was not kept".to_owned())),
    }
}

async fn read(storage: &Storage) -> Result<Option<String>, sqlx::Error> {
    const SQL: &str = "SELECT value FROM store_identity WHERE name = $1";
    let found: Result<Vec<(String,)>, sqlx::Error> = fetch!(storage, SQL, NAME);
    Ok(found?.pop().map(|(value,)| value))
}

fn parse(text: &str) -> Result<Uuid, StoreIdError> {
    text.parse().map_err(|_| StoreIdError("what is stored as its name is none".to_owned()))
}

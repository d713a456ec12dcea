//! Sessions of people at the console. The browser holds a random token, the store only its SHA-256; a session ends
//! when it was not used for a while, and in any case after half a day.

use crate::both_stores::{execute, fetch};
use crate::event_store::Storage;
use crate::operators::{self, Operator, OperatorError, text};
use crate::redacted::Redacted;
use chrono::{DateTime, Duration, Utc};
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

/// How long a session lasts without being used.
pub const IDLE: Duration = Duration::hours(2);
/// How long it lasts at most.
pub const LONGEST: Duration = Duration::hours(12);
/// Use is written down this often at most.
const NOTED_EVERY: Duration = Duration::minutes(1);

#[derive(sqlx::FromRow)]
struct Row {
    operator_id: String,
    seen_at: String,
}

/// Begins a session; returns the token for the browser. Sessions that ended are cleared away with it.
pub async fn begin(
    storage: &Storage,
    operator: &Operator,
    now: DateTime<Utc>,
) -> Result<Redacted<String>, OperatorError> {
    const CLEAR: &str = "DELETE FROM operator_sessions WHERE seen_at <= $1 OR began_at <= $2";
    const SQL: &str =
        "INSERT INTO operator_sessions (token_hash, operator_id, began_at, seen_at) VALUES ($1, $2, $3, $3)";
    execute!(storage, CLEAR, text(now - IDLE), text(now - LONGEST))?;
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let token = hex::encode(bytes);
    execute!(storage, SQL, hash(&token), &operator.operator_id, text(now))?;
    Ok(Redacted::new(token))
}

/// Who the token belongs to, while the session lasts and the account may be used.
pub async fn find(storage: &Storage, token: &str, now: DateTime<Utc>) -> Result<Option<Operator>, OperatorError> {
    const SQL: &str = "SELECT operator_id, seen_at FROM operator_sessions \
        WHERE token_hash = $1 AND seen_at > $2 AND began_at > $3";
    const SEEN: &str = "UPDATE operator_sessions SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2";
    let hash = hash(token);
    let rows: Vec<Row> = fetch!(storage, SQL, &hash, text(now - IDLE), text(now - LONGEST))?;
    let Some(Row { operator_id, seen_at }) = rows.into_iter().next() else { return Ok(None) };
    let operator = operators::by_id(storage, &operator_id).await?.filter(|operator| operator.disabled_at.is_none());
    if operator.is_some() && seen_at <= text(now - NOTED_EVERY) {
        execute!(storage, SEEN, &hash, text(now))?;
    }
    Ok(operator)
}

/// Ends a session. Doing it again is already done.
pub async fn end(storage: &Storage, token: &str) -> Result<(), OperatorError> {
    execute!(storage, "DELETE FROM operator_sessions WHERE token_hash = $1", hash(token))?;
    Ok(())
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

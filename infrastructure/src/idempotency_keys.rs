//! Requests that carry an idempotency key: which are under way, and what the finished ones were answered.
//!
//! A key is held by whoever answers the request, for at most as long as that can take. A holder that died leaves the key
//! to the next one, who learns that the request may have been carried out before.

use crate::both_stores::{execute, fetch};
use crate::event_store::Storage;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use teiki_domain::ids::ShopId;
use uuid::Uuid;

/// The keys cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the idempotency keys cannot be read or written ({0}); try again when the store is back")]
pub struct IdempotencyError(#[from] sqlx::Error);

/// One request under a key, and who answers it.
#[derive(Debug, Clone)]
pub struct Held {
    /// The shop whose key it is: two shops may use the same one.
    pub shop: ShopId,
    /// As the caller wrote it.
    pub key: String,
    /// This answering.
    pub holder: Uuid,
}

/// How a key stands for somebody who wants to answer a request under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody used it before: the request is to be carried out.
    New,
    /// It was used before, and no answer was kept: the request may have been carried out.
    Again {
        /// What was asked then, sealed.
        request: String,
    },
    /// Somebody is answering at the moment.
    UnderWay {
        /// What was asked, sealed.
        request: String,
    },
    /// The answer is there.
    Answered {
        /// What was asked, sealed.
        request: String,
        /// What was answered, sealed.
        answer: String,
    },
}

#[derive(sqlx::FromRow)]
struct Row {
    request: String,
    holder: String,
    held_until: String,
    answer: Option<String>,
}

/// Takes the key for a request, unless somebody holds it or the answer is there. `request` is what is asked, sealed.
pub async fn take(
    storage: &Storage,
    held: &Held,
    request: &str,
    now: DateTime<Utc>,
    longest: Duration,
) -> Result<Standing, IdempotencyError> {
    const INSERT: &str = "INSERT INTO idempotency_keys (shop_id, idempotency_key, request, holder, held_until, since) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (shop_id, idempotency_key) DO NOTHING";
    const SELECT: &str = "SELECT request, holder, held_until, answer FROM idempotency_keys \
        WHERE shop_id = $1 AND idempotency_key = $2";
    const TAKE_OVER: &str = "UPDATE idempotency_keys SET holder = $3, held_until = $4 \
        WHERE shop_id = $1 AND idempotency_key = $2 AND holder = $5 AND answer IS NULL";
    let (shop, holder) = (held.shop.to_string(), held.holder.to_string());
    let until = written(now + longest);
    loop {
        let inserted = execute!(storage, INSERT, &shop, &held.key, request, &holder, &until, written(now))?.0 > 0;
        if inserted {
            return Ok(Standing::New);
        }
        let rows: Vec<Row> = fetch!(storage, SELECT, &shop, &held.key)?;
        // Swept away in between: it is new after all.
        let Some(row) = rows.into_iter().next() else { continue };
        if let Some(answer) = row.answer {
            return Ok(Standing::Answered { request: row.request, answer });
        }
        if row.held_until > written(now) {
            return Ok(Standing::UnderWay { request: row.request });
        }
        if execute!(storage, TAKE_OVER, &shop, &held.key, &holder, &until, &row.holder)?.0 > 0 {
            return Ok(Standing::Again { request: row.request });
        }
    }
}

/// Keeps the answer, sealed, for whoever asks again.
pub async fn answer(storage: &Storage, held: &Held, answer: &str) -> Result<(), IdempotencyError> {
    const SQL: &str = "UPDATE idempotency_keys SET answer = $4 \
        WHERE shop_id = $1 AND idempotency_key = $2 AND holder = $3 AND answer IS NULL";
    execute!(storage, SQL, held.shop.to_string(), &held.key, held.holder.to_string(), answer)?;
    Ok(())
}

/// Lets the key go without an answer: the request may be made again under it at once.
pub async fn let_go(storage: &Storage, held: &Held) -> Result<(), IdempotencyError> {
    const SQL: &str = "UPDATE idempotency_keys SET held_until = '' \
        WHERE shop_id = $1 AND idempotency_key = $2 AND holder = $3 AND answer IS NULL";
    execute!(storage, SQL, held.shop.to_string(), &held.key, held.holder.to_string())?;
    Ok(())
}

/// Forgets a request that changed nothing: another one may be made under its key.
pub async fn forget(storage: &Storage, held: &Held) -> Result<(), IdempotencyError> {
    const SQL: &str = "DELETE FROM idempotency_keys \
        WHERE shop_id = $1 AND idempotency_key = $2 AND holder = $3 AND answer IS NULL";
    execute!(storage, SQL, held.shop.to_string(), &held.key, held.holder.to_string())?;
    Ok(())
}

/// A number made for the request, the same whenever the request is carried out again: the one kept before, or `new`.
pub async fn reserve(storage: &Storage, held: &Held, new: &str) -> Result<String, IdempotencyError> {
    const RESERVE: &str = "UPDATE idempotency_keys SET reserved = COALESCE(reserved, $3) \
        WHERE shop_id = $1 AND idempotency_key = $2";
    const SELECT: &str = "SELECT reserved FROM idempotency_keys WHERE shop_id = $1 AND idempotency_key = $2";
    execute!(storage, RESERVE, held.shop.to_string(), &held.key, new)?;
    let rows: Vec<(Option<String>,)> = fetch!(storage, SELECT, held.shop.to_string(), &held.key)?;
    Ok(rows.into_iter().next().and_then(|(reserved,)| reserved).unwrap_or_else(|| new.to_owned()))
}

/// Forgets keys first used before `since`; says how many.
pub async fn sweep(storage: &Storage, since: DateTime<Utc>) -> Result<u64, IdempotencyError> {
    Ok(execute!(storage, "DELETE FROM idempotency_keys WHERE since < $1", written(since))?.0)
}

/// In a form whose order is that of time.
fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

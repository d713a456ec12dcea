//! What is to be sent, what came of it, and when it is tried again. Every write of a worker names the fence of its
//! lease, so a worker that lost its work while it slept writes nothing any more.

use super::endpoints::Endpoint;
use super::{LEASE, WebhookError, text};
use crate::both_stores::{execute, fetch};
use crate::event_store::{LogEvent, Storage};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Waits for its next try.
pub const PENDING: &str = "pending";
/// The receiver has it.
pub const DELIVERED: &str = "delivered";
/// Given up after the last try.
pub const DEAD: &str = "dead";

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Delivery {
    /// Where to.
    pub endpoint_id: String,
    /// The event's position in the log.
    pub position: i64,
    /// Its name in the header `webhook-id`, the same in every try.
    pub webhook_id: String,
    /// What the event is called outside.
    pub event_type: String,
    /// [`PENDING`], [`DELIVERED`] or [`DEAD`].
    pub status: String,
    /// How often it was sent.
    pub tries: i64,
    /// How many tries failed since it was put in line.
    pub step: i64,
    /// When it is tried next.
    pub next_try: Option<String>,
    /// When it was tried last.
    pub last_tried_at: Option<String>,
    /// The last HTTP status, if there was an answer.
    pub response_code: Option<i64>,
    /// What was wrong the last time.
    pub failure: Option<String>,
    /// When it was put in line.
    pub created_at: String,
}

const COLUMNS: &str = "endpoint_id, position, webhook_id, event_type, status, tries, step, next_try, last_tried_at, \
    response_code, failure, created_at";

/// The condition that the work is still that of whoever holds the fence, given as this parameter of the statement.
fn fenced(parameter: &str) -> String {
    format!("EXISTS (SELECT 1 FROM worker_leases WHERE name = '{LEASE}' AND fence = {parameter})")
}

/// An event that an endpoint wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// The event's position.
    pub position: i64,
    /// Its name in the header `webhook-id`.
    pub webhook_id: String,
    /// What it is called outside.
    pub event_type: &'static str,
}

/// The name of an event's delivery to an endpoint. The event's hash is part of it: in a store restored from a backup
/// another event may come to stand at the same position.
pub fn webhook_id(endpoint_id: &str, event: &LogEvent) -> String {
    let name = format!("teiki:{endpoint_id}:{}:{}", event.position, hex::encode(event.hash));
    format!("msg_{}", Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple())
}

/// Puts events in line and moves the endpoint on to position `to`, both or nothing. False when the endpoint does not
/// stand where it did, or the work is somebody else's by now.
pub async fn enqueue(
    storage: &Storage,
    endpoint: &Endpoint,
    to: i64,
    new: &[New],
    now: DateTime<Utc>,
    fence: i64,
) -> Result<bool, WebhookError> {
    let moved = format!(
        "UPDATE webhook_endpoints SET position = $3 WHERE endpoint_id = $1 AND position = $2 AND {}",
        fenced("$4")
    );
    const NEW: &str = "INSERT INTO webhook_deliveries (endpoint_id, position, webhook_id, event_type, status, tries, \
        step, next_try, created_at) VALUES ($1, $2, $3, $4, 'pending', 0, 0, $5, $5) \
        ON CONFLICT (endpoint_id, position) DO NOTHING";
    let now = text(now);
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            let step = sqlx::query(&moved).bind(&endpoint.endpoint_id).bind(endpoint.position).bind(to).bind(fence);
            if step.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            for new in new {
                let row = sqlx::query(NEW).bind(&endpoint.endpoint_id).bind(new.position).bind(&new.webhook_id);
                row.bind(new.event_type).bind(&now).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }};
    }
    match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    }
    Ok(true)
}

/// What is to be sent now, in log order.
pub async fn due(
    storage: &Storage,
    endpoint_id: &str,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Delivery>, WebhookError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_deliveries WHERE endpoint_id = $1 AND next_try <= $2 ORDER BY position LIMIT $3"
    );
    Ok(fetch!(storage, &sql, endpoint_id, text(now), limit)?)
}

/// When the next try of an endpoint is due.
pub async fn next_try(storage: &Storage, endpoint_id: &str) -> Result<Option<DateTime<Utc>>, WebhookError> {
    const SQL: &str = "SELECT next_try FROM webhook_deliveries WHERE endpoint_id = $1 AND next_try IS NOT NULL \
        ORDER BY next_try LIMIT 1";
    let rows: Vec<(String,)> = fetch!(storage, SQL, endpoint_id)?;
    Ok(rows.first().and_then(|(at,)| at.parse().ok()))
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The HTTP status, if there was an answer.
    pub code: Option<u16>,
    /// What is wrong; `None`: the receiver has it.
    pub failure: Option<String>,
    /// When it is tried again; `None` after a failure: never.
    pub again: Option<DateTime<Utc>>,
}

/// Puts a try on record. False when the delivery or the work is not what and whose it was.
pub async fn record(
    storage: &Storage,
    delivery: &Delivery,
    tried: &Tried,
    now: DateTime<Utc>,
    fence: i64,
) -> Result<bool, WebhookError> {
    let done = format!(
        "UPDATE webhook_deliveries SET status = $4, tries = tries + 1, step = $5, next_try = $6, last_tried_at = $7, \
         response_code = $8, failure = $9 WHERE endpoint_id = $1 AND position = $2 AND tries = $3 AND {}",
        fenced("$10")
    );
    const WELL: &str = "UPDATE webhook_endpoints SET failing_since = NULL WHERE endpoint_id = $1";
    const ILL: &str = "UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, $2) WHERE endpoint_id = $1";
    let (status, step) = match (&tried.failure, tried.again) {
        (None, _) => (DELIVERED, 0),
        (Some(_), Some(_)) => (PENDING, delivery.step + 1),
        (Some(_), None) => (DEAD, delivery.step + 1),
    };
    let (next, now, code) = (tried.again.map(text), text(now), tried.code.map(i64::from));
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            let row = sqlx::query(&done).bind(&delivery.endpoint_id).bind(delivery.position).bind(delivery.tries);
            let row = row.bind(status).bind(step).bind(next).bind(&now).bind(code).bind(&tried.failure).bind(fence);
            if row.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            if tried.failure.is_none() {
                sqlx::query(WELL).bind(&delivery.endpoint_id).execute(&mut *transaction).await?;
            } else {
                sqlx::query(ILL).bind(&delivery.endpoint_id).bind(&now).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }};
    }
    match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    }
    Ok(true)
}

/// The deliveries of an endpoint before position `before`, newest first; `status`: only these.
pub async fn list(
    storage: &Storage,
    endpoint_id: &str,
    status: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Delivery>, WebhookError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_deliveries WHERE endpoint_id = $1 AND position < $2 \
         AND ($3 = '' OR status = $3) ORDER BY position DESC LIMIT $4"
    );
    Ok(fetch!(storage, &sql, endpoint_id, before.unwrap_or(i64::MAX), status.unwrap_or(""), limit)?)
}

/// One delivery by its `webhook-id`.
pub async fn get(storage: &Storage, endpoint_id: &str, webhook_id: &str) -> Result<Option<Delivery>, WebhookError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_deliveries WHERE webhook_id = $2 AND endpoint_id = $1");
    let mut rows: Vec<Delivery> = fetch!(storage, &sql, endpoint_id, webhook_id)?;
    Ok(rows.pop())
}

/// Puts a delivery in line again, whatever came of it before; the ladder of tries begins anew.
pub async fn again(
    storage: &Storage,
    endpoint_id: &str,
    webhook_id: &str,
    now: DateTime<Utc>,
) -> Result<bool, WebhookError> {
    const SQL: &str = "UPDATE webhook_deliveries SET status = 'pending', step = 0, next_try = $3 \
        WHERE webhook_id = $2 AND endpoint_id = $1";
    Ok(execute!(storage, SQL, endpoint_id, webhook_id, text(now))?.0 > 0)
}

/// How many deliveries wait and how many were given up.
pub async fn backlog(storage: &Storage) -> Result<(u64, u64), WebhookError> {
    const SQL: &str = "SELECT status, COUNT(*) FROM webhook_deliveries WHERE status IN ('pending', 'dead') \
        GROUP BY status";
    let rows: Vec<(String, i64)> = fetch!(storage, SQL)?;
    let count =
        |wanted: &str| rows.iter().find(|(status, _)| status == wanted).map_or(0, |(_, count)| count.unsigned_abs());
    Ok((count(PENDING), count(DEAD)))
}

/// Forgets deliveries that arrived or were given up before `before`.
pub async fn forget(storage: &Storage, before: DateTime<Utc>) -> Result<u64, WebhookError> {
    const SQL: &str = "DELETE FROM webhook_deliveries WHERE status IN ('delivered', 'dead') AND last_tried_at < $1";
    Ok(execute!(storage, SQL, text(before))?.0)
}

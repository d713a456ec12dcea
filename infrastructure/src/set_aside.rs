//! Work that cannot go on: one row a unit, with the reason, so that all other work goes on.

use crate::both_stores::{execute, fetch};
use crate::event_store::Storage;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::HashSet;
use teiki_domain::ids::ShopId;

/// The list of work set aside cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the list of work set aside cannot be read or written ({0}); try again when the store is back")]
pub struct SetAsideError(#[from] sqlx::Error);

/// A unit of work that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SetAside {
    /// What kind of work: `renewal` (a subscription's next order), `payment` (what became of a request at Paygent),
    /// `release` (a replaced authorisation that Paygent would not cancel), `retry`, `notice`, `shop` (nothing can be
    /// asked of Paygent for it), `cards` (an erased member's cards at Paygent), `mail` (a mail that could not be written).
    pub kind: String,
    /// The subscription, order, notice or shop.
    pub subject: String,
    /// The generation date concerned, ISO; may be empty.
    pub generation_date: String,
    /// Why: a code with its values; in rows of former versions, a sentence.
    pub reason: String,
    /// Since when, RFC 3339.
    pub since: String,
}

/// Sets a unit of work aside, or renews the reason; `run_id` names the run that saw it last.
pub async fn put(
    storage: &Storage,
    kind: &str,
    subject: &str,
    generation_date: Option<NaiveDate>,
    reason: &str,
    now: DateTime<Utc>,
    run_id: &str,
) -> Result<(), SetAsideError> {
    const SQL: &str = "INSERT INTO set_aside (kind, subject, generation_date, reason, since, last_seen, run_id) \
        VALUES ($1, $2, $3, $4, $5, $5, $6) ON CONFLICT (kind, subject) DO UPDATE SET \
        generation_date = excluded.generation_date, reason = excluded.reason, last_seen = excluded.last_seen, \
        run_id = excluded.run_id";
    let date = generation_date.map(|date| date.to_string()).unwrap_or_default();
    let now = now.to_rfc3339();
    macro_rules! run {
        ($pool:expr) => {
            sqlx::query(SQL)
                .bind(kind)
                .bind(subject)
                .bind(date)
                .bind(reason)
                .bind(now)
                .bind(run_id)
                .execute($pool)
                .await
        };
    }
    match storage {
        Storage::Sqlite(sqlite) => run!(&sqlite.writer).map(drop)?,
        Storage::Postgres(pool) => run!(pool).map(drop)?,
    }
    Ok(())
}

/// Everything of generation dates up to `through` that was set aside by other runs than `run_id` is cleared when a run
/// has gone through all work due by then: whatever still cannot go on was set aside again by that run. Returns how
/// many rows were cleared.
pub async fn clear_older(
    storage: &Storage,
    kind: &str,
    through: NaiveDate,
    run_id: &str,
) -> Result<u64, SetAsideError> {
    const SQL: &str = "DELETE FROM set_aside WHERE kind = $1 AND generation_date <= $2 AND run_id <> $3";
    let through = through.to_string();
    Ok(match storage {
        Storage::Sqlite(sqlite) => {
            sqlx::query(SQL).bind(kind).bind(through).bind(run_id).execute(&sqlite.writer).await?.rows_affected()
        }
        Storage::Postgres(pool) => {
            sqlx::query(SQL).bind(kind).bind(through).bind(run_id).execute(pool).await?.rows_affected()
        }
    })
}

/// One unit of work goes on again.
pub async fn remove(storage: &Storage, kind: &str, subject: &str) -> Result<(), SetAsideError> {
    const SQL: &str = "DELETE FROM set_aside WHERE kind = $1 AND subject = $2";
    match storage {
        Storage::Sqlite(sqlite) => sqlx::query(SQL).bind(kind).bind(subject).execute(&sqlite.writer).await.map(drop)?,
        Storage::Postgres(pool) => sqlx::query(SQL).bind(kind).bind(subject).execute(pool).await.map(drop)?,
    }
    Ok(())
}

/// The oldest units of work set aside.
pub async fn list(storage: &Storage, limit: i64) -> Result<Vec<SetAside>, SetAsideError> {
    const SQL: &str =
        "SELECT kind, subject, generation_date, reason, since FROM set_aside ORDER BY since, kind, subject LIMIT $1";
    Ok(match storage {
        Storage::Sqlite(sqlite) => sqlx::query_as(SQL).bind(limit).fetch_all(&sqlite.readers).await?,
        Storage::Postgres(pool) => sqlx::query_as(SQL).bind(limit).fetch_all(pool).await?,
    })
}

/// The oldest units of work of one shop that are set aside: that of its subscriptions and orders, the shop's own, and
/// notices to its Paygent `merchant`.
pub async fn list_of(
    storage: &Storage,
    shop: ShopId,
    merchant: Option<&str>,
    limit: i64,
) -> Result<Vec<SetAside>, SetAsideError> {
    // Ids are digits, so none of them reads as a pattern.
    const SQL: &str = "SELECT kind, subject, generation_date, reason, since FROM set_aside \
        WHERE subject = $1 OR subject LIKE $2 OR (kind = 'notice' AND subject LIKE $3) \
        ORDER BY since, kind, subject LIMIT $4";
    let (shop, ids) = (shop.to_string(), format!("{shop}-%"));
    let notices = merchant.map(|merchant| format!("{merchant}:%")).unwrap_or_default();
    Ok(match storage {
        Storage::Sqlite(sqlite) => {
            let rows = sqlx::query_as(SQL).bind(shop).bind(ids).bind(notices).bind(limit);
            rows.fetch_all(&sqlite.readers).await?
        }
        Storage::Postgres(pool) => {
            sqlx::query_as(SQL).bind(shop).bind(ids).bind(notices).bind(limit).fetch_all(pool).await?
        }
    })
}

/// How much is set aside of each kind.
pub async fn counts(storage: &Storage) -> Result<Vec<(String, i64)>, SetAsideError> {
    Ok(fetch!(storage, "SELECT kind, COUNT(*) FROM set_aside GROUP BY kind ORDER BY kind")?)
}

/// Everything of a kind that is set aside, by subject.
pub async fn subjects(storage: &Storage, kind: &str) -> Result<HashSet<String>, SetAsideError> {
    let rows: Vec<(String,)> = fetch!(storage, "SELECT subject FROM set_aside WHERE kind = $1", kind)?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

/// Everything of a kind that is set aside: subject and reason.
pub async fn of_kind(storage: &Storage, kind: &str) -> Result<Vec<(String, String)>, SetAsideError> {
    Ok(fetch!(storage, "SELECT subject, reason FROM set_aside WHERE kind = $1", kind)?)
}

/// Why one unit of work is set aside; none: it is not.
pub async fn reason(storage: &Storage, kind: &str, subject: &str) -> Result<Option<String>, SetAsideError> {
    let sql = "SELECT reason FROM set_aside WHERE kind = $1 AND subject = $2";
    let rows: Vec<(String,)> = fetch!(storage, sql, kind, subject)?;
    Ok(rows.into_iter().next().map(|(reason,)| reason))
}

/// Lets one unit of work go on because somebody said so; says whether there was one.
pub async fn release(storage: &Storage, kind: &str, subject: &str) -> Result<bool, SetAsideError> {
    let sql = "DELETE FROM set_aside WHERE kind = $1 AND subject = $2";
    Ok(execute!(storage, sql, kind, subject)?.0 > 0)
}

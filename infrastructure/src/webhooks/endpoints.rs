//! Where shops want their events sent, and the secrets those deliveries are signed with.

use super::{WebhookError, text};
use crate::both_stores::{execute, fetch};
use crate::event_store::Storage;
use chrono::{DateTime, Utc};
use teiki_domain::ids::ShopId;
use teiki_domain::sealed::Sealed;

/// One address of a shop.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Endpoint {
    /// Its id: the shop, `-W` and a number.
    pub endpoint_id: String,
    /// Whose.
    pub shop_id: String,
    /// Where to.
    pub url: String,
    /// Which events, as a filter in text; empty: all.
    pub types: String,
    /// What it is for, in the shop's words.
    pub description: String,
    /// Every event up to this position has its delivery, if it is wanted.
    pub position: i64,
    /// Why nothing is sent there; `None`: it is.
    pub disabled_because: Option<String>,
    /// Since when no delivery succeeded although some were tried.
    pub failing_since: Option<String>,
    /// When it was registered.
    pub created_at: String,
    /// By whom.
    pub created_by: String,
}

/// A secret of an endpoint, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Its number, from 1; the newest has the largest.
    pub number: i64,
    /// The secret.
    pub sealed: Sealed,
    /// Until when it signs, where another one replaced it.
    pub expires_at: Option<String>,
}

/// What a secret is sealed for.
pub fn secret_context(endpoint_id: &str, number: i64) -> String {
    format!("webhook:{endpoint_id}:{number}")
}

const COLUMNS: &str = "endpoint_id, shop_id, url, types, description, position, disabled_because, failing_since, \
    created_at, created_by";
const NEW_SECRET: &str =
    "INSERT INTO webhook_secrets (endpoint_id, number, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, NULL)";

/// Keeps an endpoint with its first secret (number 1); false when it is kept already.
pub async fn insert(storage: &Storage, new: &Endpoint, secret: &Sealed) -> Result<bool, WebhookError> {
    const NEW: &str = "INSERT INTO webhook_endpoints (endpoint_id, shop_id, url, types, description, position, \
        created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (endpoint_id) DO NOTHING";
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            let row = sqlx::query(NEW).bind(&new.endpoint_id).bind(&new.shop_id).bind(&new.url).bind(&new.types);
            let row = row.bind(&new.description).bind(new.position).bind(&new.created_at).bind(&new.created_by);
            let inserted = row.execute(&mut *transaction).await?.rows_affected() > 0;
            if inserted {
                let row = sqlx::query(NEW_SECRET).bind(&new.endpoint_id).bind(1_i64).bind(secret.ciphertext());
                row.bind(&new.created_at).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            inserted
        }};
    }
    Ok(match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    })
}

/// One endpoint.
pub async fn get(storage: &Storage, endpoint_id: &str) -> Result<Option<Endpoint>, WebhookError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_endpoints WHERE endpoint_id = $1");
    let mut rows: Vec<Endpoint> = fetch!(storage, &sql, endpoint_id)?;
    Ok(rows.pop())
}

/// The endpoints of a shop, oldest first.
pub async fn of_shop(storage: &Storage, shop: ShopId) -> Result<Vec<Endpoint>, WebhookError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_endpoints WHERE shop_id = $1 ORDER BY endpoint_id");
    Ok(fetch!(storage, &sql, shop.to_string())?)
}

/// Every endpoint that is sent to.
pub async fn active(storage: &Storage) -> Result<Vec<Endpoint>, WebhookError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_endpoints WHERE disabled_because IS NULL ORDER BY endpoint_id");
    Ok(fetch!(storage, &sql)?)
}

/// Removes an endpoint with its secrets and deliveries; says whether there was one.
pub async fn remove(storage: &Storage, endpoint_id: &str) -> Result<bool, WebhookError> {
    const ALL: [&str; 3] = [
        "DELETE FROM webhook_endpoints WHERE endpoint_id = $1",
        "DELETE FROM webhook_secrets WHERE endpoint_id = $1",
        "DELETE FROM webhook_deliveries WHERE endpoint_id = $1",
    ];
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            let mut removed = Vec::new();
            for sql in ALL {
                removed.push(sqlx::query(sql).bind(endpoint_id).execute(&mut *transaction).await?.rows_affected());
            }
            transaction.commit().await?;
            removed
        }};
    }
    let removed = match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    };
    Ok(removed.first().is_some_and(|rows| *rows > 0))
}

/// Nothing is sent there any more, for this reason; what is waiting stays.
pub async fn disable(storage: &Storage, endpoint_id: &str, why: &str) -> Result<bool, WebhookError> {
    const SQL: &str =
        "UPDATE webhook_endpoints SET disabled_because = $2 WHERE endpoint_id = $1 AND disabled_because IS NULL";
    Ok(execute!(storage, SQL, endpoint_id, why)?.0 > 0)
}

/// Takes an endpoint back to `position` and disables it for this reason; deliveries of what lies behind are forgotten.
/// False, and nothing changed, when it stands elsewhere by now or was disabled before.
pub async fn take_back(storage: &Storage, from: &Endpoint, position: i64, why: &str) -> Result<bool, WebhookError> {
    const BACK: &str = "UPDATE webhook_endpoints SET disabled_because = $2, position = $3 WHERE endpoint_id = $1 \
        AND position = $4 AND disabled_because IS NULL";
    const FORGET: &str = "DELETE FROM webhook_deliveries WHERE endpoint_id = $1 AND position > $2";
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            let back = sqlx::query(BACK).bind(&from.endpoint_id).bind(why).bind(position).bind(from.position);
            let taken = back.execute(&mut *transaction).await?.rows_affected() > 0;
            if taken {
                let forget = sqlx::query(FORGET).bind(&from.endpoint_id).bind(position);
                forget.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            taken
        }};
    }
    Ok(match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    })
}

/// It is sent to again, from where it stood; says whether it was disabled.
pub async fn enable(storage: &Storage, endpoint_id: &str) -> Result<bool, WebhookError> {
    const SQL: &str = "UPDATE webhook_endpoints SET disabled_because = NULL, failing_since = NULL \
        WHERE endpoint_id = $1 AND disabled_because IS NOT NULL";
    Ok(execute!(storage, SQL, endpoint_id)?.0 > 0)
}

/// The secrets that sign now, newest first.
pub async fn secrets(
    storage: &Storage,
    endpoint_id: &str,
    now: DateTime<Utc>,
) -> Result<Vec<SealedSecret>, WebhookError> {
    const SQL: &str = "SELECT number, sealed, expires_at FROM webhook_secrets WHERE endpoint_id = $1 \
        AND (expires_at IS NULL OR expires_at > $2) ORDER BY number DESC";
    let rows: Vec<(i64, String, Option<String>)> = fetch!(storage, SQL, endpoint_id, text(now))?;
    let secret =
        |(number, sealed, expires_at)| SealedSecret { number, sealed: Sealed::from_ciphertext(sealed), expires_at };
    Ok(rows.into_iter().map(secret).collect())
}

/// The number a new secret gets.
pub async fn next_secret(storage: &Storage, endpoint_id: &str) -> Result<i64, WebhookError> {
    const SQL: &str = "SELECT coalesce(max(number), 0) + 1 FROM webhook_secrets WHERE endpoint_id = $1";
    let rows: Vec<(i64,)> = fetch!(storage, SQL, endpoint_id)?;
    Ok(rows.first().map_or(1, |(number,)| *number))
}

/// Adds a secret; the earlier ones sign until `until` beside it. False when somebody else added one at the same time.
pub async fn add_secret(
    storage: &Storage,
    endpoint_id: &str,
    number: i64,
    sealed: &Sealed,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, WebhookError> {
    const END: &str = "UPDATE webhook_secrets SET expires_at = $2 WHERE endpoint_id = $1 \
        AND (expires_at IS NULL OR expires_at > $2)";
    let sql = format!("{NEW_SECRET} ON CONFLICT (endpoint_id, number) DO NOTHING");
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            sqlx::query(END).bind(endpoint_id).bind(text(until)).execute(&mut *transaction).await?;
            let new = sqlx::query(&sql).bind(endpoint_id).bind(number).bind(sealed.ciphertext()).bind(text(now));
            let added = new.execute(&mut *transaction).await?.rows_affected() > 0;
            if added {
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
            added
        }};
    }
    Ok(match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    })
}

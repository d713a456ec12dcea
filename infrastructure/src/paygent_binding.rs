//! The environment a store belongs to: the Paygent merchant and host that its payments were made with.
//!
//! Another merchant or host knows nothing of these payments. Asked there what became of an attempt, the answer "none"
//! would be true and wrong, and the attempt would be sent again.

use crate::both_stores::{execute, fetch};
use crate::event_store::{Storage, in_words};
use chrono::{DateTime, Utc};
use teiki_domain::ids::ShopId;

/// What a store belongs to cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the environment this store belongs to cannot be read or written ({0}); try again when the store is back")]
pub struct BindingError(String);

impl From<sqlx::Error> for BindingError {
    fn from(error: sqlx::Error) -> Self {
        Self(in_words(&error).0)
    }
}

/// Where a shop's payments were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The shop.
    pub shop_id: ShopId,
    /// Paygent's merchant ID (S3).
    pub merchant_id: String,
    /// Paygent's host name.
    pub host: String,
    /// Since when.
    pub bound_at: DateTime<Utc>,
    /// Who bound it, or `first call`.
    pub bound_by: String,
}

const COLUMNS: &str = "shop_id, merchant_id, host, bound_at, bound_by";

type Row = (String, String, String, String, String);

fn read((shop_id, merchant_id, host, bound_at, bound_by): Row) -> Result<Binding, BindingError> {
    let shop_id = shop_id.parse().map_err(|error| BindingError(format!("{error}")))?;
    let bound_at = bound_at.parse().map_err(|error| BindingError(format!("{error}")))?;
    Ok(Binding { shop_id, merchant_id, host, bound_at, bound_by })
}

/// What the shop is bound to; `None` before its first call.
pub async fn of(storage: &Storage, shop: ShopId) -> Result<Option<Binding>, BindingError> {
    let sql = format!("SELECT {COLUMNS} FROM paygent_bindings WHERE shop_id = $1");
    let rows: Vec<Row> = fetch!(storage, &sql, shop.to_string())?;
    rows.into_iter().next().map(read).transpose()
}

/// Everything that is bound, by shop.
pub async fn list(storage: &Storage) -> Result<Vec<Binding>, BindingError> {
    let sql = format!("SELECT {COLUMNS} FROM paygent_bindings ORDER BY shop_id");
    let rows: Vec<Row> = fetch!(storage, &sql)?;
    rows.into_iter().map(read).collect()
}

/// Binds a shop that is not bound yet, and returns what it is bound to: of several engines, the first one's.
pub async fn bind_first(storage: &Storage, binding: &Binding) -> Result<Binding, BindingError> {
    const SQL: &str = "INSERT INTO paygent_bindings (shop_id, merchant_id, host, bound_at, bound_by) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (shop_id) DO NOTHING";
    let Binding { shop_id, merchant_id, host, bound_at, bound_by } = binding;
    execute!(storage, SQL, shop_id.to_string(), merchant_id, host, bound_at.to_rfc3339(), bound_by)?;
    of(storage, *shop_id).await?.ok_or_else(|| BindingError(format!("shop {shop_id} was unbound meanwhile")))
}

/// Binds a shop to something else, because somebody said so. What it was bound to stays on record.
pub async fn rebind(storage: &Storage, binding: &Binding) -> Result<(), BindingError> {
    const FIRST: &str = "INSERT INTO paygent_bindings (shop_id, merchant_id, host, bound_at, bound_by) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (shop_id) DO NOTHING";
    // Changes nothing and waits for whoever replaces the binding now, so that what they put there is kept too.
    const LOCK: &str = "UPDATE paygent_bindings SET shop_id = shop_id WHERE shop_id = $1";
    const KEEP: &str = "INSERT INTO paygent_bindings_before \
        (shop_id, merchant_id, host, bound_at, bound_by, replaced_at) \
        SELECT shop_id, merchant_id, host, bound_at, bound_by, $2 FROM paygent_bindings WHERE shop_id = $1";
    const REPLACE: &str = "UPDATE paygent_bindings SET merchant_id = $2, host = $3, bound_at = $4, bound_by = $5 \
        WHERE shop_id = $1";
    let Binding { shop_id, merchant_id, host, bound_at, bound_by } = binding;
    let (shop, at) = (shop_id.to_string(), bound_at.to_rfc3339());
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            let with_values = |sql| sqlx::query(sql).bind(&shop).bind(merchant_id).bind(host).bind(&at).bind(bound_by);
            if with_values(FIRST).execute(&mut *transaction).await?.rows_affected() == 0 {
                sqlx::query(LOCK).bind(&shop).execute(&mut *transaction).await?;
                sqlx::query(KEEP).bind(&shop).bind(&at).execute(&mut *transaction).await?;
                with_values(REPLACE).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }};
    }
    match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    }
    Ok(())
}

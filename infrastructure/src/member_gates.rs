//! What keeps a subscription from starting for a member while that member is erased, and a member from being erased while
//! a subscription starts. The two are events of different streams, which no commit holds together.
//!
//! A start passes the gate of its member first, and leaves a note until its event is on record. An erasure looks at the
//! notes and the subscriptions, then closes the gate, which succeeds only when no start passed since it began to look.
//! From then on none passes, and the erasure is finished even if it is interrupted.

use crate::both_stores::{execute, fetch};
use crate::event_store::{Storage, in_words};
use teiki_domain::ids::{MemberId, SubscriptionId};

/// The gates cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("what starts and ends for a member cannot be noted ({0}); nothing is lost, try again when the store is back")]
pub struct GateError(String);

impl From<sqlx::Error> for GateError {
    fn from(error: sqlx::Error) -> Self {
        Self(in_words(&error).0)
    }
}

/// A gate as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// How often it was passed.
    pub starts: i64,
    /// Whether the member's erasure is decided.
    pub closed: bool,
}

/// Lets a subscription through that is about to start; false when the gate is closed. The note stays until
/// [`started`] takes it away.
pub async fn pass(storage: &Storage, member: &MemberId, subscription: &SubscriptionId) -> Result<bool, GateError> {
    const PASS: &str = "INSERT INTO member_gates (member_id, starts, closed) VALUES ($1, 1, 0) \
        ON CONFLICT (member_id) DO UPDATE SET starts = member_gates.starts + 1 WHERE member_gates.closed = 0";
    const NOTE: &str = "INSERT INTO subscription_starts (member_id, subscription_id) VALUES ($1, $2) \
        ON CONFLICT (member_id, subscription_id) DO NOTHING";
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            let passed = sqlx::query(PASS).bind(member.as_str()).execute(&mut *transaction).await?.rows_affected() > 0;
            if passed {
                let note = sqlx::query(NOTE).bind(member.as_str()).bind(subscription.as_str());
                note.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            passed
        }};
    }
    Ok(match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    })
}

/// Takes the note away: the subscription has started, or certainly does not start.
pub async fn started(storage: &Storage, member: &MemberId, subscription: &SubscriptionId) -> Result<(), GateError> {
    const SQL: &str = "DELETE FROM subscription_starts WHERE member_id = $1 AND subscription_id = $2";
    execute!(storage, SQL, member.as_str(), subscription.as_str())?;
    Ok(())
}

/// The gate of a member as it stands.
pub async fn look(storage: &Storage, member: &MemberId) -> Result<Gate, GateError> {
    const SQL: &str = "SELECT starts, closed FROM member_gates WHERE member_id = $1";
    let rows: Vec<(i64, i64)> = fetch!(storage, SQL, member.as_str())?;
    Ok(rows
        .first()
        .map_or(Gate { starts: 0, closed: false }, |(starts, closed)| Gate { starts: *starts, closed: *closed != 0 }))
}

/// Subscriptions of a member that passed the gate and may not have started yet.
pub async fn starting(storage: &Storage, member: &MemberId) -> Result<Vec<SubscriptionId>, GateError> {
    const SQL: &str = "SELECT subscription_id FROM subscription_starts WHERE member_id = $1 ORDER BY subscription_id";
    let rows: Vec<(String,)> = fetch!(storage, SQL, member.as_str())?;
    Ok(rows.into_iter().filter_map(|(id,)| id.parse().ok()).collect())
}

/// Closes the gate for good and notes the erasure, so that it is finished whatever happens. False when a start passed since
/// the gate was found as `found`: look again.
pub async fn close(storage: &Storage, member: &MemberId, found: Gate) -> Result<bool, GateError> {
    const CLOSE: &str = "INSERT INTO member_gates (member_id, starts, closed) VALUES ($1, 0, 1) \
        ON CONFLICT (member_id) DO UPDATE SET closed = 1 WHERE member_gates.starts = $2";
    const NOTE: &str = "INSERT INTO member_erasures (member_id) VALUES ($1) ON CONFLICT (member_id) DO NOTHING";
    macro_rules! both {
        ($pool:expr) => {{
            let mut transaction = $pool.begin().await?;
            let close = sqlx::query(CLOSE).bind(member.as_str()).bind(found.starts);
            let closed = close.execute(&mut *transaction).await?.rows_affected() > 0;
            if closed {
                sqlx::query(NOTE).bind(member.as_str()).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            closed
        }};
    }
    Ok(match storage {
        Storage::Sqlite(sqlite) => both!(sqlite.writer),
        Storage::Postgres(pool) => both!(pool),
    })
}

//! What is done to accounts. Each change is one transaction with the note of it for the history (O12): a crash at any
//! moment leaves both or neither.

use super::passwords::{checked_hash, random};
use super::{NewOperator, Operator, OperatorError, Role, by_id, check_login, check_name, text};
use crate::both_stores::{execute, fetch};
use crate::event_store::Storage;
use crate::redacted::Redacted;
use chrono::{DateTime, SecondsFormat, Utc};
use teiki_domain::ids::ShopId;
use teiki_domain::shop_settings::AccountChange;
use uuid::Uuid;

/// Who changes an account, why and when; goes into the history with the change.
#[derive(Debug, Clone)]
pub struct By {
    /// The command. The same again is the same change.
    pub command_id: Uuid,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The request that brought it.
    pub request_id: Option<String>,
    /// When.
    pub now: DateTime<Utc>,
}

/// A change whose note is not in the history yet.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The shop it belongs to.
    pub shop: ShopId,
    /// Whose account.
    pub operator_id: String,
    /// What was done.
    pub change: AccountChange,
    /// By whom and why.
    pub by: By,
}

/// Runs statements in one transaction, on either store. What fails in between leaves nothing behind.
macro_rules! together {
    ($storage:expr, |$transaction:ident| $work:expr) => {
        match $storage {
            Storage::Sqlite(sqlite) => {
                let mut $transaction = sqlite.writer.begin().await?;
                let done = $work;
                $transaction.commit().await?;
                done
            }
            Storage::Postgres(pool) => {
                let mut $transaction = pool.begin().await?;
                let done = $work;
                $transaction.commit().await?;
                done
            }
        }
    };
}

/// Executes a statement inside a transaction; how many rows it changed.
macro_rules! rows {
    ($transaction:ident, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query($sql)$(.bind($value))*.execute(&mut *$transaction).await?.rows_affected()
    };
}

/// Notes the change inside its transaction.
macro_rules! note {
    ($transaction:ident, $note:expr) => {{
        const NOTE: &str = "INSERT INTO account_changes (change_id, shop_id, operator_id, change, actor, reason, \
            request_id, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (change_id) DO NOTHING";
        let Note { id, shop, operator, change, by, at } = $note;
        rows!($transaction, NOTE, id, shop, operator, change, &by.actor, &by.reason, &by.request_id, at)
    }};
}

/// A note as it is written.
struct Note<'a> {
    id: String,
    shop: String,
    operator: &'a str,
    change: String,
    by: &'a By,
    at: String,
}

impl<'a> Note<'a> {
    fn of(shop: ShopId, operator: &'a str, change: &AccountChange, by: &'a By) -> Result<Self, OperatorError> {
        let change = serde_json::to_string(change).map_err(|_| OperatorError::Unreadable(operator.to_owned()))?;
        let at = by.now.to_rfc3339_opts(SecondsFormat::Nanos, true);
        Ok(Self { id: by.command_id.to_string(), shop: shop.to_string(), operator, change, by, at })
    }
}

/// Makes an account.
pub async fn create(
    storage: &Storage,
    new: &NewOperator<'_>,
    password: &Redacted<String>,
    by: &By,
) -> Result<Operator, OperatorError> {
    const SQL: &str = "INSERT INTO operators (operator_id, shop_id, login, name, role, password_hash, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (login) DO NOTHING";
    check_login(new.login)?;
    check_name(new.name)?;
    let hash = checked_hash(new.login, password).await?;
    let operator = Operator {
        operator_id: hex::encode(random::<6>()),
        shop: new.shop,
        login: new.login.to_owned(),
        name: new.name.to_owned(),
        role: new.role,
        locked_until: None,
        created_at: text(by.now),
        disabled_at: None,
    };
    let (id, shop) = (operator.operator_id.as_str(), new.shop.to_string());
    let change = AccountChange::Created { role: new.role.code().to_owned() };
    let note = Note::of(new.shop, id, &change, by)?;
    together!(storage, |transaction| {
        let (role, made) = (new.role.code(), &operator.created_at);
        if rows!(transaction, SQL, id, &shop, new.login, new.name, role, &hash, made) == 0 {
            return Err(OperatorError::LoginTaken);
        }
        note!(transaction, note)
    });
    Ok(operator)
}

/// Gives the account another password; every session of it ends, and a lock too.
pub async fn set_password(
    storage: &Storage,
    id: &str,
    password: &Redacted<String>,
    by: &By,
) -> Result<(), OperatorError> {
    const SQL: &str =
        "UPDATE operators SET password_hash = $2, attempts = 0, locked_until = NULL WHERE operator_id = $1";
    let operator = by_id(storage, id).await?.ok_or(OperatorError::DoesNotExist)?;
    let hash = checked_hash(&operator.login, password).await?;
    let note = Note::of(operator.shop, id, &AccountChange::PasswordChanged, by)?;
    together!(storage, |transaction| {
        rows!(transaction, SQL, id, &hash);
        rows!(transaction, END_SESSIONS, id);
        note!(transaction, note)
    });
    Ok(())
}

/// Name and role of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who<'a> {
    /// The person's name.
    pub name: &'a str,
    /// What the person may do.
    pub role: Role,
}

/// Changes a person's name and role from what whoever asks has `seen`; refused if it is otherwise by now. Changing nothing
/// leaves no trace.
pub async fn change(storage: &Storage, id: &str, seen: Who<'_>, new: Who<'_>, by: &By) -> Result<(), OperatorError> {
    const SQL: &str = "UPDATE operators SET name = $2, role = $3 WHERE operator_id = $1 AND name = $4 AND role = $5";
    check_name(new.name)?;
    let operator = by_id(storage, id).await?.ok_or(OperatorError::DoesNotExist)?;
    if (Who { name: &operator.name, role: operator.role }) == new {
        return Ok(());
    }
    let role = new.role.code();
    let note = Note::of(operator.shop, id, &AccountChange::Changed { role: role.to_owned() }, by)?;
    together!(storage, |transaction| {
        if rows!(transaction, SQL, id, new.name, role, seen.name, seen.role.code()) == 0 {
            return Err(OperatorError::Changed);
        }
        note!(transaction, note)
    });
    Ok(())
}

/// From now on the account opens nothing, and its sessions end. Doing it again is already done.
pub async fn disable(storage: &Storage, id: &str, by: &By) -> Result<(), OperatorError> {
    const SQL: &str = "UPDATE operators SET disabled_at = $2 WHERE operator_id = $1 AND disabled_at IS NULL";
    let operator = by_id(storage, id).await?.ok_or(OperatorError::DoesNotExist)?;
    let note = Note::of(operator.shop, id, &AccountChange::Disabled, by)?;
    together!(storage, |transaction| {
        if rows!(transaction, SQL, id, text(by.now)) > 0 {
            note!(transaction, note);
        }
        rows!(transaction, END_SESSIONS, id)
    });
    Ok(())
}

/// Lets an account be used again: no longer disabled, no longer locked.
pub async fn enable(storage: &Storage, id: &str, by: &By) -> Result<(), OperatorError> {
    const SQL: &str =
        "UPDATE operators SET disabled_at = NULL, locked_until = NULL, attempts = 0 WHERE operator_id = $1";
    let operator = by_id(storage, id).await?.ok_or(OperatorError::DoesNotExist)?;
    let note = Note::of(operator.shop, id, &AccountChange::Enabled, by)?;
    together!(storage, |transaction| {
        rows!(transaction, SQL, id);
        note!(transaction, note)
    });
    Ok(())
}

const END_SESSIONS: &str = "DELETE FROM operator_sessions WHERE operator_id = $1";

#[derive(sqlx::FromRow)]
struct PendingRow {
    change_id: String,
    shop_id: String,
    operator_id: String,
    change: String,
    actor: String,
    reason: String,
    request_id: Option<String>,
    changed_at: String,
}

/// Changes whose notes are not in the history yet, in the order they were made.
pub async fn pending(storage: &Storage) -> Result<Vec<Pending>, OperatorError> {
    const SQL: &str = "SELECT change_id, shop_id, operator_id, change, actor, reason, request_id, changed_at \
        FROM account_changes ORDER BY changed_at, change_id";
    let rows: Vec<PendingRow> = fetch!(storage, SQL)?;
    let read = |row: PendingRow| {
        let unreadable = || OperatorError::Unreadable(row.operator_id.clone());
        let now = DateTime::parse_from_rfc3339(&row.changed_at).map_err(|_| unreadable())?.to_utc();
        Ok(Pending {
            shop: row.shop_id.parse().map_err(|_| unreadable())?,
            change: serde_json::from_str(&row.change).map_err(|_| unreadable())?,
            by: By {
                command_id: row.change_id.parse().map_err(|_| unreadable())?,
                actor: row.actor,
                reason: row.reason,
                request_id: row.request_id,
                now,
            },
            operator_id: row.operator_id,
        })
    };
    rows.into_iter().map(read).collect()
}

/// The note of a change stands in the history.
pub async fn noted(storage: &Storage, command_id: Uuid) -> Result<(), OperatorError> {
    execute!(storage, "DELETE FROM account_changes WHERE change_id = $1", command_id.to_string())?;
    Ok(())
}

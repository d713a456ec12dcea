//! People who use the console (O12): each belongs to one shop and has a role. Of a password only its Argon2 hash is
//! kept; after failed sign-ins in a row the account is locked for a while.

mod changes;
mod passwords;

pub use changes::{By, Pending, Who, change, create, disable, enable, noted, pending, set_password};
pub use passwords::{PASSWORD_MIN, new_password};

use crate::both_stores::{execute, fetch};
use crate::event_store::Storage;
use crate::redacted::Redacted;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use passwords::{NOBODY, PASSWORD_MAX, verify};
use std::fmt;
use std::str::FromStr;
use teiki_domain::ids::ShopId;

/// Longest name of a person, in characters.
const NAME_MAX: usize = 60;
/// Failed sign-ins in a row after which an account is locked.
pub const ATTEMPTS_MAX: i64 = 5;
/// For how long it is locked.
pub const LOCKED_FOR: Duration = Duration::minutes(15);
/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything and changes nothing.
    Auditor,
    /// Works on orders and subscriptions.
    Operator,
    /// And changes settings and accounts.
    Manager,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 3] = [Role::Operator, Role::Manager, Role::Auditor];

    /// Its name on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Role::Auditor => "auditor",
            Role::Operator => "operator",
            Role::Manager => "manager",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that names no role.
#[derive(Debug, thiserror::Error)]
#[error("a role is operator, manager or auditor")]
pub struct NoSuchRole;

impl FromStr for Role {
    type Err = NoSuchRole;
    fn from_str(text: &str) -> Result<Self, NoSuchRole> {
        Self::ALL.into_iter().find(|role| role.code() == text).ok_or(NoSuchRole)
    }
}

/// A person's account, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Twelve hexadecimal digits.
    pub operator_id: String,
    /// The one shop whose console it opens.
    pub shop: ShopId,
    /// What is typed at sign-in: lower-case letters, digits, `.`, `_`, `-`, `@`.
    pub login: String,
    /// The person's name as the history shows it (O12).
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Until when it is locked after failed sign-ins, RFC 3339; may be past.
    pub locked_until: Option<String>,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Since when it opens nothing, RFC 3339.
    pub disabled_at: Option<String>,
}

/// Why accounts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The login cannot be used.
    #[error("a login has 3 to 60 lower-case letters, digits and . _ - @")]
    Login,
    /// The login is somebody's.
    #[error("there is an account with this login already; choose another")]
    LoginTaken,
    /// The name cannot be used.
    #[error("a name has 1 to {NAME_MAX} characters and no control characters")]
    Name,
    /// The password cannot be used.
    #[error("a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters and is not the login")]
    Password,
    /// No such account.
    #[error("there is no such account; `teiki operators list` lists all")]
    DoesNotExist,
    /// Somebody else changed it meanwhile.
    #[error("somebody else changed this account after the page was opened; look at it again and send it once more")]
    Changed,
    /// Hashing failed.
    #[error("the password could not be hashed ({0}); try again")]
    Hash(String),
    /// A stored row is not one of ours.
    #[error("the stored account {0} cannot be read; make another")]
    Unreadable(String),
    /// The store failed.
    #[error("the accounts in the store cannot be read or written ({0}); try again when the store is back")]
    Store(#[from] sqlx::Error),
}

#[derive(sqlx::FromRow)]
struct Row {
    operator_id: String,
    shop_id: String,
    login: String,
    name: String,
    role: String,
    password_hash: String,
    locked_until: Option<String>,
    created_at: String,
    disabled_at: Option<String>,
}

/// What a row is read from.
const ROW: &str = "SELECT operator_id, shop_id, login, name, role, password_hash, locked_until, created_at, disabled_at \
    FROM operators";

impl Row {
    fn operator(self) -> Result<Operator, OperatorError> {
        let (Ok(shop), Ok(role)) = (self.shop_id.parse(), self.role.parse()) else {
            return Err(OperatorError::Unreadable(self.operator_id));
        };
        Ok(Operator {
            operator_id: self.operator_id,
            shop,
            login: self.login,
            name: self.name,
            role,
            locked_until: self.locked_until,
            created_at: self.created_at,
            disabled_at: self.disabled_at,
        })
    }
}

/// Who a new account is for.
#[derive(Debug, Clone)]
pub struct NewOperator<'a> {
    /// The shop.
    pub shop: ShopId,
    /// What is typed at sign-in.
    pub login: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// What the person may do.
    pub role: Role,
}

/// The accounts of a shop, or of all shops, by login; also disabled ones.
pub async fn list(storage: &Storage, shop: Option<ShopId>) -> Result<Vec<Operator>, OperatorError> {
    let sql = format!("{ROW} WHERE shop_id = $1 OR $1 = '' ORDER BY shop_id, login");
    let shop = shop.map(|shop| shop.to_string()).unwrap_or_default();
    let rows: Vec<Row> = fetch!(storage, &sql, &shop)?;
    rows.into_iter().map(Row::operator).collect()
}

/// The account with this login.
pub async fn by_login(storage: &Storage, login: &str) -> Result<Option<Operator>, OperatorError> {
    row(storage, "login", login).await?.map(Row::operator).transpose()
}

/// The account with this id.
pub(crate) async fn by_id(storage: &Storage, id: &str) -> Result<Option<Operator>, OperatorError> {
    row(storage, "operator_id", id).await?.map(Row::operator).transpose()
}

async fn row(storage: &Storage, column: &str, value: &str) -> Result<Option<Row>, OperatorError> {
    let sql = format!("{ROW} WHERE {column} = $1");
    let rows: Vec<Row> = fetch!(storage, &sql, value)?;
    Ok(rows.into_iter().next())
}

/// The person that login and password belong to. Nobody, for one reason or another: a wrong password, an unknown
/// login, an account that is disabled or locked; which, is not told.
pub async fn sign_in(
    storage: &Storage,
    login: &str,
    password: &Redacted<String>,
    now: DateTime<Utc>,
) -> Result<Option<Operator>, OperatorError> {
    // The attempt counts before it is looked at: many at once are as many as one after the other.
    const COUNT: &str = "UPDATE operators SET attempts = CASE WHEN locked_until IS NULL THEN attempts + 1 ELSE 1 END, \
        locked_until = CASE WHEN locked_until IS NULL AND attempts + 1 >= $3 THEN $4 ELSE NULL END \
        WHERE operator_id = $1 AND (locked_until IS NULL OR locked_until <= $2)";
    const CLEAR: &str = "UPDATE operators SET attempts = 0, locked_until = NULL WHERE operator_id = $1";
    let found = if login.len() <= 60 { row(storage, "login", login).await? } else { None };
    let Some(found) = found.filter(|row| row.disabled_at.is_none()) else {
        verify(NOBODY.clone(), password).await?;
        return Ok(None);
    };
    let (id, until) = (found.operator_id.clone(), text(now + LOCKED_FOR));
    let counted = execute!(storage, COUNT, &id, text(now), ATTEMPTS_MAX, until)?;
    let right = verify(found.password_hash.clone(), password).await?;
    if counted.0 == 0 || !right {
        return Ok(None);
    }
    execute!(storage, CLEAR, &id)?;
    found.operator().map(Some)
}

/// Whether a password somebody signed in gave once more is the account's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// It is.
    Right,
    /// It is not.
    Wrong,
    /// It is not looked at, since there were too many wrong ones.
    Locked,
}

/// Whether `password` is the account's own, for changes that ask for it once more. Counts like a sign-in: whoever sits at
/// somebody's open session does not get to guess it either.
pub async fn confirm(
    storage: &Storage,
    id: &str,
    password: &Redacted<String>,
    now: DateTime<Utc>,
) -> Result<Confirmed, OperatorError> {
    let Some(operator) = by_id(storage, id).await? else { return Err(OperatorError::DoesNotExist) };
    if operator.locked_until.is_some_and(|until| until > text(now)) {
        return Ok(Confirmed::Locked);
    }
    let right = sign_in(storage, &operator.login, password, now).await?.is_some();
    Ok(if right { Confirmed::Right } else { Confirmed::Wrong })
}

fn check_login(login: &str) -> Result<(), OperatorError> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@".contains(&b);
    let sound = (3..=60).contains(&login.len()) && login.bytes().all(allowed);
    if sound { Ok(()) } else { Err(OperatorError::Login) }
}

fn check_name(name: &str) -> Result<(), OperatorError> {
    let sound = (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if sound && name.trim() == name { Ok(()) } else { Err(OperatorError::Name) }
}

pub(crate) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

//! Keys of programs that use the HTTP API: each belongs to one shop and has scopes; of its secret only a hash is kept.
//!
//! A key is written `teiki_ID_SECRET`. The secret has 256 random bits, so its SHA-256 cannot be turned back, and a slow
//! password hash would only slow down requests.

use crate::both_stores::{execute, fetch};
use crate::event_store::Storage;
use crate::redacted::Redacted;
use chrono::{DateTime, SecondsFormat, Utc};
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq as _;
use teiki_domain::ids::ShopId;

/// What every key begins with, so that one that got lost is recognised.
const PREFIX: &str = "teiki_";
/// Longest name of a key, in characters.
const NAME_MAX: usize = 60;

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Changing things.
    Commands,
    /// Reading orders, subscriptions, reports.
    Reading,
    /// Reading the history: who did what, when and why.
    Audit,
    /// Seeing, and erasing, what is known of people.
    PersonalData,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 4] = [Scope::Commands, Scope::Reading, Scope::Audit, Scope::PersonalData];

    /// Its name on the command line and in answers.
    pub fn code(self) -> &'static str {
        match self {
            Scope::Commands => "commands",
            Scope::Reading => "reading",
            Scope::Audit => "audit",
            Scope::PersonalData => "personal_data",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that names no scope.
#[derive(Debug, thiserror::Error)]
#[error("a scope is commands, reading, audit or personal_data")]
pub struct NoSuchScope;

impl FromStr for Scope {
    type Err = NoSuchScope;
    fn from_str(text: &str) -> Result<Self, NoSuchScope> {
        Self::ALL.into_iter().find(|scope| scope.code() == text).ok_or(NoSuchScope)
    }
}

/// A key as it is listed: without its secret, which nobody has but its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Twelve hexadecimal digits.
    pub key_id: String,
    /// The one shop whose data it opens.
    pub shop: ShopId,
    /// Whose it is, in the words of who made it; the actor of its commands in the history (O12).
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Since when it opens nothing any more, RFC 3339.
    pub revoked_at: Option<String>,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The name cannot be used.
    #[error("the name of a key has 1 to {NAME_MAX} characters and no control characters")]
    Name,
    /// A key without any scope opens nothing.
    #[error("a key needs at least one scope")]
    NoScope,
    /// A stored row is not one of ours.
    #[error("the stored key {0} cannot be read; revoke it and make another")]
    Unreadable(String),
    /// The store failed.
    #[error("the keys in the store cannot be read or written ({0}); try again when the store is back")]
    Store(#[from] sqlx::Error),
}

#[derive(sqlx::FromRow)]
struct Row {
    key_id: String,
    shop_id: String,
    name: String,
    secret_hash: String,
    scopes: String,
    created_at: String,
    revoked_at: Option<String>,
}

impl Row {
    fn key(self) -> Result<ApiKey, ApiKeyError> {
        let scopes = self.scopes.split(' ').map(str::parse).collect::<Result<Vec<Scope>, _>>();
        match (self.shop_id.parse(), scopes) {
            (Ok(shop), Ok(scopes)) => Ok(ApiKey {
                key_id: self.key_id,
                shop,
                name: self.name,
                scopes,
                created_at: self.created_at,
                revoked_at: self.revoked_at,
            }),
            _ => Err(ApiKeyError::Unreadable(self.key_id)),
        }
    }
}

/// Makes a key; returns it with the text that opens it, which is shown once and never again.
pub async fn create(
    storage: &Storage,
    shop: ShopId,
    name: &str,
    scopes: &[Scope],
    now: DateTime<Utc>,
) -> Result<(ApiKey, Redacted<String>), ApiKeyError> {
    const SQL: &str = "INSERT INTO api_keys (key_id, shop_id, name, secret_hash, scopes, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    if !(1..=NAME_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(ApiKeyError::Name);
    }
    if scopes.is_empty() {
        return Err(ApiKeyError::NoScope);
    }
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let (mut id, mut secret) = ([0; 6], [0; 32]);
    rand::rng().fill_bytes(&mut id);
    rand::rng().fill_bytes(&mut secret);
    let (key_id, secret) = (hex::encode(id), hex::encode(secret));
    let created_at = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let written = scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(" ");
    execute!(storage, SQL, &key_id, shop.to_string(), name, hash(&secret), written, &created_at)?;
    let opens = Redacted::new(format!("{PREFIX}{key_id}_{secret}"));
    Ok((ApiKey { key_id, shop, name: name.to_owned(), scopes, created_at, revoked_at: None }, opens))
}

/// The key that `text` opens, unless it was revoked.
pub async fn find(storage: &Storage, text: &str) -> Result<Option<ApiKey>, ApiKeyError> {
    const SQL: &str = "SELECT key_id, shop_id, name, secret_hash, scopes, created_at, revoked_at FROM api_keys \
        WHERE key_id = $1";
    let Some((key_id, secret)) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')) else {
        return Ok(None);
    };
    let hexadecimal = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !hexadecimal(key_id, 12) || !hexadecimal(secret, 64) {
        return Ok(None);
    }
    let rows: Vec<Row> = fetch!(storage, SQL, key_id)?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let opens = bool::from(row.secret_hash.as_bytes().ct_eq(hash(secret).as_bytes()));
    if opens && row.revoked_at.is_none() { row.key().map(Some) } else { Ok(None) }
}

/// The keys of a shop, or of all shops, oldest first; also revoked ones.
pub async fn list(storage: &Storage, shop: Option<ShopId>) -> Result<Vec<ApiKey>, ApiKeyError> {
    const SQL: &str = "SELECT key_id, shop_id, name, secret_hash, scopes, created_at, revoked_at FROM api_keys \
        WHERE shop_id = $1 OR $1 = '' ORDER BY shop_id, created_at, key_id";
    let shop = shop.map(|shop| shop.to_string()).unwrap_or_default();
    let rows: Vec<Row> = fetch!(storage, SQL, shop)?;
    rows.into_iter().map(Row::key).collect()
}

/// From now on the key opens nothing. Says whether there is such a key; revoking again is already done.
pub async fn revoke(storage: &Storage, key_id: &str, now: DateTime<Utc>) -> Result<bool, ApiKeyError> {
    const SQL: &str = "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $2) WHERE key_id = $1";
    let now = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok(execute!(storage, SQL, key_id, now)?.0 > 0)
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

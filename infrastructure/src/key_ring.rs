//! Keys for personal data and secrets: what the log holds only encrypted.
//!
//! One master key (a file beside the store, never inside it) seals shop secrets and wraps one key per member.
//! Personal data is sealed with the member's key; deleting that key erases the member everywhere at once, in the
//! log, the tables and every copy of them, while the history stays as it is.
//!
//! | file | what it is |
//! |---|---|
//! | [`examine`] | whether the members' keys are those that must be there |
//! | `traces` | taking the bytes of a destroyed key out of the store's files |

pub mod examine;
mod traces;

use crate::event_store::Storage;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use teiki_domain::ids::MemberId;
use teiki_domain::sealed::Sealed;
use zeroize::Zeroizing;

/// Marks the way a text was sealed, so that another way can follow later.
const FORM: &str = "1.";
const NONCE_LENGTH: usize = 24;
const KEY_LENGTH: usize = 32;
/// Under this name the store remembers which master key it belongs to.
const IDENTITY: &str = "master_key_fingerprint";

/// What can go wrong with keys. No text carries a key or what it seals.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file is missing though the store was used with one before.
    #[error("the key file {path} is missing, but this store was written with it; restore the file from its backup")]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The key file belongs to another store.
    #[error("the key file {path} is not the one this store was written with; point `key_file` to the right one")]
    Mismatch {
        /// Where it is.
        path: PathBuf,
    },
    /// The key file cannot be used.
    #[error("the key file {path} cannot be used: {reason}")]
    Unusable {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The sealed text was not sealed with this key for this purpose, or was changed.
    #[error("a sealed value of {0} does not open; its key is another one, or it was changed")]
    DoesNotOpen(String),
    /// The key is destroyed, and bytes of it are still in the write-ahead log of an embedded store.
    #[error(
        "the member is erased and nobody can read the key any more, but another program that reads the file keeps the \
         key's bytes in the write-ahead log; erase again when it has ended its transaction, or restart the engine"
    )]
    StillInLog,
    /// The key is destroyed, and bytes of it are still in the file of the table.
    #[error(
        "the member is erased and nobody can read the key any more, but a transaction under way, such as that of a \
         backup, keeps the key's bytes in the file of member_keys; erase again when it has ended, or restart the engine"
    )]
    StillInTable,
    /// The store failed.
    #[error("the keys in the store cannot be read or written: {0}")]
    Store(#[from] sqlx::Error),
}

/// Seals and opens. Cheap to clone; prints nothing of its keys.
#[derive(Clone)]
pub struct KeyRing {
    master: Arc<Zeroizing<[u8; KEY_LENGTH]>>,
    storage: Storage,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing")
    }
}

impl KeyRing {
    /// Opens the master key at `path`. A store that has none yet gets a fresh one, written for its owner only; a
    /// store that has one accepts no other.
    pub async fn open(storage: Storage, path: &Path) -> Result<Self, KeyError> {
        let known = identity(&storage).await?;
        let master = match (read_master(path)?, &known) {
            (Some(key), _) => key,
            (None, Some(_)) => return Err(KeyError::Missing { path: path.to_owned() }),
            (None, None) => {
                let key = Zeroizing::new(random_key());
                write_private(path, &hex::encode(*key))
                    .map_err(|error| KeyError::Unusable { path: path.to_owned(), reason: error.to_string() })?;
                key
            }
        };
        let fingerprint = fingerprint(&master);
        match known {
            Some(known) if known != fingerprint => return Err(KeyError::Mismatch { path: path.to_owned() }),
            Some(_) => {}
            None => remember_identity(&storage, &fingerprint).await?,
        }
        Ok(Self { master: Arc::new(master), storage })
    }

    /// Opens the master key at `path` to look at what a store holds: nothing is made. `None` when there is no such file.
    pub async fn look(storage: Storage, path: &Path) -> Result<Option<Self>, KeyError> {
        let Some(master) = read_master(path)? else { return Ok(None) };
        match identity(&storage).await? {
            Some(known) if known != fingerprint(&master) => Err(KeyError::Mismatch { path: path.to_owned() }),
            _ => Ok(Some(Self { master: Arc::new(master), storage })),
        }
    }

    /// Seals a secret of the shop; `context` names what it is and is needed to open it again.
    pub fn seal_secret(&self, context: &str, secret: &str) -> Result<Sealed, KeyError> {
        seal(&self.master, context, secret.as_bytes()).map(Sealed::from_ciphertext)
    }

    /// Opens a secret sealed for `context`.
    pub fn open_secret(&self, context: &str, sealed: &Sealed) -> Result<Zeroizing<String>, KeyError> {
        open(&self.master, context, sealed.ciphertext())
    }

    /// Seals personal data of somebody who becomes a member, with a key of their own that is made here.
    pub async fn seal_for_new_member(&self, member: &MemberId, text: &str) -> Result<Sealed, KeyError> {
        let key = match self.member_key(member).await? {
            Some(key) => key,
            None => self.make_member_key(member).await?,
        };
        seal(&key, member.as_str(), text.as_bytes()).map(Sealed::from_ciphertext)
    }

    /// Seals personal data of a member; `None` when the member was erased. Never makes a key, so what is sealed while
    /// somebody erases the member opens for nobody afterwards, even if this process ends in between.
    pub async fn seal_for_member(&self, member: &MemberId, text: &str) -> Result<Option<Sealed>, KeyError> {
        let Some(key) = self.member_key(member).await? else { return Ok(None) };
        seal(&key, member.as_str(), text.as_bytes()).map(|text| Some(Sealed::from_ciphertext(text)))
    }

    /// Opens personal data of a member; `None` when the member was erased.
    pub async fn open_for_member(
        &self,
        member: &MemberId,
        sealed: &Sealed,
    ) -> Result<Option<Zeroizing<String>>, KeyError> {
        match self.member_key(member).await? {
            Some(key) => open(&key, member.as_str(), sealed.ciphertext()).map(Some),
            None => Ok(None),
        }
    }

    /// Destroys the member's key: what was sealed with it can never be read again. Done before: nothing happens.
    ///
    /// Returns only when no byte of the wrapped key is left in the store's files: on SQLite deleted content is
    /// overwritten, and the write-ahead log is emptied; on PostgreSQL the table is written anew. Whoever keeps the bytes
    /// there is waited for, for a while.
    ///
    /// # Errors
    /// [`KeyError::StillInLog`] and [`KeyError::StillInTable`] when somebody keeps them longer than that; the key itself is
    /// destroyed all the same, and calling again tries again.
    pub async fn destroy_member_key(&self, member: &MemberId) -> Result<(), KeyError> {
        const SQL: &str = "DELETE FROM member_keys WHERE member_id = $1";
        match &self.storage {
            Storage::Sqlite(sqlite) => {
                sqlx::query(SQL).bind(member.as_str()).execute(&sqlite.writer).await?;
                traces::empty_write_ahead_log(&sqlite.writer).await
            }
            Storage::Postgres(pool) => {
                sqlx::query(SQL).bind(member.as_str()).execute(pool).await?;
                traces::write_table_anew(pool, member).await
            }
        }
    }

    async fn member_key(&self, member: &MemberId) -> Result<Option<Zeroizing<[u8; KEY_LENGTH]>>, KeyError> {
        const SQL: &str = "SELECT wrapped_key FROM member_keys WHERE member_id = $1";
        let wrapped: Option<String> = match &self.storage {
            Storage::Sqlite(sqlite) => {
                sqlx::query_scalar(SQL).bind(member.as_str()).fetch_optional(&sqlite.readers).await?
            }
            Storage::Postgres(pool) => sqlx::query_scalar(SQL).bind(member.as_str()).fetch_optional(pool).await?,
        };
        wrapped.map(|wrapped| self.unwrap_key(member, &wrapped)).transpose()
    }

    fn unwrap_key(&self, member: &MemberId, wrapped: &str) -> Result<Zeroizing<[u8; KEY_LENGTH]>, KeyError> {
        let opened = open(&self.master, &wrap_context(member), wrapped)?;
        let bytes = Zeroizing::new(hex::decode(opened.as_str()).unwrap_or_default());
        let key = bytes.as_slice().try_into().map_err(|_| KeyError::DoesNotOpen(member.to_string()))?;
        Ok(Zeroizing::new(key))
    }

    async fn make_member_key(&self, member: &MemberId) -> Result<Zeroizing<[u8; KEY_LENGTH]>, KeyError> {
        const SQL: &str = "INSERT INTO member_keys (member_id, wrapped_key) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let key = Zeroizing::new(random_key());
        let text = Zeroizing::new(hex::encode(*key));
        let wrapped = seal(&self.master, &wrap_context(member), text.as_bytes())?;
        match &self.storage {
            Storage::Sqlite(sqlite) => {
                sqlx::query(SQL).bind(member.as_str()).bind(wrapped).execute(&sqlite.writer).await?;
            }
            Storage::Postgres(pool) => {
                sqlx::query(SQL).bind(member.as_str()).bind(wrapped).execute(pool).await?;
            }
        }
        // Somebody else may have been first; what is stored is what counts.
        let stored = self.member_key(member).await?;
        stored.ok_or_else(|| KeyError::DoesNotOpen(member.to_string()))
    }
}

/// The master key in the file at `path`; `None` when there is no file.
fn read_master(path: &Path) -> Result<Option<Zeroizing<[u8; KEY_LENGTH]>>, KeyError> {
    let unusable = |reason: String| KeyError::Unusable { path: path.to_owned(), reason };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error.to_string())),
    };
    let bytes = Zeroizing::new(hex::decode(text.trim()).unwrap_or_default());
    let key = bytes.as_slice().try_into();
    let key = key.map_err(|_| unusable("it must hold 64 hexadecimal digits".to_owned()))?;
    Ok(Some(Zeroizing::new(key)))
}

/// What a store remembers of its master key.
fn fingerprint(master: &[u8; KEY_LENGTH]) -> String {
    hex::encode(Sha256::digest(Sha256::digest(master)))
}

fn wrap_context(member: &MemberId) -> String {
    format!("member-key:{member}")
}

fn random_key() -> [u8; KEY_LENGTH] {
    let mut key = [0; KEY_LENGTH];
    rand::rng().fill_bytes(&mut key);
    key
}

fn seal(key: &[u8; KEY_LENGTH], context: &str, plain: &[u8]) -> Result<String, KeyError> {
    let mut nonce = [0; NONCE_LENGTH];
    rand::rng().fill_bytes(&mut nonce);
    let payload = Payload { msg: plain, aad: context.as_bytes() };
    let sealed = XChaCha20Poly1305::new(Key::from_slice(key))
        .encrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_| KeyError::DoesNotOpen(context.to_owned()))?;
    let mut bytes = nonce.to_vec();
    bytes.extend(sealed);
    Ok(format!("{FORM}{}", BASE64.encode(bytes)))
}

fn open(key: &[u8; KEY_LENGTH], context: &str, text: &str) -> Result<Zeroizing<String>, KeyError> {
    let fail = || KeyError::DoesNotOpen(context.to_owned());
    let bytes = text.strip_prefix(FORM).and_then(|t| BASE64.decode(t).ok()).ok_or_else(fail)?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH).ok_or_else(fail)?;
    let payload = Payload { msg: sealed, aad: context.as_bytes() };
    let plain =
        XChaCha20Poly1305::new(Key::from_slice(key)).decrypt(XNonce::from_slice(nonce), payload).map_err(|_| fail())?;
    String::from_utf8(plain).map(Zeroizing::new).map_err(|_| fail())
}

/// Writes a new file that only its owner may read; never overwrites one.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

async fn identity(storage: &Storage) -> Result<Option<String>, sqlx::Error> {
    const SQL: &str = "SELECT value FROM store_identity WHERE name = $1";
    match storage {
        Storage::Sqlite(sqlite) => sqlx::query_scalar(SQL).bind(IDENTITY).fetch_optional(&sqlite.readers).await,
        Storage::Postgres(pool) => sqlx::query_scalar(SQL).bind(IDENTITY).fetch_optional(pool).await,
    }
}

async fn remember_identity(storage: &Storage, fingerprint: &str) -> Result<(), sqlx::Error> {
    const SQL: &str = "INSERT INTO store_identity (name, value) VALUES ($1, $2)";
    match storage {
        Storage::Sqlite(sqlite) => {
            sqlx::query(SQL).bind(IDENTITY).bind(fingerprint).execute(&sqlite.writer).await?;
        }
        Storage::Postgres(pool) => {
            sqlx::query(SQL).bind(IDENTITY).bind(fingerprint).execute(pool).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_text_opens_only_with_its_key_and_purpose_and_shows_nothing() {
        let key = random_key();
        let sealed = seal(&key, "02396-M1", "山田 花子".as_bytes()).unwrap();
        assert!(!sealed.contains("山田"));
        assert_eq!(open(&key, "02396-M1", &sealed).unwrap().as_str(), "山田 花子");
        assert!(open(&key, "02396-M2", &sealed).is_err());
        assert!(open(&random_key(), "02396-M1", &sealed).is_err());
        assert!(open(&key, "02396-M1", "1.AAAA").is_err());
        let mut changed = sealed.into_bytes();
        let last = changed.len() - 5;
        changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
        assert!(open(&key, "02396-M1", &String::from_utf8(changed).unwrap()).is_err());
    }
}

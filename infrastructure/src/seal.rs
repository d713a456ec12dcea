//! Seals: a signed note of where the log's chain stood, to be kept where nobody who can write to the store can reach.
//!
//! The signature (Ed25519) is over this text, each line ended by a line feed:
//!
//! ```text
//! teiki-seal-1
//! STORE-ID
//! POSITION
//! HASH, 64 hexadecimal digits
//! SEALED-AT, RFC 3339
//! ```

use crate::key_ring::write_private;
use chrono::{DateTime, SecondsFormat, Utc};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Marks the form, so that another one can follow later.
const FORM: &str = "teiki-seal-1";

/// A key's bytes in hexadecimal digits.
const KEY_LENGTH: usize = 32;

/// Why a log cannot be sealed, or a seal not be trusted.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A file cannot be read, written or understood.
    #[error("the file {path} cannot be used: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The seal was made by another key, or changed afterwards.
    #[error("the seal does not bear the signature of this public key; it was changed, or made with another key")]
    NotGenuine,
}

/// Where the chain of a store's log stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    form: String,
    /// Whose log it is.
    pub store_id: Uuid,
    /// The last position.
    pub position: i64,
    /// The hash of the chain there, hexadecimal.
    pub hash: String,
    /// When, RFC 3339 in UTC.
    pub sealed_at: String,
    /// The public key that belongs to the signature, hexadecimal; trusted only when it is known from elsewhere.
    pub public_key: String,
    signature: String,
}

impl Seal {
    /// Reads a seal from a file.
    pub fn read(path: &Path) -> Result<Self, SealError> {
        let text = std::fs::read_to_string(path).map_err(|error| file(path, &error))?;
        let seal: Self = serde_json::from_str(&text).map_err(|_| file(path, &"it is not a seal"))?;
        match seal.form == FORM {
            true => Ok(seal),
            false => Err(file(path, &"it is a seal of another form; run a newer version")),
        }
    }

    /// Checks that it was signed with the private half of `key`.
    pub fn check(&self, key: &PublicKey) -> Result<(), SealError> {
        let genuine = || {
            let bytes: [u8; 64] = hex::decode(&self.signature).ok()?.try_into().ok()?;
            key.0.verify_strict(self.message().as_bytes(), &Signature::from_bytes(&bytes)).ok()
        };
        genuine().ok_or(SealError::NotGenuine)
    }

    /// As written to a file.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    fn message(&self) -> String {
        let Self { form, store_id, position, hash, sealed_at, .. } = self;
        format!("{form}\n{store_id}\n{position}\n{hash}\n{sealed_at}\n")
    }
}

/// The public half of a sealing key.
#[derive(Debug, Clone)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads it from a file of 64 hexadecimal digits.
    pub fn read(path: &Path) -> Result<Self, SealError> {
        let text = std::fs::read_to_string(path).map_err(|error| file(path, &error))?;
        let bytes: Option<[u8; KEY_LENGTH]> = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        key.map(Self).ok_or_else(|| file(path, &"a public key is 64 hexadecimal digits"))
    }
}

/// The file in which the public half of the sealing key in `path` is kept.
pub fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// The key that seals are signed with.
pub struct SealingKey(SigningKey);

impl SealingKey {
    /// Reads the key at `path`; made on first use, for its owner only, with the public half in [`public_path`].
    pub fn open(path: &Path) -> Result<Self, SealError> {
        let key = match std::fs::read_to_string(path) {
            Ok(text) => {
                let bytes = Zeroizing::new(hex::decode(Zeroizing::new(text).trim()).unwrap_or_default());
                let bytes: [u8; KEY_LENGTH] =
                    bytes.as_slice().try_into().map_err(|_| file(path, &"it must hold 64 hexadecimal digits"))?;
                SigningKey::from_bytes(&bytes)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let bytes = Zeroizing::new(rand::random::<[u8; KEY_LENGTH]>());
                let text = Zeroizing::new(hex::encode(*bytes));
                write_private(path, &text).map_err(|error| file(path, &error))?;
                SigningKey::from_bytes(&bytes)
            }
            Err(error) => return Err(file(path, &error)),
        };
        let this = Self(key);
        let public = public_path(path);
        if !public.exists() {
            std::fs::write(&public, this.public() + "\n").map_err(|error| file(&public, &error))?;
        }
        Ok(this)
    }

    /// The public half, hexadecimal.
    pub fn public(&self) -> String {
        hex::encode(self.0.verifying_key().to_bytes())
    }

    /// Seals a log that stands at `position` with `hash`.
    pub fn seal(&self, store_id: Uuid, position: i64, hash: &[u8; 32], at: DateTime<Utc>) -> Seal {
        let mut seal = Seal {
            form: FORM.to_owned(),
            store_id,
            position,
            hash: hex::encode(hash),
            sealed_at: at.to_rfc3339_opts(SecondsFormat::Micros, true),
            public_key: self.public(),
            signature: String::new(),
        };
        seal.signature = hex::encode(self.0.sign(seal.message().as_bytes()).to_bytes());
        seal
    }
}

fn file(path: &Path, reason: &dyn std::fmt::Display) -> SealError {
    SealError::File { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_genuine_until_anything_of_it_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let key = SealingKey::open(&path).unwrap();
        assert_eq!(SealingKey::open(&path).unwrap().public(), key.public(), "the key stays");
        let public = PublicKey::read(&public_path(&path)).unwrap();
        let at = "2026-04-01T00:00:00Z".parse().unwrap();
        let seal = key.seal(Uuid::nil(), 12, &[7; 32], at);
        let kept = folder.path().join("a.seal");
        std::fs::write(&kept, seal.to_text()).unwrap();
        assert_eq!(Seal::read(&kept).unwrap(), seal);
        seal.check(&public).unwrap();
        let other = SealingKey::open(&folder.path().join("other.key")).unwrap();
        let hash = hex::encode([8; 32]);
        for changed in [
            Seal { position: 11, ..seal.clone() },
            Seal { hash, ..seal.clone() },
            Seal { store_id: Uuid::max(), ..seal.clone() },
            Seal { sealed_at: "2026-04-02T00:00:00.000000Z".to_owned(), ..seal.clone() },
            other.seal(Uuid::nil(), 12, &[7; 32], at),
        ] {
            assert!(matches!(changed.check(&public), Err(SealError::NotGenuine)), "{changed:?}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

//! Seals: a signed note of where the chain stood.

use crate::Verdict;
use crate::fields::{bytes, number, object, text};
use ed25519_dalek::{Signature, VerifyingKey};

/// A seal whose signature was checked.
pub(crate) struct Seal {
    pub(crate) store_id: String,
    pub(crate) position: i64,
    pub(crate) hash: [u8; 32],
    pub(crate) sealed_at: String,
}

/// The key in a text of 64 hexadecimal digits.
pub(crate) fn public_key(given: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = hex::decode(given.trim()).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

impl Seal {
    /// Reads a seal and checks that it was signed with the private half of `key`.
    pub(crate) fn read(given: &str, key: &VerifyingKey) -> Result<Self, Verdict> {
        let read = || {
            let map = object(given)?;
            let seal = Self {
                store_id: text(&map, "store_id")?.to_owned(),
                position: number(&map, "position")?,
                hash: bytes(&map, "hash")?,
                sealed_at: text(&map, "sealed_at")?.to_owned(),
            };
            let signature: [u8; 64] = hex::decode(text(&map, "signature")?).ok()?.try_into().ok()?;
            Some((text(&map, "form")?.to_owned(), seal, Signature::from_bytes(&signature)))
        };
        let (form, seal, signature) =
            read().ok_or_else(|| Verdict::Unreadable("a seal has not the form of one".into()))?;
        if form != "teiki-seal-1" {
            return Err(Verdict::Unreadable("a seal has a form that this program does not know".into()));
        }
        let hash = hex::encode(seal.hash);
        let message = format!("{form}\n{}\n{}\n{hash}\n{}\n", seal.store_id, seal.position, seal.sealed_at);
        match key.verify_strict(message.as_bytes(), &signature) {
            Ok(()) => Ok(seal),
            Err(_) => Err(Verdict::Broken(
                seal.position,
                format!("the seal of {} does not bear the signature of this public key", seal.sealed_at),
            )),
        }
    }
}

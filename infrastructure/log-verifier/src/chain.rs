//! The chain, computed by the description in `docs/AUDIT.md`.

use sha2::{Digest as _, Sha256};

/// What stands before the first event.
pub(crate) const BEFORE: [u8; 32] = [0; 32];

/// A field of an event.
pub(crate) enum Field<'f> {
    /// A number, taken as 8 bytes.
    Number(i64),
    /// A text, taken as its UTF-8 bytes.
    Text(&'f str),
}

/// SHA-256 over each field's length in 8 bytes and its bytes.
pub(crate) fn digest(fields: &[Field<'_>]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for field in fields {
        match field {
            Field::Number(number) => {
                bytes.extend(8_u64.to_be_bytes());
                bytes.extend(number.to_be_bytes());
            }
            Field::Text(text) => {
                bytes.extend((text.len() as u64).to_be_bytes());
                bytes.extend(text.as_bytes());
            }
        }
    }
    Sha256::digest(&bytes).into()
}

/// SHA-256 over the hash before and the digest.
pub(crate) fn next(before: &[u8; 32], digest: &[u8; 32]) -> [u8; 32] {
    Sha256::digest([*before, *digest].concat()).into()
}

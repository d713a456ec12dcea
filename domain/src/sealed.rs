//! Personal data and secrets as the domain sees them: closed envelopes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Text encrypted outside the domain (S3; names, addresses, mail, phone). The domain carries it and never opens it,
/// so no event holds it in clear.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// Wraps a ciphertext in its text form.
    pub fn from_ciphertext(text: String) -> Self {
        Self(text)
    }

    /// The ciphertext in its text form.
    pub fn ciphertext(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}

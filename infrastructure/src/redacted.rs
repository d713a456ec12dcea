//! Secrets that do not print.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::fmt;
use zeroize::Zeroize;

/// A value that must not reach a log, an error text or a page (S3): `Debug` and `Display` print a fixed word,
/// [`Redacted::expose`] is the only way to the value, and the memory is overwritten when the value is dropped.
///
/// It can be read from configuration but deliberately not serialised, so it cannot slip into an event or a reply.
#[derive(Clone)]
pub struct Redacted<T: Zeroize>(T);

impl<T: Zeroize> Redacted<T> {
    /// Takes a secret in. Copies made before this call are the caller's to wipe.
    pub fn new(secret: T) -> Self {
        Self(secret)
    }

    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Redacted<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Redacted<T> {
    fn from(secret: T) -> Self {
        Self::new(secret)
    }
}

impl From<&str> for Redacted<String> {
    fn from(secret: &str) -> Self {
        Self::new(secret.to_owned())
    }
}

impl<T: Zeroize> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T: Zeroize> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Redacted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own errors quote the offending value, which here would be the secret.
        T::deserialize(deserializer)
            .map(Self)
            .map_err(|_| D::Error::custom("a secret has the wrong type; write it as quoted text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_a_secret_prints_nothing_of_itself_nor_its_length() {
        let short = Redacted::from("hunter2");
        let long = Redacted::from("a much longer secret than the other one");
        assert_eq!(format!("{short:?}{short}"), format!("{long:?}{long}"));
        assert!(!format!("{short:#?} {short:>40}").contains("hunter2"));
        assert_eq!(short.clone().expose(), "hunter2");
    }

    #[test]
    fn s3_a_secret_of_the_wrong_type_is_not_quoted_in_the_error() {
        let error = serde_json::from_str::<Redacted<String>>("48151623").unwrap_err().to_string();
        assert!(!error.contains("48151623"), "{error}");
        assert_eq!(serde_json::from_str::<Redacted<String>>("\"x\"").unwrap().expose(), "x");
    }
}

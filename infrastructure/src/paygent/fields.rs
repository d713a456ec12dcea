//! Named values as they travel in replies and notices.

use super::reply::ReplyError;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use teiki_domain::money::Yen;

/// Named values. An empty value counts as none, as Paygent sends every key whether or not it has a value.
#[derive(Default)]
pub(super) struct Fields(HashMap<String, String>);

impl Fields {
    /// Adds a value. `false` when the key is there already with another value: then nobody can say which one holds.
    #[must_use]
    pub(super) fn insert(&mut self, key: &str, value: &str) -> bool {
        match self.0.get(key) {
            Some(present) => present == value,
            None => {
                self.0.insert(key.to_owned(), value.to_owned());
                true
            }
        }
    }

    /// A value, unless it is absent or empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A value as owned text.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(str::to_owned)
    }

    /// A value of a type that may be absent and, as nothing hangs on it, unreadable.
    pub(super) fn lenient<T: FromStr>(&self, key: &str) -> Option<T> {
        self.get(key).and_then(|value| value.parse().ok())
    }

    /// A value that must be there and readable.
    pub(super) fn required<T: FromStr>(&self, key: &'static str) -> Result<T, ReplyError> {
        self.get(key).ok_or(ReplyError::Missing(key))?.parse().map_err(|_| ReplyError::BadValue(key))
    }

    /// An amount that must be there, in whole yen and digits only.
    pub(super) fn required_yen(&self, key: &'static str) -> Result<Yen, ReplyError> {
        yen(self.get(key).ok_or(ReplyError::Missing(key))?).ok_or(ReplyError::BadValue(key))
    }
}

/// Whole yen from digits only: no sign, no blank, no fraction.
pub(super) fn yen(text: &str) -> Option<Yen> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Yen::new(text.parse().ok()?).ok()
}

/// How many values there are; never the values, which hold card data and names.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({} values)", self.0.len())
    }
}

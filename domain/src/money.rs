//! Money: whole yen, checked, never a float.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest amount Paygent takes in one payment (`payment_amount`, 7 digits), in yen.
pub const LARGEST_PAYMENT: Yen = Yen(9_999_999);

/// An amount of whole yen, 0 to 999 999 999 999. Arithmetic is checked: there is no silent overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Yen(i64);

/// An amount that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Below zero.
    #[error("an amount of {0} yen is negative; amounts are zero or more")]
    Negative(i64),
    /// Larger than any amount of this system.
    #[error("an amount above {} yen cannot be handled", Yen::MAX.0)]
    TooLarge,
}

impl Yen {
    /// No yen.
    pub const ZERO: Yen = Yen(0);
    /// The largest amount that can be expressed.
    pub const MAX: Yen = Yen(999_999_999_999);

    /// An amount in yen, refused when negative or above [`Yen::MAX`].
    pub fn new(yen: i64) -> Result<Self, MoneyError> {
        match yen {
            y if y < 0 => Err(MoneyError::Negative(y)),
            y if y > Self::MAX.0 => Err(MoneyError::TooLarge),
            y => Ok(Self(y)),
        }
    }

    /// The amount as a number of yen.
    pub fn get(self) -> i64 {
        self.0
    }

    /// Sum, or an error when it exceeds [`Yen::MAX`].
    pub fn plus(self, other: Yen) -> Result<Yen, MoneyError> {
        Yen::new(self.0.checked_add(other.0).ok_or(MoneyError::TooLarge)?)
    }

    /// The amount `quantity` times.
    pub fn times(self, quantity: u32) -> Result<Yen, MoneyError> {
        Yen::new(self.0.checked_mul(i64::from(quantity)).ok_or(MoneyError::TooLarge)?)
    }
}

impl TryFrom<i64> for Yen {
    type Error = MoneyError;
    fn try_from(yen: i64) -> Result<Self, MoneyError> {
        Yen::new(yen)
    }
}

impl From<Yen> for i64 {
    fn from(yen: Yen) -> i64 {
        yen.0
    }
}

/// Digits in groups of three, as people write yen: `12,345円`.
impl fmt::Display for Yen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text.push('円');
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_checked() {
        assert_eq!(Yen::new(-1), Err(MoneyError::Negative(-1)));
        assert_eq!(Yen::new(1_000_000_000_000), Err(MoneyError::TooLarge));
        assert_eq!(Yen::MAX.plus(Yen(1)), Err(MoneyError::TooLarge));
        assert_eq!(Yen::MAX.times(u32::MAX), Err(MoneyError::TooLarge));
        assert_eq!(Yen(1_200).times(3).unwrap(), Yen(3_600));
        assert!(serde_json::from_str::<Yen>("-5").is_err());
        assert!(serde_json::from_str::<Yen>("1.5").is_err());
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        for (yen, text) in [(0, "0円"), (999, "999円"), (1_000, "1,000円"), (1_234_567, "1,234,567円")] {
            assert_eq!(Yen::new(yen).unwrap().to_string(), text);
        }
    }
}

//! The last month a card is valid in, as Paygent writes it.

use std::fmt;
use std::str::FromStr;

/// A card's expiry (`card_valid_term`): written MMYY, valid to the last day of that month (K).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValidTerm {
    // The year first, so that the derived order is the order in time.
    year: u16,
    month: u8,
}

/// A card expiry that is not four digits MMYY. It does not quote the text: whatever stands there may be card data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a card's expiry is written as four digits, month 01 to 12 and two-digit year, such as 0328")]
pub struct ValidTermError;

impl ValidTerm {
    /// The expiry `month` (1 to 12) of `year` (2000 to 2099).
    pub fn new(month: u8, year: u16) -> Result<Self, ValidTermError> {
        if (1..=12).contains(&month) && (2000..=2099).contains(&year) {
            Ok(Self { year, month })
        } else {
            Err(ValidTermError)
        }
    }

    /// Month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Year with four digits.
    pub fn year(self) -> u16 {
        self.year
    }
}

impl FromStr for ValidTerm {
    type Err = ValidTermError;
    fn from_str(text: &str) -> Result<Self, ValidTermError> {
        if text.len() != 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ValidTermError);
        }
        let (month, year) = text.split_at(2);
        let month = month.parse().map_err(|_| ValidTermError)?;
        let year: u16 = year.parse().map_err(|_| ValidTermError)?;
        Self::new(month, 2000 + year)
    }
}

/// MMYY, as it travels.
impl fmt::Display for ValidTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}{:02}", self.month, self.year % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_reads_and_writes_mmyy() {
        for text in ["0100", "0328", "1299"] {
            assert_eq!(text.parse::<ValidTerm>().unwrap().to_string(), text);
        }
        let term: ValidTerm = "0328".parse().unwrap();
        assert_eq!((term.month(), term.year()), (3, 2028));
        assert!("1227".parse::<ValidTerm>().unwrap() < "0128".parse().unwrap());
    }

    #[test]
    fn expiry_refuses_anything_else() {
        for text in
            ["", "0028", "1328", "328", "03/28", "032028", "+328", "\u{ff10}\u{ff13}28", "\u{ff10}8", "0\u{0}28"]
        {
            assert_eq!(text.parse::<ValidTerm>(), Err(ValidTermError), "{text:?}");
        }
    }
}

//! The sandbox's test cards: the last four digits X Y ZZ decide what happens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{clock::month_number, refusal::Refusal};

/// A card: number and expiry, packed small because a ledger holds very many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Card {
    number: u64,
    length: u8,
    month: u8,
    year: u8,
}

impl Card {
    /// A card of 13 to 19 digits; `month` 1-12 and the last two digits of the `year`.
    pub(crate) fn new(number: &str, year: u8, month: u8) -> Option<Self> {
        let fits = (13..=19).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let value = number.parse().ok().filter(|_| fits && (1..=12).contains(&month) && year < 100)?;
        Some(Self { number: value, length: number.len() as u8, month, year })
    }

    pub(crate) fn with_expiry(self, year: u8, month: u8) -> Self {
        Self { year, month, ..self }
    }

    pub(crate) fn same_number(self, other: Self) -> bool {
        self.number == other.number && self.length == other.length
    }

    fn digits(self) -> String {
        format!("{:0width$}", self.number, width = self.length as usize)
    }

    pub(crate) fn masked(self) -> String {
        let last = self.number % 10_000;
        format!("{}{last:04}", "*".repeat(self.length as usize - 4))
    }

    /// `MMYY`.
    pub(crate) fn valid_term(self) -> String {
        format!("{:02}{:02}", self.month, self.year)
    }

    /// The same for every appearance of one number.
    pub(crate) fn fingerprint(self) -> String {
        hex::encode(Sha256::digest(format!("paygent-simulator card {}", self.digits())))
    }

    pub(crate) fn brand(self) -> &'static str {
        let digits = self.digits();
        match (digits.get(..2), digits.get(..1)) {
            (Some("36" | "30" | "38"), _) => "Diners",
            (Some("35"), _) => "JCB",
            (Some("37" | "34"), _) => "AMEX",
            (_, Some("4")) => "VISA",
            (_, Some("5")) => "MasterCard",
            _ => "Other",
        }
    }

    /// Months from the month of `now` to the month of expiry; negative when it is past.
    pub(crate) fn months_left(self, now: DateTime<Utc>) -> i32 {
        (2000 + i32::from(self.year)) * 12 + i32::from(self.month) - 1 - month_number(now)
    }

    /// A card is valid to the last day of its month.
    pub(crate) fn expired(self, now: DateTime<Utc>) -> bool {
        self.months_left(now) < 0
    }

    /// What the card network answers to an authorisation.
    pub(crate) fn authorise(self) -> Result<(), Refusal> {
        let (x, y, zz) = self.last_four();
        match (x, y) {
            (9, _) => Err(Refusal::code("2008")),
            (8, 1) => Err(Refusal::new("2002", format!("\"1C{zz:02}\""))),
            (8, 2) => Err(Refusal::new(code_of_family(zz), format!("\"1G{zz:02}\""))),
            (8, 5) => Err(Refusal::new("2002", format!("\"1K{zz:02}\""))),
            (8, 6) => Err(Refusal::new(code_of_family(zz), format!("\"1P{zz:02}\""))),
            (8, _) => Err(Refusal::code("2002")),
            _ => Ok(()),
        }
    }

    /// What the card network answers to a cancel of an authorisation or a sale.
    pub(crate) fn cancel(self) -> Result<(), Refusal> {
        match self.last_four().0 {
            2 => Err(Refusal::code("2002")),
            3 => Err(Refusal::code("2008")),
            _ => Ok(()),
        }
    }

    fn last_four(self) -> (u64, u64, u64) {
        (self.number / 1000 % 10, self.number / 100 % 10, self.number % 100)
    }
}

/// Under which response code a detail of the families 1G and 1P comes: what the buyer mistyped may be retried (2003),
/// what the issuer decided is refused (2001), anything else is the network's fault (2002).
fn code_of_family(zz: u64) -> &'static str {
    match zz {
        44 | 61 | 65 | 83 => "2003",
        2..=7 | 12 | 22 | 30 | 54..=56 | 60 => "2001",
        _ => "2002",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(last_four: &str) -> Result<(), (String, String)> {
        let card = Card::new(&format!("490000000000{last_four}"), 30, 12).unwrap();
        card.authorise().map_err(|refusal| (refusal.code.into_owned(), refusal.detail))
    }

    fn refused(code: &str, detail: &str) -> Result<(), (String, String)> {
        Err((code.to_owned(), detail.to_owned()))
    }

    #[test]
    fn last_four_digits_decide_the_authorisation() {
        assert_eq!(outcome("1000"), Ok(()));
        assert_eq!(outcome("0000"), Ok(()));
        assert_eq!(outcome("2000"), Ok(()));
        assert_eq!(outcome("3000"), Ok(()));
        assert_eq!(outcome("8150"), refused("2002", "\"1C50\""));
        assert_eq!(outcome("8202"), refused("2001", "\"1G02\""));
        assert_eq!(outcome("8283"), refused("2003", "\"1G83\""));
        assert_eq!(outcome("8299"), refused("2002", "\"1G99\""));
        assert_eq!(outcome("8512"), refused("2002", "\"1K12\""));
        assert_eq!(outcome("8661"), refused("2003", "\"1P61\""));
        assert_eq!(outcome("8000"), refused("2002", "\"2999\""));
        assert_eq!(outcome("9000"), refused("2008", "\"1C50\""));
    }

    #[test]
    fn a_card_is_valid_to_the_end_of_its_month_in_japan() {
        let card = Card::new("4900000000001000", 26, 6).unwrap();
        let last_second: DateTime<Utc> = "2026-06-30T14:59:59Z".parse().unwrap();
        assert!(!card.expired(last_second));
        assert!(card.expired(last_second + chrono::TimeDelta::seconds(1)));
    }

    #[test]
    fn first_digits_choose_the_brand_and_a_short_number_is_masked_to_its_length() {
        let amex = Card::new("376500000001000", 30, 1).unwrap();
        assert_eq!((amex.brand(), amex.masked().as_str()), ("AMEX", "***********1000"));
        assert_eq!(Card::new("3580000000001000", 30, 1).unwrap().brand(), "JCB");
        assert_eq!(Card::new("36000000001000", 30, 1).unwrap().brand(), "Diners");
        assert_eq!(Card::new("49", 30, 1), None);
    }
}

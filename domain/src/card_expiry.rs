//! Card expiry (K1-K6, E2, E3): a card is valid to the last day of its month.
//!
//! "Close" is said of a card with less than three months left: its last day lies before the day three months
//! after today, where three months after a 29th, 30th or 31st is the last day of a shorter month. A month's last
//! day never lies before such a day of its own month, and always before one of the next month. So only months
//! count, and the rule is the same on every day of a month:
//!
//! | card's month | standing |
//! |---|---|
//! | before this month | expired |
//! | this month and the two after it | close |
//! | later | valid |
//!
//! | today | card | standing | because |
//! |---|---|---|---|
//! | 2026-01-31 | 04/26 | valid | 30 April is three months away, not less |
//! | 2026-02-01 | 04/26 | close | 30 April is before 1 May |
//! | 2026-04-30 | 04/26 | close | the last day is a valid day |
//! | 2026-05-01 | 04/26 | expired | |

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Months counted as close: this one and the two after it.
const CLOSE_MONTHS: i32 = 3;

/// The month in which a card ends, of the years 2000 to 2099. Stored and sent as `MMYY` (Paygent's
/// `card_valid_term`), shown as `MM/YY`. Earlier months are smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardExpiry {
    // The order of the fields is the order of the months.
    year: u16,
    month: u8,
}

/// Not the month of a card. The text given is never repeated: a card number may have strayed into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardExpiryError {
    /// The text is not four ASCII digits.
    #[error("a card expiry is written as four digits, month then year, such as 0328 for March 2028")]
    NotFourDigits,
    /// The month is not 1 to 12.
    #[error("a card cannot expire in month {0}; months are 1 to 12")]
    NoSuchMonth(u32),
    /// The year is not 2000 to 2099.
    #[error("a card cannot expire in the year {0}; two digits stand for 2000 to 2099")]
    NoSuchYear(i32),
}

/// How a card stands on a given day (K).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryStanding {
    /// Three months or more are left.
    Valid,
    /// 期限間近: still valid, with less than three months left.
    Close,
    /// 期限切れ: its last day has passed.
    Expired,
}

impl CardExpiry {
    /// The expiry in `month` (1 to 12) of `year` (2000 to 2099).
    pub fn new(year: i32, month: u32) -> Result<Self, CardExpiryError> {
        let valid_year = u16::try_from(year).ok().filter(|year| (2000..=2099).contains(year));
        let valid_month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month));
        Ok(Self {
            year: valid_year.ok_or(CardExpiryError::NoSuchYear(year))?,
            month: valid_month.ok_or(CardExpiryError::NoSuchMonth(month))?,
        })
    }

    /// The inverse of [`as_yyyymm`](Self::as_yyyymm), for reading table columns.
    pub fn from_yyyymm(yyyymm: i32) -> Result<Self, CardExpiryError> {
        let month = u32::try_from(yyyymm.rem_euclid(100)).unwrap_or_default();
        Self::new(yyyymm.div_euclid(100), month)
    }

    /// The year, 2000 to 2099.
    pub fn year(self) -> i32 {
        i32::from(self.year)
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u32 {
        u32::from(self.month)
    }

    /// `year * 100 + month`, such as 202803: sorts and compares like the expiry itself.
    pub fn as_yyyymm(self) -> i32 {
        self.year() * 100 + i32::from(self.month)
    }

    /// The last day on which the card is valid.
    pub fn last_day(self) -> NaiveDate {
        // Every month of 2000 to 2099 has a last day; the fallback, in the past, is never taken.
        (28..=31).rev().find_map(|day| NaiveDate::from_ymd_opt(self.year(), self.month(), day)).unwrap_or_default()
    }

    /// How the card stands on `today`, a civil date in Tokyo; see the [module](self) for the exact limits.
    pub fn standing(self, today: NaiveDate) -> ExpiryStanding {
        let month = self.as_yyyymm();
        if month < yyyymm(today) {
            ExpiryStanding::Expired
        } else if month <= Self::close_until(today) {
            ExpiryStanding::Close
        } else {
            ExpiryStanding::Valid
        }
    }

    /// The first month (`YYYYMM`) that is not expired on `today`. In SQL a card is expired when its
    /// [`as_yyyymm`](Self::as_yyyymm) is `< valid_from(today)`, and close when it is
    /// `BETWEEN valid_from(today) AND close_until(today)`; the table of K6 is everything `<= close_until(today)`.
    pub fn valid_from(today: NaiveDate) -> i32 {
        yyyymm(today)
    }

    /// The last month (`YYYYMM`) that is close on `today`.
    pub fn close_until(today: NaiveDate) -> i32 {
        let months = today.year() * 12 + i32::try_from(today.month0()).unwrap_or_default() + CLOSE_MONTHS - 1;
        months.div_euclid(12) * 100 + months.rem_euclid(12) + 1
    }
}

fn yyyymm(date: NaiveDate) -> i32 {
    date.year() * 100 + i32::try_from(date.month()).unwrap_or_default()
}

impl FromStr for CardExpiry {
    type Err = CardExpiryError;
    /// Reads `MMYY`, and nothing else.
    fn from_str(text: &str) -> Result<Self, CardExpiryError> {
        let digits = text.bytes().map(|b| b.is_ascii_digit().then(|| u32::from(b - b'0'))).collect::<Option<Vec<_>>>();
        match digits.as_deref() {
            Some(&[m1, m2, y1, y2]) => Self::new(2000 + i32::try_from(y1 * 10 + y2).unwrap_or_default(), m1 * 10 + m2),
            _ => Err(CardExpiryError::NotFourDigits),
        }
    }
}

/// `MM/YY`, as it is printed on cards.
impl fmt::Display for CardExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:02}", self.month, self.year % 100)
    }
}

impl TryFrom<String> for CardExpiry {
    type Error = CardExpiryError;
    fn try_from(text: String) -> Result<Self, CardExpiryError> {
        text.parse()
    }
}

/// `MMYY`.
impl From<CardExpiry> for String {
    fn from(expiry: CardExpiry) -> String {
        format!("{:02}{:02}", expiry.month, expiry.year % 100)
    }
}

#[cfg(test)]
mod tests;

//! Delivery cycles (R3): how the dates of a subscription follow one another.
//!
//! | text | meaning | N |
//! |---|---|---|
//! | `days:N` | every N days | 1 to 365 |
//! | `weeks:N:fri` | every N weeks, on Fridays | 1 to 52 |
//! | `months:N:31` | every N months, on the 31st; the last day of a shorter month, then the 31st again | 1 to 24 |
//! | `months:N:2nd-tue` | every N months, on the second Tuesday (1st to 4th) | 1 to 24 |
//! | `months:N:last-fri` | every N months, on the last Friday | 1 to 24 |
//!
//! Each date is computed from the anchor (date 0), never from the date before it: a chain 31 January →
//! 28 February → 28 March would forget the 31st.

mod dates;
mod describe;
mod text;

#[cfg(test)]
mod dates_tests;
#[cfg(test)]
mod properties;

pub use text::{CycleError, CycleFault};

use chrono::Weekday;
use serde::{Deserialize, Serialize};

/// A whole number from 1 to `MAX`.
///
/// Stored cycles are read through these bounds, so a bound may be widened later and never narrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpTo<const MAX: u16>(u16);

impl<const MAX: u16> UpTo<MAX> {
    /// The number, or `None` for 0 and for anything above `MAX`.
    pub fn new(number: u16) -> Option<Self> {
        (1..=MAX).contains(&number).then_some(Self(number))
    }

    /// The number itself.
    pub fn get(self) -> u16 {
        self.0
    }
}

/// Days from one date to the next.
pub type EveryDays = UpTo<365>;
/// Weeks from one date to the next.
pub type EveryWeeks = UpTo<52>;
/// Months from one date to the next.
pub type EveryMonths = UpTo<24>;
/// A day of the month as it was wished for, 1 to 31, whatever the length of the month.
pub type MonthDay = UpTo<31>;

/// Which of a month's equal weekdays. There is no fifth: not every month has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nth {
    /// Days 1 to 7.
    First,
    /// Days 8 to 14.
    Second,
    /// Days 15 to 21.
    Third,
    /// Days 22 to 28.
    Fourth,
    /// The fourth or the fifth, whichever is the last.
    Last,
}

/// How the dates of a subscription follow one another (R3). Written and stored as the texts in the
/// [module's table](self); every value of this type has a valid text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeliveryCycle {
    /// Every so many days. Every date fits.
    Days {
        /// Days from one date to the next.
        every: EveryDays,
    },
    /// Every so many weeks on one weekday.
    Weeks {
        /// Weeks from one date to the next.
        every: EveryWeeks,
        /// The day of the week.
        weekday: Weekday,
    },
    /// Every so many months on one day of the month.
    MonthDay {
        /// Months from one date to the next.
        every: EveryMonths,
        /// The day wished for; a shorter month gives its last day instead.
        day: MonthDay,
    },
    /// Every so many months on the k-th or last weekday of the month.
    MonthWeekday {
        /// Months from one date to the next.
        every: EveryMonths,
        /// Which of the month's equal weekdays.
        nth: Nth,
        /// The day of the week.
        weekday: Weekday,
    },
}

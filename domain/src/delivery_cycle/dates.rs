//! The dates of a delivery cycle.

use super::{DeliveryCycle, Nth};
use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The last year with dates. Four-digit years keep dates sortable as text and inside what both databases take.
const LAST_YEAR: i32 = 9999;

impl DeliveryCycle {
    /// Whether `date` can be a date of this cycle: the weekday, the day of the month (or its stand-in, the last
    /// day of a shorter month) or the k-th weekday is right.
    pub fn fits(self, date: NaiveDate) -> bool {
        self.first_on_or_after(date) == Some(date)
    }

    /// The earliest date that fits the cycle and is not before `date`; `date` itself when it fits. `every` does
    /// not matter here: it only counts from an anchor. `None` beyond the year 9999.
    pub fn first_on_or_after(self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Days { .. } => within_calendar(date),
            Self::Weeks { weekday, .. } => {
                let wait = weekday.days_since(date.weekday());
                within_calendar(date.checked_add_days(Days::new(u64::from(wait)))?)
            }
            Self::MonthDay { .. } | Self::MonthWeekday { .. } => {
                let month = month_index(date);
                match self.in_month(month)? {
                    found if found >= date => Some(found),
                    _ => self.in_month(month + 1),
                }
            }
        }
    }

    /// The anchor (date 0) of a subscription whose deliveries are to begin on `date`: the first date from then
    /// on that fits. This is [`first_on_or_after`](Self::first_on_or_after) under the name of its main use;
    /// store its result as the anchor. `None` beyond the year 9999.
    pub fn anchor_from(self, date: NaiveDate) -> Option<NaiveDate> {
        self.first_on_or_after(date)
    }

    /// The `n`-th date counted from `anchor`, which is date 0.
    ///
    /// An anchor that does not fit the cycle stands for [`anchor_from`](Self::anchor_from) it, so that every
    /// date given out fits. `None` beyond the year 9999; the caller refuses.
    pub fn nth(self, anchor: NaiveDate, n: u32) -> Option<NaiveDate> {
        let anchor = self.anchor_from(anchor)?;
        match self {
            Self::Days { .. } | Self::Weeks { .. } => {
                let days = u64::from(n) * u64::from(self.step());
                within_calendar(anchor.checked_add_days(Days::new(days))?)
            }
            Self::MonthDay { .. } | Self::MonthWeekday { .. } => {
                self.in_month(month_index(anchor) + i64::from(n) * i64::from(self.step()))
            }
        }
    }

    /// The smallest `n` with `nth(anchor, n) > date`: which date comes next after `date`. Computed, not searched,
    /// so centuries cost no more than days. `None` when that date lies beyond the year 9999.
    pub fn first_index_after(self, anchor: NaiveDate, date: NaiveDate) -> Option<u32> {
        let anchor = self.anchor_from(anchor)?;
        if anchor > date {
            return Some(0);
        }
        let passed = match self {
            Self::Days { .. } | Self::Weeks { .. } => date.signed_duration_since(anchor).num_days(),
            Self::MonthDay { .. } | Self::MonthWeekday { .. } => month_index(date) - month_index(anchor),
        };
        // The date with this index lies at or before `date`, or later in the same month; the one after it is later.
        let index = u32::try_from(passed / i64::from(self.step())).ok()?;
        if self.nth(anchor, index)? > date {
            return Some(index);
        }
        let next = index.checked_add(1)?;
        self.nth(anchor, next).map(|_| next)
    }

    /// The first `count` dates from `from` on, the anchor first; fewer when the calendar ends (year 9999).
    pub fn preview(self, from: NaiveDate, count: u32) -> impl Iterator<Item = NaiveDate> {
        (0..count).map_while(move |n| self.nth(from, n))
    }

    /// Distance between two dates of the cycle: days for `Days` and `Weeks`, months for the others.
    fn step(self) -> u16 {
        match self {
            Self::Days { every } => every.get(),
            Self::Weeks { every, .. } => every.get() * 7,
            Self::MonthDay { every, .. } | Self::MonthWeekday { every, .. } => every.get(),
        }
    }

    /// The one date of a monthly cycle in a month, given as [`month_index`].
    fn in_month(self, month: i64) -> Option<NaiveDate> {
        let year = i32::try_from(month.div_euclid(12)).ok().filter(|year| *year <= LAST_YEAR)?;
        let month = u32::try_from(month.rem_euclid(12)).ok()? + 1;
        match self {
            Self::Days { .. } | Self::Weeks { .. } => None,
            Self::MonthDay { day, .. } => day_or_last(year, month, u32::from(day.get())),
            Self::MonthWeekday { nth, weekday, .. } => nth_weekday(year, month, nth, weekday),
        }
    }
}

/// The day of the month, or the month's last day when it has no such day.
fn day_or_last(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    (1..=day).rev().find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
}

fn nth_weekday(year: i32, month: u32, nth: Nth, weekday: Weekday) -> Option<NaiveDate> {
    let which = |n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    match nth {
        Nth::First => which(1),
        Nth::Second => which(2),
        Nth::Third => which(3),
        Nth::Fourth => which(4),
        Nth::Last => which(5).or_else(|| which(4)),
    }
}

/// Months since year 0, so that months can be added without looking at years.
fn month_index(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

fn within_calendar(date: NaiveDate) -> Option<NaiveDate> {
    (date.year() <= LAST_YEAR).then_some(date)
}

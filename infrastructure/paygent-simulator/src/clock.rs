//! The simulator's clock and Paygent's way of writing times (Japan time, digits only).

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, Utc};

/// Follows the real time until it is set; then it stands still at the moment it was set to.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Option<DateTime<Utc>>>);

impl Clock {
    /// A clock that stands at `fixed`, or follows the real time when that is `None`.
    pub(crate) fn new(fixed: Option<DateTime<Utc>>) -> Self {
        Self(Mutex::new(fixed))
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(Utc::now)
    }

    pub(crate) fn set(&self, fixed: Option<DateTime<Utc>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fixed;
    }
}

/// The same moment on a Japanese wall clock.
pub(crate) fn japan(moment: DateTime<Utc>) -> DateTime<FixedOffset> {
    match FixedOffset::east_opt(9 * 3600) {
        Some(offset) => moment.with_timezone(&offset),
        None => moment.fixed_offset(),
    }
}

/// `YYYYMMDDhhmmss` in Japan time.
pub(crate) fn to_seconds(moment: DateTime<Utc>) -> String {
    japan(moment).format("%Y%m%d%H%M%S").to_string()
}

/// `YYYYMMDDhhmm` in Japan time.
pub(crate) fn to_minutes(moment: DateTime<Utc>) -> String {
    japan(moment).format("%Y%m%d%H%M").to_string()
}

/// Year and month in Japan, as one number of months, for comparing expiries.
pub(crate) fn month_number(moment: DateTime<Utc>) -> i32 {
    let date = japan(moment);
    date.year() * 12 + date.month0() as i32
}

/// An authorisation, and the period in which a sale may be cancelled, both last this long.
pub(crate) const DEADLINE: TimeDelta = TimeDelta::days(60);

use chrono::NaiveDate;

/// Why a command on a subscription is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionRefusal {
    /// There is no such subscription.
    #[error("this subscription does not exist; check its number")]
    DoesNotExist,
    /// The number is taken by another subscription.
    #[error("this subscription number is already used for a different subscription; choose another number")]
    NumberTaken,
    /// Its member was erased before it started.
    #[error("this subscription cannot start, because its member was erased; its number is not used again")]
    StartPrevented,
    /// It has started.
    #[error("this subscription has started; end it first")]
    Started,
    /// It has ended.
    #[error("this subscription has ended; start a new one")]
    Ended,
    /// It is paused.
    #[error("this subscription is paused; resume it first")]
    Paused,
    /// It is not paused.
    #[error("this subscription is not paused")]
    NotPaused,
    /// Nothing comes next.
    #[error("this subscription has no further delivery date; change its cycle")]
    NoNextDate,
    /// Another delivery than the next one was meant.
    #[error("the next delivery of this subscription is on {next}, not on {date}; only the next one can be left out")]
    NotTheNext {
        /// As given.
        date: NaiveDate,
        /// The next delivery.
        next: NaiveDate,
    },
    /// The generation date has not come.
    #[error("the next order of this subscription is due on {0}, not yet")]
    NotDue(NaiveDate),
    /// A date that cannot be a delivery date.
    #[error("{date} cannot be a delivery date: it must be on or after {earliest}")]
    TooEarly {
        /// As given.
        date: NaiveDate,
        /// The first day that would be accepted.
        earliest: NaiveDate,
    },
    /// A date so far ahead that it is a slip.
    #[error("{date} cannot be a delivery date: it must be on or before {latest}")]
    TooLate {
        /// As given.
        date: NaiveDate,
        /// The last day that would be accepted.
        latest: NaiveDate,
    },
    /// The calendar ends.
    #[error("the delivery cycle has no date that can be used after {0}")]
    BeyondCalendar(NaiveDate),
}

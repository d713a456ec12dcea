//! When a failed authorisation is tried again by itself. The source manual has no retries; off unless a shop sets it.

use crate::declines::{DeclineKind, kind};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// Most steps of a ladder.
const STEPS_MAX: usize = 10;
/// Latest step in days after the first attempt: an authorisation has no point when the goods are long due. Nor does a
/// missed step, so nothing is tried later than that.
const DAYS_MAX: u16 = 60;

/// A shop's rule for trying failed authorisations again. The default tries nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Days after the order's first attempt on which a soft decline is tried again, such as 1, 3, 7; none: never.
    pub ladder: Vec<u16>,
    /// Whether a changed card makes one attempt at once on the member's open failed orders.
    pub on_card_change: bool,
}

/// A ladder that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a retry ladder is at most {STEPS_MAX} growing numbers of days from 1 to {DAYS_MAX}, such as 1, 3, 7")]
pub struct LadderError;

impl RetryPolicy {
    /// Refuses a ladder that does not climb, is too long, or reaches too far.
    pub fn check(&self) -> Result<(), LadderError> {
        let climbs = self.ladder.windows(2).all(|pair| pair[0] < pair[1]);
        let within = self.ladder.iter().all(|days| (1..=DAYS_MAX).contains(days));
        if climbs && within && self.ladder.len() <= STEPS_MAX { Ok(()) } else { Err(LadderError) }
    }

    /// Whether anything is ever tried again.
    pub fn is_off(&self) -> bool {
        self.ladder.is_empty() && !self.on_card_change
    }

    /// Refuses what is too late on `today`: a ladder that is set up, or an engine that comes back, long after a failure
    /// must not charge for goods that are long due. `first` is the day of the order's first attempt.
    pub fn in_time(&self, first: NaiveDate, today: NaiveDate) -> Result<(), NoRetry> {
        let last = first.checked_add_days(Days::new(u64::from(DAYS_MAX)));
        if last.is_some_and(|last| today > last) { Err(NoRetry::TooLate) } else { Ok(()) }
    }

    /// The day on which the ladder tries again, or why it does not.
    ///
    /// `first` is the day of the order's first attempt, `last` that of the newest, `retries` how often the ladder has
    /// tried already, and `code` and `detail` are Paygent's words for the newest failure. Never earlier than the day
    /// after `last`: nights that were missed are not made up for by several attempts in one night.
    pub fn next(
        &self,
        first: NaiveDate,
        last: NaiveDate,
        retries: usize,
        code: &str,
        detail: &str,
    ) -> Result<NaiveDate, NoRetry> {
        if self.ladder.is_empty() {
            return Err(NoRetry::Off);
        }
        match kind(code, detail) {
            DeclineKind::Hard => return Err(NoRetry::HardDecline),
            DeclineKind::Unknown => return Err(NoRetry::UnknownDecline),
            DeclineKind::Soft => {}
        }
        let days = self.ladder.get(retries).ok_or(NoRetry::LadderDone)?;
        let (step, tomorrow) = (first.checked_add_days(Days::new(u64::from(*days))), last.succ_opt());
        step.max(tomorrow).ok_or(NoRetry::LadderDone)
    }
}

/// Why an order is not tried again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRetry {
    /// The shop has no ladder.
    #[error("this shop does not try failed authorisations again by itself")]
    Off,
    /// Lost, stolen, invalid, expired: this card will not pass.
    #[error("the card was declined for good; it needs another card")]
    HardDecline,
    /// A code whose meaning is not known is not repeated: repeating costs the shop its standing with the card network.
    #[error("the decline code is not known to be passing; try again by hand or with another card")]
    UnknownDecline,
    /// The order is too old.
    #[error("the first attempt is more than {DAYS_MAX} days ago; try it by hand if the order is still wanted")]
    TooLate,
    /// All steps were tried.
    #[error("every step of the retry ladder was tried")]
    LadderDone,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn ladder(days: &[u16]) -> RetryPolicy {
        RetryPolicy { ladder: days.to_vec(), on_card_change: false }
    }

    #[test]
    fn a_ladder_climbs_within_bounds() {
        for (days, good) in [
            (&[][..], true),
            (&[1, 3, 7], true),
            (&[60], true),
            (&[0, 1], false),
            (&[3, 1], false),
            (&[1, 1], false),
            (&[61], false),
            (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], false),
        ] {
            assert_eq!(ladder(days).check().is_ok(), good, "{days:?}");
        }
    }

    #[test]
    fn soft_declines_climb_the_ladder_and_stop_at_its_end() {
        let policy = ladder(&[1, 3, 7]);
        let first = day("2026-04-01");
        for (retries, last, expected) in [
            (0, "2026-04-01", Ok(day("2026-04-02"))),
            (1, "2026-04-02", Ok(day("2026-04-04"))),
            (2, "2026-04-04", Ok(day("2026-04-08"))),
            (3, "2026-04-08", Err(NoRetry::LadderDone)),
            // Missed nights: at most one attempt a night.
            (1, "2026-04-20", Ok(day("2026-04-21"))),
        ] {
            assert_eq!(policy.next(first, day(last), retries, "2001", "\"1G02\""), expected, "{retries}");
        }
    }

    #[test]
    fn hard_and_unknown_declines_are_never_repeated() {
        let (policy, first) = (ladder(&[1, 3, 7]), day("2026-04-01"));
        for (code, detail, expected) in [
            ("2001", "\"1G60\"", NoRetry::HardDecline),
            ("2001", "\"1G61\"", NoRetry::HardDecline),
            ("P010", "", NoRetry::HardDecline),
            ("2002", "\"2999\"", NoRetry::UnknownDecline),
            ("", "", NoRetry::UnknownDecline),
        ] {
            assert_eq!(policy.next(first, first, 0, code, detail), Err(expected), "{code} {detail}");
        }
        assert_eq!(ladder(&[]).next(first, first, 0, "2008", ""), Err(NoRetry::Off));
    }
}

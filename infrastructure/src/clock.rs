//! The only place that reads the time.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use std::sync::Arc;
use tokio::sync::watch;

/// Tokyo's distance from UTC in seconds. Japan has had no summer time since 1951.
const TOKYO_OFFSET: i32 = 9 * 3600;

/// Real time, or a clock that is moved by hand in the demonstration and in tests.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// Stands still until it is set.
    Manual(Arc<watch::Sender<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands at `at` until it is set.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Clock::Manual(Arc::new(watch::Sender::new(at)))
    }

    /// The current instant.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::Real => Utc::now(),
            Clock::Manual(at) => *at.borrow(),
        }
    }

    /// The business day: today's date in Tokyo (R1).
    pub fn today(&self) -> NaiveDate {
        tokyo(self.now()).date_naive()
    }

    /// Moves a manual clock; the real one is not ours to move, and stays.
    pub fn set(&self, to: DateTime<Utc>) {
        if let Clock::Manual(at) = self {
            at.send_replace(to);
        }
    }

    /// Waits until the clock shows `at` or later.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        match self {
            Clock::Real => {
                // In steps, so that a machine that slept or had its clock corrected still wakes near the right time.
                while let Ok(left) = (at - Utc::now()).to_std() {
                    if left.is_zero() {
                        break;
                    }
                    tokio::time::sleep(left.min(std::time::Duration::from_secs(30))).await;
                }
            }
            Clock::Manual(now) => {
                let mut now = now.subscribe();
                // The sender lives as long as `self`, so this ends only when the time has come.
                let _ = now.wait_for(|now| *now >= at).await;
            }
        }
    }
}

/// An instant as Tokyo's clocks show it.
pub fn tokyo(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    match FixedOffset::east_opt(TOKYO_OFFSET) {
        Some(offset) => at.with_timezone(&offset),
        None => at.fixed_offset(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_the_business_day_changes_at_midnight_in_tokyo() {
        for (utc, day) in [
            ("2026-03-31T14:59:59Z", "2026-03-31"),
            ("2026-03-31T15:00:00Z", "2026-04-01"),
            ("2027-12-31T15:00:00Z", "2028-01-01"),
            ("2028-02-28T15:00:00Z", "2028-02-29"),
        ] {
            assert_eq!(Clock::manual(utc.parse().unwrap()).today().to_string(), day, "{utc}");
        }
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_it_is_set() {
        let clock = Clock::manual("2026-04-01T00:00:00Z".parse().unwrap());
        let at = "2026-04-01T15:00:00Z".parse().unwrap();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(at).await }
        });
        clock.set("2026-04-01T14:59:59Z".parse().unwrap());
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.set(at);
        sleeper.await.unwrap();
    }
}

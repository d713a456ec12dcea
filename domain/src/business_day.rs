//! Business days (R1): civil dates in Asia/Tokyo.
//!
//! Japan is nine hours ahead of UTC all year round and has had no daylight saving time since 1951, so a fixed
//! distance is the whole rule and no time zone database is needed.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// How far Tokyo's clocks are ahead of UTC.
const TOKYO_AHEAD: TimeDelta = TimeDelta::hours(9);

/// What clock and calendar show in Tokyo at `instant`, for people to read. Decisions use [`tokyo_date`].
pub fn tokyo_time(instant: DateTime<Utc>) -> NaiveDateTime {
    // Only the last nine hours of the year 262142 have no answer.
    instant.naive_utc().checked_add_signed(TOKYO_AHEAD).unwrap_or(NaiveDateTime::MAX)
}

/// The date in Tokyo at `instant`: the business day.
pub fn tokyo_date(instant: DateTime<Utc>) -> NaiveDate {
    tokyo_time(instant).date()
}

/// The instant at which `date` begins in Tokyo (00:00, which is 15:00 UTC of the day before). A day runs from its
/// own midnight up to, and without, that of the next day.
pub fn tokyo_midnight(date: NaiveDate) -> DateTime<Utc> {
    // Only the first day of the calendar (262144 years before our era) has no answer.
    date.and_time(NaiveTime::MIN).checked_sub_signed(TOKYO_AHEAD).unwrap_or(NaiveDateTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn r1_the_day_changes_at_midnight_in_tokyo() {
        for (utc, day) in [
            ("2026-04-01T00:00:00Z", "2026-04-01"),
            ("2026-04-01T14:59:59Z", "2026-04-01"),
            ("2026-04-01T14:59:59.999999999Z", "2026-04-01"),
            ("2026-04-01T15:00:00Z", "2026-04-02"),
            ("2026-04-01T23:59:59Z", "2026-04-02"),
            ("2026-12-31T14:59:59Z", "2026-12-31"),
            ("2026-12-31T15:00:00Z", "2027-01-01"),
            ("2028-02-28T14:59:59Z", "2028-02-28"),
            ("2028-02-28T15:00:00Z", "2028-02-29"),
            ("2028-02-29T14:59:59Z", "2028-02-29"),
            ("2028-02-29T15:00:00Z", "2028-03-01"),
            ("2027-02-28T15:00:00Z", "2027-03-01"),
            ("2100-02-28T15:00:00Z", "2100-03-01"),
            // Summer is no different.
            ("2026-07-01T14:59:59Z", "2026-07-01"),
            ("2026-07-01T15:00:00Z", "2026-07-02"),
            // The leap second at the end of 2016 came at 08:59:60 in Tokyo, in the middle of a business day.
            ("2016-12-31T23:59:60Z", "2017-01-01"),
            // Before 1970.
            ("1969-12-31T14:59:59Z", "1969-12-31"),
            ("1969-12-31T15:00:00Z", "1970-01-01"),
        ] {
            assert_eq!(tokyo_date(instant(utc)), date(day), "{utc}");
        }
    }

    #[test]
    fn r1_a_day_begins_at_15_00_utc_of_the_day_before() {
        for (day, utc) in [
            ("2026-04-02", "2026-04-01T15:00:00Z"),
            ("2027-01-01", "2026-12-31T15:00:00Z"),
            ("2028-02-29", "2028-02-28T15:00:00Z"),
            ("2028-03-01", "2028-02-29T15:00:00Z"),
        ] {
            assert_eq!(tokyo_midnight(date(day)), instant(utc), "{day}");
        }
    }

    #[test]
    fn r1_midnight_is_the_first_instant_of_its_day() {
        for day in date("2024-01-01").iter_days().take(3_000) {
            let midnight = tokyo_midnight(day);
            assert_eq!(tokyo_date(midnight), day);
            assert_eq!(Some(tokyo_date(midnight - TimeDelta::nanoseconds(1))), day.pred_opt());
        }
    }

    #[test]
    fn r1_people_read_tokyo_time() {
        let shown = tokyo_time(instant("2026-03-31T15:00:07Z")).format("%Y-%m-%d %H:%M:%S").to_string();
        assert_eq!(shown, "2026-04-01 00:00:07");
    }

    #[test]
    fn r1_the_ends_of_the_calendar_are_no_trap() {
        assert_eq!(tokyo_date(DateTime::<Utc>::MAX_UTC), NaiveDate::MAX);
        assert_eq!(tokyo_midnight(NaiveDate::MIN), DateTime::<Utc>::MIN_UTC);
    }
}

//! Dates of delivery cycles as tables of examples.

use super::DeliveryCycle;
use chrono::NaiveDate;

fn cycle(text: &str) -> DeliveryCycle {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The dates of `text` from `anchor`, as many as are expected.
#[track_caller]
fn assert_dates(text: &str, expected: &[&str]) {
    let anchor = date(expected[0]);
    let found: Vec<String> =
        (0..).take(expected.len()).map(|n| cycle(text).nth(anchor, n).unwrap().to_string()).collect();
    assert_eq!(found, expected, "{text}");
    let previewed: Vec<String> =
        cycle(text).preview(anchor, u32::try_from(expected.len()).unwrap()).map(|date| date.to_string()).collect();
    assert_eq!(previewed, expected, "preview of {text}");
}

#[test]
fn r3_days_run_across_months_years_and_leap_days() {
    assert_dates("days:1", &["2024-02-28", "2024-02-29", "2024-03-01"]);
    assert_dates("days:1", &["2026-02-28", "2026-03-01"]);
    assert_dates("days:1", &["2100-02-28", "2100-03-01"]);
    assert_dates("days:30", &["2025-12-15", "2026-01-14", "2026-02-13", "2026-03-15"]);
    assert_dates("days:365", &["2027-06-01", "2028-05-31", "2029-05-31"]);
}

#[test]
fn r3_weeks_keep_their_weekday_across_year_ends_and_53_week_years() {
    assert_dates("weeks:1:thu", &["2026-12-24", "2026-12-31", "2027-01-07"]);
    assert_dates("weeks:2:fri", &["2025-12-19", "2026-01-02", "2026-01-16", "2026-01-30", "2026-02-13"]);
    assert_dates("weeks:4:sat", &["2028-02-05", "2028-03-04", "2028-04-01"]);
    assert_dates("weeks:52:sun", &["2026-01-04", "2027-01-03", "2028-01-02"]);
}

#[test]
fn r3_the_31st_gives_way_in_short_months_and_comes_back() {
    assert_dates(
        "months:1:31",
        &[
            "2026-01-31",
            "2026-02-28",
            "2026-03-31",
            "2026-04-30",
            "2026-05-31",
            "2026-06-30",
            "2026-07-31",
            "2026-08-31",
            "2026-09-30",
            "2026-10-31",
            "2026-11-30",
            "2026-12-31",
            "2027-01-31",
        ],
    );
}

#[test]
fn r3_the_29th_30th_and_31st_in_february_of_leap_and_common_years() {
    assert_dates("months:1:31", &["2024-01-31", "2024-02-29", "2024-03-31"]);
    assert_dates("months:1:31", &["2028-01-31", "2028-02-29", "2028-03-31"]);
    assert_dates("months:1:31", &["2100-01-31", "2100-02-28", "2100-03-31"]);
    assert_dates("months:1:30", &["2024-01-30", "2024-02-29", "2024-03-30", "2024-04-30"]);
    assert_dates("months:1:30", &["2026-01-30", "2026-02-28", "2026-03-30"]);
    assert_dates("months:1:29", &["2027-12-29", "2028-01-29", "2028-02-29", "2028-03-29"]);
    assert_dates("months:1:29", &["2026-01-29", "2026-02-28", "2026-03-29"]);
    assert_dates("months:12:29", &["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]);
    assert_dates("months:12:29", &["2096-02-29", "2097-02-28", "2098-02-28", "2099-02-28", "2100-02-28"]);
    assert_dates("months:1:28", &["2024-01-28", "2024-02-28", "2024-03-28"]);
}

#[test]
fn r3_an_anchor_on_a_short_months_last_day_does_not_pull_the_31st_down() {
    assert_dates("months:1:31", &["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]);
    assert_dates("months:1:30", &["2024-02-29", "2024-03-30", "2024-04-30"]);
}

#[test]
fn r3_every_n_months_counts_from_the_anchors_month() {
    assert_dates("months:2:31", &["2025-12-31", "2026-02-28", "2026-04-30", "2026-06-30", "2026-08-31"]);
    assert_dates("months:3:15", &["2025-11-15", "2026-02-15", "2026-05-15"]);
    assert_dates("months:24:1", &["2026-12-01", "2028-12-01", "2030-12-01"]);
    assert_dates("months:13:31", &["2026-01-31", "2027-02-28", "2028-03-31"]);
}

#[test]
fn r3_kth_and_last_weekdays_across_months() {
    assert_dates("months:1:1st-thu", &["2026-01-01", "2026-02-05", "2026-03-05", "2026-04-02"]);
    assert_dates("months:1:2nd-tue", &["2026-01-13", "2026-02-10", "2026-03-10", "2026-04-14"]);
    assert_dates("months:1:3rd-wed", &["2025-12-17", "2026-01-21", "2026-02-18"]);
    assert_dates("months:1:4th-sat", &["2026-01-24", "2026-02-28", "2026-03-28"]);
    assert_dates("months:1:last-fri", &["2026-01-30", "2026-02-27", "2026-03-27", "2026-04-24", "2026-05-29"]);
    assert_dates("months:1:last-thu", &["2024-01-25", "2024-02-29", "2024-03-28"]);
    assert_dates("months:6:last-sun", &["2026-05-31", "2026-11-29", "2027-05-30"]);
    assert_dates("months:1:last-thu", &["2026-12-31", "2027-01-28"]);
}

#[test]
fn r3_first_on_or_after_is_the_date_itself_when_it_fits() {
    for (text, from, first) in [
        ("days:7", "2026-04-01", "2026-04-01"),
        ("weeks:3:wed", "2026-04-01", "2026-04-01"),
        ("weeks:3:tue", "2026-04-01", "2026-04-07"),
        ("weeks:1:thu", "2026-12-28", "2026-12-31"),
        ("weeks:1:fri", "2026-12-28", "2027-01-01"),
        ("months:1:31", "2026-04-01", "2026-04-30"),
        ("months:1:31", "2026-04-30", "2026-04-30"),
        ("months:1:30", "2026-05-31", "2026-06-30"),
        ("months:1:29", "2026-02-28", "2026-02-28"),
        ("months:1:29", "2028-02-28", "2028-02-29"),
        ("months:6:15", "2026-12-16", "2027-01-15"),
        ("months:1:1", "2026-12-02", "2027-01-01"),
        ("months:1:2nd-tue", "2026-04-14", "2026-04-14"),
        ("months:1:2nd-tue", "2026-04-15", "2026-05-12"),
        ("months:1:last-fri", "2026-01-24", "2026-01-30"),
        ("months:1:last-fri", "2026-01-31", "2026-02-27"),
        ("months:1:last-thu", "2026-12-31", "2026-12-31"),
        ("months:1:1st-fri", "2026-12-31", "2027-01-01"),
    ] {
        assert_eq!(cycle(text).first_on_or_after(date(from)), Some(date(first)), "{text} from {from}");
        assert_eq!(cycle(text).anchor_from(date(from)), Some(date(first)), "{text} from {from}");
        assert_eq!(cycle(text).fits(date(from)), from == first, "{text} on {from}");
    }
}

#[test]
fn r3_an_anchor_that_does_not_fit_stands_for_the_next_date_that_does() {
    for (text, anchor, n, expected) in [
        ("weeks:2:fri", "2026-01-01", 0, "2026-01-02"),
        ("weeks:2:fri", "2026-01-01", 1, "2026-01-16"),
        ("months:1:15", "2026-01-16", 0, "2026-02-15"),
        ("months:2:15", "2026-01-16", 1, "2026-04-15"),
        ("months:1:2nd-tue", "2026-04-15", 1, "2026-06-09"),
    ] {
        assert_eq!(cycle(text).nth(date(anchor), n), Some(date(expected)), "{text} {n} from {anchor}");
    }
}

#[test]
fn r3_first_index_after_is_the_first_date_that_is_later() {
    for (text, anchor, after, index) in [
        ("days:30", "2026-01-01", "2025-12-31", 0),
        ("days:30", "2026-01-01", "2026-01-01", 1),
        ("days:30", "2026-01-01", "2026-01-30", 1),
        ("days:30", "2026-01-01", "2026-01-31", 2),
        ("weeks:2:fri", "2026-01-02", "2026-01-15", 1),
        ("weeks:2:fri", "2026-01-02", "2026-01-16", 2),
        ("months:1:31", "2026-01-31", "2026-02-27", 1),
        ("months:1:31", "2026-01-31", "2026-02-28", 2),
        ("months:1:31", "2026-01-31", "2026-03-30", 2),
        ("months:3:31", "2026-01-31", "2026-04-29", 1),
        ("months:3:31", "2026-01-31", "2026-04-30", 2),
        ("months:3:31", "2026-01-31", "2026-06-30", 2),
        ("months:1:2nd-tue", "2026-01-13", "2026-02-09", 1),
        ("months:1:2nd-tue", "2026-01-13", "2026-02-10", 2),
        ("months:1:last-fri", "2026-01-30", "2126-01-24", 1_200),
        ("months:1:last-fri", "2026-01-30", "2126-01-25", 1_201),
        ("days:1", "0001-01-01", "9999-12-30", 3_652_058),
    ] {
        assert_eq!(cycle(text).first_index_after(date(anchor), date(after)), Some(index), "{text} after {after}");
    }
    // The first friday after this anchor is date 0, and date 0 is later than the day asked for.
    assert_eq!(cycle("weeks:2:fri").first_index_after(date("2025-12-31"), date("2026-01-01")), Some(0));
}

#[test]
fn r3_large_steps_reach_far_without_error() {
    let january = date("2026-01-31");
    assert_eq!(cycle("days:1").nth(january, 146_097), Some(date("2426-01-31")));
    assert_eq!(cycle("weeks:1:sat").nth(january, 20_871), Some(date("2426-01-31")));
    assert_eq!(cycle("months:1:31").nth(january, 4_801), Some(date("2426-02-28")));
    assert_eq!(cycle("months:24:31").nth(january, 3_986), Some(date("9998-01-31")));
}

#[test]
fn r3_dates_end_with_the_year_9999() {
    let last = date("9999-12-31");
    for text in ["days:1", "weeks:1:fri", "months:1:31", "months:1:last-fri"] {
        let cycle = cycle(text);
        assert_eq!(cycle.nth(last, 0), Some(last), "{text}");
        assert_eq!(cycle.nth(last, 1), None, "{text}");
        assert_eq!(cycle.nth(last, u32::MAX), None, "{text}");
        assert_eq!(cycle.first_index_after(last, last), None, "{text}");
        assert_eq!(cycle.first_index_after(date("2026-01-01"), last), None, "{text}");
        assert_eq!(cycle.first_index_after(date("2026-01-01"), NaiveDate::MAX), None, "{text}");
        assert_eq!(cycle.first_on_or_after(NaiveDate::MAX), None, "{text}");
        assert_eq!(cycle.nth(NaiveDate::MAX, 3), None, "{text}");
        assert_eq!(cycle.preview(last, 5).collect::<Vec<_>>(), [last], "{text}");
    }
    assert_eq!(cycle("weeks:1:sat").first_on_or_after(last), None);
    assert_eq!(cycle("months:1:30").first_on_or_after(last), None);
    assert_eq!(cycle("months:24:31").nth(date("2026-01-31"), u32::MAX), None);
}

#[test]
fn r3_the_far_past_is_no_trap() {
    for text in ["days:365", "weeks:52:mon", "months:24:31", "months:1:last-fri"] {
        let cycle = cycle(text);
        assert!(cycle.first_on_or_after(NaiveDate::MIN).is_some(), "{text}");
        assert!(cycle.nth(NaiveDate::MIN, 1).is_some(), "{text}");
        assert!(cycle.first_index_after(NaiveDate::MIN, date("2026-01-01")).is_some(), "{text}");
    }
}

#[test]
fn r3_a_preview_is_as_long_as_asked() {
    assert_eq!(cycle("months:1:31").preview(date("2026-02-01"), 0).count(), 0);
    let dates: Vec<_> = cycle("months:1:31").preview(date("2026-02-01"), 2).collect();
    assert_eq!(dates, [date("2026-02-28"), date("2026-03-31")]);
}

//! What holds for every delivery cycle, whatever its numbers.

use super::{DeliveryCycle, Nth, UpTo};
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn up_to<const MAX: u16>() -> impl Strategy<Value = UpTo<MAX>> {
    (1..=MAX).prop_map(|n| UpTo::new(n).unwrap())
}

fn weekday() -> impl Strategy<Value = Weekday> {
    (0..7_u8).prop_map(|n| Weekday::try_from(n).unwrap())
}

fn place() -> impl Strategy<Value = Nth> {
    prop::sample::select(vec![Nth::First, Nth::Second, Nth::Third, Nth::Fourth, Nth::Last])
}

fn cycle() -> impl Strategy<Value = DeliveryCycle> {
    prop_oneof![
        up_to().prop_map(|every| DeliveryCycle::Days { every }),
        (up_to(), weekday()).prop_map(|(every, weekday)| DeliveryCycle::Weeks { every, weekday }),
        (up_to(), up_to()).prop_map(|(every, day)| DeliveryCycle::MonthDay { every, day }),
        (up_to(), place(), weekday()).prop_map(|(every, nth, weekday)| DeliveryCycle::MonthWeekday {
            every,
            nth,
            weekday
        }),
    ]
}

/// Any day of the years 1 to 8000: dates with room behind them.
fn date() -> impl Strategy<Value = NaiveDate> {
    (1..=2_921_940_i32).prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).unwrap())
}

/// The rule of each cycle said a second time, from the date's own parts and without the code under test.
fn obeys(cycle: DeliveryCycle, date: NaiveDate) -> bool {
    let last_of_month = date.succ_opt().unwrap().month() != date.month();
    match cycle {
        DeliveryCycle::Days { .. } => true,
        DeliveryCycle::Weeks { weekday, .. } => date.weekday() == weekday,
        DeliveryCycle::MonthDay { day, .. } => {
            let day = u32::from(day.get());
            date.day() == day || (date.day() < day && last_of_month)
        }
        DeliveryCycle::MonthWeekday { nth, weekday, .. } => {
            let place = match nth {
                Nth::First => 1..=7,
                Nth::Second => 8..=14,
                Nth::Third => 15..=21,
                Nth::Fourth => 22..=28,
                Nth::Last => {
                    return date.weekday() == weekday && (date + Days::new(7)).month() != date.month();
                }
            };
            date.weekday() == weekday && place.contains(&date.day())
        }
    }
}

proptest! {
    // A fixed seed: the same cases on every run.
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        rng_seed: RngSeed::Fixed(31),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn r3_a_cycle_is_its_text(cycle in cycle()) {
        prop_assert_eq!(cycle.to_string().parse::<DeliveryCycle>().unwrap(), cycle);
    }

    #[test]
    fn r3_any_text_is_a_cycle_spelt_exactly_or_an_error(text in any::<String>()) {
        if let Ok(cycle) = text.parse::<DeliveryCycle>() {
            prop_assert_eq!(cycle.to_string(), text);
        }
    }

    #[test]
    fn r3_a_text_that_is_nearly_a_cycle_is_one_spelt_exactly_or_an_error(
        text in "(days|weeks|months|DAYS|)(:| |：|)[-+0０]?[0-9]{0,4}(:|)(1st|2nd|5th|last|31|[0-9]{0,3})?(-|)(fri|sun|FRI)?\u{0}?",
    ) {
        if let Ok(cycle) = text.parse::<DeliveryCycle>() {
            prop_assert_eq!(cycle.to_string(), text);
        }
    }

    #[test]
    fn r3_first_on_or_after_fits_and_nothing_before_it_does(cycle in cycle(), date in date()) {
        let first = cycle.first_on_or_after(date).unwrap();
        prop_assert!(first >= date);
        prop_assert!(obeys(cycle, first));
        prop_assert!(date.iter_days().take_while(|day| *day < first).all(|day| !obeys(cycle, day)));
        prop_assert_eq!(cycle.fits(date), obeys(cycle, date));
    }

    #[test]
    fn r3_dates_fit_rise_strictly_and_lie_one_step_apart(cycle in cycle(), from in date(), n in 0..900_u32) {
        let anchor = cycle.anchor_from(from).unwrap();
        let (this, next) = (cycle.nth(anchor, n).unwrap(), cycle.nth(anchor, n + 1).unwrap());
        prop_assert_eq!(cycle.nth(anchor, 0), Some(anchor));
        prop_assert!(this < next);
        prop_assert!(obeys(cycle, this) && obeys(cycle, next));
        match cycle {
            DeliveryCycle::Days { every } => {
                prop_assert_eq!(next, this + Days::new(u64::from(every.get())));
            }
            DeliveryCycle::Weeks { every, .. } => {
                prop_assert_eq!(next, this + Days::new(7 * u64::from(every.get())));
            }
            DeliveryCycle::MonthDay { every, .. } | DeliveryCycle::MonthWeekday { every, .. } => {
                let month = this.with_day(1).unwrap() + Months::new(u32::from(every.get()));
                prop_assert_eq!(next.with_day(1).unwrap(), month);
            }
        }
    }

    #[test]
    fn r3_first_index_after_is_the_smallest(cycle in cycle(), from in date(), n in 0..900_u32, days in 0..800_u64) {
        let anchor = cycle.anchor_from(from).unwrap();
        for day in [cycle.nth(anchor, n).unwrap() + Days::new(days), from] {
            let index = cycle.first_index_after(anchor, day).unwrap();
            prop_assert!(cycle.nth(anchor, index).unwrap() > day);
            prop_assert!(index == 0 || cycle.nth(anchor, index - 1).unwrap() <= day);
            prop_assert_eq!(cycle.first_index_after(from, day), Some(index));
        }
    }

    #[test]
    fn r3_no_date_at_all_is_too_much(cycle in cycle(), n in any::<u32>(), from in date(), huge in any::<bool>()) {
        let from = if huge { NaiveDate::MAX } else { from };
        if let Some(found) = cycle.nth(from, n) {
            prop_assert!(found.year() <= 9999 && found >= from);
        }
        prop_assert!(cycle.first_index_after(from, NaiveDate::MAX).is_none());
    }
}

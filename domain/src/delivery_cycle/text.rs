//! Delivery cycles as text: one text for each cycle, and nothing else is understood.

use super::{DeliveryCycle, Nth, UpTo};
use chrono::Weekday;
use std::fmt;
use std::str::FromStr;

/// A text that is not a delivery cycle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} is not a delivery cycle: {fault}; allowed are days:N (N 1 to 365), weeks:N:fri (N 1 to 52), \
     months:N:31, months:N:2nd-tue and months:N:last-fri (N 1 to 24, day 1 to 31, 1st to 4th or last, mon to sun), \
     in exactly this spelling"
)]
pub struct CycleError {
    given: String,
    fault: CycleFault,
}

impl CycleError {
    /// What is wrong with the text.
    pub fn fault(&self) -> CycleFault {
        self.fault
    }
}

/// What is wrong with a text that should be a delivery cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CycleFault {
    /// It begins with none of the three words.
    #[error("it begins with none of days:, weeks: and months:")]
    Unit,
    /// Something is missing, or there is something too many.
    #[error("{unit} takes {parts} after the colon")]
    Parts {
        /// The word it begins with.
        unit: &'static str,
        /// What belongs behind it.
        parts: &'static str,
    },
    /// Not a number from 1 to the maximum in plain ASCII digits.
    #[error("the {what} is not a whole number from 1 to {max} without sign, space or leading zero")]
    Number {
        /// Which number.
        what: &'static str,
        /// The largest allowed.
        max: u16,
    },
    /// Not one of the seven weekdays.
    #[error("the weekday is none of mon, tue, wed, thu, fri, sat and sun")]
    Weekday,
    /// Not one of the five places of a weekday in its month.
    #[error("the place before the weekday is none of 1st, 2nd, 3rd, 4th and last")]
    Nth,
    /// A fifth weekday, which only some months have.
    #[error("not every month has a fifth weekday, the last one is last-...")]
    Fifth,
}

const WEEKDAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

const PLACES: [Nth; 5] = [Nth::First, Nth::Second, Nth::Third, Nth::Fourth, Nth::Last];

/// Plain ASCII digits only: what other number parsers take as well (`+3`, `03`, `３`) would give one cycle two texts.
fn number<const MAX: u16>(what: &'static str, text: &str) -> Result<UpTo<MAX>, CycleFault> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().and_then(UpTo::new).ok_or(CycleFault::Number { what, max: MAX })
}

fn weekday(text: &str) -> Result<Weekday, CycleFault> {
    WEEKDAYS.into_iter().find(|weekday| weekday_name(*weekday) == text).ok_or(CycleFault::Weekday)
}

fn place(text: &str) -> Result<Nth, CycleFault> {
    let fault = if text == "5th" { CycleFault::Fifth } else { CycleFault::Nth };
    PLACES.into_iter().find(|nth| place_name(*nth) == text).ok_or(fault)
}

fn cycle(text: &str) -> Result<DeliveryCycle, CycleFault> {
    // No form has more than three parts; a fourth one only shows that there are too many.
    let parts: Vec<&str> = text.splitn(4, ':').collect();
    match parts.as_slice() {
        ["days", every] => Ok(DeliveryCycle::Days { every: number("number of days", every)? }),
        ["weeks", every, on] => {
            Ok(DeliveryCycle::Weeks { every: number("number of weeks", every)?, weekday: weekday(on)? })
        }
        ["months", every, on] => {
            let every = number("number of months", every)?;
            match on.split_once('-') {
                Some((nth, on)) => Ok(DeliveryCycle::MonthWeekday { every, nth: place(nth)?, weekday: weekday(on)? }),
                None => Ok(DeliveryCycle::MonthDay { every, day: number("day of the month", on)? }),
            }
        }
        ["days", ..] => Err(CycleFault::Parts { unit: "days", parts: "one number" }),
        ["weeks", ..] => Err(CycleFault::Parts { unit: "weeks", parts: "a number and a weekday" }),
        ["months", ..] => Err(CycleFault::Parts { unit: "months", parts: "a number and a day" }),
        _ => Err(CycleFault::Unit),
    }
}

impl FromStr for DeliveryCycle {
    type Err = CycleError;
    fn from_str(text: &str) -> Result<Self, CycleError> {
        // A hostile text may be very long; an error is not the place to carry it.
        cycle(text).map_err(|fault| CycleError { given: text.chars().take(32).collect(), fault })
    }
}

impl fmt::Display for DeliveryCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Days { every } => write!(f, "days:{}", every.get()),
            Self::Weeks { every, weekday } => write!(f, "weeks:{}:{}", every.get(), weekday_name(weekday)),
            Self::MonthDay { every, day } => write!(f, "months:{}:{}", every.get(), day.get()),
            Self::MonthWeekday { every, nth, weekday } => {
                write!(f, "months:{}:{}-{}", every.get(), place_name(nth), weekday_name(weekday))
            }
        }
    }
}

fn place_name(nth: Nth) -> &'static str {
    match nth {
        Nth::First => "1st",
        Nth::Second => "2nd",
        Nth::Third => "3rd",
        Nth::Fourth => "4th",
        Nth::Last => "last",
    }
}

fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "mon",
        Weekday::Tue => "tue",
        Weekday::Wed => "wed",
        Weekday::Thu => "thu",
        Weekday::Fri => "fri",
        Weekday::Sat => "sat",
        Weekday::Sun => "sun",
    }
}

impl TryFrom<String> for DeliveryCycle {
    type Error = CycleError;
    fn try_from(text: String) -> Result<Self, CycleError> {
        text.parse()
    }
}

impl From<DeliveryCycle> for String {
    fn from(cycle: DeliveryCycle) -> String {
        cycle.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r3_the_five_forms_are_read_and_written_back_unchanged() {
        for text in [
            "days:1",
            "days:365",
            "weeks:1:mon",
            "weeks:52:sun",
            "months:1:1",
            "months:24:31",
            "months:1:1st-mon",
            "months:2:2nd-tue",
            "months:3:3rd-wed",
            "months:4:4th-thu",
            "months:12:last-fri",
            "months:1:last-sat",
        ] {
            let cycle: DeliveryCycle = text.parse().unwrap();
            assert_eq!(cycle.to_string(), text);
            let json = serde_json::to_string(&cycle).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<DeliveryCycle>(&json).unwrap(), cycle);
        }
    }

    #[test]
    fn r3_each_wrong_text_is_told_what_is_wrong() {
        const DAYS: CycleFault = CycleFault::Number { what: "number of days", max: 365 };
        const WEEKS: CycleFault = CycleFault::Number { what: "number of weeks", max: 52 };
        const MONTHS: CycleFault = CycleFault::Number { what: "number of months", max: 24 };
        const DAY: CycleFault = CycleFault::Number { what: "day of the month", max: 31 };
        const DAYS_PARTS: CycleFault = CycleFault::Parts { unit: "days", parts: "one number" };
        const WEEKS_PARTS: CycleFault = CycleFault::Parts { unit: "weeks", parts: "a number and a weekday" };
        const MONTHS_PARTS: CycleFault = CycleFault::Parts { unit: "months", parts: "a number and a day" };
        for (text, fault) in [
            ("", CycleFault::Unit),
            (":", CycleFault::Unit),
            ("30", CycleFault::Unit),
            ("years:1", CycleFault::Unit),
            ("day:1", CycleFault::Unit),
            ("Days:1", CycleFault::Unit),
            (" days:1", CycleFault::Unit),
            ("\u{feff}days:1", CycleFault::Unit),
            ("days：1", CycleFault::Unit),
            ("days", DAYS_PARTS),
            ("days:1:", DAYS_PARTS),
            ("days:1:mon", DAYS_PARTS),
            ("weeks:1", WEEKS_PARTS),
            ("weeks:1:fri:", WEEKS_PARTS),
            ("months:1", MONTHS_PARTS),
            ("months:1:2:3:4:5", MONTHS_PARTS),
            ("days:", DAYS),
            ("days:0", DAYS),
            ("days:366", DAYS),
            ("days:01", DAYS),
            ("days:+1", DAYS),
            ("days:-1", DAYS),
            ("days: 1", DAYS),
            ("days:1 ", DAYS),
            ("days:1\n", DAYS),
            ("days:1\u{0}", DAYS),
            ("days:1.0", DAYS),
            ("days:1e1", DAYS),
            ("days:３", DAYS),
            ("days:٣", DAYS),
            ("days:65537", DAYS),
            ("days:99999999999999999999999999999999", DAYS),
            ("weeks:0:fri", WEEKS),
            ("weeks:53:fri", WEEKS),
            ("weeks:2:Fri", CycleFault::Weekday),
            ("weeks:2:friday", CycleFault::Weekday),
            ("weeks:2:", CycleFault::Weekday),
            ("weeks:2:fri\u{0}", CycleFault::Weekday),
            ("weeks:2:2nd-fri", CycleFault::Weekday),
            ("months:0:1", MONTHS),
            ("months:25:1", MONTHS),
            ("months:1:0", DAY),
            ("months:1:32", DAY),
            ("months:1:031", DAY),
            ("months:1:last", DAY),
            ("months:1:fri", DAY),
            ("months:1:5th-fri", CycleFault::Fifth),
            ("months:1:-5", CycleFault::Nth),
            ("months:1:0th-fri", CycleFault::Nth),
            ("months:1:2-fri", CycleFault::Nth),
            ("months:1:Last-fri", CycleFault::Nth),
            ("months:1:last-", CycleFault::Weekday),
            ("months:1:last-fri-sat", CycleFault::Weekday),
        ] {
            assert_eq!(text.parse::<DeliveryCycle>().unwrap_err().fault(), fault, "{text:?}");
        }
    }

    #[test]
    fn r3_an_error_is_one_printable_line_with_all_five_forms_and_never_the_whole_of_a_long_text() {
        let long = format!("days:\u{0}\n{}", "9".repeat(1_000_000));
        let text = long.parse::<DeliveryCycle>().unwrap_err().to_string();
        assert!(text.chars().count() < 400, "{text}");
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(text.contains("the number of days is not a whole number from 1 to 365"), "{text}");
        for form in ["days:N", "weeks:N:fri", "months:N:31", "months:N:2nd-tue", "months:N:last-fri"] {
            assert!(text.contains(form), "{text}");
        }
    }

    #[test]
    fn r3_anything_but_a_text_is_refused_when_stored_cycles_are_read() {
        for json in ["30", "null", "{\"Days\":{\"every\":30}}", "[\"days:30\"]", "\"days:0\"", "\"days:1\\u0000\""] {
            assert!(serde_json::from_str::<DeliveryCycle>(json).is_err(), "{json}");
        }
    }
}

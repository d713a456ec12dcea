//! Delivery cycles in words, for pages and mails.

use super::{DeliveryCycle, Nth};
use chrono::Weekday;

impl DeliveryCycle {
    /// The cycle in short Japanese, such as `毎月第2火曜日`. A day that some months do not have says what happens
    /// there: `毎月31日(末日調整)`.
    pub fn describe_ja(self) -> String {
        match self {
            Self::Days { every } => match every.get() {
                1 => "毎日".to_owned(),
                n => format!("{n}日ごと"),
            },
            Self::Weeks { every, weekday } => match every.get() {
                1 => format!("毎週{}曜日", kanji(weekday)),
                n => format!("{n}週間ごとの{}曜日", kanji(weekday)),
            },
            Self::MonthDay { every, day } => {
                let adjusted = if day.get() > 28 { "(末日調整)" } else { "" };
                format!("{}{}日{adjusted}", months_ja(every.get()), day.get())
            }
            Self::MonthWeekday { every, nth, weekday } => {
                let place = match nth {
                    Nth::First => "第1",
                    Nth::Second => "第2",
                    Nth::Third => "第3",
                    Nth::Fourth => "第4",
                    Nth::Last => "最終",
                };
                format!("{}{place}{}曜日", months_ja(every.get()), kanji(weekday))
            }
        }
    }

    /// The cycle in short English, to be read inside a sentence: `every month on the second Tuesday`.
    pub fn describe_en(self) -> String {
        match self {
            Self::Days { every } => match every.get() {
                1 => "every day".to_owned(),
                n => format!("every {n} days"),
            },
            Self::Weeks { every, weekday } => match every.get() {
                1 => format!("every {}", english(weekday)),
                n => format!("every {n} weeks on {}", english(weekday)),
            },
            Self::MonthDay { every, day } => {
                let day = day.get();
                let adjusted = if day > 28 { " (the last day of shorter months)" } else { "" };
                format!("{} on the {day}{}{adjusted}", months_en(every.get()), ordinal_ending(day))
            }
            Self::MonthWeekday { every, nth, weekday } => {
                let place = match nth {
                    Nth::First => "first",
                    Nth::Second => "second",
                    Nth::Third => "third",
                    Nth::Fourth => "fourth",
                    Nth::Last => "last",
                };
                format!("{} on the {place} {}", months_en(every.get()), english(weekday))
            }
        }
    }
}

fn months_ja(every: u16) -> String {
    if every == 1 { "毎月".to_owned() } else { format!("{every}か月ごとの") }
}

fn months_en(every: u16) -> String {
    if every == 1 { "every month".to_owned() } else { format!("every {every} months") }
}

fn kanji(weekday: Weekday) -> char {
    match weekday {
        Weekday::Mon => '月',
        Weekday::Tue => '火',
        Weekday::Wed => '水',
        Weekday::Thu => '木',
        Weekday::Fri => '金',
        Weekday::Sat => '土',
        Weekday::Sun => '日',
    }
}

fn english(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

fn ordinal_ending(day: u16) -> &'static str {
    match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r3_cycles_read_as_people_say_them() {
        for (text, japanese, english) in [
            ("days:1", "毎日", "every day"),
            ("days:30", "30日ごと", "every 30 days"),
            ("weeks:1:mon", "毎週月曜日", "every Monday"),
            ("weeks:2:fri", "2週間ごとの金曜日", "every 2 weeks on Friday"),
            ("months:1:1", "毎月1日", "every month on the 1st"),
            ("months:1:12", "毎月12日", "every month on the 12th"),
            ("months:1:22", "毎月22日", "every month on the 22nd"),
            ("months:1:28", "毎月28日", "every month on the 28th"),
            ("months:1:29", "毎月29日(末日調整)", "every month on the 29th (the last day of shorter months)"),
            ("months:1:31", "毎月31日(末日調整)", "every month on the 31st (the last day of shorter months)"),
            ("months:2:23", "2か月ごとの23日", "every 2 months on the 23rd"),
            ("months:1:2nd-tue", "毎月第2火曜日", "every month on the second Tuesday"),
            ("months:3:last-sun", "3か月ごとの最終日曜日", "every 3 months on the last Sunday"),
        ] {
            let cycle: DeliveryCycle = text.parse().unwrap();
            assert_eq!(cycle.describe_ja(), japanese);
            assert_eq!(cycle.describe_en(), english);
        }
    }
}

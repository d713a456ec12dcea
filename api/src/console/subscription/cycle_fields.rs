//! A delivery cycle as a form asks for it (R3).

use crate::console::{Frame, Language, written};
use crate::words_subscription as words;
use chrono::Weekday;
use std::collections::HashMap;
use teiki_domain::delivery_cycle::{DeliveryCycle, Nth};

/// Days of the week: name in the cycle's text, Japanese, English.
const WEEKDAYS: [(&str, &str, &str); 7] = [
    ("mon", "月曜日", "Monday"),
    ("tue", "火曜日", "Tuesday"),
    ("wed", "水曜日", "Wednesday"),
    ("thu", "木曜日", "Thursday"),
    ("fri", "金曜日", "Friday"),
    ("sat", "土曜日", "Saturday"),
    ("sun", "日曜日", "Sunday"),
];
/// Places of a weekday in its month.
const PLACES: [(&str, &str, &str); 5] = [
    ("1st", "第1", "first"),
    ("2nd", "第2", "second"),
    ("3rd", "第3", "third"),
    ("4th", "第4", "fourth"),
    ("last", "最終", "last"),
];

/// The fields as they stand in the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CycleFields {
    /// `days`, `weeks`, `day`, `weekday`, or the text of a cycle that the shop offers.
    pub(crate) choice: String,
    pub(crate) days: String,
    pub(crate) weeks: String,
    pub(crate) weeks_on: String,
    pub(crate) day_months: String,
    pub(crate) day: String,
    pub(crate) weekday_months: String,
    pub(crate) place: String,
    pub(crate) weekday: String,
    /// Cycles that the shop offers: text and words.
    pub(crate) offered: Vec<(String, String)>,
}

impl CycleFields {
    /// Fields that ask for `cycle`; every month on the first where there is none.
    pub(crate) fn of(language: Language, cycle: Option<DeliveryCycle>, offered: &[DeliveryCycle]) -> Self {
        let mut fields = Self {
            choice: "day".to_owned(),
            days: "30".to_owned(),
            weeks: "2".to_owned(),
            weeks_on: "mon".to_owned(),
            day_months: "1".to_owned(),
            day: "1".to_owned(),
            weekday_months: "1".to_owned(),
            place: "1st".to_owned(),
            weekday: "mon".to_owned(),
            offered: offered.iter().map(|cycle| (cycle.to_string(), words::cycle(language, *cycle))).collect(),
        };
        let Some(cycle) = cycle else {
            if let Some((text, _)) = fields.offered.first() {
                fields.choice = text.clone();
            }
            return fields;
        };
        let choice = match cycle {
            DeliveryCycle::Days { every } => {
                fields.days = every.get().to_string();
                "days"
            }
            DeliveryCycle::Weeks { every, weekday } => {
                fields.weeks = every.get().to_string();
                fields.weeks_on = code(weekday).to_owned();
                "weeks"
            }
            DeliveryCycle::MonthDay { every, day } => {
                (fields.day_months, fields.day) = (every.get().to_string(), day.get().to_string());
                "day"
            }
            DeliveryCycle::MonthWeekday { every, nth, weekday } => {
                fields.weekday_months = every.get().to_string();
                fields.place = place(nth).to_owned();
                fields.weekday = code(weekday).to_owned();
                "weekday"
            }
        };
        fields.choice = if offered.contains(&cycle) { cycle.to_string() } else { choice.to_owned() };
        fields
    }

    /// Takes what was typed.
    pub(crate) fn typed(mut self, typed: &HashMap<String, String>) -> Self {
        for (name, field) in [
            ("choice", &mut self.choice),
            ("days", &mut self.days),
            ("weeks", &mut self.weeks),
            ("weeks_on", &mut self.weeks_on),
            ("day_months", &mut self.day_months),
            ("day", &mut self.day),
            ("weekday_months", &mut self.weekday_months),
            ("place", &mut self.place),
            ("weekday", &mut self.weekday),
        ] {
            if let Some(text) = typed.get(name) {
                *field = written::narrow(text).trim().to_owned();
            }
        }
        self
    }

    /// The cycle, or what is wrong in words.
    pub(crate) fn read(&self, frame: &Frame) -> Result<DeliveryCycle, String> {
        self.text().parse().map_err(|_| {
            let japanese = "配送サイクルを確認してください。日数は1〜365、週は1〜52、月は1〜24、日は1〜31の数字です";
            let english = "Check the cycle: 1 to 365 days, 1 to 52 weeks, 1 to 24 months, days of the month 1 to 31";
            frame.t(japanese, english).to_owned()
        })
    }

    /// The cycle's text, if the fields are right.
    fn text(&self) -> String {
        match self.choice.as_str() {
            "days" => format!("days:{}", self.days),
            "weeks" => format!("weeks:{}:{}", self.weeks, self.weeks_on),
            "day" => format!("months:{}:{}", self.day_months, self.day),
            "weekday" => format!("months:{}:{}-{}", self.weekday_months, self.place, self.weekday),
            chosen => chosen.to_owned(),
        }
    }

    /// Days of the week to choose from.
    pub(crate) fn weekdays(&self, frame: &Frame) -> Vec<(&'static str, &'static str)> {
        WEEKDAYS.iter().map(|(code, japanese, english)| (*code, frame.language.t(japanese, english))).collect()
    }

    /// Places in the month to choose from.
    pub(crate) fn places(&self, frame: &Frame) -> Vec<(&'static str, &'static str)> {
        PLACES.iter().map(|(code, japanese, english)| (*code, frame.language.t(japanese, english))).collect()
    }
}

fn code(weekday: Weekday) -> &'static str {
    WEEKDAYS[weekday.num_days_from_monday() as usize % 7].0
}

fn place(nth: Nth) -> &'static str {
    match nth {
        Nth::First => "1st",
        Nth::Second => "2nd",
        Nth::Third => "3rd",
        Nth::Fourth => "4th",
        Nth::Last => "last",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r3_every_kind_of_cycle_survives_the_form() {
        for text in ["days:30", "weeks:2:fri", "months:1:31", "months:3:last-sun", "months:1:2nd-tue"] {
            let cycle: DeliveryCycle = text.parse().unwrap();
            for offered in [vec![], vec![cycle]] {
                let fields = CycleFields::of(Language::Japanese, Some(cycle), &offered);
                assert_eq!(fields.text(), text);
            }
        }
    }
}

//! Dates, times and amounts as people write them: `2026-04-01`, `2026/4/1`, `20260401`, `4/1`, also in full-width digits.

use super::language::Language;
use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, TimeZone as _, Utc, Weekday};
use teiki_domain::money::Yen;
use teiki_infrastructure::clock::tokyo;

/// Full-width letters, digits and signs as their narrow twins, without blanks around.
pub(crate) fn narrow(text: &str) -> String {
    let narrow = text.trim().chars().map(|c| match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        '−' | 'ー' | '‐' => '-',
        c => c,
    });
    narrow.collect()
}

/// A date that was typed, as a date field of a browser takes it; empty where it is none.
pub(crate) fn picked(text: &str, today: NaiveDate) -> String {
    date(text, today).map(|day| day.to_string()).unwrap_or_default()
}

/// A civil date; a year that is left out is the one in which the day lies nearest to `today`.
pub(crate) fn date(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let text = narrow(text);
    let text = text.trim();
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return on(&[&text[..4], &text[4..6], &text[6..]]);
    }
    let text = text.replace(['年', '月', '.', '-'], "/");
    let parts: Vec<&str> = text.trim_end_matches('日').split('/').collect();
    match parts.as_slice() {
        [_, _, _] => on(&parts),
        [month, day] => {
            let year = today.year();
            let near = |year: i32| on(&[&year.to_string(), month, day]);
            let found = [year - 1, year, year + 1].into_iter().filter_map(near);
            found.min_by_key(|date| date.signed_duration_since(today).num_days().abs())
        }
        _ => None,
    }
}

fn on(parts: &[&str]) -> Option<NaiveDate> {
    let number = |text: &str, longest: usize| -> Option<u32> {
        ((1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let [year, month, day] = parts else { return None };
    let year = number(year, 4).filter(|year| *year >= 1_000)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(month, 2)?, number(day, 2)?)
}

/// A moment: `2026-04-01T09:30` as the browser's field sends it, or a date alone, which means its end. In Tokyo. A day
/// that has not come yet holds none.
pub(crate) fn moment(text: &str, today: NaiveDate) -> Option<DateTime<Utc>> {
    let text = narrow(text);
    let read = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    let local = read.or_else(|| date(&text, today)?.and_hms_opt(23, 59, 59))?;
    let zone = FixedOffset::east_opt(9 * 3600).filter(|_| local.date() <= today)?;
    zone.from_local_datetime(&local).single().map(|at| at.to_utc())
}

/// An amount in yen, with or without commas, ¥ or 円.
pub(crate) fn yen(text: &str) -> Option<Yen> {
    let text = narrow(text);
    let digits = text.trim_start_matches(['¥', '￥', '\\']).trim_end_matches('円').replace([',', '、', ' '], "");
    let plain = (1..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().and_then(|yen| Yen::new(yen).ok())
}

/// A whole number.
pub(crate) fn number(text: &str) -> Option<u32> {
    let text = narrow(text);
    (text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A date with its weekday: `2026-04-01(水)`.
pub(crate) fn with_weekday(language: Language, date: NaiveDate) -> String {
    let (japanese, english) = match date.weekday() {
        Weekday::Mon => ("月", "Mon"),
        Weekday::Tue => ("火", "Tue"),
        Weekday::Wed => ("水", "Wed"),
        Weekday::Thu => ("木", "Thu"),
        Weekday::Fri => ("金", "Fri"),
        Weekday::Sat => ("土", "Sat"),
        Weekday::Sun => ("日", "Sun"),
    };
    match language {
        Language::Japanese => format!("{date}({japanese})"),
        Language::English => format!("{date} ({english})"),
    }
}

/// The day in Tokyo that an instant of the store is on; the text itself where it is none.
pub(crate) fn local_day(text: &str) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => tokyo(at.to_utc()).date_naive().to_string(),
        Err(_) => text.to_owned(),
    }
}

/// An RFC 3339 instant as people in Tokyo read it: `2026-04-01 09:30`.
pub(crate) fn local_time(text: &str) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => tokyo(at.to_utc()).format("%Y-%m-%d %H:%M").to_string(),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn o2_dates_are_read_as_operators_write_them() {
        let today = day("2026-12-20");
        for (text, read) in [
            ("2026-04-01", Some("2026-04-01")),
            ("2026/4/1", Some("2026-04-01")),
            ("２０２６／４／１", Some("2026-04-01")),
            ("2026年4月1日", Some("2026-04-01")),
            ("20260401", Some("2026-04-01")),
            ("2026.4.1", Some("2026-04-01")),
            ("12/24", Some("2026-12-24")),
            ("1/5", Some("2027-01-05")),
            (" 12月1日 ", Some("2026-12-01")),
            ("2026-02-30", None),
            ("26/4/1", None),
            ("4", None),
            ("tomorrow", None),
            ("+2026/4/1", None),
        ] {
            assert_eq!(date(text, today), read.map(day), "{text}");
        }
    }

    #[test]
    fn moments_are_meant_in_tokyo() {
        let at = |text: &str| moment(text, day("2026-04-01")).map(|at| at.to_rfc3339());
        assert_eq!(at("2026-04-01T09:30").as_deref(), Some("2026-04-01T00:30:00+00:00"));
        assert_eq!(at("2026/4/1").as_deref(), Some("2026-04-01T14:59:59+00:00"));
        for none in ["soon", "2026-04-02T00:00", "2026/4/2", "9999-12-31T23:59:59"] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn amounts_are_read_as_operators_write_them() {
        for (text, read) in
            [("1,980", Some(1_980)), ("¥1980", Some(1_980)), ("１９８０円", Some(1_980)), ("-1", None), ("1.5", None)]
        {
            assert_eq!(yen(text).map(Yen::get), read, "{text}");
        }
        assert_eq!(number("１２"), Some(12));
        assert_eq!(number("-1"), None);
    }
}

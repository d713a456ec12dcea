//! Paygent's local times: fourteen or twelve digits, Japan Standard Time.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone, Utc};

/// Reads `YYYYMMDDhhmmss` or `YYYYMMDDhhmm` in Japanese time. Japan has had no daylight saving since 1951, so a
/// fixed offset is right. Empty or unreadable text is `None`: a time is never what an outcome depends on.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let local = match text.len() {
        14 => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok()?,
        12 => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M").ok()?,
        _ => return None,
    };
    let instant = FixedOffset::east_opt(9 * 3600)?.from_local_datetime(&local).single()?;
    Some(instant.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn japanese_times_become_utc() {
        for (text, utc) in [
            ("20260101085959", Some("2025-12-31T23:59:59Z")),
            ("20260101090000", Some("2026-01-01T00:00:00Z")),
            ("202402291200", Some("2024-02-29T03:00:00Z")),
            ("20260229120000", None),
            ("", None),
            ("2026010109000", None),
            ("2026-01-01 090", None),
        ] {
            assert_eq!(parse(text), utc.map(|t| t.parse().unwrap()), "{text}");
        }
    }
}

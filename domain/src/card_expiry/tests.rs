//! Card expiry as tables of examples, and against the definition on every day.

use super::*;
use chrono::Months;

fn card(text: &str) -> CardExpiry {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Every month a card can end in.
fn all_cards() -> impl Iterator<Item = CardExpiry> {
    (2000..=2099).flat_map(|year| (1..=12).map(move |month| CardExpiry::new(year, month).unwrap()))
}

#[test]
fn k_an_expiry_is_read_from_mmyy_shown_as_on_the_card_and_stored_as_mmyy() {
    let expiry = card("0328");
    assert_eq!((expiry.year(), expiry.month()), (2028, 3));
    assert_eq!(expiry.to_string(), "03/28");
    assert_eq!(serde_json::to_string(&expiry).unwrap(), "\"0328\"");
    assert_eq!(expiry.as_yyyymm(), 202_803);
    for expiry in all_cards() {
        assert_eq!(String::from(expiry).parse(), Ok(expiry));
        assert_eq!(CardExpiry::from_yyyymm(expiry.as_yyyymm()), Ok(expiry));
    }
}

#[test]
fn k_anything_but_mmyy_is_refused_without_repeating_it() {
    for text in [
        "",
        "328",
        "03288",
        "03/28",
        "032028",
        " 0328",
        "0328 ",
        "+328",
        "-328",
        "03 8",
        "０３２８",
        "٠٣٢٨",
        "032\u{0}",
        "032é",
        "4111111111111111",
    ] {
        assert_eq!(text.parse::<CardExpiry>(), Err(CardExpiryError::NotFourDigits), "{text:?}");
    }
    assert_eq!("0028".parse::<CardExpiry>(), Err(CardExpiryError::NoSuchMonth(0)));
    assert_eq!("1328".parse::<CardExpiry>(), Err(CardExpiryError::NoSuchMonth(13)));
    assert_eq!("2803".parse::<CardExpiry>(), Err(CardExpiryError::NoSuchMonth(28)));
    assert_eq!(CardExpiry::new(1999, 12), Err(CardExpiryError::NoSuchYear(1999)));
    assert_eq!(CardExpiry::new(2100, 1), Err(CardExpiryError::NoSuchYear(2100)));
    assert_eq!(CardExpiry::new(2028, u32::MAX), Err(CardExpiryError::NoSuchMonth(u32::MAX)));
    for number in [0, -1, 202_800, 202_813, 210_001, 199_912, i32::MIN, i32::MAX] {
        assert!(CardExpiry::from_yyyymm(number).is_err(), "{number}");
    }
    let error = serde_json::from_str::<CardExpiry>("\"4111111111111111\"").unwrap_err().to_string();
    assert!(!error.contains("4111"), "{error}");
    assert!(serde_json::from_str::<CardExpiry>("328").is_err());
}

#[test]
fn k_a_card_is_valid_to_the_last_day_of_its_month() {
    for (text, last) in [
        ("0126", "2026-01-31"),
        ("0226", "2026-02-28"),
        ("0228", "2028-02-29"),
        ("0200", "2000-02-29"),
        ("0426", "2026-04-30"),
        ("1226", "2026-12-31"),
        ("1299", "2099-12-31"),
    ] {
        assert_eq!(card(text).last_day(), date(last), "{text}");
    }
    for expiry in all_cards() {
        let last = expiry.last_day();
        assert_eq!((last.year(), last.month()), (expiry.year(), expiry.month()));
        assert_eq!(last.succ_opt().unwrap().day(), 1, "{expiry}");
    }
}

#[test]
fn k_standing_at_the_limits() {
    use ExpiryStanding::{Close, Expired, Valid};
    for (today, text, standing) in [
        // The end of a month, with a shorter month three months later.
        ("2026-01-30", "0426", Valid),
        ("2026-01-31", "0426", Valid),
        ("2026-02-01", "0426", Close),
        ("2026-01-31", "0326", Close),
        ("2026-01-01", "0326", Close),
        ("2026-01-01", "0426", Valid),
        // The last day, and the day after it.
        ("2026-04-30", "0426", Close),
        ("2026-05-01", "0426", Expired),
        ("2026-05-01", "0326", Expired),
        // Across the end of a year.
        ("2025-11-30", "0126", Close),
        ("2025-11-30", "0226", Valid),
        ("2025-12-01", "0226", Close),
        ("2025-12-31", "1225", Close),
        ("2025-12-31", "0326", Valid),
        ("2026-01-01", "1225", Expired),
        // Towards a leap day.
        ("2027-11-29", "0228", Valid),
        ("2027-11-30", "0228", Valid),
        ("2027-12-01", "0228", Close),
        ("2028-02-29", "0228", Close),
        ("2028-03-01", "0228", Expired),
        ("2024-02-29", "0524", Valid),
        ("2024-02-29", "0424", Close),
        // The end of what two digits can say.
        ("2099-12-31", "1299", Close),
        ("2100-01-01", "1299", Expired),
        ("1999-12-31", "0300", Valid),
    ] {
        assert_eq!(card(text).standing(date(today)), standing, "{text} on {today}");
    }
}

#[test]
fn k6_months_for_a_query_are_exact() {
    for (today, from, until) in [
        ("2026-01-01", 202_601, 202_603),
        ("2026-01-31", 202_601, 202_603),
        ("2026-09-30", 202_609, 202_611),
        ("2026-10-01", 202_610, 202_612),
        ("2026-11-30", 202_611, 202_701),
        ("2026-12-31", 202_612, 202_702),
        ("2099-12-31", 209_912, 210_002),
    ] {
        assert_eq!(CardExpiry::valid_from(date(today)), from, "{today}");
        assert_eq!(CardExpiry::close_until(date(today)), until, "{today}");
    }
}

/// The definition in dates and the rule in months agree on every day of more than eight years and for every card
/// near it, leap days and clamped month ends included.
#[test]
fn k_the_rule_in_months_is_the_definition_in_dates() {
    let cards: Vec<_> = all_cards().filter(|card| (2023..=2034).contains(&card.year())).collect();
    for today in date("2024-01-01").iter_days().take_while(|day| day.year() < 2033) {
        let in_three_months = today + Months::new(3);
        for card in &cards {
            let by_definition = match card.last_day() {
                last if today > last => ExpiryStanding::Expired,
                last if last < in_three_months => ExpiryStanding::Close,
                _ => ExpiryStanding::Valid,
            };
            assert_eq!(card.standing(today), by_definition, "{card} on {today}");
            let by_query = (card.as_yyyymm() <= CardExpiry::close_until(today)).then(|| {
                let expired = card.as_yyyymm() < CardExpiry::valid_from(today);
                if expired { ExpiryStanding::Expired } else { ExpiryStanding::Close }
            });
            assert_eq!(by_query.unwrap_or(ExpiryStanding::Valid), by_definition, "{card} on {today}");
        }
    }
}

#[test]
fn k_earlier_months_are_smaller_as_are_their_numbers() {
    let cards: Vec<_> = all_cards().collect();
    assert_eq!(cards.len(), 1_200);
    assert!(cards.is_sorted_by(|a, b| a < b && a.as_yyyymm() < b.as_yyyymm() && a.last_day() < b.last_day()));
}

#[test]
fn k_days_at_the_ends_of_the_calendar_are_no_trap() {
    assert_eq!(card("0328").standing(NaiveDate::MAX), ExpiryStanding::Expired);
    assert_eq!(card("0328").standing(NaiveDate::MIN), ExpiryStanding::Valid);
}

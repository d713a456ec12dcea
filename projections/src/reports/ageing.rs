//! Unconfirmed authorisations by age: how long ago they were authorised, and how long they can still be captured.

use super::read::Ask;
use super::report::{Report, ReportColumn as Column, SHOP, Unit};
use crate::cell::Cell;
use crate::query::{Cursor, Page, QueryError, Select};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use teiki_infrastructure::event_store::Storage;

/// Days since the authorisation: each step up to and with its number, and what is longer.
const SINCE: [i64; 5] = [7, 14, 30, 45, 60];
/// Days left: as above; what ran out comes before them.
const LEFT: [i64; 5] = [0, 3, 7, 14, 30];

/// The report. It has no view: what it says depends on the day it is asked on.
pub static AUTHORIZATION_AGEING: Report = Report {
    name: "authorization_ageing",
    title: "売上未確定のオーソリの経過日数",
    row: "All payments of one shop that are authorised and not captured, in the same step of days since the \
          authorisation and of days left.",
    notes: "Read from report_unconfirmed_authorizations on the day it is asked on.",
    projection: "payment_report",
    columns: &[
        SHOP,
        Column::new(
            "days_since",
            "経過日数",
            Unit::Code,
            "Days since the authorisation, such as 08-14; 61- is longer.",
        ),
        Column::new(
            "days_left",
            "残り日数",
            Unit::Code,
            "Days left to capture, such as 04-07; ran_out where there are none, unknown where nothing is known.",
        ),
        Column::new("payments", "件数", Unit::Count, "How many."),
        Column::new("payment_yen", "金額", Unit::Yen, "Their amount."),
    ],
    body: "",
    by: None,
    key: "days_since",
    days_ahead: None,
    example: "",
};

/// All rows at once; there are at most 42.
pub(super) async fn page(storage: &Storage, ask: &Ask) -> Result<Page<Vec<Cell>, Cursor>, QueryError> {
    let mut select =
        Select::new("SELECT authorized_on, valid_until, payments, payment_yen FROM report_unconfirmed_authorizations");
    select.and_some("shop_id = ", Some(&ask.shop.to_string()));
    let read = |row: crate::cell::RowRef<'_>| {
        let valid_until: String = row.get(1)?;
        let left = valid_until.parse().map_or_else(|_| "unknown".to_owned(), |until| left(ask.today, until));
        Ok(((since(ask.today, row.get(0)?), left), row.get::<i64>(2)?, row.get::<i64>(3)?))
    };
    let mut steps: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for (step, payments, yen) in select.fetch(storage, "report_unconfirmed_authorizations", read).await? {
        let sum = steps.entry(step).or_default();
        *sum = (sum.0 + payments, sum.1 + yen);
    }
    let rows = steps.into_iter().map(|((since, left), (payments, yen))| {
        vec![Cell::Text(ask.shop.to_string()), Cell::Text(since), Cell::Text(left), Cell::Int(payments), Cell::Int(yen)]
    });
    Ok(Page { rows: rows.collect(), next: None })
}

fn since(today: NaiveDate, authorized_on: NaiveDate) -> String {
    step(&SINCE, today.signed_duration_since(authorized_on).num_days().max(0))
}

/// The last day counts as a day left: 00 is today.
fn left(today: NaiveDate, valid_until: NaiveDate) -> String {
    let days = valid_until.signed_duration_since(today).num_days();
    if days < 0 { "ran_out".to_owned() } else { step(&LEFT, days) }
}

/// `FROM-TO`, or `FROM-` for what is longer than every step.
fn step(steps: &[i64], days: i64) -> String {
    let mut from = 0;
    for to in steps {
        if days <= *to {
            return if from == *to { format!("{to:02}") } else { format!("{from:02}-{to:02}") };
        }
        from = to + 1;
    }
    format!("{from}-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::date;

    #[test]
    fn each_day_is_in_one_step() {
        let day = |n: i64| date("2026-04-01") + chrono::TimeDelta::days(n);
        let since = |n| since(day(n), day(0));
        let steps = [-1, 0, 7, 8, 14, 15, 30, 31, 45, 46, 60, 61, 400].map(since);
        let expected = [
            "00-07", "00-07", "00-07", "08-14", "08-14", "15-30", "15-30", "31-45", "31-45", "46-60", "46-60", "61-",
            "61-",
        ];
        assert_eq!(steps, expected);
        let left = |n| left(day(0), day(n));
        let steps = [-60, -1, 0, 1, 3, 4, 7, 8, 14, 15, 30, 31].map(left);
        let expected =
            ["ran_out", "ran_out", "00", "01-03", "01-03", "04-07", "04-07", "08-14", "08-14", "15-30", "15-30", "31-"];
        assert_eq!(steps, expected);
    }
}

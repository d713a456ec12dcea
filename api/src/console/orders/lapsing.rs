//! オーソリ期限間近: authorised orders whose sale must be confirmed soon, the nearest last day first. Just those that the
//! page of the day counts.

use super::Row;
use crate::app::App;
use crate::console::{Frame, PageResult, Signed, next_address, render, written};
use crate::http::Problem;
use crate::http::query::cursor;
use crate::members;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use std::sync::Arc;
use teiki_projections::order_list;

/// Rows of a page.
const LIMIT: u32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    cursor: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/orders/lapsing.html")]
struct LapsingPage {
    frame: Frame,
    through: String,
    rows: Vec<Lapsing>,
    next: Option<String>,
}

/// One order, with the last day on which its sale can be confirmed.
struct Lapsing {
    order: Row,
    until: String,
    /// How many days are left, in words.
    left: String,
    over: bool,
}

/// The last day that counts as soon: the shop's days of warning from today on.
pub(crate) fn through(today: NaiveDate, warn_days: u16) -> NaiveDate {
    today.checked_add_days(Days::new(u64::from(warn_days))).unwrap_or(today)
}

/// `GET /orders/lapsing`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    place: Result<Query<Place>, QueryRejection>,
) -> PageResult {
    let after = cursor(place?.0.cursor.as_deref())?;
    let settings = app.shops.get(signed.shop()).await.map_err(Problem::from)?.settings;
    let (today, shop) = (app.clock.today(), Some(signed.shop()));
    let through = through(today, settings.validity_warn_days);
    let page = order_list::expiring_authorizations(&app.storage, shop, through, after.as_ref(), LIMIT).await?;
    let names = members::names(&app, page.rows.iter().map(|row| row.member_id.as_str())).await?;
    let language = frame.language;
    let rows = page.rows.iter().map(|row| {
        let name = names.get(&row.member_id).map(|name| frame.name(name));
        let days = row.valid_until.map_or(0, |until| (until - today).num_days());
        Lapsing {
            order: Row::new(language, row, name),
            until: row.valid_until.map(|until| written::with_weekday(language, until)).unwrap_or_default(),
            left: match days {
                ..0 => language.t("期限切れ", "over").to_owned(),
                0 => language.t("本日まで", "today").to_owned(),
                1 => language.t("あと1日", "1 day left").to_owned(),
                days => format!("{}{days}{}", language.t("あと", ""), language.t("日", " days left")),
            },
            over: days < 0,
        }
    });
    Ok(render(&LapsingPage {
        rows: rows.collect(),
        through: written::with_weekday(language, through),
        next: page.next.map(|next| next_address("/orders/lapsing", &[], &next.to_string())),
        frame,
    }))
}

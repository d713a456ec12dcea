//! カード管理: running subscriptions whose card is close to its end or past it (K6).

use super::{Frame, Page, PageResult, Signed, next_address, render};
use crate::app::App;
use crate::http::query::cursor;
use crate::{members, words};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::card_expiry::ExpiryStanding;
use teiki_projections::card_expiry_table::{self, AffectedRow};

/// Rows of a page.
const LIMIT: u32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    cursor: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/card_expiry.html")]
struct CardsPage {
    frame: Frame,
    rows: Vec<Row>,
    next: Option<String>,
}

/// One subscription as people read it.
pub(crate) struct Row {
    pub(crate) subscription_id: String,
    pub(crate) member_id: String,
    pub(crate) name: String,
    pub(crate) masked_number: String,
    pub(crate) expiry: String,
    pub(crate) standing: &'static str,
    pub(crate) expired: bool,
}

impl Row {
    pub(crate) fn new(row: &AffectedRow, name: Option<&String>) -> Self {
        let expired = row.standing == ExpiryStanding::Expired;
        Self {
            subscription_id: row.subscription_id.clone(),
            member_id: row.member_id.clone(),
            name: name.cloned().unwrap_or_else(|| row.member_id.clone()),
            masked_number: row.masked_number.clone(),
            expiry: row.expiry.to_string(),
            standing: words::card_standing(!expired),
            expired,
        }
    }
}

/// `GET /cards`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    place: Result<Query<Place>, QueryRejection>,
) -> PageResult {
    let Query(place) = place?;
    let today = app.clock.today();
    let after = cursor(place.cursor.as_deref())?;
    let page = card_expiry_table::affected(&app.storage, today, Some(signed.shop()), after.as_ref(), LIMIT).await?;
    let names = members::names(&app, page.rows.iter().map(|row| row.member_id.as_str())).await?;
    Ok::<_, Page>(render(&CardsPage {
        frame,
        rows: page.rows.iter().map(|row| Row::new(row, names.get(&row.member_id))).collect(),
        next: page.next.map(|next| next_address("/cards", &[], &next.to_string())),
    }))
}

//! Cards about to expire (K6).

use super::caller::Caller;
use super::problem::Problem;
use super::query::{cursor, limit};
use crate::app::App;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki_projections::card_expiry_table;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filters {
    shop: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// `GET /v1/cards/expiring`: every running subscription whose card is close to its end or past it, today in Tokyo.
pub(super) async fn expiring(
    State(app): State<Arc<App>>,
    caller: Caller,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(filters) = filters?;
    let shop = Some(caller.shop_asked_for(filters.shop.as_deref())?);
    let (after, limit) = (cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    let today = app.clock.today();
    let page = card_expiry_table::affected(&app.storage, today, shop, after.as_ref(), limit).await?;
    let cards: Vec<Value> = page
        .rows
        .iter()
        .map(|row| {
            json!({
                "subscription_id": row.subscription_id,
                "member_id": row.member_id,
                "masked_number": row.masked_number,
                "expiry": row.expiry.to_string(),
                "valid_through": row.expiry.last_day(),
                "standing": row.standing,
            })
        })
        .collect();
    let next = page.next.map(|next| next.to_string());
    Ok(Json(json!({"as_of": today, "cards": cards, "next_cursor": next})))
}

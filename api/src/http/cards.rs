//! Cards about to expire (K6).

use super::caller::Caller;
use super::position::{self, Position};
use super::problem::Problem;
use super::query::{Params, cursor, limit};
use crate::app::App;
use crate::as_of;
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::card_expiry::ExpiryStanding;
use teiki_projections::card_expiry_table::{self, AffectedRow};
use teiki_projections::query::{Cursor, Page};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 128)]
    cursor: Option<String>,
    /// A position of the log, or an instant (RFC 3339) that is over: the table as it stood then, judged by that day.
    #[param(
        pattern = "^([0-9]|[1-9][0-9]{1,17}|20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)$",
        example = "2026-04-01T00:00:00Z"
    )]
    as_of: Option<String>,
    /// Rows of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Waits, for a few seconds at most, until the answer reaches this position of the log.
    #[param(value_type = Option<i64>, minimum = 0)]
    min_position: Option<String>,
}

/// A subscription whose card is close to its end or past it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExpiringCard {
    subscription_id: String,
    member_id: String,
    /// The number as Paygent masks it.
    #[schema(example = "************1111")]
    masked_number: String,
    /// As printed on the card.
    #[schema(example = "05/26")]
    expiry: String,
    /// Its last day.
    valid_through: NaiveDate,
    #[schema(schema_with = super::schema::standing)]
    standing: ExpiryStanding,
}

/// A page of cards about to expire.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExpiringCards {
    /// The business day in Tokyo.
    as_of: NaiveDate,
    cards: Vec<ExpiringCard>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
    /// Every event up to this position of the log is in the answer.
    position: i64,
}

/// `GET /v1/cards/expiring`: every running subscription whose card is close to its end or past it, today in
/// Tokyo, or then.
#[utoipa::path(get, path = "/v1/cards/expiring", operation_id = "list_expiring_cards", tag = "members", params(Filters),
    responses((status = 200, body = ExpiringCards, headers(("Teiki-Position" = i64, description = "As `position`.")))))]
pub(super) async fn expiring(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(filters): Params<Filters>,
) -> Result<(Position, Json<ExpiringCards>), Problem> {
    let shop = Some(caller.shop_asked_for(filters.shop.as_deref())?);
    let (after, limit) = (cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    if let Some(then) = super::as_of::moment(&app, filters.as_of.as_deref()).await? {
        let mut folding = as_of::cards(&app, caller.shop, then).await?;
        let page = card_expiry_table::affected_then(&mut folding, then.day, caller.shop, after.as_ref(), limit);
        return Ok((position::header(then.position), Json(ExpiringCards::new(page, then.day, then.position))));
    }
    let today = app.clock.today();
    let position = position::reached(&app, filters.min_position.as_deref(), &["card_expiry_table"]).await?;
    let page = card_expiry_table::affected(&app.storage, today, shop, after.as_ref(), limit).await?;
    Ok((position::header(position), Json(ExpiringCards::new(page, today, position))))
}

impl ExpiringCards {
    pub(crate) fn new(page: Page<AffectedRow, Cursor>, as_of: NaiveDate, position: i64) -> Self {
        let cards = page.rows.into_iter().map(|row| ExpiringCard {
            subscription_id: row.subscription_id,
            member_id: row.member_id,
            masked_number: row.masked_number,
            expiry: row.expiry.to_string(),
            valid_through: row.expiry.last_day(),
            standing: row.standing,
        });
        let next_cursor = page.next.map(|next| next.to_string());
        Self { as_of, cards: cards.collect(), next_cursor, position }
    }
}

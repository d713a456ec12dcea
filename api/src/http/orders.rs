//! Orders.

use super::as_of::Then;
use super::caller::Caller;
pub(crate) use super::order_view::{OrderView, present};
use super::position::{self, Position};
use super::problem::Problem;
use super::query::{Params, cursor, limit, optional};
use crate::app::App;
use crate::as_of;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::ids::OrderId;
use teiki_domain::money::Yen;
use teiki_domain::order::Payment;
use teiki_projections::order_list::{self, OrderFilter};
use utoipa::{IntoParams, ToSchema};

/// Filters of the order list (O2), as they come in an address.
#[derive(Deserialize, Default, Clone, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    pub(crate) shop: Option<String>,
    /// Generated for this date or later.
    #[param(value_type = Option<NaiveDate>)]
    pub(crate) from: Option<String>,
    /// Generated for this date or earlier.
    #[param(value_type = Option<NaiveDate>)]
    pub(crate) to: Option<String>,
    /// With this payment status.
    #[param(schema_with = super::schema::payment_status)]
    pub(crate) status: Option<String>,
    /// Of this member.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$")]
    pub(crate) member: Option<String>,
    /// Of this subscription.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$")]
    pub(crate) subscription: Option<String>,
    /// Authorised under exactly this transaction ID (取引ID).
    #[param(pattern = "^[0-9]{20}$", example = "02396000000000831705")]
    pub(crate) transaction_id: Option<String>,
    /// Of at least so many yen.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 999_999_999_999i64)]
    pub(crate) amount_min: Option<String>,
    /// Of at most so many yen.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 999_999_999_999i64)]
    pub(crate) amount_max: Option<String>,
    /// Only those whose authorisation failed.
    #[param(value_type = Option<bool>)]
    pub(crate) failed_only: Option<String>,
    /// Only those with a payment somebody has to decide about.
    #[param(value_type = Option<bool>)]
    pub(crate) undecided_only: Option<String>,
    /// In this list.
    #[param(schema_with = super::schema::order_list)]
    pub(crate) list: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 128)]
    pub(crate) cursor: Option<String>,
    /// Rows of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    pub(crate) limit: Option<u32>,
    /// Waits, for a few seconds at most, until the answer reaches this position of the log.
    #[param(value_type = Option<i64>, minimum = 0)]
    pub(crate) min_position: Option<String>,
}

/// The lists an order can be in (O11).
pub(super) const LISTS: [&str; 3] = ["open", "completed", "cancelled"];

impl Filters {
    pub(crate) fn read(&self) -> Result<OrderFilter, Problem> {
        let status: Option<String> = optional("status", self.status.as_deref())?;
        if status.as_ref().is_some_and(|status| !Payment::CODES.contains(&status.as_str())) {
            return Err(Problem::validation("status", format!("it is one of {}", Payment::CODES.join(", "))));
        }
        let list: Option<String> = optional("list", self.list.as_deref())?;
        if list.as_ref().is_some_and(|list| !LISTS.contains(&list.as_str())) {
            return Err(Problem::validation("list", format!("it is one of {}", LISTS.join(", "))));
        }
        let date = |name: &str, text: Option<&str>| -> Result<Option<NaiveDate>, Problem> {
            text.filter(|text| !text.is_empty()).map(|text| super::query::date(name, text)).transpose()
        };
        Ok(OrderFilter {
            shop: optional("shop", self.shop.as_deref())?,
            from: date("from", self.from.as_deref())?,
            to: date("to", self.to.as_deref())?,
            status,
            member: optional("member", self.member.as_deref())?,
            subscription: optional("subscription", self.subscription.as_deref())?,
            amount_min: yen("amount_min", self.amount_min.as_deref())?,
            amount_max: yen("amount_max", self.amount_max.as_deref())?,
            failed_only: optional::<bool>("failed_only", self.failed_only.as_deref())?.unwrap_or(false),
            transaction_id: optional("transaction_id", self.transaction_id.as_deref())?,
            attempt_transaction_id: None,
            order: None,
            undecided_only: optional::<bool>("undecided_only", self.undecided_only.as_deref())?.unwrap_or(false),
            list,
        })
    }
}

fn yen(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let yen: Option<i64> = optional(name, text)?;
    let yen = yen.map(|yen| super::request::field(name, Yen::new(yen))).transpose()?;
    Ok(yen.map(Yen::get))
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
pub(super) struct Orders {
    orders: Vec<OrderView>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
    /// Every event up to this position of the log is in the answer.
    position: i64,
}

/// `GET /v1/orders`: newest generation date first, a page at a time (O1, O2).
#[utoipa::path(get, path = "/v1/orders", operation_id = "list_orders", tag = "orders", params(Filters),
    responses((status = 200, body = Orders, headers(("Teiki-Position" = i64, description = "As `position`.")))))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(filters): Params<Filters>,
) -> Result<(Position, Json<Orders>), Problem> {
    let (mut filter, after, limit) = (filters.read()?, cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    filter.shop = Some(caller.shop_asked_for(filters.shop.as_deref())?);
    let position = position::reached(&app, filters.min_position.as_deref(), &["order_list"]).await?;
    let page = order_list::list(&app.storage, &filter, after.as_ref(), limit).await?;
    let orders = page.rows.into_iter().map(present).collect();
    let next_cursor = page.next.map(|next| next.to_string());
    Ok((position::header(position), Json(Orders { orders, next_cursor, position })))
}

/// `GET /v1/orders/{id}`: one order as it stands, or stood (O3).
#[utoipa::path(get, path = "/v1/orders/{id}", operation_id = "get_order", tag = "orders",
    params(super::schema::OrderPath, Then), responses((status = 200, body = OrderView)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
    Params(then): Params<Then>,
) -> Result<Json<OrderView>, Problem> {
    let id = order_id(id)?;
    let Some(then) = super::as_of::moment(&app, then.as_of.as_deref()).await? else {
        return Ok(Json(read(&app, &id).await?));
    };
    match as_of::order(&app, &id, then).await? {
        Some(row) => Ok(Json(present(row))),
        None => Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There was no such order yet")),
    }
}

pub(super) fn order_id(id: Result<Path<String>, PathRejection>) -> Result<OrderId, Problem> {
    let Path(id) = id?;
    super::query::parse("id", &id)
}

pub(super) async fn read(app: &App, id: &OrderId) -> Result<OrderView, Problem> {
    match order_list::get(&app.storage, id).await? {
        Some(row) => Ok(present(row)),
        None => {
            Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order")
                .detail(format!("order {id}")))
        }
    }
}

//! Orders.

use super::caller::Caller;
use super::problem::Problem;
use super::query::{cursor, limit, optional};
use crate::app::App;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki_domain::ids::OrderId;
use teiki_domain::order::Payment;
use teiki_projections::order_list::{self, OrderFilter, OrderRow};

/// Filters of the order list (O2), as they come in an address.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Filters {
    pub(crate) shop: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) member: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) transaction_id: Option<String>,
    pub(crate) amount_min: Option<String>,
    pub(crate) amount_max: Option<String>,
    pub(crate) failed_only: Option<String>,
    pub(crate) undecided_only: Option<String>,
    pub(crate) list: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<u32>,
}

/// The lists an order can be in (O11).
const LISTS: [&str; 3] = ["open", "completed", "cancelled"];

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
        let date = |field: &str, text: Option<&str>| -> Result<Option<NaiveDate>, Problem> {
            optional(field, text).map_err(|_| Problem::validation(field, "a date is written as YYYY-MM-DD"))
        };
        Ok(OrderFilter {
            shop: optional("shop", self.shop.as_deref())?,
            from: date("from", self.from.as_deref())?,
            to: date("to", self.to.as_deref())?,
            status,
            member: optional("member", self.member.as_deref())?,
            subscription: optional("subscription", self.subscription.as_deref())?,
            amount_min: optional("amount_min", self.amount_min.as_deref())?,
            amount_max: optional("amount_max", self.amount_max.as_deref())?,
            failed_only: optional::<bool>("failed_only", self.failed_only.as_deref())?.unwrap_or(false),
            transaction_id: optional("transaction_id", self.transaction_id.as_deref())?,
            attempt_transaction_id: None,
            undecided_only: optional::<bool>("undecided_only", self.undecided_only.as_deref())?.unwrap_or(false),
            list,
        })
    }
}

/// One row, as programs read it.
pub(super) fn present(row: &OrderRow) -> Value {
    let failure = row.failure_code.as_ref().map(|code| {
        let detail = row.failure_detail.as_deref().unwrap_or("");
        json!({"code": code, "detail": detail, "meaning": teiki_domain::declines::meaning(code, detail)})
    });
    let undecided =
        row.undecided_payment_id.as_ref().map(|id| json!({"payment_id": id, "amount": row.undecided_amount}));
    json!({
        "order_id": row.order_id,
        "subscription_id": row.subscription_id,
        "member_id": row.member_id,
        "generation_date": row.generation_date,
        "delivery_date": row.delivery_date,
        "goods": row.goods,
        "total": row.total,
        "payment_method": row.payment_method,
        "sale_mode": row.sale_mode,
        "payment_status": row.payment_status,
        "payment_status_text": crate::words::payment_status(&row.payment_status),
        "transaction_id": row.transaction_id,
        "payment_id": row.payment_id,
        "failure": failure,
        "not_executed_reason": row.not_executed_reason,
        "confirmed_at": row.confirmed_at,
        "cancelled_at": row.cancelled_at,
        "amount": row.amount,
        "valid_until": row.valid_until,
        "refundable_until": row.refundable_until,
        "three_d_secure": row.three_d_secure,
        "open_request": row.open_request,
        "undecided_payment": undecided,
        "list": row.list,
        "position": row.updated_position,
    })
}

/// `GET /v1/orders`: newest generation date first, a page at a time (O1, O2).
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(filters) = filters?;
    let (mut filter, after, limit) = (filters.read()?, cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    filter.shop = Some(caller.shop_asked_for(filters.shop.as_deref())?);
    let page = order_list::list(&app.storage, &filter, after.as_ref(), limit).await?;
    let orders: Vec<Value> = page.rows.iter().map(present).collect();
    Ok(Json(json!({"orders": orders, "next_cursor": page.next.map(|next| next.to_string())})))
}

/// `GET /v1/orders/{id}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    let id = order_id(id)?;
    Ok(Json(read(&app, &id).await?))
}

pub(super) fn order_id(id: Result<Path<String>, PathRejection>) -> Result<OrderId, Problem> {
    let Path(id) = id?;
    super::query::parse("id", &id)
}

pub(super) async fn read(app: &App, id: &OrderId) -> Result<Value, Problem> {
    match order_list::get(&app.storage, id).await? {
        Some(row) => Ok(present(&row)),
        None => {
            Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order")
                .detail(format!("order {id}")))
        }
    }
}

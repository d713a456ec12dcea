//! Orders.

use super::members::ACTOR;
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
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<u32>,
}

/// The payment statuses one can ask for.
pub(crate) const STATUSES: [&str; 10] = [
    "external",
    "not_executed",
    "requested",
    "unknown",
    "authorized",
    "failed",
    "capture_requested",
    "capture_unknown",
    "captured",
    "sales_confirmed",
];

impl Filters {
    pub(crate) fn read(&self) -> Result<OrderFilter, Problem> {
        let status: Option<String> = optional("status", self.status.as_deref())?;
        if status.as_ref().is_some_and(|status| !STATUSES.contains(&status.as_str())) {
            return Err(Problem::validation("status", format!("it is one of {}", STATUSES.join(", "))));
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
        })
    }
}

/// One row, as programs read it.
fn present(row: &OrderRow) -> Value {
    let failure = row.failure_code.as_ref().map(|code| {
        let detail = row.failure_detail.as_deref().unwrap_or("");
        json!({"code": code, "detail": detail, "meaning": teiki_domain::declines::meaning(code, detail)})
    });
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
        "list": row.list,
        "position": row.updated_position,
    })
}

/// `GET /v1/orders`: newest generation date first, a page at a time (O1, O2).
pub(super) async fn list(
    State(app): State<Arc<App>>,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(filters) = filters?;
    let (filter, after, limit) = (filters.read()?, cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
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

fn order_id(id: Result<Path<String>, PathRejection>) -> Result<OrderId, Problem> {
    let Path(id) = id?;
    super::query::parse("id", &id)
}

async fn read(app: &App, id: &OrderId) -> Result<Value, Problem> {
    match order_list::get(&app.storage, id).await? {
        Some(row) => Ok(present(&row)),
        None => {
            Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order")
                .detail(format!("order {id}")))
        }
    }
}

/// `POST /v1/orders/{id}/capture`: confirms the sale (売上確定, O5). 200 with the order once it is confirmed, also
/// when it was before; 202 while Paygent's answer is not known; 402 with Paygent's code when it refused.
pub(super) async fn capture(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let id = order_id(id)?;
    let because = app.gateway.because(ACTOR, "a billing service confirmed the sale");
    // A caller that hangs up must not leave Paygent's answer unrecorded: the work goes on by itself.
    let (payments, of) = (app.payments.clone(), id.clone());
    let work = app.spawn(async move { payments.capture(of.as_str(), &because).await });
    let done = work.await.map_err(|_| super::problem::internal())??;
    app.settle().await.map_err(|error| super::problem::unavailable(&error))?;
    let body = read(&app, &id).await?;
    match done.aggregate.details().map(|details| &details.payment) {
        Some(Payment::Captured { .. }) => Ok((StatusCode::OK, Json(body))),
        Some(Payment::Authorized(_)) => {
            let text = |name: &str| body["failure"][name].as_str().unwrap_or("").to_owned();
            let title = "Paygent did not confirm the sale; the order stays authorised";
            let problem = Problem::new(StatusCode::PAYMENT_REQUIRED, "capture_refused", title);
            Err(problem.paygent(text("code"), text("detail")))
        }
        _ => Ok((StatusCode::ACCEPTED, Json(body))),
    }
}

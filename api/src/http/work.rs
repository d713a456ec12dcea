//! What the workers will do and cannot do: retries to come, authorisations that run out, work set aside.

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::query::{cursor, limit, optional, parse};
use crate::app::App;
use crate::workers::{notices, retries};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::set_aside;
use teiki_projections::order_list;

/// Most rows of the list of work set aside.
const ASIDE_MAX: i64 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filters {
    shop: Option<String>,
    through: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// `GET /v1/retries`: each failed order with the day of its next attempt, or why there is none.
pub(super) async fn retries(
    State(app): State<Arc<App>>,
    caller: Caller,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(filters) = filters?;
    let shop = Some(caller.shop_asked_for(filters.shop.as_deref())?);
    let (after, limit) = (cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    let (plans, next) = retries::plans(&app, shop, after.as_ref(), limit).await.map_err(|error| unavailable(&error))?;
    let orders: Vec<Value> = plans
        .iter()
        .map(|plan| {
            json!({
                "order_id": plan.row.order_id,
                "subscription_id": plan.row.subscription_id,
                "member_id": plan.row.member_id,
                "amount": plan.row.amount,
                "failure": {"code": plan.row.code, "detail": plan.row.detail},
                "next_attempt": plan.row.next_attempt,
                "next_on": plan.next.as_ref().ok(),
                "not_because": plan.next.as_ref().err().map(ToString::to_string),
            })
        })
        .collect();
    Ok(Json(json!({"orders": orders, "next_cursor": next.map(|next| next.to_string())})))
}

/// `GET /v1/orders/expiring-authorizations`: authorised orders whose last day is near, nearest first. How near is the
/// shop's own number of days of warning if nothing is said.
pub(super) async fn expiring(
    State(app): State<Arc<App>>,
    caller: Caller,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(filters) = filters?;
    let shop = Some(caller.shop_asked_for(filters.shop.as_deref())?);
    let today = app.clock.today();
    let through: Option<NaiveDate> = optional("through", filters.through.as_deref())?;
    let warn_days = app.shops.get(caller.shop).await?.settings.validity_warn_days;
    let through = through.or_else(|| today.checked_add_days(Days::new(u64::from(warn_days)))).unwrap_or(today);
    let (after, limit) = (cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    let page = order_list::expiring_authorizations(&app.storage, shop, through, after.as_ref(), limit).await?;
    let orders: Vec<Value> = page.rows.iter().map(super::orders::present).collect();
    let next = page.next.map(|next| next.to_string());
    Ok(Json(json!({"as_of": today, "through": through, "orders": orders, "next_cursor": next})))
}

/// `GET /v1/set-aside`: work that cannot go on, oldest first, each with its reason.
pub(super) async fn set_aside(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, Problem> {
    let own = Own::of(&app, &caller).await?;
    let rows = set_aside::list_of(&app.storage, own.shop, own.merchant.as_deref(), ASIDE_MAX).await;
    let rows: Vec<Value> = rows
        .map_err(|error| unavailable(&error))?
        .iter()
        .map(|row| {
            json!({
                "kind": row.kind,
                "subject": row.subject,
                "generation_date": Some(&row.generation_date).filter(|date| !date.is_empty()),
                "reason": row.reason,
                "since": row.since,
            })
        })
        .collect();
    Ok(Json(json!({"set_aside": rows})))
}

/// Which work set aside is a shop's: that of its subscriptions and orders, its own, and notices to its Paygent merchant.
struct Own {
    shop: ShopId,
    merchant: Option<String>,
}

impl Own {
    async fn of(app: &App, caller: &Caller) -> Result<Self, Problem> {
        let shop = app.shops.get(caller.shop).await?;
        let merchant = shop.settings.connection.as_ref().map(|(merchant_id, ..)| merchant_id.clone());
        Ok(Self { shop: caller.shop, merchant })
    }

    fn is(&self, kind: &str, subject: &str) -> bool {
        let notice = self.merchant.as_ref().is_some_and(|merchant| subject.starts_with(&format!("{merchant}:")));
        let shop = self.shop.to_string();
        subject == shop || subject.starts_with(&format!("{shop}-")) || kind == notices::SET_ASIDE_KIND && notice
    }
}

/// `POST /v1/set-aside/{kind}/{subject}/release`: lets the work go on; its worker tries it at its next round.
pub(super) async fn release(
    State(app): State<Arc<App>>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Path((kind, subject)) = path?;
    let kind: String = parse("kind", &kind)?;
    let own = Own::of(&app, &caller).await?.is(&kind, &subject);
    let released =
        own && set_aside::release(&app.storage, &kind, &subject).await.map_err(|error| unavailable(&error))?;
    if released {
        tracing::info!(kind, subject, "work set aside was released");
        Ok((StatusCode::OK, Json(json!({"kind": kind, "subject": subject, "released": true}))))
    } else {
        let title = "Nothing of this kind and name is set aside";
        Err(Problem::new(StatusCode::NOT_FOUND, "not_found", title))
    }
}

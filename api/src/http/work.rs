//! What the workers will do and cannot do: retries to come, authorisations that run out, work set aside.

use super::caller::Caller;
use super::orders::OrderView;
use super::problem::{Problem, unavailable};
use super::query::{NoParams, Params, cursor, date, limit};
use crate::app::App;
use crate::console::Language;
use crate::set_aside::{Reason, told};
use crate::workers::{notices, retries};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::event_store::Storage;
use teiki_infrastructure::set_aside::{self, SetAside, SetAsideError};
use teiki_projections::order_list;
use utoipa::{IntoParams, ToSchema};

/// Most rows of the list of work set aside.
const ASIDE_MAX: i64 = 1_000;

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 128)]
    cursor: Option<String>,
    /// Rows of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Until when, and which page of the list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Until {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// Last day that counts as near; the shop's own days of warning from today if left out.
    #[param(value_type = Option<NaiveDate>)]
    through: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 128)]
    cursor: Option<String>,
    /// Rows of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A failed order, and what comes of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Retry {
    order_id: String,
    subscription_id: String,
    member_id: String,
    /// Yen; null while shipping or fee is to be quoted.
    amount: Option<i64>,
    failure: PaygentsWords,
    /// The number the next attempt will have.
    next_attempt: i64,
    /// The day of the next attempt.
    next_on: Option<NaiveDate>,
    /// Why there is none by itself.
    not_because: Option<String>,
}

/// Paygent's refusal as received.
#[derive(Serialize, ToSchema)]
pub(super) struct PaygentsWords {
    code: String,
    detail: String,
}

/// A page of failed orders.
#[derive(Serialize, ToSchema)]
pub(super) struct Retries {
    orders: Vec<Retry>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
}

/// `GET /v1/retries`: each failed order with the day of its next attempt, or why there is none.
#[utoipa::path(get, path = "/v1/retries", operation_id = "list_retries", tag = "orders", params(Place),
    responses((status = 200, body = Retries)))]
pub(super) async fn retries(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(place): Params<Place>,
) -> Result<Json<Retries>, Problem> {
    let shop = Some(caller.shop_asked_for(place.shop.as_deref())?);
    let (after, limit) = (cursor(place.cursor.as_deref())?, limit(place.limit)?);
    let (plans, next) = retries::plans(&app, shop, after.as_ref(), limit).await.map_err(|error| unavailable(&error))?;
    let orders = plans.into_iter().map(|plan| Retry {
        order_id: plan.row.order_id,
        subscription_id: plan.row.subscription_id,
        member_id: plan.row.member_id,
        amount: plan.row.amount,
        failure: PaygentsWords { code: plan.row.code, detail: plan.row.detail },
        next_attempt: plan.row.next_attempt,
        next_on: plan.next.as_ref().ok().copied(),
        not_because: plan.next.as_ref().err().map(ToString::to_string),
    });
    Ok(Json(Retries { orders: orders.collect(), next_cursor: next.map(|next| next.to_string()) }))
}

/// A page of authorisations that run out.
#[derive(Serialize, ToSchema)]
pub(super) struct ExpiringAuthorizations {
    /// The business day in Tokyo.
    as_of: NaiveDate,
    /// Last day that counts as near.
    through: NaiveDate,
    orders: Vec<OrderView>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
}

/// `GET /v1/orders/expiring-authorizations`: authorised orders whose last day is near, nearest first. How near is the
/// shop's own number of days of warning if nothing is said.
#[utoipa::path(get, path = "/v1/orders/expiring-authorizations", operation_id = "list_expiring_authorizations",
    tag = "orders", params(Until), responses((status = 200, body = ExpiringAuthorizations)))]
pub(super) async fn expiring(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(until): Params<Until>,
) -> Result<Json<ExpiringAuthorizations>, Problem> {
    let shop = Some(caller.shop_asked_for(until.shop.as_deref())?);
    let as_of = app.clock.today();
    let through = until.through.as_deref().map(|text| date("through", text)).transpose()?;
    let warn_days = app.shops.get(caller.shop).await?.settings.validity_warn_days;
    let through = through.or_else(|| as_of.checked_add_days(Days::new(u64::from(warn_days)))).unwrap_or(as_of);
    let (after, limit) = (cursor(until.cursor.as_deref())?, limit(until.limit)?);
    let page = order_list::expiring_authorizations(&app.storage, shop, through, after.as_ref(), limit).await?;
    let orders = page.rows.into_iter().map(super::orders::present).collect();
    let next_cursor = page.next.map(|next| next.to_string());
    Ok(Json(ExpiringAuthorizations { as_of, through, orders, next_cursor }))
}

/// Work that cannot go on.
#[derive(Serialize, ToSchema)]
pub(super) struct Aside {
    /// Which worker set it aside, such as `renewal`.
    kind: String,
    /// A subscription, an order or a notice.
    subject: String,
    generation_date: Option<String>,
    /// What is wrong, as a stable name; null for what a former version set aside.
    #[schema(example = "contradiction")]
    code: Option<&'static str>,
    /// What is wrong, in English.
    reason: String,
    /// What is wrong, in Japanese.
    reason_ja: String,
    /// When it was set aside, RFC 3339.
    since: String,
}

/// All work that cannot go on.
#[derive(Serialize, ToSchema)]
pub(super) struct AllAside {
    set_aside: Vec<Aside>,
}

/// `GET /v1/set-aside`: work that cannot go on, oldest first, each with its reason; at most 1,000.
#[utoipa::path(get, path = "/v1/set-aside", operation_id = "list_set_aside", tag = "engine",
    responses((status = 200, body = AllAside)))]
pub(super) async fn set_aside(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<AllAside>, Problem> {
    let rows = Own::of(&app, caller.shop).await?.list(&app.storage, ASIDE_MAX).await;
    let rows = rows.map_err(|error| unavailable(&error))?.into_iter().map(|row| Aside {
        kind: row.kind,
        subject: row.subject,
        generation_date: Some(row.generation_date).filter(|date| !date.is_empty()),
        code: Reason::read(&row.reason).map(|reason| reason.code()),
        reason_ja: told(&row.reason, Language::Japanese),
        reason: told(&row.reason, Language::English),
        since: row.since,
    });
    Ok(Json(AllAside { set_aside: rows.collect() }))
}

/// Which work set aside is a shop's: that of its subscriptions and orders, its own, and notices to its Paygent merchant.
pub(crate) struct Own {
    shop: ShopId,
    merchant: Option<String>,
}

impl Own {
    pub(crate) async fn of(app: &App, shop: ShopId) -> Result<Self, Problem> {
        let settings = app.shops.get(shop).await?.settings;
        let merchant = settings.connection.as_ref().map(|(merchant_id, ..)| merchant_id.clone());
        Ok(Self { shop, merchant })
    }

    /// The oldest of it.
    pub(crate) async fn list(&self, storage: &Storage, most: i64) -> Result<Vec<SetAside>, SetAsideError> {
        set_aside::list_of(storage, self.shop, self.merchant.as_deref(), most).await
    }

    /// Whether a unit of work is the shop's.
    pub(crate) fn is(&self, kind: &str, subject: &str) -> bool {
        let notice = self.merchant.as_ref().is_some_and(|merchant| subject.starts_with(&format!("{merchant}:")));
        let shop = self.shop.to_string();
        subject == shop || subject.starts_with(&format!("{shop}-")) || kind == notices::SET_ASIDE_KIND && notice
    }
}

/// Work that goes on.
#[derive(Serialize, ToSchema)]
pub(super) struct Released {
    kind: String,
    subject: String,
    released: bool,
}

/// `POST /v1/set-aside/{kind}/{subject}/release`: lets the work go on; its worker tries it at its next round. Who
/// did so stands in the history of what it is about.
#[utoipa::path(post, path = "/v1/set-aside/{kind}/{subject}/release", operation_id = "release_set_aside", tag = "engine",
    params(("kind" = String, Path, description = "As listed.", example = "renewal"),
        ("subject" = String, Path, description = "As listed.", example = "02396-D0001")),
    responses((status = 200, body = Released)))]
pub(super) async fn release(
    State(app): State<Arc<App>>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Released>, Problem> {
    let Path((kind, subject)) = path?;
    let own = Own::of(&app, caller.shop).await?.is(&kind, &subject);
    let because = caller.because(&app, "work that was set aside was released");
    let released = own
        && crate::set_aside::release(&app, Some(caller.shop), &kind, &subject, &because)
            .await
            .map_err(|error| unavailable(&error))?;
    if released {
        tracing::info!(kind, subject, "work set aside was released");
        Ok(Json(Released { kind, subject, released: true }))
    } else {
        let title = "Nothing of this kind and name is set aside";
        Err(Problem::new(StatusCode::NOT_FOUND, "not_found", title))
    }
}

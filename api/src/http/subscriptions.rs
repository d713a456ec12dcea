//! Subscriptions.

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::query::{Params, cursor, date, limit, parse};
use super::request::{Amount, Method, RequestLine, basket, civil_date, field};
use crate::app::App;
use crate::as_of;
use crate::subscriptions::{self, Start};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::ids::SubscriptionId;
use teiki_domain::subscription::{Details, Status, Subscription};
use teiki_projections::subscription_list::{self, MethodKind, SubscriptionFilter, SubscriptionRow};
use utoipa::{IntoParams, ToSchema};

pub(super) type Id = Result<Path<String>, PathRejection>;

/// What shall be delivered to whom, how often, paid how.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSubscription)]
pub(super) struct Request {
    /// To use a number of the caller's own, which also makes repeating the request harmless.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$", example = "02396-D0001")]
    subscription_id: Option<String>,
    #[schema(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$", example = "02396-M0001")]
    member_id: String,
    #[schema(schema_with = super::schema::cycle)]
    cycle: String,
    /// No delivery before this day; the first fitting day on or after it is the first. At the earliest the day after today
    /// plus the shop's lead time (S16), so that its order is still ahead; at the latest two years ahead.
    #[serde(deserialize_with = "civil_date")]
    #[schema(example = "2026-04-01")]
    first_delivery: NaiveDate,
    payment_method: Method,
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<RequestLine>,
    shipping: Amount,
    #[serde(default)]
    fee: Option<Amount>,
}

impl Request {
    fn read(self) -> Result<Start, Problem> {
        Ok(Start {
            subscription_id: self.subscription_id.map(|id| field("subscription_id", id.parse())).transpose()?,
            member_id: field("member_id", self.member_id.parse())?,
            basket: basket(self.lines, self.shipping, self.fee)?,
            payment_method: self.payment_method.read("payment_method")?,
            cycle: field("cycle", self.cycle.parse())?,
            first_delivery: self.first_delivery,
        })
    }
}

/// A subscription that was started.
#[derive(Serialize, ToSchema)]
pub(super) struct Started {
    subscription_id: String,
    member_id: String,
    #[schema(schema_with = super::schema::subscription_status)]
    status: Status,
    #[schema(schema_with = super::schema::cycle)]
    cycle: String,
    next_delivery_date: Option<NaiveDate>,
    next_generation_date: Option<NaiveDate>,
}

/// `POST /v1/subscriptions`: 201 when new, 200 when it was started before with the same content.
#[utoipa::path(post, path = "/v1/subscriptions", operation_id = "start_subscription", tag = "subscriptions",
    request_body = Request,
    responses((status = 201, body = Started, description = "Started."),
        (status = 200, body = Started, description = "Was started before with the same content.")))]
pub(super) async fn start(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<Request>, JsonRejection>,
) -> Result<(StatusCode, Json<Started>), Problem> {
    let Json(body) = body?;
    let mut start = body.read()?;
    caller.owns(start.member_id.shop())?;
    if start.subscription_id.is_none() {
        // Taken here, so that the request carried out again meets the subscription it started before.
        let new = subscriptions::next_number(&app, caller.shop).await?;
        start.subscription_id = Some(field("subscription_id", caller.number(&app, new.to_string()).await?.parse())?);
    }
    subscriptions::check_first(&app, start.subscription_id.as_ref(), &start).await?;
    let because = caller.because(&app, "a billing service started the subscription");
    let done = subscriptions::start(&app, start, &because).await?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    let status = if done.events.is_empty() { StatusCode::OK } else { StatusCode::CREATED };
    let Some(details) = done.aggregate.details() else { return Err(super::problem::internal()) };
    let body = Started {
        subscription_id: details.subscription_id.to_string(),
        member_id: details.member_id.to_string(),
        status: details.status,
        cycle: details.cycle.to_string(),
        next_delivery_date: details.next.map(|next| next.delivery_date),
        next_generation_date: details.next.map(|next| next.generation_date),
    };
    Ok((status, Json(body)))
}

/// A subscription as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(crate) struct SubscriptionView {
    /// Its number (定期購入番号).
    #[schema(example = "02396-D0001")]
    subscription_id: String,
    /// Whose it is.
    member_id: String,
    #[schema(schema_with = super::schema::subscription_status)]
    status: String,
    /// How each order is paid.
    payment_method: Method,
    #[schema(schema_with = super::schema::cycle)]
    cycle: String,
    /// Date 0 of the cycle.
    anchor: NaiveDate,
    /// Next delivery; null while paused, after the end, or when the calendar ends.
    next_delivery_date: Option<NaiveDate>,
    /// The day its order is generated.
    next_generation_date: Option<NaiveDate>,
    /// Goods amount of the next order in yen.
    goods: i64,
    /// Everything to pay for the next order in yen; null while shipping or fee is to be quoted.
    total: Option<i64>,
    /// Orders called for so far.
    orders: i64,
    /// When it began, RFC 3339.
    started_at: String,
    /// When it ended, RFC 3339.
    ended_at: Option<String>,
    /// Position in the log of the last event that changed it.
    position: i64,
}

impl From<SubscriptionRow> for SubscriptionView {
    fn from(row: SubscriptionRow) -> Self {
        let payment_method = match row.payment_method.strip_prefix("external:") {
            Some(name) => Method::External(name.to_owned()),
            None => Method::Card,
        };
        Self {
            subscription_id: row.subscription_id,
            member_id: row.member_id,
            status: row.status,
            payment_method,
            cycle: row.cycle,
            anchor: row.anchor,
            next_delivery_date: row.next_delivery_date,
            next_generation_date: row.next_generation_date,
            goods: row.goods,
            total: row.total,
            orders: row.orders,
            started_at: row.started_at,
            ended_at: row.ended_at,
            position: row.updated_position,
        }
    }
}

/// A subscription with what it contains and what is to come.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionDetail {
    #[serde(flatten)]
    subscription: SubscriptionView,
    /// What the next order contains.
    lines: Vec<RequestLine>,
    shipping: Amount,
    fee: Amount,
    /// The next dates as far as asked for, if nothing is changed in between.
    upcoming: Vec<Upcoming>,
}

/// A delivery to come.
#[derive(Serialize, ToSchema)]
pub(super) struct Upcoming {
    /// Just after midnight in Tokyo of this day its order is generated.
    generation_date: NaiveDate,
    delivery_date: NaiveDate,
}

/// How much of a subscription is shown.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Shown {
    /// How many of the next dates to show; none if left out.
    #[param(minimum = 0, maximum = 60, example = 10)]
    preview: Option<usize>,
    /// A position of the log, or an instant (RFC 3339) that is over: as it stood then. Left out: as it stands now.
    #[param(
        pattern = "^([0-9]|[1-9][0-9]{1,17}|20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)$",
        example = "2026-04-01T00:00:00Z"
    )]
    as_of: Option<String>,
}

/// Most dates of a preview.
const PREVIEW_MAX: usize = 60;

/// `GET /v1/subscriptions/{id}`: one subscription as it stands or stood, with its next dates as far as asked for (R3).
#[utoipa::path(get, path = "/v1/subscriptions/{id}", operation_id = "get_subscription", tag = "subscriptions",
    params(super::schema::SubscriptionPath, Shown), responses((status = 200, body = SubscriptionDetail)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    id: Id,
    Params(Shown { preview, as_of }): Params<Shown>,
) -> Result<Json<SubscriptionDetail>, Problem> {
    let preview = preview.unwrap_or(0);
    if preview > PREVIEW_MAX {
        return Err(Problem::validation("preview", format!("it is 0 to {PREVIEW_MAX}")));
    }
    let id = subscription_id(id)?;
    if let Some(then) = super::as_of::moment(&app, as_of.as_deref()).await? {
        let Some((row, details)) = as_of::subscription(&app, &id, then).await? else {
            return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There was no such subscription yet"));
        };
        let settings = as_of::shop(&app, id.shop(), then).await?;
        let lead_days = settings.map_or(0, |settings| settings.lead_days);
        return Ok(Json(SubscriptionDetail::new(row.into(), &details, lead_days, preview)));
    }
    let subscription = read(&app, &id).await?;
    let lead_days = app.shops.get(id.shop()).await?.settings.lead_days;
    let loaded = app.gateway.load::<Subscription>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let Some(details) = loaded.aggregate.details() else { return Err(super::problem::internal()) };
    Ok(Json(SubscriptionDetail::new(subscription, details, lead_days, preview)))
}

impl SubscriptionDetail {
    /// With this many of its next dates.
    pub(crate) fn new(subscription: SubscriptionView, details: &Details, lead_days: u16, preview: usize) -> Self {
        let upcoming = details.upcoming(lead_days).take(preview);
        let upcoming = upcoming
            .map(|dates| Upcoming { generation_date: dates.generation_date, delivery_date: dates.delivery_date })
            .collect();
        let basket = &details.basket;
        Self {
            subscription,
            lines: basket.lines().iter().cloned().map(RequestLine::from).collect(),
            shipping: basket.shipping().into(),
            fee: basket.fee().into(),
            upcoming,
        }
    }
}

/// Which subscriptions, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// In this state.
    #[param(schema_with = super::schema::subscription_status)]
    status: Option<Status>,
    /// Of this member.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$")]
    member: Option<String>,
    /// Paid by card, or settled outside.
    #[param(schema_with = super::schema::method_kind)]
    payment_method: Option<MethodKind>,
    /// Whose next order is generated on this date or later.
    #[param(value_type = Option<NaiveDate>)]
    next_from: Option<String>,
    /// Whose next order is generated on this date or earlier.
    #[param(value_type = Option<NaiveDate>)]
    next_to: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 128)]
    cursor: Option<String>,
    /// Rows of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A page of subscriptions.
#[derive(Serialize, ToSchema)]
pub(super) struct Subscriptions {
    subscriptions: Vec<SubscriptionView>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
}

/// `GET /v1/subscriptions`: subscriptions by number, a page at a time.
#[utoipa::path(get, path = "/v1/subscriptions", operation_id = "list_subscriptions", tag = "subscriptions",
    params(Filters), responses((status = 200, body = Subscriptions)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(filters): Params<Filters>,
) -> Result<Json<Subscriptions>, Problem> {
    let date = |name: &str, text: &Option<String>| text.as_deref().map(|text| date(name, text)).transpose();
    let filter = SubscriptionFilter {
        shop: Some(caller.shop_asked_for(filters.shop.as_deref())?),
        status: filters.status,
        member: filters.member.as_deref().map(|id| parse("member", id)).transpose()?,
        payment_method: filters.payment_method,
        next_from: date("next_from", &filters.next_from)?,
        next_to: date("next_to", &filters.next_to)?,
        ..SubscriptionFilter::default()
    };
    let (after, limit) = (cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    let page = subscription_list::list(&app.storage, &filter, after.as_ref(), limit).await?;
    let next_cursor = page.next.map(|next| next.to_string());
    Ok(Json(Subscriptions { subscriptions: page.rows.into_iter().map(Into::into).collect(), next_cursor }))
}

pub(super) fn subscription_id(id: Id) -> Result<SubscriptionId, Problem> {
    let Path(id) = id?;
    parse("id", &id)
}

pub(super) async fn read(app: &App, id: &SubscriptionId) -> Result<SubscriptionView, Problem> {
    match subscription_list::get(&app.storage, id).await? {
        Some(row) => Ok(row.into()),
        None => Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such subscription")
            .detail(format!("subscription {id}"))),
    }
}

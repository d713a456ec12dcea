//! Subscriptions.

use super::caller::Caller;
use super::problem::Problem;
use super::request::{Amount, Method, RequestLine, basket, civil_date, field};
use crate::app::App;
use crate::subscriptions::{self, Start};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::subscription::Status;
use utoipa::ToSchema;

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
    /// No delivery before this day, which is not in the past; the first fitting day on or after it is the first.
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
    let because = caller.because(&app, "a billing service started the subscription");
    let done = subscriptions::start(&app, start, &because).await?;
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

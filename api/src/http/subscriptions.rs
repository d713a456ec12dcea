//! Subscriptions.

use super::caller::Caller;
use super::problem::Problem;
use super::request::{Amount, Method, RequestLine, basket, field};
use crate::app::App;
use crate::subscriptions::{self, Start};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// To use a number of the caller's own, which also makes repeating the request harmless.
    #[serde(default)]
    subscription_id: Option<String>,
    member_id: String,
    cycle: String,
    first_delivery: NaiveDate,
    payment_method: Method,
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
            payment_method: self.payment_method.into(),
            cycle: field("cycle", self.cycle.parse())?,
            first_delivery: self.first_delivery,
        })
    }
}

/// `POST /v1/subscriptions`: 201 when new, 200 when it was started before with the same content.
pub(super) async fn start(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<Request>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
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
    let body = json!({
        "subscription_id": details.subscription_id,
        "member_id": details.member_id,
        "status": details.status,
        "cycle": details.cycle,
        "next_delivery_date": details.next.map(|next| next.delivery_date),
        "next_generation_date": details.next.map(|next| next.generation_date),
    });
    Ok((status, Json(body)))
}

//! Subscriptions.

use super::members::ACTOR;
use super::problem::Problem;
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
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::money::Yen;
use teiki_domain::payment_method::PaymentMethod;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestLine {
    product: String,
    name: String,
    unit_price: i64,
    quantity: u32,
    tax_percent: u8,
}

/// An amount in yen, or `"to_be_quoted"` (C4, R5-3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Yen(i64),
    Word(Quoted),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Quoted {
    ToBeQuoted,
}

/// `"card"`, or `{"external": "代金引換"}`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    Card,
    External(String),
}

fn charge(field: &str, amount: Option<Amount>) -> Result<Charge, Problem> {
    match amount {
        None => Ok(Charge::Fixed(Yen::ZERO)),
        Some(Amount::Word(Quoted::ToBeQuoted)) => Ok(Charge::ToBeQuoted),
        Some(Amount::Yen(yen)) => {
            Yen::new(yen).map(Charge::Fixed).map_err(|error| Problem::validation(field, error.to_string()))
        }
    }
}

impl Request {
    fn read(self) -> Result<Start, Problem> {
        fn field<T, E: std::fmt::Display>(name: &str, result: Result<T, E>) -> Result<T, Problem> {
            result.map_err(|error| Problem::validation(name, error.to_string()))
        }
        let lines = self.lines.into_iter().enumerate().map(|(i, line)| {
            let unit_price = field(&format!("lines[{i}].unit_price"), Yen::new(line.unit_price))?;
            let RequestLine { product, name, quantity, tax_percent, .. } = line;
            Ok(Line { product, name, unit_price, quantity, tax_percent })
        });
        let lines = lines.collect::<Result<Vec<_>, Problem>>()?;
        let (shipping, fee) = (charge("shipping", Some(self.shipping))?, charge("fee", self.fee)?);
        Ok(Start {
            subscription_id: self.subscription_id.map(|id| field("subscription_id", id.parse())).transpose()?,
            member_id: field("member_id", self.member_id.parse())?,
            basket: field("lines", Basket::new(lines, shipping, fee))?,
            payment_method: match self.payment_method {
                Method::Card => PaymentMethod::Card,
                Method::External(name) => PaymentMethod::External { name },
            },
            cycle: field("cycle", self.cycle.parse())?,
            first_delivery: self.first_delivery,
        })
    }
}

/// `POST /v1/subscriptions`: 201 when new, 200 when it was started before with the same content.
pub(super) async fn start(
    State(app): State<Arc<App>>,
    body: Result<Json<Request>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Json(body) = body?;
    let start = body.read()?;
    let because = app.gateway.because(ACTOR, "a billing service started the subscription");
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

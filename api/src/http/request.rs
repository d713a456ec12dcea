//! Parts of requests that several addresses take.

use super::problem::Problem;
use serde::Deserialize;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::money::Yen;
use teiki_domain::payment_method::PaymentMethod;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestLine {
    product: String,
    name: String,
    unit_price: i64,
    quantity: u32,
    tax_percent: u8,
}

/// An amount in yen, or `"to_be_quoted"` (C4, R5-3).
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Amount {
    Yen(i64),
    Word(Quoted),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Quoted {
    ToBeQuoted,
}

/// `"card"`, or `{"external": "代金引換"}`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Method {
    Card,
    External(String),
}

impl From<Method> for PaymentMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Card => PaymentMethod::Card,
            Method::External(name) => PaymentMethod::External { name },
        }
    }
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

/// A value of the domain, or the field that keeps it from being one.
pub(super) fn field<T, E: std::fmt::Display>(name: &str, result: Result<T, E>) -> Result<T, Problem> {
    result.map_err(|error| Problem::validation(name, error.to_string()))
}

/// What is bought, from its parts.
pub(super) fn basket(lines: Vec<RequestLine>, shipping: Amount, fee: Option<Amount>) -> Result<Basket, Problem> {
    let lines = lines.into_iter().enumerate().map(|(i, line)| {
        let unit_price = field(&format!("lines[{i}].unit_price"), Yen::new(line.unit_price))?;
        let RequestLine { product, name, quantity, tax_percent, .. } = line;
        Ok(Line { product, name, unit_price, quantity, tax_percent })
    });
    let lines = lines.collect::<Result<Vec<_>, Problem>>()?;
    let (shipping, fee) = (charge("shipping", Some(shipping))?, charge("fee", fee)?);
    field("lines", Basket::new(lines, shipping, fee))
}

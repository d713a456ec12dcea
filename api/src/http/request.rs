//! Parts of requests that several addresses take.

use super::problem::Problem;
use chrono::NaiveDate;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::money::Yen;
use teiki_domain::payment_method::PaymentMethod;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// One product of a basket.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Line)]
pub(super) struct RequestLine {
    /// The shop's product code.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "C-1")]
    product: String,
    /// Name as the buyer reads it.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "クッキーの定期便")]
    name: String,
    /// Price of one piece in yen, tax included.
    #[schema(minimum = 0, maximum = 9_999_999, example = 1980)]
    unit_price: i64,
    /// Pieces.
    #[schema(minimum = 1, maximum = 9999, example = 2)]
    quantity: u32,
    /// Consumption tax contained in the price, in percent: 0, 8 or 10.
    #[schema(schema_with = tax_percent)]
    tax_percent: u8,
}

/// The tax rates there are.
pub(super) fn tax_percent() -> RefOr<Schema> {
    let rates = [0, 8, 10].map(serde_json::Value::from);
    ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(rates)).examples([8]).into()
}

/// An amount in yen, or `"to_be_quoted"` (C4, R5-3).
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Amount {
    Yen(i64),
    Word(Quoted),
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let yen = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(9_999_999));
        let quoted = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["to_be_quoted"]));
        let description = "Yen, tax included; or `to_be_quoted` (別途連絡), with which a card cannot pay.";
        OneOfBuilder::new().item(yen).item(quoted).description(Some(description)).examples([660]).into()
    }
}

impl ToSchema for Amount {}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Quoted {
    ToBeQuoted,
}

/// `"card"`, or `{"external": "代金引換"}`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Method {
    Card,
    External(String),
}

impl PartialSchema for Method {
    fn schema() -> RefOr<Schema> {
        let card = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["card"]));
        let name = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(60))
            .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]+$"));
        let external = ObjectBuilder::new()
            .property("external", name)
            .required("external")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        let description = "`card`, or the name of a method that is settled outside, such as cash on delivery.";
        let examples = [serde_json::json!("card"), serde_json::json!({"external": "代金引換"})];
        OneOfBuilder::new().item(card).item(external).description(Some(description)).examples(examples).into()
    }
}

impl ToSchema for Method {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PaymentMethod")
    }
}

impl Method {
    /// The method, or why its name cannot be one.
    pub(super) fn read(self, name: &str) -> Result<PaymentMethod, Problem> {
        let method: PaymentMethod = self.into();
        match &method {
            PaymentMethod::External { name: text }
                if !(1..=60).contains(&text.chars().count()) || text.chars().any(char::is_control) =>
            {
                Err(Problem::validation(name, "1 to 60 characters without control characters"))
            }
            _ => Ok(method),
        }
    }
}

impl From<PaymentMethod> for Method {
    fn from(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::Card => Method::Card,
            PaymentMethod::External { name } => Method::External(name),
        }
    }
}

impl From<Method> for PaymentMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Card => PaymentMethod::Card,
            Method::External(name) => PaymentMethod::External { name },
        }
    }
}

impl From<Line> for RequestLine {
    fn from(line: Line) -> Self {
        let Line { product, name, unit_price, quantity, tax_percent } = line;
        Self { product, name, unit_price: unit_price.get(), quantity, tax_percent }
    }
}

impl From<Charge> for Amount {
    fn from(charge: Charge) -> Self {
        match charge {
            Charge::Fixed(yen) => Amount::Yen(yen.get()),
            Charge::ToBeQuoted => Amount::Word(Quoted::ToBeQuoted),
        }
    }
}

/// A civil date, `YYYY-MM-DD` and nothing else.
pub(super) fn civil_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = <Cow<'_, str>>::deserialize(deserializer)?;
    super::query::date("", &text).map_err(|_| D::Error::custom("a date is written as YYYY-MM-DD"))
}

/// As [`civil_date`], or null.
pub(super) fn civil_date_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    #[derive(Deserialize)]
    struct Date(#[serde(deserialize_with = "civil_date")] NaiveDate);
    Ok(Option::<Date>::deserialize(deserializer)?.map(|Date(date)| date))
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

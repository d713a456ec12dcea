//! Parts of the description that several addresses share: ids, paths, names of states.

use serde_json::Value;
use teiki_domain::mail::{MailKind, Status as MailStatus};
use teiki_domain::order::Payment;
use teiki_domain::shop_settings::{AttemptControl, Missing, WaybillCarrier};
use utoipa::IntoParams;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

fn names(names: &[&str]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names.iter().copied().map(Value::from)))
}

/// Payment status (O4), by its stable name.
pub(super) fn payment_status() -> RefOr<Schema> {
    names(&Payment::CODES).into()
}

/// Sale mode (S4).
pub(super) fn sale_mode() -> RefOr<Schema> {
    names(&["authorize_only", "authorize_and_capture"]).into()
}

/// Why an authorisation was tried.
pub(super) fn cause() -> RefOr<Schema> {
    names(&["generation", "operator", "ladder", "card_changed", "amount_update"]).into()
}

/// Parcel carrier (O14).
pub(super) fn waybill_carrier() -> RefOr<Schema> {
    names(&WaybillCarrier::ALL.map(WaybillCarrier::as_str)).into()
}

/// As [`waybill_carrier`], or null until one is chosen.
pub(super) fn waybill_carrier_or_null() -> RefOr<Schema> {
    let mut values: Vec<Value> = WaybillCarrier::ALL.map(WaybillCarrier::as_str).map(Value::from).to_vec();
    values.push(Value::Null);
    let types = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(types).enum_values(Some(values)).into()
}

/// What becomes of attempts of 3-D Secure (S6).
pub(super) fn attempt_control() -> RefOr<Schema> {
    names(&AttemptControl::ALL.map(AttemptControl::as_str)).into()
}

/// What can be missing before a shop may sell subscriptions (S1).
pub(super) fn missing() -> RefOr<Schema> {
    names(&Missing::ALL.map(Missing::as_str)).into()
}

/// Which list an order is in (O11).
pub(super) fn order_list() -> RefOr<Schema> {
    names(&super::orders::LISTS).into()
}

/// Where a subscription stands.
pub(super) fn subscription_status() -> RefOr<Schema> {
    names(&["running", "paused", "ended"]).into()
}

/// The form of a report.
pub(super) fn report_format() -> RefOr<Schema> {
    names(&["json", "csv", "parquet"]).into()
}

/// The encoding of a report as CSV.
pub(super) fn csv_encoding() -> RefOr<Schema> {
    names(&["utf-8", "windows-31j"]).into()
}

/// A report, by its name.
pub(super) fn report_name() -> RefOr<Schema> {
    let known: Vec<_> = teiki_projections::reports::listed().iter().map(|report| report.name).collect();
    names(&known).into()
}

/// How a subscription is paid, whatever the name.
pub(super) fn method_kind() -> RefOr<Schema> {
    names(&["card", "external"]).into()
}

/// What is done about the payment of an order that comes up.
pub(super) fn expected() -> RefOr<Schema> {
    names(&["authorize", "not_executed", "external"]).into()
}

/// Why the payment of an order that comes up will likely not succeed.
pub(super) fn likely_failure() -> RefOr<Schema> {
    names(&[
        "authorize_at_generation_off",
        "goods_amount_out_of_range",
        "amount_to_be_quoted",
        "outside_contract_period",
        "no_stored_card",
        "nothing_to_pay",
        "card_expired",
        "previous_order_failed",
    ])
    .into()
}

/// A kind of document (O13).
pub(super) fn document_kind() -> RefOr<Schema> {
    names(&teiki_domain::order::DocumentKind::ALL.map(teiki_domain::order::DocumentKind::code)).into()
}

/// Whether a product is on sale (S2).
pub(super) fn product_status() -> RefOr<Schema> {
    names(&["on_sale", "withdrawn"]).into()
}

/// What a mail is for (K1-K5, O15).
pub(super) fn mail_kind() -> RefOr<Schema> {
    names(&MailKind::ALL.map(MailKind::as_str)).into()
}

/// Where a mail stands.
pub(super) fn mail_status() -> RefOr<Schema> {
    names(&MailStatus::ALL.map(MailStatus::as_str)).into()
}

/// How a card stands on a day (K).
pub(super) fn standing() -> RefOr<Schema> {
    names(&["valid", "close", "expired"]).into()
}

/// A delivery cycle (R3), in the form `teiki schedule` takes too.
pub(super) fn cycle() -> RefOr<Schema> {
    let days = "days:([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])";
    let weekday = "(mon|tue|wed|thu|fri|sat|sun)";
    let weeks = format!("weeks:([1-9]|[1-4][0-9]|5[0-2]):{weekday}");
    let day = "([1-9]|[12][0-9]|3[01])";
    let months = format!("months:([1-9]|1[0-9]|2[0-4]):({day}|(1st|2nd|3rd|4th|last)-{weekday})");
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^({days}|{weeks}|{months})$")))
        .description(Some("`days:N`, `weeks:N:fri`, `months:N:31`, `months:N:2nd-tue` or `months:N:last-fri`."))
        .examples(["months:1:31"])
        .into()
}

/// An order in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct OrderPath {
    /// Order number.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}-[0-9]{8}$", example = "02396-D0001-20260401")]
    id: String,
}

/// What an event can be about: what the feed calls it.
pub(crate) fn event_nouns() -> RefOr<Schema> {
    names(&crate::feed::nouns().collect::<Vec<_>>()).into()
}

/// A mail in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct MailPath {
    /// Mail id.
    #[param(pattern = "^[0-9]{5}-[0-9a-f]{32}$", example = "02396-8f8eb0bdf04d59c1a566029f8f182792")]
    id: String,
}

/// A document of an order in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct DocumentPath {
    /// Order number.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}-[0-9]{8}$", example = "02396-D0001-20260401")]
    id: String,
    /// Number of the document.
    #[param(
        pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}-[0-9]{8}-[SDIR][1-9][0-9]{0,8}$",
        example = "02396-D0001-20260401-R1"
    )]
    number: String,
}

/// A payment of an order in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct SurplusPath {
    /// Order number.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}-[0-9]{8}$", example = "02396-D0001-20260401")]
    id: String,
    /// Paygent's id of the payment.
    #[param(pattern = "^[0-9]{1,18}$", example = "5000000001")]
    payment_id: String,
}

/// A subscription in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct SubscriptionPath {
    /// Subscription number.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$", example = "02396-D0001")]
    id: String,
}

/// A member in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct MemberPath {
    /// Member id.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$", example = "02396-M0001")]
    id: String,
}

/// A shop in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct ShopPath {
    /// The shop's five digits.
    #[param(pattern = "^[0-9]{5}$", example = "02396")]
    id: String,
}

/// A product in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct ProductPath {
    /// Shop and code.
    #[param(pattern = "^[0-9]{5}-[A-Za-z0-9_-]{1,40}$", example = "02396-C-1")]
    id: String,
}

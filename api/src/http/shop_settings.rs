//! Changing a shop's settings. Setting what is already set is already done and leaves no trace in the history.

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::request::{Method, civil_date_or_null, field};
use super::shops::{Id, ShopView, change, shop};
use crate::app::App;
use crate::shops::secret_context;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use chrono::NaiveDate;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::ids::ShopId;
use teiki_domain::money::Yen;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::sealed::Sealed;
use teiki_domain::shop_settings::{Connection, ShopSettings, ShopSettingsCommand as Command};
use teiki_infrastructure::redacted::Redacted;
use teiki_projections::shop_list;
use utoipa::ToSchema;

/// Longest secret in characters.
const SECRET_MAX: usize = 64;
/// Most payment methods of a shop.
const METHODS_MAX: usize = 20;

/// Addresses that change one setting each: name, address, name of the operation, body; which field a refusal is about
/// unless it says so itself; how the body becomes the command.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident($path:tt, $operation:tt, $body:ident) about $field:tt $read:pat => $command:expr;)+) => {$(
        $(#[$doc])*
        #[utoipa::path(put, path = $path, operation_id = $operation, tag = "shops",
            params($crate::http::schema::ShopPath), request_body = $body,
            responses((status = 200, body = $crate::http::shops::ShopView)))]
        pub(in crate::http) async fn $name(
            axum::extract::State(app): axum::extract::State<std::sync::Arc<$crate::app::App>>,
            caller: $crate::http::caller::Caller,
            id: $crate::http::shops::Id,
            body: Result<axum::Json<$body>, axum::extract::rejection::JsonRejection>,
        ) -> Result<axum::Json<$crate::http::shops::ShopView>, $crate::http::Problem> {
            let axum::Json($read) = body?;
            $crate::http::shops::change(&app, &caller, $crate::http::shops::shop(&id)?, $command, $field).await
        }
    )+};
}
pub(super) use settings;

type Body<T> = Result<Json<T>, JsonRejection>;
type Answer = Result<Json<ShopView>, Problem>;

/// Connection settings (S3 ①-④). The secrets are written only, never shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewConnection)]
pub(super) struct NewConnection {
    /// ① Merchant ID.
    #[schema(pattern = "^[0-9]{1,9}$", example = "12345")]
    merchant_id: String,
    /// ② Connect ID.
    #[schema(pattern = "^[A-Za-z0-9]{1,32}$", example = "connect01")]
    connect_id: String,
    /// ③ Connect password.
    #[schema(value_type = String, write_only, pattern = "^[!-~]{1,64}$")]
    connect_password: Redacted<String>,
    /// ④ Token generation key.
    #[schema(value_type = String, write_only, pattern = "^[!-~]{1,64}$")]
    token_key: Redacted<String>,
}

/// `PUT /v1/shops/{id}/connection`: the connection to Paygent (S3).
#[utoipa::path(put, path = "/v1/shops/{id}/connection", operation_id = "change_connection", tag = "shops",
    params(super::schema::ShopPath), request_body = NewConnection, responses((status = 200, body = ShopView)))]
pub(super) async fn connection(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Body<NewConnection>,
) -> Answer {
    let Json(body) = body?;
    let shop = shop(&id)?;
    let kept = app.gateway.load::<ShopSettings>(&shop.to_string()).await.map_err(|error| unavailable(&error))?;
    let kept = kept.aggregate.details().and_then(|details| details.connection.clone());
    if kept.as_ref().is_none_or(|(merchant, ..)| *merchant != body.merchant_id) {
        let known = may_be(&app, shop, &body.merchant_id, &body.connect_password).await?;
        if !known {
            let text = "it is not the connect password of this merchant";
            return Err(Problem::validation("connect_password", text));
        }
    }
    let (password, key) = kept.map(|(_, _, password, key)| (password, key)).unzip();
    let connection = Connection {
        merchant_id: body.merchant_id,
        connect_id: body.connect_id,
        connect_password: seal(&app, shop, "connect_password", &body.connect_password, password)?,
        token_key: seal(&app, shop, "token_key", &body.token_key, key)?,
    };
    change(&app, &caller, shop, Command::ChangeConnection(connection), "merchant_id").await
}

/// Whether a shop may be this merchant: not where another shop of this store is, unless its password is known, since
/// Paygent's notices to a merchant are all its shops'.
pub(crate) async fn may_be(
    app: &App,
    shop: ShopId,
    merchant_id: &str,
    password_given: &Redacted<String>,
) -> Result<bool, Problem> {
    let (mut taken, mut known) = (false, false);
    for row in shop_list::all(&app.storage).await? {
        let other: ShopId = super::query::parse("id", &row.shop_id)?;
        let settings = app.shops.get(other).await?.settings;
        if let Some((merchant, _, password, _)) = settings.connection.as_ref().filter(|_| other != shop)
            && merchant == merchant_id
        {
            let context = secret_context(other, "connect_password");
            let password = app.keys.open_secret(&context, password)?;
            (taken, known) = (true, known || *password == *password_given.expose());
        }
    }
    Ok(!taken || known)
}

/// A secret, encrypted; the envelope that is kept when it holds the same, since another one would be a change.
pub(crate) fn seal(
    app: &App,
    shop: ShopId,
    name: &str,
    secret: &Redacted<String>,
    kept: Option<Sealed>,
) -> Result<Sealed, Problem> {
    let text = secret.expose();
    if !(1..=SECRET_MAX).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Problem::validation(name, "1 to 64 letters, digits or signs"));
    }
    let context = secret_context(shop, name);
    if let Some(kept) = kept
        && let Ok(open) = app.keys.open_secret(&context, &kept)
        && *open == *text
    {
        return Ok(kept);
    }
    Ok(app.keys.seal_secret(&context, text)?)
}

/// Simultaneous-sale flag (S4).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSaleMode {
    #[schema(schema_with = super::schema::sale_mode)]
    sale_mode: SaleMode,
}

settings! {
    /// `PUT /v1/shops/{id}/sale-mode`: whether orders are captured together with their authorisation, from the next
    /// generated order on (S4).
    sale_mode("/v1/shops/{id}/sale-mode", "change_sale_mode", NewSaleMode) about "sale_mode"
        NewSaleMode { sale_mode } => Command::ChangeSaleMode(sale_mode);
}

/// Instalments of one-off purchases (S5).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInstalments {
    allowed: bool,
    /// Shown beside the field.
    #[serde(default)]
    #[schema(max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "3回払いまで")]
    note: String,
}

settings! {
    /// `PUT /v1/shops/{id}/instalments`: whether one-off purchases may be paid in instalments (S5).
    instalments("/v1/shops/{id}/instalments", "change_instalments", NewInstalments) about "note"
        NewInstalments { allowed, note } => Command::ChangeInstalments { allowed, note };
}

/// Applicability condition (S9), both bounds inclusive; left out or null: no bound.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApplicability {
    /// Smallest goods amount in yen.
    #[schema(minimum = 0, maximum = 999_999_999_999i64, example = 1000)]
    min: Option<i64>,
    /// Largest goods amount in yen.
    #[schema(minimum = 0, maximum = 999_999_999_999i64, example = 30000)]
    max: Option<i64>,
}

settings! {
    /// `PUT /v1/shops/{id}/applicability`: the goods amounts for which a card is charged (S9).
    applicability("/v1/shops/{id}/applicability", "change_applicability", NewApplicability) about "min"
        NewApplicability { min, max } => {
            let min = min.map(|yen| field("min", Yen::new(yen))).transpose()?;
            let max = max.map(|yen| field("max", Yen::new(yen))).transpose()?;
            Command::ChangeApplicability { min, max }
        };
}

/// A switch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    enabled: bool,
}

settings! {
    /// `PUT /v1/shops/{id}/use-for-subscriptions`: whether cards are offered for subscriptions (S12).
    use_for_subscriptions("/v1/shops/{id}/use-for-subscriptions", "change_use_for_subscriptions", Switch)
        about "enabled"
        Switch { enabled } => Command::ChangeUseForSubscriptions(enabled);
}

settings! {
    /// `PUT /v1/shops/{id}/authorize-at-generation`: whether renewals are authorised when the order is generated (S13).
    authorize_at_generation("/v1/shops/{id}/authorize-at-generation", "change_authorize_at_generation", Switch)
        about "enabled"
        Switch { enabled } => Command::ChangeAuthorizeAtGeneration(enabled);
}

/// Payment methods for subscriptions (S14).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMethods {
    #[schema(max_items = 20)]
    payment_methods: Vec<Method>,
}

settings! {
    /// `PUT /v1/shops/{id}/payment-methods`: the methods that subscriptions may use (S14).
    payment_methods("/v1/shops/{id}/payment-methods", "change_payment_methods", NewMethods) about "payment_methods"
        NewMethods { payment_methods } => {
            if payment_methods.len() > METHODS_MAX {
                return Err(Problem::validation("payment_methods", format!("at most {METHODS_MAX}")));
            }
            let methods = payment_methods.into_iter().enumerate();
            let methods = methods.map(|(i, method)| method.read(&format!("payment_methods[{i}]")));
            let methods = methods.collect::<Result<Vec<_>, Problem>>()?;
            Command::ChangePaymentMethods(methods)
        };
}

/// Card-expiry mails (S15).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMails {
    /// Whether they are sent by themselves.
    automatic: bool,
}

settings! {
    /// `PUT /v1/shops/{id}/card-expiry-mails`: whether mails about cards that end are sent by themselves (S15).
    card_expiry_mails("/v1/shops/{id}/card-expiry-mails", "change_card_expiry_mails", NewMails) about "automatic"
        NewMails { automatic } => Command::ChangeCardExpiryMails(automatic);
}

/// Order-generation lead time (S16).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLeadTime {
    /// Days between the generation of an order and its delivery.
    #[schema(minimum = 0, maximum = 90, example = 5)]
    days: u16,
}

settings! {
    /// `PUT /v1/shops/{id}/lead-time`: how many days before its delivery an order is generated, for dates scheduled from
    /// now on (S16).
    lead_time("/v1/shops/{id}/lead-time", "change_lead_time", NewLeadTime) about "days"
        NewLeadTime { days } => Command::ChangeLeadTime(days);
}

/// Contract with Paygent (S17), both days inclusive; left out or null: open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewContractPeriod {
    /// First day.
    #[serde(default, deserialize_with = "civil_date_or_null")]
    start: Option<NaiveDate>,
    /// Last day.
    #[serde(default, deserialize_with = "civil_date_or_null")]
    end: Option<NaiveDate>,
}

settings! {
    /// `PUT /v1/shops/{id}/contract-period`: outside it nothing is authorised (S17).
    contract_period("/v1/shops/{id}/contract-period", "change_contract_period", NewContractPeriod) about "start"
        NewContractPeriod { start, end } => Command::ChangeContractPeriod { start, end };
}

/// When failed authorisations are tried again by themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRetryPolicy)]
pub(super) struct Retries {
    /// Days after the first attempt, each larger than the one before; empty: never.
    #[schema(schema_with = ladder)]
    ladder: Vec<u16>,
    /// Whether a changed card makes one attempt at once.
    on_card_change: bool,
}

fn ladder() -> utoipa::openapi::Array {
    use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Type};
    let days = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(60));
    ArrayBuilder::new().items(days).max_items(Some(10)).examples([serde_json::json!([1, 3, 7])]).build()
}

settings! {
    /// `PUT /v1/shops/{id}/retry-policy`: when failed authorisations are tried again by themselves.
    retry_policy("/v1/shops/{id}/retry-policy", "change_retry_policy", Retries) about "ladder"
        Retries { ladder, on_card_change } => {
            let policy = RetryPolicy { ladder, on_card_change };
            Command::ChangeRetryPolicy(policy)
        };
}

/// For how many days an authorisation is used.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAuthorizationValidity)]
pub(super) struct Validity {
    /// Days after the authorisation on which it can still be captured.
    #[schema(minimum = 1, maximum = 60, example = 60)]
    days: u16,
    /// Days before the last one from which people are warned; at most `days`.
    #[schema(minimum = 0, maximum = 60, example = 7)]
    warn_days: u16,
}

settings! {
    /// `PUT /v1/shops/{id}/authorization-validity`: for how many days an authorisation is used.
    validity("/v1/shops/{id}/authorization-validity", "change_authorization_validity", Validity) about "days"
        Validity { days, warn_days } => Command::ChangeAuthorizationValidity { days, warn_days };
}

/// The key Paygent signs its notices with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNoticeKey)]
pub(super) struct NoticeKey {
    /// As agreed with Paygent; null: notices are fetched, not received.
    #[schema(value_type = Option<String>, write_only, pattern = "^[!-~]{1,64}$")]
    notice_key: Option<Redacted<String>>,
}

/// `PUT /v1/shops/{id}/notice-key`: the key Paygent signs its notices with. Write-only, like every secret (S3).
#[utoipa::path(put, path = "/v1/shops/{id}/notice-key", operation_id = "change_notice_key", tag = "shops",
    params(super::schema::ShopPath), request_body = NoticeKey, responses((status = 200, body = ShopView)))]
pub(super) async fn notice_key(State(app): State<Arc<App>>, caller: Caller, id: Id, body: Body<NoticeKey>) -> Answer {
    let Json(NoticeKey { notice_key }) = body?;
    let shop = shop(&id)?;
    let kept = app.gateway.load::<ShopSettings>(&shop.to_string()).await.map_err(|error| unavailable(&error))?;
    let kept = kept.aggregate.details().and_then(|details| details.notice_key.clone());
    let sealed = notice_key.map(|key| seal(&app, shop, "notice_key", &key, kept)).transpose()?;
    change(&app, &caller, shop, Command::ChangeNoticeKey(sealed), "notice_key").await
}

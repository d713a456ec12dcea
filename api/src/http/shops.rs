//! A shop and its settings, read and changed as a whole family: one address a setting (S1, S3-S18).

use super::as_of::Then;
use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::query::{NoParams, Params};
use super::request::Method;
use super::shop_profile::About;
use crate::app::App;
use crate::as_of;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::Serialize;
use std::sync::Arc;
use teiki_domain::ids::ShopId;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::{Details, Missing, ShopSettings, ShopSettingsCommand as Command};
use utoipa::ToSchema;

pub(super) type Id = Result<Path<String>, PathRejection>;

/// A shop and its settings in force. Secrets are never shown, only whether they are set.
#[derive(Serialize, ToSchema)]
#[schema(as = Shop)]
pub(crate) struct ShopView {
    /// Its five digits.
    #[schema(example = "02396")]
    shop_id: String,
    /// Its name as buyers read it.
    name: String,
    /// S3: connection to Paygent; null until entered.
    connection: Option<ConnectionView>,
    /// S4: from the next generated order on.
    #[schema(schema_with = super::schema::sale_mode)]
    sale_mode: SaleMode,
    /// S5: instalments of one-off purchases.
    instalments: Instalments,
    /// S9: goods amounts for which a card is charged.
    applicability: Applicability,
    /// S12: whether cards are offered for subscriptions.
    use_for_subscriptions: bool,
    /// S13: whether renewals are authorised when the order is generated.
    authorize_at_generation: bool,
    /// S14: payment methods that subscriptions may use.
    payment_methods: Vec<Method>,
    /// S15: whether mails about cards that end are sent by themselves.
    card_expiry_mails: bool,
    /// S16: days between the generation of an order and its delivery.
    lead_days: u16,
    /// S17: contract with Paygent.
    contract_period: ContractPeriod,
    /// For how many days an authorisation is used.
    authorization_validity: AuthorizationValidity,
    /// When failed authorisations are tried again by themselves.
    retry_policy: RetryPolicyView,
    /// Whether the key is set that Paygent signs its notices with.
    has_notice_key: bool,
    #[serde(flatten)]
    about: About,
}

/// S3 without its secrets.
#[derive(Serialize, ToSchema)]
pub(super) struct ConnectionView {
    merchant_id: String,
    connect_id: String,
    has_connect_password: bool,
    has_token_key: bool,
}

/// S5.
#[derive(Serialize, ToSchema)]
pub(super) struct Instalments {
    allowed: bool,
    /// Shown beside the field.
    note: String,
}

/// S9, both bounds inclusive.
#[derive(Serialize, ToSchema)]
pub(super) struct Applicability {
    /// Smallest goods amount in yen; null: no bound.
    min: Option<i64>,
    /// Largest goods amount in yen; null: no bound.
    max: Option<i64>,
}

/// S17, both days inclusive.
#[derive(Serialize, ToSchema)]
pub(super) struct ContractPeriod {
    /// First day; null: open.
    start: Option<NaiveDate>,
    /// Last day; null: open.
    end: Option<NaiveDate>,
}

/// Validity of authorisations.
#[derive(Serialize, ToSchema)]
pub(super) struct AuthorizationValidity {
    days: u16,
    warn_days: u16,
}

/// Retries of failed authorisations.
#[derive(Serialize, ToSchema)]
pub(super) struct RetryPolicyView {
    /// Days after the first attempt on which it is tried again; empty: never.
    ladder: Vec<u16>,
    /// Whether a changed card makes one attempt at once.
    on_card_change: bool,
}

impl From<&Details> for ShopView {
    fn from(settings: &Details) -> Self {
        let connection = settings.connection.as_ref().map(|(merchant_id, connect_id, ..)| ConnectionView {
            merchant_id: merchant_id.clone(),
            connect_id: connect_id.clone(),
            has_connect_password: true,
            has_token_key: true,
        });
        let (allowed, note) = settings.instalments.clone();
        let retry_policy = settings.retry_policy.clone();
        Self {
            shop_id: settings.shop_id.to_string(),
            name: settings.name.clone(),
            connection,
            sale_mode: settings.sale_mode,
            instalments: Instalments { allowed, note },
            applicability: Applicability {
                min: settings.goods_min.map(|yen| yen.get()),
                max: settings.goods_max.map(|yen| yen.get()),
            },
            use_for_subscriptions: settings.use_for_subscriptions,
            authorize_at_generation: settings.authorize_at_generation,
            payment_methods: settings.methods.iter().cloned().map(Method::from).collect(),
            card_expiry_mails: settings.card_expiry_mails,
            lead_days: settings.lead_days,
            contract_period: ContractPeriod { start: settings.contract_start, end: settings.contract_end },
            authorization_validity: AuthorizationValidity {
                days: settings.validity_days,
                warn_days: settings.validity_warn_days,
            },
            retry_policy: RetryPolicyView { ladder: retry_policy.ladder, on_card_change: retry_policy.on_card_change },
            has_notice_key: settings.notice_key.is_some(),
            about: settings.into(),
        }
    }
}

/// `GET /v1/shops/{id}`: the shop and its settings in force, now or then.
#[utoipa::path(get, path = "/v1/shops/{id}", operation_id = "get_shop", tag = "shops",
    params(super::schema::ShopPath, Then), responses((status = 200, body = ShopView)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    Params(then): Params<Then>,
) -> Result<Json<ShopView>, Problem> {
    let shop = shop(&id)?;
    caller.owns(shop)?;
    if let Some(then) = super::as_of::moment(&app, then.as_of.as_deref()).await? {
        return match as_of::shop(&app, shop, then).await? {
            Some(settings) => Ok(Json((&settings).into())),
            None => Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There was no such shop yet")),
        };
    }
    let loaded = app.gateway.load::<ShopSettings>(&shop.to_string()).await.map_err(|error| unavailable(&error))?;
    match loaded.aggregate.details() {
        Some(settings) => Ok(Json(settings.into())),
        None => Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such shop")),
    }
}

/// One thing that is missing before the shop may sell subscriptions.
#[derive(Serialize, ToSchema)]
#[schema(as = Missing)]
pub(super) struct MissingView {
    /// Its stable name.
    #[schema(schema_with = super::schema::missing)]
    item: &'static str,
    /// What is missing and what to do.
    sentence: &'static str,
}

/// Whether a shop may sell subscriptions (S1).
#[derive(Serialize, ToSchema)]
#[schema(as = ShopReadiness)]
pub(super) struct Readiness {
    /// Whether subscriptions can be started.
    ready: bool,
    /// What is missing; empty when it is ready.
    missing: Vec<MissingView>,
}

/// `GET /v1/shops/{id}/readiness`: what is missing before the shop may sell subscriptions (S1).
#[utoipa::path(get, path = "/v1/shops/{id}/readiness", operation_id = "get_shop_readiness", tag = "shops",
    params(super::schema::ShopPath), responses((status = 200, body = Readiness)))]
pub(super) async fn readiness(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<Readiness>, Problem> {
    let shop = shop(&id)?;
    caller.owns(shop)?;
    let missing = app.shops.missing(shop).await?;
    let view = |item: &Missing| MissingView { item: item.as_str(), sentence: item.sentence() };
    Ok(Json(Readiness { ready: missing.is_empty(), missing: missing.iter().map(view).collect() }))
}

pub(super) fn shop(id: &Id) -> Result<ShopId, Problem> {
    match id {
        Ok(Path(id)) => super::query::parse("id", id),
        Err(_) => Err(Problem::validation("id", "it is a shop's five digits")),
    }
}

/// Changes one setting; `field` is what a refusal is about.
pub(super) async fn change(
    app: &App,
    caller: &Caller,
    shop: ShopId,
    command: Command,
    field: &str,
) -> Result<Json<ShopView>, Problem> {
    caller.owns(shop)?;
    let because = caller.because(app, "a billing service changed the shop's settings");
    let done = app.gateway.execute::<ShopSettings>(&shop.to_string(), &because, command).await;
    app.shops.forget(shop);
    let done = done.map_err(|error| super::problem::settings(error, field))?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    let Some(settings) = done.aggregate.details() else { return Err(super::problem::internal()) };
    Ok(Json(settings.into()))
}

//! Webhooks of the caller's shop.

use super::caller::Caller;
use super::problem::{Problem, not_found, unavailable};
use super::query::{NoParams, Params, parse};
use crate::app::App;
use crate::feed::without_person;
use crate::webhooks::{self, OVERLAP_HOURS, Registration, WebhooksError};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::redacted::Redacted;
use teiki_infrastructure::webhooks::deliveries::{self, DEAD, DELIVERED, Delivery, PENDING};
use teiki_infrastructure::webhooks::endpoints::{self, Endpoint};
use utoipa::{IntoParams, ToSchema};

/// Deliveries of a page when nothing is said.
const LIMIT: i64 = 50;
/// Most deliveries of a page.
const LIMIT_MAX: i64 = 500;

type Id = Result<Path<String>, PathRejection>;

impl From<WebhooksError> for Problem {
    fn from(error: WebhooksError) -> Self {
        use WebhooksError as E;
        let conflict = |code: &str, error: WebhooksError| {
            Problem::new(StatusCode::CONFLICT, code, "The webhook is not in a state for this").detail(error.to_string())
        };
        match error {
            E::Address(_) => Problem::validation("url", error.to_string()),
            E::Types(_) | E::OfWebhooks => Problem::validation("types", error.to_string()),
            E::Command(error) => super::problem::webhook(error),
            E::Description => Problem::validation("description", error.to_string()),
            E::Overlap => Problem::validation("overlap_hours", error.to_string()),
            E::NoEndpoint(_) | E::NoDelivery(_) => not_found(error.to_string()),
            E::TooMany | E::TooManySecrets => conflict("too_many", error),
            E::Contended => conflict("contended", error).retryable(),
            E::Disabled(_) => conflict("disabled", error),
            E::Key(error) => error.into(),
            E::Store(_) | E::Log(_) | E::Secret(_) | E::Serial(_) | E::History(_) | E::Sequencer(_) | E::Id(_) => {
                unavailable(&error)
            }
        }
    }
}

/// An address to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
pub(super) struct New {
    /// Where to: HTTPS, to a public address.
    #[schema(value_type = String, max_length = 2000, pattern = "^https://", example = "https://shop.example/hooks")]
    // It may hold a secret of the receiver, so it is not printed.
    url: Redacted<String>,
    /// Only these types; `order.*` stands for all of an order. All if left out.
    #[serde(default)]
    types: Vec<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
}

/// An address that a shop's events are sent to.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct EndpointView {
    id: String,
    shop_id: String,
    url: String,
    /// Empty: all.
    types: Vec<String>,
    description: String,
    /// Every event up to this position was put in line.
    position: i64,
    /// `active` or `disabled`.
    status: &'static str,
    /// Why nothing is sent there.
    disabled_because: Option<String>,
    /// Since when no delivery was taken, RFC 3339.
    failing_since: Option<String>,
    /// RFC 3339.
    created_at: String,
    /// The person, if there was one, only for keys with the scope `personal_data`.
    created_by: String,
    /// What deliveries are signed with; shown when it is made and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
}

/// The webhooks of a shop.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhooks {
    webhooks: Vec<EndpointView>,
}

/// `POST /v1/webhooks`: registers an address; the answer holds the secret, which is never shown again.
#[utoipa::path(post, path = "/v1/webhooks", operation_id = "create_webhook", tag = "events", request_body = New,
    responses((status = 201, body = EndpointView, description = "Registered; gets every event from now on.")))]
pub(super) async fn register(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<New>, JsonRejection>,
) -> Result<(StatusCode, Json<EndpointView>), Problem> {
    // What is sent there is what the feed shows.
    caller.may(Scope::Reading)?;
    let Json(New { url, types, description }) = body?;
    // Taken here, so that the request carried out again meets the webhook it registered before.
    let id = webhooks::next_id(&app, caller.shop).await?.to_string();
    let new = Registration {
        webhook_id: Some(parse("id", &caller.number(&app, id).await?)?),
        shop: caller.shop,
        url: url.expose().clone(),
        types: types.join(","),
        description,
    };
    let because = caller.because(&app, "a webhook is registered");
    let (endpoint, secret) = webhooks::register(&app, new, &because).await?;
    let secret = Some(secret.expose().to_owned());
    Ok((StatusCode::CREATED, Json(EndpointView { secret, ..shown(&caller, &endpoint) })))
}

/// `GET /v1/webhooks`: all of the shop.
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "events",
    responses((status = 200, body = Webhooks)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<Webhooks>, Problem> {
    let all = endpoints::of_shop(&app.storage, caller.shop).await.map_err(|error| unavailable(&error))?;
    Ok(Json(Webhooks { webhooks: all.iter().map(|endpoint| shown(&caller, endpoint)).collect() }))
}

/// The endpoint of this id, if it is the caller's.
async fn own(app: &App, caller: &Caller, id: Id) -> Result<Endpoint, Problem> {
    let Path(id) = id?;
    own_by(app, caller, &id).await
}

async fn own_by(app: &App, caller: &Caller, id: &str) -> Result<Endpoint, Problem> {
    // A name with control characters was never given, and not every store can be asked for one.
    if id.contains(char::is_control) {
        return Err(not_found("the address names nothing that can exist".to_owned()));
    }
    let endpoint = webhooks::get(app, id).await?;
    caller.owns(parse("id", &endpoint.shop_id)?)?;
    Ok(endpoint)
}

/// `GET /v1/webhooks/{id}`: one address, with why it is disabled if it is.
#[utoipa::path(get, path = "/v1/webhooks/{id}", operation_id = "get_webhook", tag = "events", params(WebhookPath),
    responses((status = 200, body = EndpointView)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<EndpointView>, Problem> {
    Ok(Json(shown(&caller, &own(&app, &caller, id).await?)))
}

/// An address that is no longer sent to.
#[derive(Serialize, ToSchema)]
#[schema(as = RemovedWebhook)]
pub(super) struct Removed {
    id: String,
    removed: bool,
}

/// `DELETE /v1/webhooks/{id}`: nothing is sent there any more, and what waits is forgotten.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", operation_id = "remove_webhook", tag = "events",
    params(WebhookPath), responses((status = 200, body = Removed)))]
pub(super) async fn remove(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Result<Json<Removed>, Problem> {
    let endpoint = own(&app, &caller, id).await?;
    webhooks::remove(&app, &endpoint.endpoint_id, &caller.because(&app, "a webhook is removed")).await?;
    Ok(Json(Removed { id: endpoint.endpoint_id, removed: true }))
}

/// How a secret is replaced.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = RotateSecret)]
pub(super) struct Rotate {
    /// Hours for which earlier secrets sign beside the new one; 24 if left out.
    #[schema(minimum = 0, maximum = 720)]
    overlap_hours: Option<u32>,
}

/// `POST /v1/webhooks/{id}/rotate`: a new secret; earlier ones sign beside it for `overlap_hours`.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate", operation_id = "rotate_webhook_secret", tag = "events",
    params(WebhookPath), request_body = Rotate, responses((status = 200, body = EndpointView)))]
pub(super) async fn rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<Rotate>, JsonRejection>,
) -> Result<Json<EndpointView>, Problem> {
    let Json(Rotate { overlap_hours }) = body?;
    let endpoint = own(&app, &caller, id).await?;
    let hours = overlap_hours.unwrap_or(OVERLAP_HOURS);
    let because = caller.because(&app, "a webhook gets a new secret");
    let secret = webhooks::rotate(&app, &endpoint.endpoint_id, hours, &because).await?;
    let secret = Some(secret.expose().to_owned());
    Ok(Json(EndpointView { secret, ..shown(&caller, &endpoint) }))
}

/// `POST /v1/webhooks/{id}/enable`: sends to a disabled address again, from where it stood.
#[utoipa::path(post, path = "/v1/webhooks/{id}/enable", operation_id = "enable_webhook", tag = "events",
    params(WebhookPath), responses((status = 200, body = EndpointView)))]
pub(super) async fn enable(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Result<Json<EndpointView>, Problem> {
    let endpoint = own(&app, &caller, id).await?;
    let because = caller.because(&app, "a webhook is enabled");
    Ok(Json(shown(&caller, &webhooks::enable(&app, &endpoint.endpoint_id, &because).await?)))
}

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// Only `pending`, `delivered` or `dead` ones.
    #[param(pattern = "^(pending|delivered|dead)$")]
    status: Option<String>,
    /// `next_before` of the page before.
    before: Option<i64>,
    /// Deliveries of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// One event on its way to one address.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryView {
    /// The header `webhook-id`, the same in every try.
    id: String,
    /// The event's position.
    position: i64,
    #[serde(rename = "type")]
    event_type: String,
    /// `pending`, `delivered` or `dead`.
    status: String,
    tries: i64,
    /// RFC 3339.
    next_try: Option<String>,
    /// RFC 3339.
    last_tried_at: Option<String>,
    /// The last HTTP status, if there was an answer.
    response_code: Option<i64>,
    /// What was wrong the last time.
    failure: Option<String>,
    /// RFC 3339.
    created_at: String,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDeliveries)]
pub(super) struct Deliveries {
    deliveries: Vec<DeliveryView>,
    /// Where the next page begins; null on the last page.
    next_before: Option<i64>,
}

/// `GET /v1/webhooks/{id}/deliveries`: what was sent and what waits, newest first.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", operation_id = "list_webhook_deliveries", tag = "events",
    params(WebhookPath, Filters), responses((status = 200, body = Deliveries)))]
pub(super) async fn deliveries(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    Params(filters): Params<Filters>,
) -> Result<Json<Deliveries>, Problem> {
    let endpoint = own(&app, &caller, id).await?;
    let limit = filters.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::validation("limit", format!("it is 1 to {LIMIT_MAX}")));
    }
    let status = filters.status.as_deref();
    if status.is_some_and(|status| ![PENDING, DELIVERED, DEAD].contains(&status)) {
        return Err(Problem::validation("status", "it is pending, delivered or dead"));
    }
    let rows = deliveries::list(&app.storage, &endpoint.endpoint_id, status, filters.before, limit).await;
    let rows = rows.map_err(|error| unavailable(&error))?;
    let full = i64::try_from(rows.len()).unwrap_or(limit) >= limit;
    let next_before = rows.last().filter(|_| full).map(|row| row.position);
    Ok(Json(Deliveries { deliveries: rows.into_iter().map(present_delivery).collect(), next_before }))
}

/// `POST /v1/webhooks/{id}/deliveries/{delivery}/redeliver`: sends it once more under the same `webhook-id`.
#[utoipa::path(post, path = "/v1/webhooks/{id}/deliveries/{delivery}/redeliver", operation_id = "redeliver_webhook",
    tag = "events", params(DeliveryPath),
    responses((status = 202, body = DeliveryView, description = "It is in line again.")))]
pub(super) async fn redeliver(
    State(app): State<Arc<App>>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let Path((id, delivery)) = path?;
    let endpoint = own_by(&app, &caller, &id).await?;
    if delivery.contains(char::is_control) {
        return Err(WebhooksError::NoDelivery(String::new()).into());
    }
    let because = caller.because(&app, "a delivery is repeated");
    let delivery = webhooks::redeliver(&app, &endpoint.endpoint_id, &delivery, &because).await?;
    Ok((StatusCode::ACCEPTED, Json(present_delivery(delivery))))
}

/// A webhook in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct WebhookPath {
    /// The webhook.
    #[param(pattern = "^[0-9]{5}-W[0-9]{8,}$", example = "02396-W00000001")]
    id: String,
}

/// A delivery in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct DeliveryPath {
    /// The webhook.
    #[param(pattern = "^[0-9]{5}-W[0-9]{8,}$", example = "02396-W00000001")]
    id: String,
    /// The delivery, its `webhook-id`.
    #[param(pattern = "^msg_[0-9a-f]{32}$", example = "msg_00000000000050008000000000000000")]
    delivery: String,
}

/// As [`present`], without the person who made it where the key does not see people.
fn shown(caller: &Caller, endpoint: &Endpoint) -> EndpointView {
    let mut view = present(endpoint);
    if !caller.has(Scope::PersonalData) {
        view.created_by = without_person(&view.created_by).to_owned();
    }
    view
}

/// An endpoint as programs and the command line see it, without its secret.
pub(crate) fn present(endpoint: &Endpoint) -> EndpointView {
    let types = endpoint.types.split(',').filter(|part| !part.is_empty()).map(str::to_owned);
    EndpointView {
        id: endpoint.endpoint_id.clone(),
        shop_id: endpoint.shop_id.clone(),
        url: endpoint.url.clone(),
        types: types.collect(),
        description: endpoint.description.clone(),
        position: endpoint.position,
        status: if endpoint.disabled_because.is_some() { "disabled" } else { "active" },
        disabled_because: endpoint.disabled_because.clone(),
        failing_since: endpoint.failing_since.clone(),
        created_at: endpoint.created_at.clone(),
        created_by: endpoint.created_by.clone(),
        secret: None,
    }
}

/// A delivery as programs and the command line see it.
pub(crate) fn present_delivery(delivery: Delivery) -> DeliveryView {
    DeliveryView {
        id: delivery.webhook_id,
        position: delivery.position,
        event_type: delivery.event_type,
        status: delivery.status,
        tries: delivery.tries,
        next_try: delivery.next_try,
        last_tried_at: delivery.last_tried_at,
        response_code: delivery.response_code,
        failure: delivery.failure,
        created_at: delivery.created_at,
    }
}

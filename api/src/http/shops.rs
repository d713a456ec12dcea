//! A shop's settings about payments that no page offers yet.

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use crate::app::App;
use crate::command_gateway::CommandError;
use crate::shops::secret_context;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki_domain::ids::ShopId;
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand as Command, ShopSettingsRefusal};
use teiki_infrastructure::redacted::Redacted;

type Id = Result<Path<String>, PathRejection>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retries {
    ladder: Vec<u16>,
    on_card_change: bool,
}

/// `PUT /v1/shops/{id}/retry-policy`: when failed authorisations are tried again by themselves.
pub(super) async fn retry_policy(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<Retries>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(Retries { ladder, on_card_change }) = body?;
    change(&app, &caller, id, Command::ChangeRetryPolicy(RetryPolicy { ladder, on_card_change }), "ladder").await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Validity {
    days: u16,
    warn_days: u16,
}

/// `PUT /v1/shops/{id}/authorization-validity`: for how many days an authorisation is used.
pub(super) async fn validity(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<Validity>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(Validity { days, warn_days }) = body?;
    change(&app, &caller, id, Command::ChangeAuthorizationValidity { days, warn_days }, "days").await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeKey {
    /// As agreed with Paygent; null: notices are fetched, not received.
    notice_key: Option<Redacted<String>>,
}

/// `PUT /v1/shops/{id}/notice-key`: the key Paygent signs its notices with. Write-only, like every secret (S3).
pub(super) async fn notice_key(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<NoticeKey>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(NoticeKey { notice_key }) = body?;
    let shop = shop(&id)?;
    let sealed = match notice_key {
        None => None,
        Some(key) => {
            let text = key.expose();
            if !(1..=64).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(Problem::validation("notice_key", "1 to 64 letters, digits or signs"));
            }
            let context = secret_context(shop, "notice_key");
            Some(app.keys.seal_secret(&context, text).map_err(|error| unavailable(&error))?)
        }
    };
    change(&app, &caller, id, Command::ChangeNoticeKey(sealed), "notice_key").await
}

fn shop(id: &Id) -> Result<ShopId, Problem> {
    match id {
        Ok(Path(id)) => super::query::parse("id", id),
        Err(_) => Err(Problem::validation("id", "it is a shop's five digits")),
    }
}

async fn change(app: &App, caller: &Caller, id: Id, command: Command, field: &str) -> Result<Json<Value>, Problem> {
    let shop = shop(&id)?;
    let because = caller.because(app, "a billing service changed the shop's settings");
    let done = app.gateway.execute::<ShopSettings>(&shop.to_string(), &because, command).await;
    app.shops.forget(shop);
    let done = done.map_err(|error| match error {
        CommandError::Refused(refusal @ ShopSettingsRefusal::DoesNotExist) => {
            Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such shop").detail(refusal.to_string())
        }
        CommandError::Refused(refusal) => Problem::validation(field, refusal.to_string()),
        error => unavailable(&error),
    })?;
    let Some(settings) = done.aggregate.details() else { return Err(super::problem::internal()) };
    Ok(Json(json!({
        "shop_id": shop,
        "retry_policy": {"ladder": settings.retry_policy.ladder, "on_card_change": settings.retry_policy.on_card_change},
        "authorization_validity": {"days": settings.validity_days, "warn_days": settings.validity_warn_days},
        "has_notice_key": settings.notice_key.is_some(),
    })))
}

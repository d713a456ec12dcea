//! Members and their cards.

use super::caller::Caller;
use super::problem::Problem;
use crate::app::App;
use crate::members::{self, Profile};
use crate::payments::CardRegistration;
use crate::workers::retries;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki_domain::ids::MemberId;
use teiki_infrastructure::redacted::Redacted;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Register {
    member_id: String,
    name: String,
    mail: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    address: String,
}

/// `POST /v1/members`: 201 when new, 200 when already registered.
pub(super) async fn register(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<Register>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Json(body) = body?;
    let member: MemberId = body
        .member_id
        .parse()
        .map_err(|error: teiki_domain::ids::IdError| Problem::validation("member_id", error.to_string()))?;
    caller.owns(member.shop())?;
    app.shops.get(member.shop()).await?;
    let profile = Profile { name: body.name, mail: body.mail, phone: body.phone, address: body.address };
    let because = caller.because(&app, "a billing service registered the member");
    let new = members::register(&app, &member, &profile, &because).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({"member_id": member}))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterCard {
    /// What Paygent's script returned in the buyer's browser (C2).
    token: Redacted<String>,
}

/// `POST /v1/members/{id}/cards`: keeps the card behind a token in Paygent's vault (C8, M1).
pub(super) async fn register_card(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<RegisterCard>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Path(id) = id?;
    let Json(body) = body?;
    let member: MemberId =
        id.parse().map_err(|error: teiki_domain::ids::IdError| Problem::validation("id", error.to_string()))?;
    let token = body.token.expose();
    if !(1..=64).contains(&token.len()) || !token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Err(Problem::validation(
            "token",
            "a token as Paygent's script returns it, 1 to 64 letters, digits, - or _",
        ));
    }
    let because = caller.because(&app, "the member registered a card");
    // A caller that hangs up must not leave the card half registered: the work goes on by itself.
    let (engine, of) = (app.clone(), member.clone());
    let work = app.spawn(async move {
        let kept = engine.payments.register_card(&of, body.token, &because).await;
        if let Ok(CardRegistration::Registered(_)) = &kept {
            // The card is kept whatever comes of this; a crash in between is made up for at the next start.
            if let Err(error) = retries::after_card_change(&engine, &of).await {
                tracing::error!(%error, member = %of, "the attempts after a card change failed; the next start makes them");
            }
        }
        kept
    });
    match work.await.map_err(|_| super::problem::internal())?? {
        CardRegistration::Registered(card) => Ok((
            StatusCode::CREATED,
            Json(json!({"member_id": member, "masked_number": card.masked_number, "expiry": card.expiry.to_string()})),
        )),
        CardRegistration::Failed { code, detail } if code.is_empty() => {
            let title = "Paygent gave no usable answer; register the card again";
            Err(Problem::new(StatusCode::BAD_GATEWAY, "paygent_unreachable", title).detail(detail).retryable())
        }
        CardRegistration::Failed { code, detail } => {
            let title = teiki_domain::declines::meaning(&code, &detail);
            Err(Problem::new(StatusCode::PAYMENT_REQUIRED, "card_refused", title).paygent(code, detail))
        }
    }
}

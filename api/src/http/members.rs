//! Members and their cards.

use super::caller::Caller;
use super::problem::{Declined, Problem};
use crate::app::App;
use crate::erasure;
use crate::members::{self, Profile};
use crate::payments::CardRegistration;
use crate::workers::retries;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::ids::MemberId;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::redacted::Redacted;
use utoipa::ToSchema;

/// Who shall be a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMember)]
pub(super) struct Register {
    /// The shop's five digits, a hyphen, a number of the shop's own.
    #[schema(pattern = "^[0-9]{5}-[A-Za-z0-9_]{1,19}$", example = "02396-M0001")]
    member_id: String,
    #[schema(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "山田 花子")]
    name: String,
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = "^[^\\s@\\x00-\\x1f\\x7f-\\x9f]+@[^\\s@\\x00-\\x1f\\x7f-\\x9f]+$",
        example = "hanako@example.jp"
    )]
    mail: String,
    #[serde(default)]
    #[schema(max_length = 30, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "03-0000-0000")]
    phone: String,
    #[serde(default)]
    #[schema(max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "東京都千代田区1-1")]
    address: String,
}

/// A member by their id.
#[derive(Serialize, ToSchema)]
pub(super) struct Registered {
    member_id: String,
}

/// `POST /v1/members`: 201 when new, 200 when already registered.
#[utoipa::path(post, path = "/v1/members", operation_id = "register_member", tag = "members", request_body = Register,
    responses((status = 201, body = Registered, description = "Registered."),
        (status = 200, body = Registered, description = "Was registered before; the profile given first stays.")))]
pub(super) async fn register(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<Register>, JsonRejection>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
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
    Ok((status, Json(Registered { member_id: member.to_string() })))
}

/// A member without personal data.
#[derive(Serialize, ToSchema)]
pub(super) struct Erased {
    member_id: String,
    /// Always true: name, mail, phone and address can never be read again.
    erased: bool,
}

/// `DELETE /v1/members/{id}/personal-data`: name, mail, phone and address can never be read again; what was ordered and
/// paid stays. Done before: answered in the same way. Takes the scope personal_data.
#[utoipa::path(delete, path = "/v1/members/{id}/personal-data", operation_id = "erase_member", tag = "members",
    params(super::schema::MemberPath),
    responses((status = 200, body = Erased, description = "Erased, now or before.")))]
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Erased>, Problem> {
    let Path(id) = id?;
    let member: MemberId = super::query::parse("id", &id)?;
    caller.may(Scope::PersonalData)?;
    caller.owns(member.shop())?;
    let because = caller.because(&app, "the member's personal data is to be erased");
    // A caller that hangs up must not leave it half done: the work goes on by itself.
    let (engine, of) = (app.clone(), member.clone());
    let work = app.spawn(async move { erasure::erase(&engine, &of, &because).await });
    work.await.map_err(|_| super::problem::internal())??;
    Ok(Json(Erased { member_id: member.to_string(), erased: true }))
}

/// A card, as the browser's token for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCard)]
pub(super) struct RegisterCard {
    /// What Paygent's script returned in the buyer's browser (C2).
    #[schema(value_type = String, write_only, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    token: Redacted<String>,
}

/// A card in Paygent's vault.
#[derive(Serialize, ToSchema)]
pub(super) struct KeptCard {
    member_id: String,
    /// The number as Paygent masks it.
    #[schema(example = "************1111")]
    masked_number: String,
    /// As printed on the card.
    #[schema(example = "05/26")]
    expiry: String,
}

/// `POST /v1/members/{id}/cards`: keeps the card behind a token in Paygent's vault (C8, M1).
#[utoipa::path(post, path = "/v1/members/{id}/cards", operation_id = "register_card", tag = "members",
    params(super::schema::MemberPath), request_body = RegisterCard,
    responses((status = 201, body = KeptCard, description = "Paygent keeps the card; it is the one charged from now on."),
        Declined,
        (status = 502, body = Problem, content_type = "application/problem+json",
            description = "Paygent gave no usable answer; nothing is charged by this, register the card again.")))]
pub(super) async fn register_card(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<RegisterCard>, JsonRejection>,
) -> Result<(StatusCode, Json<KeptCard>), Problem> {
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
            Json(KeptCard {
                member_id: member.to_string(),
                masked_number: card.masked_number,
                expiry: card.expiry.to_string(),
            }),
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

//! Cards of a member in Paygent's vault.

use super::no_such;
use crate::app::App;
use crate::http::caller::Caller;
use crate::http::problem::{Declined, Problem, internal, unavailable};
use crate::http::query::{NoParams, Params, parse};
use crate::payments::CardRegistration;
use crate::workers::retries;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::card_expiry::{CardExpiry, ExpiryStanding};
use teiki_domain::ids::MemberId;
use teiki_domain::member::Member;
use teiki_infrastructure::redacted::Redacted;
use utoipa::ToSchema;

/// A card in Paygent's vault.
#[derive(Serialize, ToSchema)]
#[schema(as = Card)]
pub(in crate::http) struct CardView {
    /// Its id in the vault.
    card_id: String,
    /// The number as Paygent masks it.
    #[schema(example = "************1111")]
    masked_number: String,
    /// As printed on the card.
    #[schema(example = "05/26")]
    expiry: String,
    /// Its last day.
    valid_through: NaiveDate,
    /// How it stands today (K).
    #[schema(schema_with = crate::http::schema::standing)]
    standing: ExpiryStanding,
    /// Whether it is the one charged from now on.
    in_force: bool,
}

impl CardView {
    pub(super) fn new(
        card_id: String,
        masked_number: String,
        expiry: CardExpiry,
        today: NaiveDate,
        in_force: bool,
    ) -> Self {
        let (valid_through, standing) = (expiry.last_day(), expiry.standing(today));
        Self { card_id, masked_number, expiry: expiry.to_string(), valid_through, standing, in_force }
    }
}

/// A card, as the browser's token for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCard)]
pub(in crate::http) struct RegisterCard {
    /// What Paygent's script returned in the buyer's browser (C2).
    #[schema(value_type = String, write_only, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    token: Redacted<String>,
}

/// A card in Paygent's vault.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct KeptCard {
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
    params(crate::http::schema::MemberPath), request_body = RegisterCard,
    responses((status = 201, body = KeptCard, description = "Paygent keeps the card; it is the one charged from now on."),
        Declined))]
pub(in crate::http) async fn register(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<RegisterCard>, JsonRejection>,
) -> Result<(StatusCode, Json<KeptCard>), Problem> {
    let Path(id) = id?;
    let Json(body) = body?;
    let member: MemberId = parse("id", &id)?;
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
    let kept = work.await.map_err(|_| internal())??;
    app.settle().await.map_err(|error| unavailable(&error))?;
    match kept {
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

/// A member's cards, newest first.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Cards {
    cards: Vec<CardView>,
}

/// `GET /v1/members/{id}/cards`: every card kept for the member, newest first; the newest is the one charged (M1).
#[utoipa::path(get, path = "/v1/members/{id}/cards", operation_id = "list_cards", tag = "members",
    params(crate::http::schema::MemberPath), responses((status = 200, body = Cards)))]
pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<Cards>, Problem> {
    let Path(id) = id?;
    let id: MemberId = parse("id", &id)?;
    let loaded = app.gateway.load::<Member>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    if let Member::Erased(_) = loaded.aggregate {
        return Ok(Json(Cards { cards: vec![] }));
    }
    let Some(details) = loaded.aggregate.details() else { return Err(no_such(&id)) };
    let today = app.clock.today();
    let mut kept: Vec<_> = details.cards.iter().collect();
    kept.sort_by_key(|(registration, _)| std::cmp::Reverse(*registration));
    let cards = kept.into_iter().enumerate().map(|(i, (_, card))| {
        CardView::new(card.card_id.to_string(), card.masked_number.clone(), card.expiry, today, i == 0)
    });
    Ok(Json(Cards { cards: cards.collect() }))
}

//! Members and their cards.

use super::caller::Caller;
use super::problem::{Declined, Problem, unavailable};
use super::query::{NoParams, Params, cursor, limit, parse};
use crate::app::App;
use crate::erasure;
use crate::members::{self, PostalAddress, Profile};
use crate::payments::{CardDeletion, CardRegistration};
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
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::redacted::Redacted;
use teiki_projections::member_list::{self, MemberRow};
use utoipa::{IntoParams, ToSchema};

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
    /// The address in parts, for waybills (O14): postal code.
    #[serde(default)]
    #[schema(pattern = "^([0-9]{3}-?[0-9]{4})?$", example = "100-0001")]
    postal_code: String,
    /// 都道府県.
    #[serde(default)]
    #[schema(max_length = 10, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "東京都")]
    prefecture: String,
    /// 市区町村.
    #[serde(default)]
    #[schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "千代田区")]
    city: String,
    /// 町域・番地.
    #[serde(default)]
    #[schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "千代田1-1")]
    street: String,
    /// 建物名・部屋番号.
    #[serde(default)]
    #[schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", example = "ていきビル301")]
    building: String,
}

impl Register {
    fn profile(self) -> Profile {
        let Self { name, mail, phone, address, postal_code, prefecture, city, street, building, .. } = self;
        let postal = PostalAddress { postal_code, prefecture, city, street, building };
        Profile { name, mail, phone, address, postal }
    }
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
    let profile = body.profile();
    let because = caller.because(&app, "a billing service registered the member");
    let new = members::register(&app, &member, &profile, &because).await?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Registered { member_id: member.to_string() })))
}

/// A member without personal data.
#[derive(Serialize, ToSchema)]
pub(super) struct Erased {
    member_id: String,
    /// Always true: name, mail, phone and address can never be read again.
    erased: bool,
    /// Whether Paygent keeps no card of the member any more. Otherwise ask again later; until then the member stands in the
    /// list of work set aside.
    cards_deleted: bool,
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
    let done = work.await.map_err(|_| super::problem::internal())??;
    let cards_deleted = done.cards == CardDeletion::Gone;
    Ok(Json(Erased { member_id: member.to_string(), erased: true, cards_deleted }))
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
        Declined))]
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
    let kept = work.await.map_err(|_| super::problem::internal())??;
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

/// A member. Personal data is shown only to keys with the scope `personal_data`.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberView {
    #[schema(example = "02396-M0001")]
    member_id: String,
    /// When they became a member, RFC 3339.
    registered_at: String,
    /// When they were erased, RFC 3339; null for everybody else.
    erased_at: Option<String>,
    /// The card in force; null without one.
    card: Option<CardView>,
    /// Personal data; left out for keys without the scope `personal_data`, null where the member was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProfileView>)]
    profile: Option<Option<ProfileView>>,
}

/// Personal data of a member.
#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
pub(super) struct ProfileView {
    name: String,
    mail: String,
    phone: String,
    /// In one text.
    address: String,
    /// The address in parts; empty where they are not known.
    postal_code: String,
    prefecture: String,
    city: String,
    street: String,
    building: String,
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        let Profile { name, mail, phone, address, postal } = profile;
        let PostalAddress { postal_code, prefecture, city, street, building } = postal;
        Self { name, mail, phone, address, postal_code, prefecture, city, street, building }
    }
}

/// A card in Paygent's vault.
#[derive(Serialize, ToSchema)]
#[schema(as = Card)]
pub(super) struct CardView {
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
    #[schema(schema_with = super::schema::standing)]
    standing: ExpiryStanding,
    /// Whether it is the one charged from now on.
    in_force: bool,
}

impl CardView {
    fn new(card_id: String, masked_number: String, expiry: CardExpiry, today: NaiveDate, in_force: bool) -> Self {
        let (valid_through, standing) = (expiry.last_day(), expiry.standing(today));
        Self { card_id, masked_number, expiry: expiry.to_string(), valid_through, standing, in_force }
    }
}

/// Which page of the members.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 128)]
    cursor: Option<String>,
    /// Rows of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A page of members.
#[derive(Serialize, ToSchema)]
pub(super) struct Members {
    members: Vec<MemberView>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
}

/// `GET /v1/members`: members by id, a page at a time.
#[utoipa::path(get, path = "/v1/members", operation_id = "list_members", tag = "members", params(Place),
    responses((status = 200, body = Members)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(place): Params<Place>,
) -> Result<Json<Members>, Problem> {
    let shop = caller.shop_asked_for(place.shop.as_deref())?;
    let (after, limit) = (cursor(place.cursor.as_deref())?, limit(place.limit)?);
    let page = member_list::page(&app.storage, Some(shop), after.as_ref(), limit).await?;
    let mut members = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        members.push(present(&app, &caller, row).await?);
    }
    Ok(Json(Members { members, next_cursor: page.next.map(|next| next.to_string()) }))
}

/// `GET /v1/members/{id}`: one member and the card in force.
#[utoipa::path(get, path = "/v1/members/{id}", operation_id = "get_member", tag = "members",
    params(super::schema::MemberPath), responses((status = 200, body = MemberView)))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<MemberView>, Problem> {
    let Path(id) = id?;
    let id: MemberId = parse("id", &id)?;
    match member_list::get(&app.storage, &id).await? {
        Some(row) => Ok(Json(present(&app, &caller, row).await?)),
        None => Err(no_such(&id)),
    }
}

/// A member's cards, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Cards {
    cards: Vec<CardView>,
}

/// `GET /v1/members/{id}/cards`: every card kept for the member, newest first; the newest is the one charged (M1).
#[utoipa::path(get, path = "/v1/members/{id}/cards", operation_id = "list_cards", tag = "members",
    params(super::schema::MemberPath), responses((status = 200, body = Cards)))]
pub(super) async fn cards(
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

fn no_such(id: &MemberId) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such member").detail(format!("member {id}"))
}

async fn present(app: &App, caller: &Caller, row: MemberRow) -> Result<MemberView, Problem> {
    let expiry = row.card_expiry_yyyymm.and_then(|month| i32::try_from(month).ok());
    let expiry = expiry.and_then(|month| CardExpiry::from_yyyymm(month).ok());
    let card = match (row.card_id, row.card_masked, expiry) {
        (Some(id), Some(masked), Some(expiry)) => Some(CardView::new(id, masked, expiry, app.clock.today(), true)),
        _ => None,
    };
    let profile = if caller.has(Scope::PersonalData) {
        let id: MemberId = parse("member_id", &row.member_id)?;
        let profile =
            members::open_profile(app, &id, &row.sealed_profile).await.map_err(|error| unavailable(&error))?;
        Some(profile.map(ProfileView::from))
    } else {
        None
    };
    Ok(MemberView {
        member_id: row.member_id,
        registered_at: row.registered_at,
        erased_at: row.erased_at,
        card,
        profile,
    })
}

//! Members and their personal data.

pub(super) mod cards;

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::query::{NoParams, Params, cursor, limit, parse};
use crate::app::App;
use crate::erasure;
use crate::members::{self, PostalAddress, Profile};
use crate::payments::CardDeletion;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use cards::CardView;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::card_expiry::CardExpiry;
use teiki_domain::ids::MemberId;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::key_ring::KeyError;
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
    /// True where the personal data is there and does not open with the keys of this store: `profile` is null then, and the
    /// keys want to be restored from their backup. Left out everywhere else.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    profile_unreadable: bool,
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
    let (profile, profile_unreadable) = if caller.has(Scope::PersonalData) {
        let id: MemberId = parse("member_id", &row.member_id)?;
        match members::open_profile(app, &id, &row.sealed_profile).await {
            // One that does not open must not take the list away from everybody.
            Err(error @ KeyError::DoesNotOpen(_)) => {
                tracing::error!(member = %id, %error, "the profile of a member cannot be read");
                (Some(None), true)
            }
            profile => (Some(profile?.map(ProfileView::from)), false),
        }
    } else {
        (None, false)
    };
    Ok(MemberView {
        member_id: row.member_id,
        registered_at: row.registered_at,
        erased_at: row.erased_at,
        card,
        profile,
        profile_unreadable,
    })
}

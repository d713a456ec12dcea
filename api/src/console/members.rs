//! 会員: the members of the shop, and one member with cards, subscriptions, orders and mails; erasing one.

use super::orders::Row as OrderRow;
use super::subscription::page::{CardBox, history_page};
use super::subscriptions::{Row as SubscriptionRow, whole_id};
use super::{FieldErrors, Flash, Form, Frame, Language, Page, PageResult, Signed, next_address, render, written};
use crate::app::App;
use crate::erasure::{self, EraseError};
use crate::http::query::cursor;
use crate::http::{Problem, internal, unavailable};
use crate::members::{self, ERASED, Profile, UNREADABLE};
use crate::words_mail::mail_kind;
use crate::words_subscription::card_standing;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::card_expiry::{CardExpiry, ExpiryStanding};
use teiki_domain::ids::MemberId;
use teiki_domain::mail::MailKind;
use teiki_domain::member::Member;
use teiki_projections::mail_list::{self, MailFilter};
use teiki_projections::member_list::{self, MemberRow};
use teiki_projections::order_list::{self, OrderFilter};
use teiki_projections::subscription_list::{self, SubscriptionFilter};

/// Rows of a page.
const LIMIT: u32 = 50;
/// Orders and mails shown on a member's page.
const SOME: u32 = 12;
/// Subscriptions shown on a member's page.
const SUBSCRIPTIONS: u32 = 50;

pub(crate) type Id = Result<Path<String>, PathRejection>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    #[serde(default)]
    member: String,
    cursor: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/members.html")]
struct MembersPage {
    frame: Frame,
    errors: FieldErrors,
    member: String,
    people: Vec<Person>,
    next: Option<String>,
}

/// One member as people read them.
struct Person {
    member_id: String,
    name: String,
    mail: String,
    card: String,
    /// Close or expired.
    standing: Option<&'static str>,
    registered: String,
}

/// `GET /members`; a member's id leads to the member.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    place: Result<Query<Place>, QueryRejection>,
) -> PageResult {
    let Query(place) = place?;
    let mut errors = FieldErrors::default();
    if !place.member.trim().is_empty() {
        let id = whole_id(signed.shop(), &place.member).parse::<MemberId>().ok();
        let found = match id.filter(|id| id.shop() == signed.shop()) {
            Some(id) => member_list::get(&app.storage, &id).await?,
            None => None,
        };
        if let Some(row) = found {
            return Ok(Redirect::to(&format!("/members/{}", row.member_id)).into_response());
        }
        errors.add("member", frame.t("この会員IDの会員はいません", "There is no member of this id"));
    }
    let after = cursor(place.cursor.as_deref())?;
    let page = member_list::page(&app.storage, Some(signed.shop()), after.as_ref(), LIMIT).await?;
    let mut people = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        people.push(person(&app, &frame, row).await?);
    }
    let next = page.next.map(|next| next_address("/members", &[], &next.to_string()));
    let status = errors.status();
    Ok(super::subscription::at(status, render(&MembersPage { frame, errors, member: place.member, people, next })))
}

async fn person(app: &App, frame: &Frame, row: MemberRow) -> Result<Person, Page> {
    let id: MemberId = row.member_id.parse().map_err(|_| internal())?;
    let profile = members::shown(app, &id, &row.sealed_profile).await.map_err(Problem::from)?;
    let profile = frame.profile(profile);
    let placeholders = [ERASED, UNREADABLE].map(|placeholder| frame.placeholder(placeholder));
    let month = row.card_expiry_yyyymm.and_then(|month| i32::try_from(month).ok());
    let expiry = month.and_then(|month| CardExpiry::from_yyyymm(month).ok());
    let standing = expiry.map(|expiry| expiry.standing(app.clock.today()));
    Ok(Person {
        card: match (row.card_masked, expiry) {
            (Some(masked), Some(expiry)) => format!("{masked} {expiry}"),
            _ => "―".to_owned(),
        },
        standing: standing
            .filter(|standing| *standing != ExpiryStanding::Valid)
            .map(|standing| card_standing(frame.language, standing == ExpiryStanding::Close)),
        mail: if placeholders.contains(&profile.mail.as_str()) { String::new() } else { profile.mail },
        name: profile.name,
        registered: written::local_time(&row.registered_at),
        member_id: row.member_id,
    })
}

#[derive(askama::Template)]
#[template(path = "console/member.html")]
struct MemberPage {
    frame: Frame,
    id: String,
    erased: Option<String>,
    registered: String,
    profile: Profile,
    card: Option<CardBox>,
    /// Cards kept besides the one in force, newest first.
    older: Vec<(String, String)>,
    rows: Vec<SubscriptionRow>,
    orders: Vec<OrderRow>,
    more_orders: bool,
    mails: Vec<MailLine>,
}

/// A mail about the member.
struct MailLine {
    id: String,
    at: String,
    kind: &'static str,
    status: &'static str,
}

async fn find(app: &App, signed: &Signed, id: Id) -> Result<(MemberId, MemberRow), Page> {
    let Path(text) = id?;
    let none = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such member");
    let id: MemberId = text.parse().map_err(|_| none())?;
    signed.owns(id.shop())?;
    let row = member_list::get(&app.storage, &id).await?.ok_or_else(none)?;
    Ok((id, row))
}

/// `GET /members/{id}`.
pub(crate) async fn one(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let (id, row) = find(&app, &signed, id).await?;
    let member = app.gateway.load::<Member>(id.as_str()).await.map_err(|error| unavailable(&error))?.aggregate;
    let profile = members::shown(&app, &id, &row.sealed_profile).await.map_err(Problem::from)?;
    let profile_name = profile.name.clone();
    let shop = Some(signed.shop());
    let filter = SubscriptionFilter { shop, member: Some(id.clone()), ..SubscriptionFilter::default() };
    let subscriptions = subscription_list::list(&app.storage, &filter, None, SUBSCRIPTIONS).await?;
    let filter = OrderFilter { shop, member: Some(id.clone()), ..OrderFilter::default() };
    let orders = order_list::list(&app.storage, &filter, None, SOME).await?;
    let filter = MailFilter { shop, member: Some(id.clone()), ..MailFilter::default() };
    let mails = mail_list::list(&app.storage, &filter, None, SOME).await?;
    let mut kept: Vec<_> = member.details().map(|details| details.cards.iter().collect()).unwrap_or_default();
    kept.sort_by_key(|(registration, _)| std::cmp::Reverse(*registration));
    let older = kept.into_iter().skip(1).map(|(_, card)| (card.masked_number.clone(), card.expiry.to_string()));
    Ok::<_, Page>(render(&MemberPage {
        id: id.to_string(),
        erased: row.erased_at.as_deref().map(written::local_time),
        registered: written::local_time(&row.registered_at),
        profile: frame.profile(profile),
        card: CardBox::of(frame.language, &member, app.clock.today()),
        older: older.collect(),
        rows: subscriptions.rows.iter().map(|row| SubscriptionRow::new(&frame, row, Some(&profile_name))).collect(),
        orders: orders
            .rows
            .iter()
            .map(|row| OrderRow::new(frame.language, row, Some(frame.name(&profile_name))))
            .collect(),
        more_orders: orders.next.is_some(),
        mails: mails.rows.iter().map(|row| MailLine::new(frame.language, row)).collect(),
        frame,
    }))
}

impl MailLine {
    fn new(language: Language, row: &mail_list::MailRow) -> Self {
        let status = match row.status.as_str() {
            "waiting" => language.t("送信待ち", "waiting"),
            "sent" => language.t("送信済", "sent"),
            "given_up" => language.t("送信失敗", "given up"),
            _ => language.t("送信しない", "dropped"),
        };
        Self {
            id: row.mail_id.clone(),
            at: written::local_time(&row.requested_at),
            kind: MailKind::named(&row.kind).map_or("", |kind| mail_kind(language, kind)),
            status,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Before {
    before: Option<i64>,
}

/// `GET /members/{id}/history`: everything that happened, with subscriptions, orders and mails (O12).
pub(crate) async fn history(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    asked: Result<Query<Before>, QueryRejection>,
) -> PageResult {
    let (id, _) = find(&app, &signed, id).await?;
    let back = format!("/members/{id}");
    history_page(&app, frame, id.as_str(), back, asked?.0.before).await
}

#[derive(askama::Template)]
#[template(path = "console/member_erase.html")]
struct ErasePage {
    frame: Frame,
    id: String,
    name: String,
    erased: bool,
    wrong: Option<String>,
    /// The subscription that stands in the way.
    subscription: Option<String>,
}

/// `GET /members/{id}/erase`: what erasing means, before it is done.
pub(crate) async fn confirm_erase(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let (id, row) = find(&app, &signed, id).await?;
    ask(&app, frame, &id, &row, None, None).await
}

async fn ask(
    app: &App,
    frame: Frame,
    id: &MemberId,
    row: &MemberRow,
    wrong: Option<String>,
    subscription: Option<String>,
) -> PageResult {
    let name = members::shown(app, id, &row.sealed_profile).await.map_err(Problem::from)?.name;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let erased = row.erased_at.is_some();
    let page = render(&ErasePage { frame, id: id.to_string(), name, erased, wrong, subscription });
    Ok(super::subscription::at(status, page))
}

/// `POST /members/{id}/erase`: name, mail, phone and address can never be read again.
pub(crate) async fn erase(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id, form: Form) -> PageResult {
    let (id, row) = find(&app, &signed, id).await?;
    if whole_id(signed.shop(), form.get("confirm")) != id.as_str() {
        let text =
            frame.t("確認のため、会員IDをそのとおりに入力してください", "Type the member's id exactly as it stands");
        return ask(&app, frame.clone(), &id, &row, Some(text.to_owned()), None).await;
    }
    let because = form.because(&app, &signed, "the member's personal data is to be erased");
    // Somebody who closes the page must not leave it half done: the work goes on by itself.
    let (engine, of) = (app.clone(), id.clone());
    let work = app.spawn(async move { erasure::erase(&engine, &of, &because).await });
    match work.await.map_err(|_| internal())? {
        Ok(_) => {
            app.settle().await?;
            let text = frame.t("会員の個人情報を削除しました", "The member's personal data is erased");
            Ok(frame.leave(&format!("/members/{id}"), &Flash::done(text)))
        }
        Err(EraseError::Subscribed(subscription)) => {
            let text = frame.t(
                "終了していない定期購入があるため、削除できません。先に終了してください",
                "A subscription has not ended; end it first",
            );
            ask(&app, frame.clone(), &id, &row, Some(text.to_owned()), Some(subscription.to_string())).await
        }
        Err(error) => Err(Problem::from(error).into()),
    }
}

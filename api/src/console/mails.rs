//! メール一覧: what was sent, what waits and what was given up, what each mail said, and trying again (K1-K5, O15).

use super::search::Search;
use super::subscription::at;
use super::{FieldErrors, Flash, Form, Frame, Language, Page, PageResult, Signed, ids, next_address, render};
use crate::app::App;
use crate::http::Problem;
use crate::http::query::{cursor, parse};
use crate::mails::{self, Letter};
use crate::members;
use crate::words_mail::{mail_kind, mail_reason};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use chrono::DateTime;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::ids::MailId;
use teiki_domain::mail::{MailKind, Status};
use teiki_infrastructure::clock::tokyo;
use teiki_projections::mail_list::{self, MailFilter, MailRow};

/// Rows of a page.
const LIMIT: u32 = 50;

/// What the list is asked for, as the form sends it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filters {
    status: Option<String>,
    kind: Option<String>,
    order: Option<String>,
    subscription: Option<String>,
    member: Option<String>,
    cursor: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/mails.html")]
struct MailsPage {
    frame: Frame,
    errors: FieldErrors,
    order: String,
    subscription: String,
    member: String,
    statuses: Vec<(&'static str, &'static str, bool)>,
    kinds: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Row>,
    sends: bool,
    next: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/mail.html")]
struct MailPage {
    frame: Frame,
    row: Row,
    letter: Option<Letter>,
    /// The person may not read what mails say.
    hidden: bool,
}

/// One mail as people read it.
struct Row {
    mail_id: String,
    requested: String,
    kind: &'static str,
    to: String,
    order_id: Option<String>,
    subscription_id: Option<String>,
    status: &'static str,
    badge: &'static str,
    attempts: i64,
    reason: Option<String>,
    next: Option<String>,
    sent: Option<String>,
    releasable: bool,
}

impl Row {
    fn new(row: &MailRow, name: Option<&String>, frame: &Frame) -> Self {
        let language = frame.language;
        let status = Status::ALL.into_iter().find(|status| status.as_str() == row.status);
        let to = match row.recipient.as_str() {
            "shop" => language.t("ショップ", "the shop").to_owned(),
            _ => name.map(|name| frame.name(name)).or_else(|| row.member_id.clone()).unwrap_or_default(),
        };
        let tried = row.status == "waiting" && row.attempts > 0;
        Self {
            mail_id: row.mail_id.clone(),
            requested: moment(&row.requested_at),
            kind: MailKind::named(&row.kind).map_or("", |kind| mail_kind(language, kind)),
            to,
            order_id: row.order_id.clone(),
            subscription_id: row.subscription_id.clone(),
            status: status.map_or("", |status| status_text(status, language)),
            badge: match row.status.as_str() {
                "sent" => "good",
                "given_up" => "bad",
                "waiting" => "warn",
                _ => "quiet",
            },
            attempts: row.attempts,
            reason: row.reason.as_deref().map(|reason| mail_reason(language, reason)),
            next: row.due_at.as_deref().filter(|_| tried).map(moment),
            sent: row.sent_at.as_deref().map(moment),
            releasable: row.status == "given_up" || tried,
        }
    }
}

fn moment(at: &str) -> String {
    DateTime::parse_from_rfc3339(at)
        .map_or_else(|_| at.to_owned(), |at| tokyo(at.to_utc()).format("%Y-%m-%d %H:%M").to_string())
}

fn status_text(status: Status, language: Language) -> &'static str {
    match status {
        Status::Waiting => language.t("送信待ち", "waiting"),
        Status::Sent => language.t("送信済み", "sent"),
        Status::GivenUp => language.t("送信できず", "given up"),
        Status::Dropped => language.t("取りやめ", "dropped"),
    }
}

/// `GET /mails`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    (headers, uri): (HeaderMap, Uri),
    filters: Result<Query<Filters>, QueryRejection>,
) -> PageResult {
    let search = match Search::of(&app, &signed, &headers, &uri, ("mails", "/mails")) {
        Ok(search) => search,
        Err(remembered) => return Ok(*remembered),
    };
    let Query(filters) = filters?;
    let named = |text: &Option<String>| text.clone().unwrap_or_default();
    let status = Status::ALL.into_iter().find(|status| Some(status.as_str()) == filters.status.as_deref());
    let kind = filters.kind.as_deref().and_then(MailKind::named);
    let (shop, mut errors) = (signed.shop(), FieldErrors::default());
    let typed = |text: &Option<String>| text.clone().unwrap_or_default();
    let filter = MailFilter {
        shop: Some(shop),
        status,
        kind,
        order: ids::order(&frame, shop, "order", &typed(&filters.order), &mut errors),
        subscription: ids::subscription(&frame, shop, "subscription", &typed(&filters.subscription), &mut errors),
        member: ids::member(&frame, shop, "member", &typed(&filters.member), &mut errors),
    };
    let after = cursor(filters.cursor.as_deref())?;
    let page = match errors.is_empty() {
        true => mail_list::list(&app.storage, &filter, after.as_ref(), LIMIT).await?,
        false => teiki_projections::query::Page { rows: vec![], next: None },
    };
    let names = members::names(&app, page.rows.iter().filter_map(|row| row.member_id.as_deref())).await?;
    let parameters = [
        ("status", filters.status.as_deref()),
        ("kind", filters.kind.as_deref()),
        ("order", filters.order.as_deref()),
        ("subscription", filters.subscription.as_deref()),
        ("member", filters.member.as_deref()),
    ];
    let language = frame.language;
    let row = |row: &MailRow| Row::new(row, row.member_id.as_ref().and_then(|id| names.get(id)), &frame);
    let rows = page.rows.iter().map(row).collect();
    let status_of_page = errors.status();
    let shown = render(&MailsPage {
        frame,
        errors,
        order: named(&filters.order),
        subscription: named(&filters.subscription),
        member: named(&filters.member),
        statuses: Status::ALL.map(|one| (one.as_str(), status_text(one, language), status == Some(one))).to_vec(),
        kinds: MailKind::ALL.map(|one| (one.as_str(), mail_kind(language, one), kind == Some(one))).to_vec(),
        rows,
        sends: app.mailer.is_some(),
        next: page.next.map(|next| next_address("/mails", &parameters, &next.to_string())),
    });
    Ok::<_, Page>(search.remember(at(status_of_page, shown)))
}

/// There is no such thing in the shop.
pub(super) fn absent(what: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing").detail(what)
}

async fn own(app: &App, signed: &Signed, id: Result<Path<String>, PathRejection>) -> Result<MailId, Page> {
    let Path(id) = id?;
    let id: MailId = parse("id", &id)?;
    signed.owns(id.shop())?;
    match mails::exists(app, &id).await.map_err(Problem::from)? {
        true => Ok(id),
        false => Err(absent(format!("mail {id}")).into()),
    }
}

/// `GET /mails/{id}`.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Result<Path<String>, PathRejection>,
) -> PageResult {
    let id = own(&app, &signed, id).await?;
    let row = mail_list::get(&app.storage, &id).await?;
    let row = row.ok_or_else(|| Page::from(absent(format!("mail {id}"))))?;
    let letter = mails::read(&app, &id).await.map_err(Problem::from)?.and_then(|(_, letter)| letter);
    let names = members::names(&app, row.member_id.iter().map(String::as_str)).await?;
    let name = row.member_id.as_ref().and_then(|id| names.get(id));
    let (row, hidden) = (Row::new(&row, name, &frame), !frame.sees_personal_data());
    Ok::<_, Page>(render(&MailPage { row, frame, letter: letter.filter(|_| !hidden), hidden }))
}

/// `POST /mails/{id}/release`.
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Result<Path<String>, PathRejection>,
    form: Form,
) -> PageResult {
    let id = own(&app, &signed, id).await?;
    let because = form.because(&app, &signed, "the mail was released");
    mails::release(&app, &id, &because).await.map_err(Problem::from)?;
    app.settle().await?;
    let told = frame.t("もう一度送信します。", "It is tried again.");
    Ok(frame.leave(&format!("/mails/{id}"), &Flash::done(told)))
}

//! カード管理: running subscriptions whose card is close to its end or past it (K6), and writing to their buyers.

use super::subscriptions::whole_id;
use super::{Flash, Form, Frame, Language, Page, PageResult, Signed, next_address, render, written};
use crate::app::App;
use crate::http::Problem;
use crate::http::query::cursor;
use crate::mails::card_expiry::{self as mails, Form as Kind, To};
use crate::mails::{Letter, MailError};
use crate::words_subscription::card_standing;
use crate::{members, words};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use teiki_domain::card_expiry::ExpiryStanding;
use teiki_domain::ids::{MemberId, SubscriptionId};
use teiki_projections::card_expiry_mails;
use teiki_projections::card_expiry_table::{self, AffectedRow};

/// Rows of a page.
const LIMIT: u32 = 50;
/// Buyers named on the mail's form; the others are counted.
const NAMED: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    #[serde(default)]
    standing: String,
    cursor: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/card_expiry.html")]
struct CardsPage {
    frame: Frame,
    standing: String,
    rows: Vec<Row>,
    next: Option<String>,
}

/// One subscription as people read it.
pub(crate) struct Row {
    pub(crate) subscription_id: String,
    pub(crate) member_id: String,
    pub(crate) name: String,
    pub(crate) masked_number: String,
    pub(crate) expiry: String,
    pub(crate) standing: &'static str,
    pub(crate) expired: bool,
    /// When the member was last written to about a card.
    pub(crate) mailed: Option<String>,
}

impl Row {
    pub(crate) fn new(row: &AffectedRow, name: Option<&String>) -> Self {
        let expired = row.standing == ExpiryStanding::Expired;
        Self {
            subscription_id: row.subscription_id.clone(),
            member_id: row.member_id.clone(),
            name: name.cloned().unwrap_or_else(|| row.member_id.clone()),
            masked_number: row.masked_number.clone(),
            expiry: row.expiry.to_string(),
            standing: words::card_standing(!expired),
            expired,
            mailed: None,
        }
    }
}

fn standing(language: Language, expired: bool) -> &'static str {
    card_standing(language, !expired)
}

/// `GET /cards`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    place: Result<Query<Place>, QueryRejection>,
) -> PageResult {
    let Query(place) = place?;
    let (today, shop, after) = (app.clock.today(), Some(signed.shop()), cursor(place.cursor.as_deref())?);
    let only = match place.standing.as_str() {
        "close" => Some(ExpiryStanding::Close),
        "expired" => Some(ExpiryStanding::Expired),
        _ => None,
    };
    let page = card_expiry_table::affected_standing(&app.storage, today, shop, only, after.as_ref(), LIMIT).await?;
    let names = members::names(&app, page.rows.iter().map(|row| row.member_id.as_str())).await?;
    let ids: Vec<String> = page.rows.iter().map(|row| row.member_id.clone()).collect();
    let mailed = card_expiry_mails::newest(&app.storage, &ids).await?;
    let row = |row: &AffectedRow| {
        let name = names.get(&row.member_id).map(|name| frame.name(name));
        let shown = Row::new(row, name.as_ref());
        let mailed = mailed.get(&row.member_id).map(|at| written::local_time(at));
        Row { standing: standing(frame.language, shown.expired), mailed, ..shown }
    };
    let parameters = [("standing", Some(place.standing.as_str()))];
    Ok::<_, Page>(render(&CardsPage {
        rows: page.rows.iter().map(row).collect(),
        next: page.next.map(|next| next_address("/cards", &parameters, &next.to_string())),
        standing: place.standing,
        frame,
    }))
}

#[derive(askama::Template)]
#[template(path = "console/card_mail.html")]
struct MailPage {
    frame: Frame,
    wrong: Option<String>,
    to: &'static str,
    kind: &'static str,
    /// The subscriptions that were chosen.
    chosen: Vec<String>,
    /// Buyers that get the mail, by name.
    named: Vec<(String, String)>,
    more: usize,
    count: usize,
    subject: String,
    body: String,
    preview: Option<Letter>,
}

/// What stands in the form.
struct Typed {
    to: To,
    kind: Kind,
    text: Option<Letter>,
}

impl Typed {
    /// From the fields of a form or an address.
    fn of(signed: &Signed, field: impl Fn(&str) -> String, all: &[&str]) -> Self {
        let kind = if field("form") == "expired" { Kind::Expired } else { Kind::Close };
        let ids = all.iter().filter_map(|id| whole_id(signed.shop(), id).parse::<SubscriptionId>().ok());
        let own: Vec<SubscriptionId> = ids.filter(|id| id.shop() == signed.shop()).collect();
        Self { to: if field("to") == "all" { To::All } else { To::Selected(own) }, kind, text: None }
    }
}

/// `GET /cards/mail`: the mail to all or to those chosen, with the fixed text to begin with.
pub(crate) async fn mail(State(app): State<Arc<App>>, signed: Signed, frame: Frame, uri: Uri) -> PageResult {
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map_or_else(String::new, |(_, v)| v.clone());
    let chosen: Vec<&str> =
        fields.iter().filter(|(key, _)| key == "subscription").map(|(_, value)| value.as_str()).collect();
    let typed = Typed::of(&signed, field, &chosen);
    show(&app, &signed, frame, typed, None, false).await
}

/// `POST /cards/mail`: shows what the first buyer would get, or sends.
pub(crate) async fn send(State(app): State<Arc<App>>, signed: Signed, frame: Frame, form: Form) -> PageResult {
    let mut typed = Typed::of(&signed, |name| form.get(name).to_owned(), &form.all("subscription"));
    let letter = Letter { subject: form.get("subject").to_owned(), body: form.raw("body").replace("\r\n", "\n") };
    typed.text = Some(letter.clone());
    if let Err(error) = letter.check() {
        let text = letter_error(&frame, &error.to_string());
        return show(&app, &signed, frame, typed, Some(text), false).await;
    }
    if form.get("do") != "send" {
        return show(&app, &signed, frame, typed, None, true).await;
    }
    let because = form.because(&app, &signed, "a mail about the card's end was sent by hand");
    match mails::request(&app, signed.shop(), &typed.to, typed.kind, &letter, &because).await {
        Ok(requested) => {
            app.settle().await?;
            let (sent, left) = (requested.mails.len(), requested.not_affected.len());
            let mut text = match frame.language {
                Language::Japanese => format!("{sent} 通のメールを送信待ちにしました"),
                Language::English => format!("{sent} mails are on their way"),
            };
            if left > 0 {
                text.push_str(&match frame.language {
                    Language::Japanese => format!("(対象外になった {left} 件には送信しません)"),
                    Language::English => format!(" ({left} chosen subscriptions are not affected any more)"),
                });
            }
            let flash = if sent == 0 { Flash::notice(text) } else { Flash::done(text) };
            Ok(frame.leave("/cards", &flash))
        }
        Err(MailError::Nobody) => {
            let text = frame.t("送信先を選択してください", "Choose at least one subscription");
            Ok(frame.leave("/cards", &Flash::failed(text)))
        }
        Err(error) => Err(Problem::from(error).into()),
    }
}

fn letter_error(frame: &Frame, english: &str) -> String {
    match frame.language {
        Language::Japanese => {
            "件名は1〜200文字、本文は1〜20,000文字で入力してください(件名に改行は使えません)".to_owned()
        }
        Language::English => english.to_owned(),
    }
}

async fn show(
    app: &App,
    signed: &Signed,
    frame: Frame,
    typed: Typed,
    wrong: Option<String>,
    preview: bool,
) -> PageResult {
    let all = mails::affected_now(app, signed.shop()).await.map_err(Problem::from)?;
    let rows: Vec<AffectedRow> = match &typed.to {
        To::All => all.into_iter().filter(|row| Kind::fitting(row.standing) == Some(typed.kind)).collect(),
        To::Selected(ids) => {
            let wanted: HashSet<&str> = ids.iter().map(SubscriptionId::as_str).collect();
            all.into_iter().filter(|row| wanted.contains(row.subscription_id.as_str())).collect()
        }
    };
    let mut seen = HashSet::new();
    let members: Vec<&str> =
        rows.iter().map(|row| row.member_id.as_str()).filter(|member| seen.insert(*member)).collect();
    let names: HashMap<String, String> = members::names(app, members.iter().copied().take(NAMED)).await?;
    let named = members.iter().take(NAMED).map(|id| {
        let name = names.get(*id).map_or_else(|| (*id).to_owned(), |name| frame.name(name));
        ((*id).to_owned(), name)
    });
    let named: Vec<(String, String)> = named.collect();
    let letter = typed.text.unwrap_or_else(|| mails::default(typed.kind));
    let first = members.first().and_then(|id| id.parse::<MemberId>().ok()).filter(|_| preview);
    let preview = match first {
        Some(member) if frame.sees_personal_data() => {
            Some(mails::preview(app, &member, &letter).await.map_err(Problem::from)?)
        }
        _ => None,
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut page: Response = render(&MailPage {
        to: if typed.to == To::All { "all" } else { "selected" },
        kind: typed.kind.as_str(),
        chosen: match &typed.to {
            To::All => vec![],
            To::Selected(ids) => ids.iter().map(ToString::to_string).collect(),
        },
        more: members.len().saturating_sub(NAMED),
        count: members.len(),
        named,
        subject: letter.subject.clone(),
        body: letter.body.clone(),
        preview,
        frame,
        wrong,
    });
    if page.status() == StatusCode::OK {
        *page.status_mut() = status;
    }
    Ok(page)
}

//! `GET /subscriptions/{id}`: the subscription itself, now or as it stood.

use super::{Doing, Id, Loaded, dates};
use crate::app::App;
use crate::console::orders::Row as OrderRow;
use crate::console::{Frame, Language, Page, PageResult, Signed, render, written};
use crate::history::{self, Entry};
use crate::http::{Problem, unavailable};
use crate::members::{self, PostalAddress, Profile};
use crate::renewals::{self, Expected};
use crate::{as_of, words_subscription};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::applicability::PaymentPlan;
use teiki_domain::card_expiry::ExpiryStanding;
use teiki_domain::member::Member;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::subscription::{Details, Status};
use teiki_projections::order_list::{self, OrderFilter};
use teiki_projections::subscription_list;

/// Orders shown; the order list shows the others.
const ORDERS: u32 = 12;
/// Events of the operation history shown; its own page shows the others.
const HISTORY: usize = 12;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    as_of: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/subscription.html")]
struct SubscriptionPage {
    frame: Frame,
    id: String,
    version: usize,
    /// As it stood at this moment, in words; none: now.
    then: Option<String>,
    as_of: String,
    facts: Facts,
    member: MemberBox,
    card: Option<CardBox>,
    acts: Vec<Act>,
    next_delivery: String,
    charge: Option<Charge>,
    orders: Vec<OrderRow>,
    more_orders: bool,
    rows: Vec<HistoryRow>,
}

/// The subscription in words.
struct Facts {
    status: &'static str,
    status_text: &'static str,
    cycle: String,
    anchor: String,
    method: String,
    lines: Vec<LineRow>,
    goods: String,
    shipping: String,
    fee: String,
    total: String,
    dates: Vec<(String, String)>,
    lead_days: u16,
    orders: u32,
    started: String,
    ended: Option<String>,
}

struct LineRow {
    product: String,
    name: String,
    price: String,
    quantity: u32,
    tax: u8,
    sum: String,
}

struct MemberBox {
    id: String,
    erased: bool,
    profile: Profile,
}

/// The card that is charged.
pub(crate) struct CardBox {
    pub(crate) masked: String,
    pub(crate) expiry: String,
    /// Close or expired, in words; none: good for long.
    pub(crate) standing: Option<&'static str>,
    pub(crate) expired: bool,
}

/// Something that can be done, or why it cannot.
struct Act {
    code: &'static str,
    label: &'static str,
    /// Whether a page comes first; otherwise the button does it.
    page: bool,
    danger: bool,
    /// Why it cannot be done; none: it can.
    why: Option<String>,
}

/// What will be charged next.
struct Charge {
    night: String,
    amount: String,
    plan: String,
    mode: &'static str,
    /// What makes a failure likely.
    risk: Option<String>,
}

/// An event of the operation history.
pub(crate) struct HistoryRow {
    pub(crate) at: String,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) about: String,
    pub(crate) position: i64,
}

impl HistoryRow {
    pub(crate) fn new(language: Language, entry: &Entry) -> Self {
        Self {
            at: written::local_time(&entry.recorded_at),
            who: entry.who(language).to_owned(),
            what: entry.what(language).to_owned(),
            why: entry.why(language).into_owned(),
            about: format!("{} {}", history::kind(language, &entry.aggregate_type), entry.aggregate_id),
            position: entry.position,
        }
    }
}

impl CardBox {
    /// The card in force of a member.
    pub(crate) fn of(language: Language, member: &Member, today: chrono::NaiveDate) -> Option<Self> {
        member.card().map(|card| {
            let standing = card.expiry.standing(today);
            Self {
                masked: card.masked_number.clone(),
                expiry: card.expiry.to_string(),
                standing: (standing != ExpiryStanding::Valid)
                    .then(|| words_subscription::card_standing(language, standing == ExpiryStanding::Close)),
                expired: standing == ExpiryStanding::Expired,
            }
        })
    }
}

impl Facts {
    fn new(frame: &Frame, details: &Details, lead_days: u16, started: &str, ended: Option<&str>) -> Self {
        let language = frame.language;
        let basket = &details.basket;
        let quoted = || frame.t("別途連絡", "to be quoted").to_owned();
        let lines = basket.lines().iter().map(|line| LineRow {
            product: line.product.clone(),
            name: line.name.clone(),
            price: line.unit_price.to_string(),
            quantity: line.quantity,
            tax: line.tax_percent,
            sum: line.unit_price.times(line.quantity).map(|yen| yen.to_string()).unwrap_or_default(),
        });
        Self {
            status: details.status.as_str(),
            status_text: words_subscription::status(language, details.status.as_str()),
            cycle: words_subscription::cycle(language, details.cycle),
            anchor: written::with_weekday(language, details.anchor),
            method: words_subscription::method(language, &details.payment_method),
            lines: lines.collect(),
            goods: basket.goods().map(|yen| yen.to_string()).unwrap_or_default(),
            shipping: words_subscription::charge(language, basket.shipping()),
            fee: words_subscription::charge(language, basket.fee()),
            total: basket.total().map_or_else(quoted, |yen| yen.to_string()),
            dates: dates(language, details, lead_days),
            lead_days,
            orders: details.orders,
            started: written::local_time(started),
            ended: ended.map(written::local_time),
        }
    }
}

/// What can be done, as the domain says.
fn acts(frame: &Frame, loaded: &Loaded) -> Vec<Act> {
    let paused = loaded.details.status == Status::Paused;
    let act = |code, label, page, danger, why| Act { code, label, page, danger, why };
    let stop = match paused {
        false => act("pause", frame.language.t("休止", "Pause"), false, false, loaded.closed(frame, Doing::Pause)),
        true => act("resume", frame.language.t("再開", "Resume"), false, false, loaded.closed(frame, Doing::Resume)),
    };
    let closed = |doing| loaded.closed(frame, doing);
    let t = |japanese, english| frame.language.t(japanese, english);
    vec![
        act("skip", t("次回を1回お休み", "Leave out the next delivery"), false, false, closed(Doing::Skip)),
        act("next-date", t("次回配送日を変更", "Change the next date"), true, false, closed(Doing::NextDate)),
        act("cycle", t("配送サイクルを変更", "Change the cycle"), true, false, closed(Doing::Cycle)),
        act("items", t("商品・金額を変更", "Change items and amounts"), true, false, closed(Doing::Items)),
        act("method", t("支払方法を変更", "Change the payment method"), true, false, closed(Doing::Method)),
        stop,
        act("end", t("定期購入終了", "End the subscription"), true, true, closed(Doing::End)),
    ]
}

impl Charge {
    fn new(frame: &Frame, expected: &Expected, mode: SaleMode) -> Self {
        let language = frame.language;
        let not_executed = expected.not_executed().map(|reason| words_subscription::not_executed(language, reason));
        let (plan, amount) = match &expected.plan {
            PaymentPlan::External => (frame.t("ペイジェント以外でのお支払い", "settled outside"), None),
            PaymentPlan::NotExecuted(_) => {
                (frame.t("オーソリは実行されません", "no authorisation will be tried"), None)
            }
            PaymentPlan::Authorize(yen) => {
                (frame.t("カードに請求します", "the card is charged"), Some(yen.to_string()))
            }
        };
        let total = || expected.subscription.basket.total().map(|yen| yen.to_string());
        Self {
            night: written::with_weekday(language, expected.dates.generation_date),
            amount: amount.or_else(total).unwrap_or_else(|| frame.t("別途連絡", "to be quoted").to_owned()),
            plan: plan.to_owned(),
            mode: match mode {
                SaleMode::AuthorizeOnly => {
                    language.t("オーソリのみ(後で売上確定)", "authorise only, sale confirmed later")
                }
                SaleMode::AuthorizeAndCapture => {
                    language.t("オーソリ+売上(同時売上)", "authorise and capture together")
                }
            },
            risk: not_executed
                .or_else(|| expected.risk.map(|risk| words_subscription::risk(language, risk.code()).to_owned())),
        }
    }
}

/// The page.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    asked: Result<Query<Asked>, QueryRejection>,
) -> PageResult {
    let Query(Asked { as_of: wanted }) = asked?;
    let loaded = Loaded::read(&app, &signed, id).await?;
    let wanted = wanted.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let then = match &wanted {
        None => None,
        Some(text) => {
            let rule = || {
                let problem = Problem::validation("as_of", "write a moment up to today, such as 2026/4/1 9:00");
                problem.in_japanese("今日までの日時を 2026/4/1 9:00 のように入力してください")
            };
            let at = written::moment(text, loaded.today).ok_or_else(rule)?;
            Some((at, as_of::find(&app, as_of::AsOf::Instant(at.min(app.clock.now()))).await?))
        }
    };
    let (details, lead_days, row) = match &then {
        None => {
            let row = subscription_list::get(&app.storage, &loaded.id).await?;
            (loaded.details.clone(), loaded.settings.lead_days, row)
        }
        Some((_, moment)) => {
            let Some((row, details)) = as_of::subscription(&app, &loaded.id, *moment).await? else {
                let problem = Problem::validation("as_of", "there was no such subscription yet");
                return Err(problem.in_japanese("その時点では、この定期購入はまだありません").into());
            };
            let settings = as_of::shop(&app, loaded.id.shop(), *moment).await?;
            (details, settings.map_or(0, |settings| settings.lead_days), Some(row))
        }
    };
    let now = then.is_none();
    let started = row.as_ref().map_or("", |row| row.started_at.as_str());
    let facts = Facts::new(&frame, &details, lead_days, started, row.as_ref().and_then(|row| row.ended_at.as_deref()));
    let member = app.gateway.load::<Member>(details.member_id.as_str()).await.map_err(|error| unavailable(&error))?;
    let member = member.aggregate;
    let profile = match member.details() {
        Some(known) => members::shown(&app, &details.member_id, &known.profile).await,
        None => Ok(Profile {
            name: members::ERASED.into(),
            mail: String::new(),
            phone: String::new(),
            address: String::new(),
            postal: PostalAddress::default(),
        }),
    };
    let profile = profile.map_err(Problem::from)?;
    let name = profile.name.clone();
    let expected = if now { renewals::next_of(&app, &details).await? } else { None };
    let filter =
        OrderFilter { shop: Some(signed.shop()), subscription: Some(loaded.id.clone()), ..OrderFilter::default() };
    let orders = order_list::list(&app.storage, &filter, None, ORDERS).await?;
    let history = history::of_subscription_alone(&app, &loaded.id).await?;
    let language = frame.language;
    Ok::<_, Page>(render(&SubscriptionPage {
        id: loaded.id.to_string(),
        version: loaded.version,
        then: then.as_ref().map(|(at, _)| written::local_time(&at.to_rfc3339())),
        as_of: wanted.unwrap_or_default(),
        acts: if now { acts(&frame, &loaded) } else { vec![] },
        next_delivery: details.next.map(|next| next.delivery_date.to_string()).unwrap_or_default(),
        charge: expected.map(|expected| Charge::new(&frame, &expected, loaded.settings.sale_mode)),
        card: if now { CardBox::of(language, &member, loaded.today) } else { None },
        member: MemberBox {
            id: details.member_id.to_string(),
            erased: member.details().is_none(),
            profile: frame.profile(profile),
        },
        orders: orders.rows.iter().map(|row| OrderRow::new(language, row, Some(frame.name(&name)))).collect(),
        more_orders: orders.next.is_some(),
        rows: history.iter().rev().take(HISTORY).map(|entry| HistoryRow::new(language, entry)).collect(),
        facts,
        frame,
    }))
}

#[derive(askama::Template)]
#[template(path = "console/history.html")]
struct HistoryPage {
    frame: Frame,
    id: String,
    back: String,
    rows: Vec<HistoryRow>,
    total: usize,
    older: Option<String>,
}

/// Where a page of a history begins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Before {
    before: Option<i64>,
}

/// `GET /subscriptions/{id}/history`: everything that happened, with its orders and mails, newest first (O12).
pub(crate) async fn whole_history(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    asked: Result<Query<Before>, QueryRejection>,
) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let back = loaded.path();
    history_page(&app, frame, loaded.id.as_str(), back, asked?.0.before).await
}

/// Events of a page of a history.
const HISTORY_PAGE: usize = 200;

/// The page of the history of what `id` names.
pub(crate) async fn history_page(app: &App, frame: Frame, id: &str, back: String, before: Option<i64>) -> PageResult {
    let entries = history::of(app, id, frame.sees_personal_data()).await?;
    let total = entries.len();
    let shown = entries.iter().rev().filter(|entry| before.is_none_or(|before| entry.position < before));
    let shown: Vec<&Entry> = shown.take(HISTORY_PAGE).collect();
    let first = entries.first().map(|entry| entry.position);
    let older = shown.last().map(|entry| entry.position).filter(|last| Some(*last) != first);
    Ok(render(&HistoryPage {
        id: id.to_owned(),
        rows: shown.into_iter().map(|entry| HistoryRow::new(frame.language, entry)).collect(),
        older: older.map(|last| format!("{back}/history?before={last}")),
        back,
        total,
        frame,
    }))
}

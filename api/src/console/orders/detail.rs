//! 受注明細: one order with everything that can be done with it (O3-O19, K3), now or as of another moment.

use super::conflict::Conflict;
use super::view::{View, tokyo_text};
use super::{Id, list::List, order_id};
use crate::app::App;
use crate::as_of::{self, AsOf};
use crate::console::documents::Panel;
use crate::console::{Frame, Language, Page, PageResult, Signed, render, written};
use crate::history::{self, Entry};
use crate::http::{Problem, unavailable};
use crate::{members, words_mail, words_order};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::card_expiry::{CardExpiry, ExpiryStanding};
use teiki_domain::ids::OrderId;
use teiki_domain::mail::MailKind;
use teiki_domain::order::{Order, OrderCommand, Withheld};
use teiki_infrastructure::clock::tokyo;
use teiki_projections::mail_list::{self, MailFilter};
use teiki_projections::{member_list, subscription_list};

/// Most mails shown.
const MAILS: u32 = 100;

#[derive(askama::Template)]
#[template(path = "console/orders/detail.html")]
struct DetailPage {
    frame: Frame,
    title: &'static str,
    list: List,
    order: View,
    version: usize,
    name: String,
    buttons: Vec<Button>,
    /// Whether contents can be edited, or why not.
    edit: Option<String>,
    method: Option<String>,
    accept_surplus: Option<String>,
    refund_surplus: Option<String>,
    check: Option<String>,
    /// What was changed at Paygent rather than from here (O9).
    changed_there: Vec<(String, String)>,
    expiry: Option<Expiry>,
    mails: Vec<MailView>,
    /// Documents (O13), of the order as it stands now.
    documents: Option<Panel>,
    history: Vec<Happened>,
    conflict: Option<Conflict>,
    as_of: String,
    as_of_error: bool,
    /// The moment shown, if it is not now.
    then: Option<String>,
}

impl DetailPage {
    /// Whether anything can be done here at all.
    fn acts(&self) -> bool {
        self.then.is_none() && self.frame.may_act()
    }

    /// Whether mails can be sent from here: not from orders that are done with (O11).
    fn mails_go(&self) -> bool {
        self.acts() && self.order.list == "open"
    }
}

/// Something that can be done with the order.
struct Button {
    action: &'static str,
    text: &'static str,
    class: &'static str,
    /// Asked for once more before it is done.
    confirms: bool,
    /// Why it cannot be pressed.
    why: Option<String>,
}

/// The member's card is close to its end, or past it (K3).
struct Expiry {
    text: &'static str,
    date: String,
    /// The form of the mail that fits.
    form: &'static str,
    expired: bool,
}

struct MailView {
    id: String,
    at: String,
    kind: &'static str,
    to: &'static str,
    state: &'static str,
    failed: bool,
}

/// One line of the operation history (O12).
pub(super) struct Happened {
    pub(super) at: String,
    pub(super) text: String,
    pub(super) actor: String,
    pub(super) reason: String,
    pub(super) position: i64,
}

impl Happened {
    pub(super) fn new(language: Language, entry: &Entry) -> Self {
        Self {
            at: tokyo_text(&entry.recorded_at),
            text: entry.what(language).to_owned(),
            actor: entry.who(language).to_owned(),
            reason: entry.why(language).into_owned(),
            position: entry.position,
        }
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Then {
    #[serde(default)]
    as_of: String,
}

/// `GET /orders/{id}`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    then: Result<Query<Then>, QueryRejection>,
) -> PageResult {
    let id = order_id(id, &signed)?;
    draw(&app, frame, &id, None, &then?.0.as_of).await
}

/// The page of an order, with what went wrong when two people worked on it.
pub(super) async fn draw(
    app: &Arc<App>,
    frame: Frame,
    id: &OrderId,
    conflict: Option<Conflict>,
    as_of: &str,
) -> Result<Response, Page> {
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order");
    let loaded = app.gateway.load::<Order>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let today = app.clock.today();
    let wanted = written::moment(as_of, today);
    let as_of_error = !as_of.trim().is_empty() && wanted.is_none();
    let mut moment = None;
    let mut state = loaded.aggregate.clone();
    if let Some(at) = wanted {
        let found = as_of::find(app, AsOf::Instant(at.min(app.clock.now()))).await.map_err(Problem::from)?;
        let row = as_of::order(app, id, found).await.map_err(Problem::from)?;
        state = row.map(|row| row.state).unwrap_or_default();
        moment = Some(found);
    }
    let Some(details) = state.details() else {
        if loaded.aggregate.details().is_some() {
            let title = frame.t("その日時には、この受注はまだありませんでした", "There was no such order yet");
            return Err(Problem::new(StatusCode::NOT_FOUND, "not_yet", title).into());
        }
        return Err(missing().into());
    };
    let entries = history::of(app, id.as_str(), frame.sees_personal_data()).await.map_err(Problem::from)?;
    let until = moment.map_or(i64::MAX, |moment| moment.position);
    let entries: Vec<&Entry> = entries.iter().filter(|entry| entry.position <= until).collect();
    let settings = app.shops.get(id.shop()).await.map_err(Problem::from)?.settings;
    let day = moment.map_or(today, |moment| moment.day);
    let order = View::new(&frame, details, day, settings.validity_warn_days);
    let names = members::names(app, std::iter::once(order.member_id.as_str())).await?;
    let language = frame.language;
    let why = |offer: Result<(), Withheld>| offer.err().map(|why| words_order::withheld(language, &why));
    let (mut buttons, mut edit, mut check) = (vec![], None, None);
    if moment.is_none()
        && let Some(offers) = app.payments.offers(&loaded.aggregate).await.map_err(Problem::from)?
    {
        edit = why(offers.change_basket);
        check = why(offers.check_payment);
        let button = |action, japanese, english, class, confirms, offer| Button {
            action,
            text: language.t(japanese, english),
            class,
            confirms,
            why: why(offer),
        };
        buttons = vec![
            button("update", "取引更新", "Update transaction", "primary", false, offers.update_transaction),
            button("capture", "売上確定", "Confirm sale", "primary", false, offers.capture),
            button("authorize", "再オーソリ", "Authorise again", "plain-button", false, offers.authorize),
            button("complete", "受注処理完了", "Complete", "plain-button", true, offers.complete),
            button("cancel", "キャンセル", "Cancel", "danger", true, offers.cancel),
        ];
        if order.unknown.as_ref().is_some_and(|unknown| unknown.unknown && !unknown.given_up) {
            buttons.push(button("give-up", "待機終了", "Wait no longer", "danger", true, offers.give_up));
        }
    }
    let surplus = details.undecided().map(|booked| booked.payment_id.clone());
    let of_surplus = |command: fn(teiki_domain::ids::PaymentId) -> OrderCommand| {
        surplus.clone().and_then(|payment_id| why(loaded.aggregate.would_accept(command(payment_id))))
    };
    let accept_surplus = of_surplus(|payment_id| OrderCommand::AcceptSurplus { payment_id });
    let refund_surplus = of_surplus(|payment_id| OrderCommand::ReleaseSurplus { payment_id });
    let list = List::of(order.list);
    let page = DetailPage {
        title: match order.list {
            "completed" => language.t("受注完了明細", "Completed order"),
            "cancelled" => language.t("受注キャンセル明細", "Cancelled order"),
            _ => language.t("受注明細", "Order"),
        },
        list,
        name: names.get(&order.member_id).map_or_else(|| order.member_id.clone(), |name| frame.name(name)),
        version: loaded.sequence,
        buttons,
        // Editing and the way of paying are closed by the same states; each method is asked about on its page.
        method: edit.clone(),
        edit,
        accept_surplus,
        refund_surplus,
        check,
        changed_there: changed_there(language, &entries),
        expiry: expiry(app, &frame, details, day).await?,
        mails: if moment.is_none() { mails(app, &frame, id).await? } else { vec![] },
        documents: moment.is_none().then(|| Panel::of(&frame, details)),
        history: entries
            .iter()
            .rev()
            .filter(|entry| matches!(entry.aggregate_type.as_str(), "order" | "mail"))
            .map(|entry| Happened::new(language, entry))
            .collect(),
        conflict,
        as_of: as_of.trim().to_owned(),
        as_of_error,
        then: wanted.map(|at| tokyo(at).format("%Y-%m-%d %H:%M").to_string()),
        order,
        frame,
    };
    let status = match (&page.conflict, as_of_error) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, false) => StatusCode::OK,
    };
    let mut response = render(&page);
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    Ok(response)
}

/// What became of the payment without our asking: done at Paygent's own console (O9).
fn changed_there(language: Language, entries: &[&Entry]) -> Vec<(String, String)> {
    let ours = |entry: &&&Entry| {
        let kinds = ["AmountRevised", "AuthorizationVoided", "SaleRefunded", "SalesConfirmed"];
        let found = entry.data.get(&entry.event_type).and_then(|data| data.get("found_by")).and_then(|by| by.as_str());
        kinds.contains(&entry.event_type.as_str())
            && entry.caused_by.is_none()
            && matches!(found, Some("notice" | "inquiry"))
    };
    let told = |entry: &&Entry| (tokyo_text(&entry.recorded_at), entry.what(language).to_owned());
    entries.iter().filter(ours).map(told).collect()
}

async fn expiry(
    app: &App,
    frame: &Frame,
    details: &teiki_domain::order::Details,
    day: chrono::NaiveDate,
) -> Result<Option<Expiry>, Page> {
    if !details.payment_method.is_card() {
        return Ok(None);
    }
    let running = subscription_list::get(&app.storage, &details.subscription_id).await?;
    if running.is_none_or(|row| row.status != "running") {
        return Ok(None);
    }
    let member = member_list::get(&app.storage, &details.member_id).await?;
    let month = member.and_then(|member| member.card_expiry_yyyymm).and_then(|month| i32::try_from(month).ok());
    let Some(expiry) = month.and_then(|month| CardExpiry::from_yyyymm(month).ok()) else { return Ok(None) };
    let expired = match expiry.standing(day) {
        ExpiryStanding::Expired => true,
        ExpiryStanding::Close => false,
        ExpiryStanding::Valid => return Ok(None),
    };
    let text = if expired {
        frame.language.t("登録カードの有効期限が切れています", "The registered card has expired")
    } else {
        frame.language.t("登録カードの有効期限が近づいています", "The registered card expires soon")
    };
    let form = if expired { "expired" } else { "close" };
    Ok(Some(Expiry { text, date: expiry.to_string(), form, expired }))
}

async fn mails(app: &App, frame: &Frame, id: &OrderId) -> Result<Vec<MailView>, Page> {
    let filter = MailFilter { order: Some(id.clone()), ..MailFilter::default() };
    let page = mail_list::list(&app.storage, &filter, None, MAILS).await?;
    let language = frame.language;
    Ok(page
        .rows
        .into_iter()
        .map(|row| MailView {
            id: row.mail_id.clone(),
            at: tokyo_text(row.sent_at.as_deref().unwrap_or(&row.requested_at)),
            kind: MailKind::named(&row.kind).map_or("", |kind| words_mail::mail_kind(language, kind)),
            to: if row.recipient == "shop" {
                language.t("ショップ", "shop")
            } else {
                language.t("購入者", "buyer")
            },
            state: match row.status.as_str() {
                "sent" => language.t("送信済", "sent"),
                "given_up" => language.t("送信できませんでした", "could not be sent"),
                "dropped" => language.t("取りやめ", "dropped"),
                _ => language.t("送信待ち", "waiting"),
            },
            failed: row.status == "given_up",
        })
        .collect())
}

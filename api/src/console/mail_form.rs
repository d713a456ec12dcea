//! The page just before a mail is sent: the text as it would arrive, to be changed and sent. From an order (O15), and
//! about the end of a card from an order (K3) or a subscription (K4).

use super::{Flash, Form, Frame, Page, PageResult, Signed, render};
use crate::app::App;
use crate::http::Problem;
use crate::http::query::parse;
use crate::mails::card_expiry::{self, Form as CardForm, To};
use crate::mails::order_mails::{self, OrderMail, Parcel};
use crate::mails::{Letter, MailError};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::ids::{OrderId, SubscriptionId};
use teiki_domain::order::Order;
use teiki_domain::subscription::Subscription;

/// Which mail, and what is filled into its template.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    kind: Option<String>,
    form: Option<String>,
    carrier: Option<String>,
    slip_number: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/mail_form.html")]
struct MailFormPage {
    frame: Frame,
    title: &'static str,
    /// The page's own address, where the template is changed and the mail is sent.
    address: String,
    back: String,
    about: String,
    kind: String,
    /// The kinds to choose from, where none was said.
    kinds: Vec<(&'static str, &'static str)>,
    /// The forms to choose from and which is chosen; empty for mails that have no forms.
    forms: Vec<(&'static str, &'static str, bool)>,
    /// Carrier and slip number, for delivery notices.
    parcel: Option<(String, String)>,
    letter: Letter,
    /// The field that cannot be used, and why.
    error: Option<(&'static str, String)>,
}

/// What the page is for.
enum Target {
    Order(OrderId, OrderMail),
    /// A card, from an order or a subscription.
    Card(SubscriptionId, CardForm),
}

type Id = Result<Path<String>, PathRejection>;
type Asked = Result<Query<Wanted>, QueryRejection>;

impl Wanted {
    fn of(form: &Form) -> Self {
        let given = |name: &str| Some(form.get(name).to_owned()).filter(|text| !text.is_empty());
        let (kind, chosen) = (given("kind"), given("form"));
        Self { kind, form: chosen, carrier: given("carrier"), slip_number: given("slip_number") }
    }

    fn parcel(&self) -> Parcel {
        let short = |text: &Option<String>| -> String {
            let text = text.as_deref().unwrap_or("").trim();
            text.chars().filter(|c| !c.is_control()).take(60).collect()
        };
        Parcel { carrier: short(&self.carrier), slip_number: short(&self.slip_number) }
    }

    fn card_form(&self) -> CardForm {
        if self.form.as_deref() == Some("expired") { CardForm::Expired } else { CardForm::Close }
    }

    fn target(&self, order: &OrderId) -> Result<Target, Problem> {
        Ok(match self.kind.as_deref() {
            Some("delivery_notice") => Target::Order(order.clone(), OrderMail::DeliveryNotice),
            None | Some("order_confirmation") => Target::Order(order.clone(), OrderMail::OrderConfirmation),
            Some("free") => Target::Order(order.clone(), OrderMail::Free),
            Some("card_expiry") => Target::Card(order.subscription(), self.card_form()),
            Some(_) => {
                let rule = "it is delivery_notice, order_confirmation, free or card_expiry";
                return Err(Problem::validation("kind", rule));
            }
        })
    }
}

/// `GET /orders/{id}/mails/new`.
pub(crate) async fn from_order(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    asked: Asked,
) -> PageResult {
    let order = order_id(&signed, id)?;
    let Query(wanted) = asked?;
    let target = wanted.target(&order)?;
    open(&app, &order).await?;
    let letter = draft(&app, &target, &wanted).await?;
    let address = format!("/orders/{order}/mails/new");
    Ok(show(frame, &wanted, &target, (address, format!("/orders/{order}")), letter, None))
}

/// `POST /orders/{id}/mails/new`.
pub(crate) async fn send_from_order(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    form: Form,
) -> PageResult {
    let order = order_id(&signed, id)?;
    let wanted = Wanted::of(&form);
    let place = (format!("/orders/{order}/mails/new"), format!("/orders/{order}"));
    // What is sent is said, not guessed: reading the page has a kind it opens with, sending has none.
    let Some(target) = wanted.kind.as_ref().and_then(|_| wanted.target(&order).ok()) else {
        let why = frame.t("どのメールを送信するか選択してください", "choose which mail is sent").to_owned();
        let target = Target::Order(order, OrderMail::Free);
        return Ok(show(frame, &wanted, &target, place, typed(&form), Some(("kind", why))));
    };
    send(&app, &signed, frame, &form, wanted, target, place).await
}

/// `GET /subscriptions/{id}/card-mail`.
pub(crate) async fn from_subscription(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    asked: Asked,
) -> PageResult {
    let subscription = subscription_id(&signed, id)?;
    let Query(wanted) = asked?;
    let address = format!("/subscriptions/{subscription}/card-mail");
    let back = format!("/subscriptions/{subscription}");
    let target = Target::Card(subscription, wanted.card_form());
    let letter = draft(&app, &target, &wanted).await?;
    Ok(show(frame, &wanted, &target, (address, back), letter, None))
}

/// `POST /subscriptions/{id}/card-mail`.
pub(crate) async fn send_from_subscription(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    form: Form,
) -> PageResult {
    let subscription = subscription_id(&signed, id)?;
    let wanted = Wanted::of(&form);
    let place = (format!("/subscriptions/{subscription}/card-mail"), format!("/subscriptions/{subscription}"));
    let target = Target::Card(subscription, wanted.card_form());
    send(&app, &signed, frame, &form, wanted, target, place).await
}

/// Mails are written from orders that are not done with (O11); the page says so before anything is typed.
async fn open(app: &App, order: &OrderId) -> Result<(), Page> {
    let loaded = app.gateway.load::<Order>(order.as_str()).await.map_err(MailError::from).map_err(Problem::from)?;
    match loaded.aggregate.details().is_some_and(|details| details.completed) {
        true => Err(Problem::from(MailError::Completed(order.clone())).into()),
        false => Ok(()),
    }
}

fn order_id(signed: &Signed, id: Id) -> Result<OrderId, Page> {
    let Path(id) = id?;
    let order: OrderId = parse("id", &id)?;
    signed.owns(order.shop())?;
    Ok(order)
}

fn subscription_id(signed: &Signed, id: Id) -> Result<SubscriptionId, Page> {
    let Path(id) = id?;
    let subscription: SubscriptionId = parse("id", &id)?;
    signed.owns(subscription.shop())?;
    Ok(subscription)
}

/// The text proposed, as the buyer would get it.
async fn draft(app: &App, target: &Target, wanted: &Wanted) -> Result<Letter, Problem> {
    Ok(match target {
        Target::Order(order, mail) => order_mails::draft(app, order, *mail, &wanted.parcel()).await?,
        Target::Card(subscription, form) => {
            let loaded = app.gateway.load::<Subscription>(subscription.as_str()).await.map_err(MailError::from)?;
            let details = loaded.aggregate.details();
            let member = details.map(|details| details.member_id.clone());
            let member = member.ok_or_else(|| super::mails::absent(format!("subscription {subscription}")))?;
            card_expiry::preview(app, &member, &card_expiry::default(*form)).await?
        }
    })
}

fn show(
    frame: Frame,
    wanted: &Wanted,
    target: &Target,
    (address, back): (String, String),
    letter: Letter,
    error: Option<(&'static str, String)>,
) -> Response {
    let language = frame.language;
    let (title, about, kind, forms, parcel) = match target {
        Target::Order(order, mail) => {
            let (title, kind) = match mail {
                OrderMail::DeliveryNotice => (language.t("配送通知メール", "Delivery notice"), "delivery_notice"),
                OrderMail::OrderConfirmation => {
                    (language.t("注文確認メール", "Order confirmation"), "order_confirmation")
                }
                OrderMail::Free => (language.t("フリーメール", "Free mail"), "free"),
            };
            let parcel = wanted.parcel();
            let parcel = (*mail == OrderMail::DeliveryNotice).then_some((parcel.carrier, parcel.slip_number));
            (title, order.to_string(), kind, vec![], parcel)
        }
        Target::Card(subscription, form) => {
            let forms = vec![
                ("close", language.t("期限間近", "close to its end"), *form == CardForm::Close),
                ("expired", language.t("期限切れ", "expired"), *form == CardForm::Expired),
            ];
            let title = language.t("カード有効期限メール", "Mail about the card's end");
            (title, subscription.to_string(), "card_expiry", forms, None)
        }
    };
    let kind = kind.to_owned();
    let unsaid = error.as_ref().is_some_and(|(field, _)| *field == "kind");
    let kinds = match unsaid {
        true => vec![
            ("order_confirmation", language.t("注文確認メール", "Order confirmation")),
            ("delivery_notice", language.t("配送通知メール", "Delivery notice")),
            ("free", language.t("フリーメール", "Free mail")),
        ],
        false => vec![],
    };
    let title = if unsaid { language.t("メール", "Mail") } else { title };
    let failed = error.is_some();
    let mut response =
        render(&MailFormPage { frame, title, address, back, about, kind, kinds, forms, parcel, letter, error });
    if failed {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// What was typed, whether it can be sent or not.
fn typed(form: &Form) -> Letter {
    Letter { subject: form.get("subject").to_owned(), body: form.raw("body").to_owned() }
}

async fn send(
    app: &App,
    signed: &Signed,
    frame: Frame,
    form: &Form,
    wanted: Wanted,
    target: Target,
    place: (String, String),
) -> PageResult {
    let letter = match Letter::written(form.get("subject"), form.raw("body")) {
        Ok(letter) => letter,
        Err(error) => {
            let why = match error.field() {
                "subject" => frame.t(
                    "件名は1行で、1〜200文字で入力してください。",
                    "Write the subject in one line of 1 to 200 characters.",
                ),
                _ => frame.t("本文は1〜20,000文字で入力してください。", "Write a body of 1 to 20,000 characters."),
            };
            let why = why.to_owned();
            return Ok(show(frame, &wanted, &target, place, typed(form), Some((error.field(), why))));
        }
    };
    let because = form.because(app, signed, "a mail was written");
    let mail_id = match &target {
        Target::Order(order, mail) => {
            order_mails::request(app, order, *mail, letter, &because).await.map_err(Problem::from)?
        }
        Target::Card(subscription, chosen) => {
            let to = To::Selected(vec![subscription.clone()]);
            let requested = card_expiry::request(app, subscription.shop(), &to, *chosen, &letter, &because).await;
            let Some(mail_id) = requested.map_err(Problem::from)?.mails.pop() else {
                let told = frame.t(
                    "送信しませんでした。カードでお支払いの継続中の定期購入で、期限が近いか切れている場合にだけ送信できます。",
                    "Nothing was sent: the subscription must run by a card that is close to its end or past it.",
                );
                return Ok(frame.leave(&place.1, &Flash::failed(told)));
            };
            mail_id
        }
    };
    app.settle().await?;
    let told = match app.mailer.is_some() {
        true => frame.t("メールを送信します。", "The mail is on its way."),
        false => frame.t(
            "メールを作成しました。メールサーバーが設定されるまで送信待ちになります。",
            "The mail is written. It waits until a mail server is set up.",
        ),
    };
    Ok(frame.leave(&format!("/mails/{mail_id}"), &Flash::done(told)))
}

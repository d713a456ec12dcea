//! A new subscription, for orders by phone: member, products, cycle, first delivery, payment method.

use super::cycle_fields::CycleFields;
use super::item_fields::{ItemFields, Offer, offers};
use super::method::{Choice, choices, code};
use super::{at, dates};
use crate::app::App;
use crate::console::subscriptions::whole_id;
use crate::console::{Flash, Form, Frame, PageResult, Signed, render, written};
use crate::http::Problem;
use crate::subscriptions::{self, Start};
use crate::words_subscription as words;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::ids::SubscriptionId;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::shop_settings::Details as Settings;
use teiki_domain::subscription::{DeliveryWindow, StartSubscription, Subscription, SubscriptionCommand};

#[derive(askama::Template)]
#[template(path = "console/subscription_start.html")]
struct StartPage {
    frame: Frame,
    wrong: Option<String>,
    /// The number it will have, once the form was looked over: sent twice, it is started once.
    number: String,
    member: String,
    first: String,
    earliest: NaiveDate,
    latest: NaiveDate,
    /// The first dates, once the form was looked over.
    dates: Vec<(String, String)>,
    items: ItemFields,
    offers: Vec<Offer>,
    fields: CycleFields,
    choices: Vec<Choice>,
}

/// What stands in the form.
struct Typed {
    /// The days it may begin on.
    window: DeliveryWindow,
    number: String,
    member: String,
    first: String,
    dates: Vec<(String, String)>,
    items: ItemFields,
    fields: CycleFields,
    method: String,
}

fn show(frame: Frame, settings: &Settings, wrong: Option<String>, typed: Typed, offers: Vec<Offer>) -> Response {
    let DeliveryWindow { earliest, latest } = typed.window;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = render(&StartPage {
        number: typed.number,
        member: typed.member,
        // What stands beyond the window is shown all the same; what is no date a date field cannot show.
        first: written::picked(&typed.first, earliest),
        earliest,
        latest,
        dates: typed.dates,
        items: typed.items.summed(&frame),
        fields: typed.fields,
        choices: choices(&frame, &settings.methods, None, &typed.method),
        frame,
        wrong,
        offers,
    });
    at(status, page)
}

/// Who the form is for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct For {
    member: Option<String>,
}

/// `GET /subscriptions/new`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    asked: Result<Query<For>, QueryRejection>,
) -> PageResult {
    let Query(For { member }) = asked?;
    let settings = app.shops.get(signed.shop()).await?.settings;
    let window = DeliveryWindow::of(app.clock.today(), settings.lead_days);
    let typed = Typed {
        number: String::new(),
        member: member.unwrap_or_default(),
        first: window.earliest.to_string(),
        window,
        dates: vec![],
        items: ItemFields::new(),
        fields: CycleFields::of(frame.language, None, &settings.delivery_cycles),
        method: settings.methods.first().map(code).unwrap_or_default(),
    };
    let offers = offers(&app, signed.shop()).await?;
    Ok(show(frame, &settings, None, typed, offers))
}

/// `POST /subscriptions/new`: adds a product to the form, looks the form over, or starts the subscription.
pub(crate) async fn start(State(app): State<Arc<App>>, signed: Signed, frame: Frame, form: Form) -> PageResult {
    let settings = app.shops.get(signed.shop()).await?.settings;
    let offers = offers(&app, signed.shop()).await?;
    let names = ["choice", "days", "weeks", "weeks_on", "day_months", "day", "weekday_months", "place", "weekday"];
    let fields: HashMap<String, String> =
        names.iter().map(|name| ((*name).to_owned(), form.get(name).to_owned())).collect();
    let mut typed = Typed {
        window: DeliveryWindow::of(app.clock.today(), settings.lead_days),
        number: form.get("number").to_owned(),
        member: form.get("member").to_owned(),
        first: form.get("first").to_owned(),
        dates: vec![],
        items: ItemFields::typed(&form),
        fields: CycleFields::of(frame.language, None, &settings.delivery_cycles).typed(&fields),
        method: form.get("method").to_owned(),
    };
    if form.get("do") == "add" {
        typed.items.add(&offers, form.get("offer"));
        return Ok(show(frame, &settings, None, typed, offers));
    }
    let start = match read(&app, &frame, &signed, &settings, &typed) {
        Ok(start) => start,
        Err(text) => return Ok(show(frame, &settings, Some(text), typed, offers)),
    };
    // Taken when the form is first looked over and kept in it, so that the same form starts one subscription.
    let number = match start.subscription_id.clone().filter(|_| form.get("do") == "save") {
        Some(number) => number,
        None => {
            if let Err(error) = subscriptions::check_method(&app, &start.member_id, &start.payment_method).await {
                let Some(text) = words::start_error(frame.language, &error) else {
                    return Err(Problem::from(error).into());
                };
                return Ok(show(frame, &settings, Some(text), typed, offers));
            }
            let number = match start.subscription_id.clone() {
                Some(number) => number,
                None => subscriptions::next_number(&app, signed.shop()).await.map_err(Problem::from)?,
            };
            match first_dates(&app, &frame, &settings, &start, &number) {
                Ok(dates) => (typed.number, typed.dates) = (number.to_string(), dates),
                Err(text) => return Ok(show(frame, &settings, Some(text), typed, offers)),
            }
            return Ok(show(frame, &settings, None, typed, offers));
        }
    };
    if let Err(error) = subscriptions::check_first(&app, Some(&number), &start).await {
        let Some(text) = words::start_error(frame.language, &error) else { return Err(Problem::from(error).into()) };
        return Ok(show(frame, &settings, Some(text), typed, offers));
    }
    let because = form.because(&app, &signed, "the subscription was started in the console");
    let start = Start { subscription_id: Some(number.clone()), ..start };
    match subscriptions::start(&app, start, &because).await {
        Ok(_) => {
            app.settle().await?;
            let text = match frame.language {
                crate::console::Language::Japanese => format!("定期購入 {number} を登録しました"),
                crate::console::Language::English => format!("Subscription {number} is started"),
            };
            Ok(frame.leave(&format!("/subscriptions/{number}"), &Flash::done(text)))
        }
        Err(error) => match words::start_error(frame.language, &error) {
            Some(text) => Ok(show(frame, &settings, Some(text), typed, offers)),
            None => Err(Problem::from(error).into()),
        },
    }
}

/// The first dates it would have, or why it cannot be started, as the domain says.
fn first_dates(
    app: &App,
    frame: &Frame,
    settings: &Settings,
    start: &Start,
    number: &SubscriptionId,
) -> Result<Vec<(String, String)>, String> {
    let command = SubscriptionCommand::Start(Box::new(StartSubscription {
        subscription_id: number.clone(),
        member_id: start.member_id.clone(),
        basket: start.basket.clone(),
        payment_method: start.payment_method.clone(),
        cycle: start.cycle,
        first_delivery: start.first_delivery,
        lead_days: settings.lead_days,
        today: app.clock.today(),
    }));
    let window = DeliveryWindow::of(app.clock.today(), settings.lead_days);
    window.holds(start.first_delivery).map_err(|refusal| words::refusal(frame.language, &refusal))?;
    let mut subscription = Subscription::default();
    let events = subscription.decide(command).map_err(|refusal| words::refusal(frame.language, &refusal))?;
    for event in &events {
        subscription.apply(event);
    }
    let details = subscription.details();
    Ok(details.map(|details| dates(frame.language, details, settings.lead_days)).unwrap_or_default())
}

fn read(app: &App, frame: &Frame, signed: &Signed, settings: &Settings, typed: &Typed) -> Result<Start, String> {
    let member_id = whole_id(signed.shop(), &typed.member);
    let member_id: teiki_domain::ids::MemberId = member_id.parse().map_err(|_| {
        let japanese = "会員IDは 02396-M0001 または M0001 のように入力してください";
        frame.t(japanese, "write a member as 02396-M0001 or M0001").to_owned()
    })?;
    if member_id.shop() != signed.shop() {
        return Err(frame.t("ほかのショップの会員です", "the member belongs to another shop").to_owned());
    }
    let subscription_id: Option<SubscriptionId> = match typed.number.is_empty() {
        true => None,
        false => typed.number.parse().ok().filter(|id: &SubscriptionId| id.shop() == signed.shop()),
    };
    let rule = frame.t("初回配送日は 2026/4/1 のように入力してください", "write the first delivery such as 2026/4/1");
    let first_delivery = written::date(&typed.first, app.clock.today()).ok_or_else(|| rule.to_owned())?;
    let method: Option<&PaymentMethod> = settings.methods.iter().find(|method| code(method) == typed.method);
    let none = frame.t("支払方法を選択してください", "choose a payment method");
    Ok(Start {
        subscription_id,
        member_id,
        basket: typed.items.read(frame)?,
        cycle: typed.fields.read(frame)?,
        first_delivery,
        payment_method: method.cloned().ok_or_else(|| none.to_owned())?,
    })
}

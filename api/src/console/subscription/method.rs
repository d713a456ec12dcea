//! How orders are paid, from the next one on (O18).

use super::{Came, Doing, Id, Loaded, Wrong, at, carry_out, leave};
use crate::app::App;
use crate::console::{Form, Frame, PageResult, Signed, render};
use crate::http::{Problem, unavailable};
use crate::subscriptions::check_method;
use crate::words_subscription as words;
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;
use teiki_domain::member::Member;
use teiki_domain::payment_method::PaymentMethod;
use teiki_domain::subscription::SubscriptionCommand as Command;

#[derive(askama::Template)]
#[template(path = "console/subscription_method.html")]
struct MethodPage {
    frame: Frame,
    /// Why nothing can be changed.
    closed: Option<String>,
    id: String,
    version: usize,
    wrong: Wrong,
    choices: Vec<Choice>,
    member_id: String,
    card: Option<String>,
}

/// A method to choose.
pub(super) struct Choice {
    /// `card`, or `external:` and the name.
    pub(super) code: String,
    pub(super) text: String,
    pub(super) chosen: bool,
    pub(super) now: bool,
}

/// A method as forms name it.
pub(super) fn code(method: &PaymentMethod) -> String {
    match method {
        PaymentMethod::Card => "card".to_owned(),
        PaymentMethod::External { name } => format!("external:{name}"),
    }
}

/// The methods of a shop, and one that is in use beside them.
pub(super) fn choices(
    frame: &Frame,
    offered: &[PaymentMethod],
    now: Option<&PaymentMethod>,
    chosen: &str,
) -> Vec<Choice> {
    let mut all: Vec<&PaymentMethod> = offered.iter().collect();
    if let Some(now) = now.filter(|now| !offered.contains(now)) {
        all.push(now);
    }
    let choice = |method: &PaymentMethod| Choice {
        code: code(method),
        text: words::method(frame.language, method),
        chosen: code(method) == chosen,
        now: Some(method) == now,
    };
    all.into_iter().map(choice).collect()
}

async fn show(app: &App, frame: Frame, loaded: &Loaded, wrong: Wrong, chosen: &str) -> PageResult {
    let status = wrong.status();
    let member_id = &loaded.details.member_id;
    let member = app.gateway.load::<Member>(member_id.as_str()).await.map_err(|error| unavailable(&error))?.aggregate;
    let card = member.card().map(|card| format!("{} {}", card.masked_number, card.expiry));
    let page: Response = render(&MethodPage {
        id: loaded.id.to_string(),
        version: loaded.version,
        choices: choices(&frame, &loaded.settings.methods, Some(&loaded.details.payment_method), chosen),
        closed: loaded.closed(&frame, Doing::Method),
        member_id: member_id.to_string(),
        frame,
        wrong,
        card,
    });
    Ok(at(status, page))
}

/// `GET /subscriptions/{id}/method`.
pub(crate) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let now = code(&loaded.details.payment_method);
    show(&app, frame, &loaded, Wrong::default(), &now).await
}

/// `POST /subscriptions/{id}/method`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    form: Form,
) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let typed = form.get("method");
    let known = loaded.settings.methods.iter().chain(std::iter::once(&loaded.details.payment_method));
    let Some(payment_method) = known.into_iter().find(|method| code(method) == typed).cloned() else {
        let text = frame.t("支払方法を選択してください", "Choose a payment method").to_owned();
        return show(&app, frame, &loaded, Wrong::refused(text), typed).await;
    };
    // A method that is no longer offered stays where it is in use.
    if payment_method != loaded.details.payment_method
        && let Err(error) = check_method(&app, &loaded.details.member_id, &payment_method).await
    {
        let Some(text) = words::start_error(frame.language, &error) else { return Err(Problem::from(error).into()) };
        return show(&app, frame, &loaded, Wrong::refused(text), typed).await;
    }
    let said = (frame.language, "the payment method was changed");
    let command = Command::ChangePaymentMethod { payment_method };
    match carry_out(&app, &signed, &form, &loaded, command, said).await? {
        Came::Refused(text) => show(&app, frame, &loaded, Wrong::refused(text), typed).await,
        Came::Changed(since) => {
            let wrong = Wrong::changed(frame.language, since);
            show(&app, frame, &loaded, wrong, typed).await
        }
        done => Ok(leave(&frame, &loaded, done, frame.t("支払方法を変更しました", "The payment method is changed"))),
    }
}

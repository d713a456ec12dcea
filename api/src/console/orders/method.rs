//! 支払方法の変更: after a failed renewal the order is paid otherwise, with the fee that goes with it (O17).

use super::act::{in_turn, is_changed, not_done, of_button, told};
use super::conflict::Conflict;
use super::view::{View, method_name};
use super::{Id, order_id};
use crate::app::App;
use crate::command_gateway::{Because, Done};
use crate::console::{Form, Frame, PageResult, Signed, render, written};
use crate::http::{Problem, internal, unavailable};
use crate::payments::{PaymentError, Payments};
use crate::words_order;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;
use teiki_domain::basket::{Basket, Charge};
use teiki_domain::ids::OrderId;
use teiki_domain::order::{Details, Order};
use teiki_domain::payment_method::PaymentMethod;

/// Longest name of a method, in characters.
const LONGEST: usize = 60;

#[derive(askama::Template)]
#[template(path = "console/orders/method.html")]
struct MethodPage {
    frame: Frame,
    /// Why nothing can be changed.
    closed: Option<String>,
    order: View,
    version: usize,
    choices: Vec<Choice>,
    entered: Entered,
    error: Option<String>,
    conflict: Option<Conflict>,
    /// An authorisation that the change cancels.
    cancels: Option<String>,
}

/// One way to pay.
struct Choice {
    value: String,
    text: String,
    chosen: bool,
    current: bool,
    why: Option<String>,
}

#[derive(Default, Clone)]
struct Entered {
    method: String,
    other: String,
    fee: String,
}

fn value(method: &PaymentMethod) -> String {
    match method {
        PaymentMethod::Card => "card".to_owned(),
        PaymentMethod::External { name } => format!("external:{name}"),
    }
}

impl Entered {
    fn method(&self) -> Option<PaymentMethod> {
        let external = |name: &str| {
            let sound = (1..=LONGEST).contains(&name.chars().count()) && !name.chars().any(char::is_control);
            sound.then(|| PaymentMethod::External { name: name.to_owned() })
        };
        match self.method.as_str() {
            "card" => Some(PaymentMethod::Card),
            "other" => external(&self.other),
            named => external(named.strip_prefix("external:")?),
        }
    }

    fn basket(&self, before: &Basket) -> Option<Basket> {
        // Left as it stands where nothing was entered.
        let fee = if self.fee.is_empty() { before.fee() } else { Charge::Fixed(written::yen(&self.fee)?) };
        Basket::new(before.lines().to_vec(), before.shipping(), fee).ok()
    }
}

/// `GET /orders/{id}/payment-method`.
pub(super) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let id = order_id(id, &signed)?;
    draw(&app, frame, &id, None, None, None).await
}

async fn draw(
    app: &App,
    frame: Frame,
    id: &OrderId,
    entered: Option<Entered>,
    error: Option<String>,
    conflict: Option<Conflict>,
) -> PageResult {
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order");
    let loaded = app.gateway.load::<Order>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let details = loaded.aggregate.details().ok_or_else(missing)?;
    let settings = app.shops.get(id.shop()).await.map_err(Problem::from)?.settings;
    let fee = match details.basket.fee() {
        Charge::Fixed(yen) => yen.get().to_string(),
        Charge::ToBeQuoted => String::new(),
    };
    let current = value(&details.payment_method);
    let entered = entered.unwrap_or_else(|| Entered { method: current.clone(), other: String::new(), fee });
    let status = match (&conflict, &error) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, None) => StatusCode::OK,
    };
    // Editing and the way of paying are closed by the same states; each method is asked about for itself.
    let offers = app.payments.offers(&loaded.aggregate).await.map_err(Problem::from)?;
    let closed = offers.and_then(|offers| offers.change_basket.err());
    let closed = closed.map(|why| words_order::withheld(frame.language, &why));
    let holding = details.paying().filter(|paying| paying.stands.holds_money());
    let mut response = render(&MethodPage {
        order: View::new(&frame, details, app.clock.today(), 0),
        closed,
        version: loaded.sequence,
        choices: choices(&frame, details, &settings.methods, &entered.method),
        cancels: holding.map(|paying| paying.amount.to_string()),
        entered,
        error,
        conflict,
        frame,
    });
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    Ok(response)
}

/// The card, what the shop's settings know, and what the order has now.
fn choices(frame: &Frame, details: &Details, known: &[PaymentMethod], chosen: &str) -> Vec<Choice> {
    let mut methods = vec![details.payment_method.clone()];
    for method in std::iter::once(&PaymentMethod::Card).chain(known) {
        if !methods.contains(method) {
            methods.push(method.clone());
        }
    }
    let choice = |method: PaymentMethod| {
        let current = method == details.payment_method;
        let why = if current { None } else { details.would_take(&method).err() };
        let value = value(&method);
        Choice {
            text: method_name(frame.language, &method),
            chosen: value == chosen,
            value,
            current,
            why: why.map(|why| words_order::withheld(frame.language, &why)),
        }
    };
    methods.into_iter().map(choice).collect()
}

/// `POST /orders/{id}/payment-method`.
pub(super) async fn save(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id, form: Form) -> PageResult {
    let id = order_id(id, &signed)?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order");
    let loaded = app.gateway.load::<Order>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    let details = loaded.aggregate.details().ok_or_else(missing)?;
    let field = |name: &str| form.get(name).chars().take(LONGEST + 20).collect::<String>();
    let entered = Entered { method: field("method"), other: field("other"), fee: field("fee") };
    let wrong = match (entered.method(), entered.basket(&details.basket)) {
        (Some(method), Some(basket)) => Ok((method, basket)),
        (None, _) => Err(frame.t(
            "支払方法を選ぶか、60文字以内で入力してください",
            "Choose a payment method, or write one of at most 60 characters",
        )),
        (_, None) => Err(frame.t("手数料は数字で入力してください(なしは 0)", "Write the fee in digits; 0 for none")),
    };
    let (method, basket) = match wrong {
        Ok(read) => read,
        Err(text) => {
            let text = text.to_owned();
            return draw(&app, frame, &id, Some(entered), Some(text), None).await;
        }
    };
    let because = of_button(form.because_of_version(&app, &signed, "the payment method was changed"), "method");
    let basket = Some(basket).filter(|basket| *basket != details.basket);
    let (payments, order) = (app.payments.clone(), id.clone());
    let work =
        in_turn(move || change(payments.clone(), order.clone(), method.clone(), basket.clone(), because.clone()));
    let done = app.spawn(work).await.map_err(|_| internal())?;
    app.settle().await?;
    let name = frame.language.t("支払方法の変更", "Changing the payment method");
    match done {
        Ok(done) => {
            let sentence = frame.t(
                "支払方法を変更しました。変更内容は注文確認メールでご案内できます。",
                "The payment method is changed; an order confirmation can tell the buyer.",
            );
            let flash = told(frame.language, name, sentence, &done, !done.events.is_empty());
            Ok(frame.leave(&format!("/orders/{id}"), &flash))
        }
        Err(error) if is_changed(&error) => {
            let conflict = Conflict::since(&app, frame.language, &id, form.version().unwrap_or(0), name).await?;
            draw(&app, frame, &id, Some(entered), None, Some(conflict)).await
        }
        Err(error) => {
            let sentence = not_done(frame.language, name, error)?;
            draw(&app, frame, &id, Some(entered), Some(sentence), None).await
        }
    }
}

/// The amount first: a payment that the change leaves behind is being cancelled afterwards, and may take its time.
async fn change(
    payments: Payments,
    id: OrderId,
    method: PaymentMethod,
    basket: Option<Basket>,
    because: Because,
) -> Result<Done<Order>, PaymentError> {
    let Some(basket) = basket else { return payments.change_method(&id, method, &because).await };
    let done = payments.change_basket(&id, basket, &because).await?;
    let then = of_button(because.clone(), "then");
    let (causation_id, correlation_id) = (Some(because.command_id), because.correlation_id);
    let then = Because { causation_id, correlation_id, expects: Some(done.sequence), ..then };
    payments.change_method(&id, method, &then).await
}

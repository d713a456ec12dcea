//! What is done with an order's payment: one address a command, each with the order as it stands afterwards.
//!
//! 200 once it is done, also when it was before; 202 while Paygent's answer is not known; 402 with Paygent's code when
//! Paygent refused; 409 with a sentence when the order does not allow it, before anything was sent.

use super::caller::Caller;
use super::declined::{not_authorized, refused, refused_before};
use super::orders::{OrderView, order_id, read};
use super::problem::{Declined, Problem, internal, unavailable};
use super::request::{Amount, Method, RequestLine, basket, field};
use crate::app::App;
use crate::command_gateway::{Because, Done};
use crate::payments::{PaymentError, Payments};
use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::ids::{OrderId, PaymentId};
use teiki_domain::order::{Cause, Order, Payment};
use utoipa::{IntoResponses, ToSchema};

/// The order as it stands after a command.
#[derive(IntoResponses)]
pub(super) enum Carried {
    /// Done, now or before.
    #[response(status = 200)]
    Done(#[to_schema] OrderView),
    /// Asked for at Paygent, whose answer is not known yet. The order, at `Location`, shows it once it is.
    #[response(status = 202, headers(("Location" = String, description = "Where to ask.")))]
    Open(#[to_schema] OrderView),
}

impl IntoResponse for Carried {
    fn into_response(self) -> Response {
        match self {
            Carried::Done(order) => Json(order).into_response(),
            Carried::Open(order) => {
                let place = [(header::LOCATION, format!("/v1/orders/{}", order.order_id))];
                (StatusCode::ACCEPTED, place, Json(order)).into_response()
            }
        }
    }
}

type Answer = Result<Carried, Problem>;
type Id = Result<Path<String>, PathRejection>;

/// `POST /v1/orders/{id}/capture`: confirms the sale (売上確定, O5).
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/capture",
    operation_id = "capture_order",
    tag = "orders",
    params(super::schema::OrderPath),
    responses(Carried, Declined)
)]
pub(super) async fn capture(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Answer {
    carry_out(app, &caller, order_id(id)?, "the sale was confirmed", |payments, id, because| async move {
        payments.capture(&id, &because).await
    })
    .await
}

/// `POST /v1/orders/{id}/cancel`: cancels the order and its payment (O10).
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancel",
    operation_id = "cancel_order",
    tag = "orders",
    params(super::schema::OrderPath),
    responses(Carried, Declined)
)]
pub(super) async fn cancel(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Answer {
    carry_out(app, &caller, order_id(id)?, "the order was cancelled", |payments, id, because| async move {
        payments.cancel(&id, &because).await
    })
    .await
}

/// `POST /v1/orders/{id}/complete`: moves the order to the completed list (O11).
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/complete",
    operation_id = "complete_order",
    tag = "orders",
    params(super::schema::OrderPath),
    responses(Carried)
)]
pub(super) async fn complete(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Answer {
    carry_out(app, &caller, order_id(id)?, "the order was completed", |payments, id, because| async move {
        payments.complete(&id, &because).await
    })
    .await
}

/// `POST /v1/orders/{id}/update-transaction`: 取引更新 (O6).
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/update-transaction",
    operation_id = "update_order_transaction",
    tag = "orders",
    params(super::schema::OrderPath),
    responses(Carried, Declined)
)]
pub(super) async fn update_transaction(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Answer {
    carry_out(app, &caller, order_id(id)?, "the transaction was updated", |payments, id, because| async move {
        payments.update_transaction(&id, &because).await
    })
    .await
}

/// The number the attempt shall have; with it, repeating the request is harmless.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Attempt {
    #[schema(minimum = 0, maximum = 4_294_967_295u32, example = 2)]
    attempt: Option<u32>,
}

/// `POST /v1/orders/{id}/authorize`: tries the member's card in force (O17). The body may be empty.
#[utoipa::path(post, path = "/v1/orders/{id}/authorize", operation_id = "authorize_order", tag = "orders",
    params(super::schema::OrderPath), request_body = Option<Attempt>, responses(Carried, Declined))]
pub(super) async fn authorize(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let body = body?;
    let given = if body.is_empty() { None } else { Json::<Option<Attempt>>::from_bytes(&body)?.0 };
    let Attempt { attempt } = given.unwrap_or_default();
    let id = order_id(id)?;
    let carried = carry_out(
        app.clone(),
        &caller,
        id.clone(),
        "the card was tried again",
        move |payments, id, because| async move { payments.authorize(&id, attempt, Cause::Operator, &because).await },
    );
    let carried = carried.await?;
    // Asked for before under this number, and refused: the answer is what it was.
    if let Some(number) = attempt
        && let Some(order) =
            app.gateway.load::<Order>(id.as_str()).await.map_err(|error| unavailable(&error))?.aggregate.details()
        && let Some((code, detail)) = order.attempt(number).and_then(|attempt| attempt.failure.clone())
        && order.payment == Payment::Failed(number)
    {
        return Err(not_authorized(&code, &detail));
    }
    Ok(carried)
}

/// What an order contains.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Basket)]
pub(super) struct Contents {
    #[schema(min_items = 1, max_items = 100)]
    pub(super) lines: Vec<RequestLine>,
    pub(super) shipping: Amount,
    #[serde(default)]
    pub(super) fee: Option<Amount>,
}

/// `PUT /v1/orders/{id}/basket`: changes what the order contains or costs (O6, O17).
#[utoipa::path(put, path = "/v1/orders/{id}/basket", operation_id = "change_order_basket", tag = "orders",
    params(super::schema::OrderPath), request_body = Contents, responses(Carried))]
pub(super) async fn change_basket(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<Contents>, JsonRejection>,
) -> Answer {
    let Json(body) = body?;
    let basket = basket(body.lines, body.shipping, body.fee)?;
    carry_out(app, &caller, order_id(id)?, "the amount was changed", move |payments, id, because| async move {
        payments.change_basket(&id, basket, &because).await
    })
    .await
}

/// How it shall be paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChosenMethod)]
pub(super) struct NewMethod {
    pub(super) payment_method: Method,
}

/// `PUT /v1/orders/{id}/payment-method`: changes how the order is paid (O17).
#[utoipa::path(put, path = "/v1/orders/{id}/payment-method", operation_id = "change_order_payment_method", tag = "orders",
    params(super::schema::OrderPath), request_body = NewMethod, responses(Carried))]
pub(super) async fn change_method(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<NewMethod>, JsonRejection>,
) -> Answer {
    let Json(body) = body?;
    let method = body.payment_method.read("payment_method")?;
    carry_out(app, &caller, order_id(id)?, "the payment method was changed", move |payments, id, because| async move {
        payments.change_method(&id, method, &because).await
    })
    .await
}

/// How the mark shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentCheck {
    /// Whether it is set (済).
    checked: bool,
}

/// `PUT /v1/orders/{id}/payment-check`: sets or takes away the mark 入金チェック (O16). Nothing is done because
/// of it; a receipt for what is settled outside may be written (O13).
#[utoipa::path(put, path = "/v1/orders/{id}/payment-check", operation_id = "check_order_payment", tag = "orders",
    params(super::schema::OrderPath), request_body = PaymentCheck, responses(Carried))]
pub(super) async fn check_payment(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<PaymentCheck>, JsonRejection>,
) -> Answer {
    let Json(PaymentCheck { checked }) = body?;
    carry_out(app, &caller, order_id(id)?, "the payment check was changed", move |payments, id, because| async move {
        payments.check_payment(&id, checked, &because).await
    })
    .await
}

/// Which attempt is waited for no longer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GiveUp {
    #[schema(minimum = 0, maximum = 4_294_967_295u32, example = 1)]
    attempt: u32,
}

/// `POST /v1/orders/{id}/give-up`: waits no longer for an attempt without a known outcome (W8).
#[utoipa::path(post, path = "/v1/orders/{id}/give-up", operation_id = "give_up_order_attempt", tag = "orders",
    params(super::schema::OrderPath), request_body = GiveUp, responses(Carried))]
pub(super) async fn give_up(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Json<GiveUp>, JsonRejection>,
) -> Answer {
    let Json(GiveUp { attempt }) = body?;
    carry_out(app, &caller, order_id(id)?, "the attempt was given up", move |payments, id, because| async move {
        payments.give_up(&id, attempt, &because).await
    })
    .await
}

type Surplus = Result<Path<(String, String)>, PathRejection>;

fn surplus(path: Surplus) -> Result<(OrderId, PaymentId), Problem> {
    let Path((id, payment)) = path?;
    Ok((field("id", id.parse())?, field("payment_id", payment.parse())?))
}

/// `POST /v1/orders/{id}/surplus/{payment_id}/refund`: gives a payment back that pays nothing here (W8).
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/surplus/{payment_id}/refund",
    operation_id = "refund_surplus_payment",
    tag = "orders",
    params(super::schema::SurplusPath),
    responses(Carried, Declined)
)]
pub(super) async fn refund_surplus(State(app): State<Arc<App>>, caller: Caller, path: Surplus) -> Answer {
    let (id, payment) = surplus(path)?;
    carry_out(app, &caller, id, "the surplus payment was given back", move |payments, id, because| async move {
        payments.release_surplus(&id, payment, &because).await
    })
    .await
}

/// `POST /v1/orders/{id}/surplus/{payment_id}/accept`: lets a payment found late pay the order (W8).
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/surplus/{payment_id}/accept",
    operation_id = "accept_surplus_payment",
    tag = "orders",
    params(super::schema::SurplusPath),
    responses(Carried)
)]
pub(super) async fn accept_surplus(State(app): State<Arc<App>>, caller: Caller, path: Surplus) -> Answer {
    let (id, payment) = surplus(path)?;
    carry_out(app, &caller, id, "the surplus payment was accepted", move |payments, id, because| async move {
        payments.accept_surplus(&id, payment, &because).await
    })
    .await
}

/// A caller that hangs up must not leave Paygent's answer unrecorded: the work goes on by itself.
async fn carry_out<F>(
    app: Arc<App>,
    caller: &Caller,
    id: OrderId,
    reason: &str,
    command: impl FnOnce(Payments, OrderId, Because) -> F,
) -> Answer
where
    F: Future<Output = Result<Done<Order>, PaymentError>> + Send + 'static,
{
    let because = caller.because(&app, reason);
    let before = because.repeats.then_some(because.command_id);
    let work = app.spawn(command(app.payments.clone(), id.clone(), because));
    let done = work.await.map_err(|_| internal())??;
    app.settle().await.map_err(|error| unavailable(&error))?;
    if let Some(problem) = done.events.iter().find_map(refused) {
        return Err(problem);
    }
    if let Some(command_id) = before.filter(|_| done.events.is_empty())
        && let Some(problem) = refused_before(&app, &id, command_id).await?
    {
        return Err(problem);
    }
    let open = done.aggregate.details().is_some_and(|details| details.operation.is_some());
    let order = read(&app, &id).await?;
    Ok(if open { Carried::Open(order) } else { Carried::Done(order) })
}

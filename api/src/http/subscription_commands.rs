//! What is done with a subscription: one address a command, each with the subscription as it stands afterwards.

use super::caller::Caller;
use super::order_commands::{Contents, NewMethod};
use super::problem::{Problem, subscription, unavailable};
use super::request::{basket, civil_date, field};
use super::subscriptions::{Id, SubscriptionView, read, subscription_id};
use crate::app::App;
use crate::command_gateway::CommandError;
use crate::subscriptions::check_method;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use chrono::NaiveDate;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::ids::SubscriptionId;
use teiki_domain::subscription::{Subscription, SubscriptionCommand as Command, SubscriptionRefusal as Refusal};
use utoipa::ToSchema;

type Body<T> = Result<Json<T>, JsonRejection>;
type Answer = Result<Json<SubscriptionView>, Problem>;

/// Which delivery is left out.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Skip {
    /// The date of the delivery that is meant; with it, repeating the request never leaves out another one. Whichever is
    /// next if left out.
    #[serde(default, deserialize_with = "super::request::civil_date_or_null")]
    #[schema(example = "2026-05-01")]
    delivery_date: Option<NaiveDate>,
}

/// `POST /v1/subscriptions/{id}/skip`: leaves out the next delivery.
#[utoipa::path(post, path = "/v1/subscriptions/{id}/skip", operation_id = "skip_delivery", tag = "subscriptions",
    params(super::schema::SubscriptionPath), request_body = Option<Skip>,
    responses((status = 200, body = SubscriptionView)))]
pub(super) async fn skip(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let body = body?;
    let given = if body.is_empty() { None } else { Json::<Option<Skip>>::from_bytes(&body)?.0 };
    let Skip { delivery_date } = given.unwrap_or_default();
    let (id, lead_days, today) = at(&app, id).await?;
    let command = Command::SkipNext { delivery_date, today, lead_days };
    carry_out(&app, &caller, id, command, "the next delivery was left out", "delivery_date").await
}

/// `POST /v1/subscriptions/{id}/pause`: generates no orders until it is resumed.
#[utoipa::path(post, path = "/v1/subscriptions/{id}/pause", operation_id = "pause_subscription", tag = "subscriptions",
    params(super::schema::SubscriptionPath), responses((status = 200, body = SubscriptionView)))]
pub(super) async fn pause(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Answer {
    carry_out(&app, &caller, subscription_id(id)?, Command::Pause, "the subscription was paused", "id").await
}

/// `POST /v1/subscriptions/{id}/resume`: generates orders again; dates that passed in between are not made up for.
#[utoipa::path(post, path = "/v1/subscriptions/{id}/resume", operation_id = "resume_subscription", tag = "subscriptions",
    params(super::schema::SubscriptionPath), responses((status = 200, body = SubscriptionView)))]
pub(super) async fn resume(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Answer {
    let (id, lead_days, today) = at(&app, id).await?;
    let because = caller.because(&app, "the subscription was resumed");
    match app.gateway.execute::<Subscription>(id.as_str(), &because, Command::Resume { today, lead_days }).await {
        // One that runs is what was asked for.
        Ok(_) | Err(CommandError::Refused(Refusal::NotPaused)) => settled(&app, &id).await,
        Err(error) => Err(subscription(error, "id")),
    }
}

/// `POST /v1/subscriptions/{id}/end`: ends it for good (定期購入終了, O18).
#[utoipa::path(post, path = "/v1/subscriptions/{id}/end", operation_id = "end_subscription", tag = "subscriptions",
    params(super::schema::SubscriptionPath), responses((status = 200, body = SubscriptionView)))]
pub(super) async fn end(State(app): State<Arc<App>>, caller: Caller, id: Id) -> Answer {
    carry_out(&app, &caller, subscription_id(id)?, Command::End, "the subscription was ended", "id").await
}

/// The next delivery.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNextDate {
    /// After the newest delivery called for or skipped, and at the earliest the day after today plus the shop's lead time
    /// (S16), so that its order is still ahead; at the latest two years ahead.
    #[serde(deserialize_with = "civil_date")]
    #[schema(example = "2026-05-10")]
    delivery_date: NaiveDate,
}

/// `PUT /v1/subscriptions/{id}/next-date`: moves the next delivery, once; the ones after it follow the cycle.
#[utoipa::path(put, path = "/v1/subscriptions/{id}/next-date", operation_id = "change_next_date", tag = "subscriptions",
    params(super::schema::SubscriptionPath), request_body = NewNextDate,
    responses((status = 200, body = SubscriptionView)))]
pub(super) async fn next_date(State(app): State<Arc<App>>, caller: Caller, id: Id, body: Body<NewNextDate>) -> Answer {
    let Json(NewNextDate { delivery_date }) = body?;
    let (id, lead_days, today) = at(&app, id).await?;
    let command = Command::ChangeNextDate { delivery_date, today, lead_days };
    carry_out(&app, &caller, id, command, "the next delivery was moved", "delivery_date").await
}

/// The delivery cycle.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCycle {
    #[schema(schema_with = super::schema::cycle)]
    cycle: String,
    /// No delivery in the new rhythm before this day. At the earliest the day after today plus the shop's lead time (S16);
    /// at the latest two years ahead.
    #[serde(deserialize_with = "civil_date")]
    #[schema(example = "2026-05-10")]
    from: NaiveDate,
}

/// `PUT /v1/subscriptions/{id}/cycle`: delivers in another rhythm (R3).
#[utoipa::path(put, path = "/v1/subscriptions/{id}/cycle", operation_id = "change_cycle", tag = "subscriptions",
    params(super::schema::SubscriptionPath), request_body = NewCycle,
    responses((status = 200, body = SubscriptionView)))]
pub(super) async fn cycle(State(app): State<Arc<App>>, caller: Caller, id: Id, body: Body<NewCycle>) -> Answer {
    let Json(NewCycle { cycle, from }) = body?;
    let cycle = field("cycle", cycle.parse())?;
    let (id, lead_days, today) = at(&app, id).await?;
    let command = Command::ChangeCycle { cycle, from, today, lead_days };
    carry_out(&app, &caller, id, command, "the delivery cycle was changed", "from").await
}

/// `PUT /v1/subscriptions/{id}/basket`: changes what is delivered or what it costs, from the next order on.
#[utoipa::path(put, path = "/v1/subscriptions/{id}/basket", operation_id = "change_subscription_basket",
    tag = "subscriptions", params(super::schema::SubscriptionPath), request_body = Contents,
    responses((status = 200, body = SubscriptionView)))]
pub(super) async fn change_basket(State(app): State<Arc<App>>, caller: Caller, id: Id, body: Body<Contents>) -> Answer {
    let Json(body) = body?;
    let command = Command::ChangeBasket { basket: basket(body.lines, body.shipping, body.fee)? };
    carry_out(&app, &caller, subscription_id(id)?, command, "the content was changed", "lines").await
}

/// `PUT /v1/subscriptions/{id}/payment-method`: changes how orders are paid, from the next one on (O18).
#[utoipa::path(put, path = "/v1/subscriptions/{id}/payment-method", operation_id = "change_subscription_payment_method",
    tag = "subscriptions", params(super::schema::SubscriptionPath), request_body = NewMethod,
    responses((status = 200, body = SubscriptionView)))]
pub(super) async fn change_method(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Id,
    body: Body<NewMethod>,
) -> Answer {
    let Json(body) = body?;
    let payment_method = body.payment_method.read("payment_method")?;
    let id = subscription_id(id)?;
    let loaded = app.gateway.load::<Subscription>(id.as_str()).await.map_err(|error| unavailable(&error))?;
    // A method that is no longer offered stays where it is in use; what does not exist is refused below.
    if let Some(details) = loaded.aggregate.details().filter(|details| details.payment_method != payment_method) {
        check_method(&app, &details.member_id, &payment_method).await?;
    }
    let command = Command::ChangePaymentMethod { payment_method };
    carry_out(&app, &caller, id, command, "the payment method was changed", "payment_method").await
}

/// What commands about dates need: the lead time in force (S16) and the business day.
async fn at(app: &App, id: Id) -> Result<(SubscriptionId, u16, NaiveDate), Problem> {
    let id = subscription_id(id)?;
    let lead_days = app.shops.get(id.shop()).await?.settings.lead_days;
    Ok((id, lead_days, app.clock.today()))
}

async fn carry_out(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
    command: Command,
    reason: &str,
    field: &str,
) -> Answer {
    let because = caller.because(app, reason);
    let done = app.gateway.execute::<Subscription>(id.as_str(), &because, command).await;
    done.map_err(|error| subscription(error, field))?;
    settled(app, &id).await
}

/// The subscription as it stands, once the lists show it.
async fn settled(app: &App, id: &SubscriptionId) -> Answer {
    app.settle().await.map_err(|error| unavailable(&error))?;
    Ok(Json(read(app, id).await?))
}

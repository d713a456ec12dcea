//! The same command for many orders: each is answered by itself, and none stops the others.

use super::caller::Caller;
use super::declined::refused;
use super::orders::{OrderView, present};
use super::problem::{Problem, internal, unavailable};
use super::request::field;
use crate::app::App;
use crate::command_gateway::{Because, Done};
use crate::payments::{PaymentError, Payments};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use teiki_domain::ids::OrderId;
use teiki_domain::order::Order;
use teiki_projections::order_list;
use utoipa::ToSchema;

/// Most orders of one request.
const ORDERS_MAX: usize = 500;

/// Which orders.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderIds {
    /// Order numbers, each once.
    #[schema(schema_with = order_ids)]
    order_ids: Vec<String>,
}

fn order_ids() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Type};
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-9]{5}-[A-Za-z0-9_]{1,19}-[0-9]{8}$"))
        .examples(["02396-D0001-20260401"]);
    ArrayBuilder::new().items(id).min_items(Some(1)).max_items(Some(ORDERS_MAX)).unique_items(true).into()
}

/// What came of one order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct BulkResult {
    order_id: String,
    /// The status that the same command for this order alone would have been answered with.
    #[schema(minimum = 200, maximum = 599, example = 200)]
    status: u16,
    /// The order as it stands; null where there is none.
    order: Option<OrderView>,
    /// Why it was not done.
    problem: Option<Problem>,
}

/// What came of each order, in the order asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct BulkAnswer {
    results: Vec<BulkResult>,
    /// Done, now or before (200).
    done: usize,
    /// Asked for at Paygent, whose answer is not known yet (202).
    open: usize,
    /// Not done, each with its problem.
    failed: usize,
}

/// `POST /v1/orders/bulk-capture`: confirms the sales of up to 500 orders (売上確定, O5). Each is answered by itself;
/// the whole may be repeated, and what is done already is not done again.
#[utoipa::path(post, path = "/v1/orders/bulk-capture", operation_id = "bulk_capture_orders", tag = "orders",
    request_body = OrderIds, responses((status = 200, body = BulkAnswer)))]
pub(super) async fn capture(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<OrderIds>, JsonRejection>,
) -> Result<Json<BulkAnswer>, Problem> {
    each(app, &caller, body?.0, "the sale was confirmed with others", |payments, id, because| async move {
        payments.capture(&id, &because).await
    })
    .await
}

/// `POST /v1/orders/bulk-complete`: moves up to 500 orders to the completed list (O11). Each is answered by itself;
/// the whole may be repeated.
#[utoipa::path(post, path = "/v1/orders/bulk-complete", operation_id = "bulk_complete_orders", tag = "orders",
    request_body = OrderIds, responses((status = 200, body = BulkAnswer)))]
pub(super) async fn complete(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Result<Json<OrderIds>, JsonRejection>,
) -> Result<Json<BulkAnswer>, Problem> {
    each(app, &caller, body?.0, "the order was completed with others", |payments, id, because| async move {
        payments.complete(&id, &because).await
    })
    .await
}

fn read(asked: &OrderIds) -> Result<Vec<OrderId>, Problem> {
    let count = asked.order_ids.len();
    if !(1..=ORDERS_MAX).contains(&count) {
        return Err(Problem::validation("order_ids", format!("1 to {ORDERS_MAX} orders, not {count}")));
    }
    let mut seen = HashSet::with_capacity(count);
    let ids = asked.order_ids.iter().enumerate().map(|(i, id)| {
        let name = format!("order_ids[{i}]");
        if !seen.insert(id.as_str()) {
            return Err(Problem::validation(&name, "it stands here twice"));
        }
        field(&name, id.parse())
    });
    ids.collect()
}

/// What one order's command came to: whether something is open at Paygent, or why it was not done.
type Came = (OrderId, Result<bool, Problem>);

async fn each<F>(
    app: Arc<App>,
    caller: &Caller,
    asked: OrderIds,
    reason: &str,
    command: impl Fn(Payments, OrderId, Because) -> F,
) -> Result<Json<BulkAnswer>, Problem>
where
    F: Future<Output = Result<Done<Order>, PaymentError>> + Send + 'static,
{
    let ids = read(&asked)?;
    let because = caller.because(&app, reason);
    let work = ids.into_iter().map(|id| {
        let work = caller.owns(id.shop()).map(|()| command(app.payments.clone(), id.clone(), because.clone()));
        async move {
            let came = match work {
                Ok(work) => outcome(work.await),
                Err(problem) => Err(problem),
            };
            (id, came)
        }
    });
    let (work, concurrency): (Vec<_>, usize) = (work.collect(), app.config.concurrency);
    // A caller that hangs up must not leave Paygent's answers unrecorded: the work goes on by itself.
    let work = app.spawn(futures::stream::iter(work).buffered(concurrency).collect::<Vec<Came>>());
    let came = work.await.map_err(|_| internal())?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    let ids: Vec<OrderId> = came.iter().map(|(id, _)| id.clone()).filter(|id| id.shop() == caller.shop).collect();
    let rows = order_list::many(&app.storage, &ids).await?;
    let mut orders: HashMap<String, OrderView> =
        rows.into_iter().map(|row| (row.order_id.clone(), present(row))).collect();
    let results: Vec<BulkResult> = came
        .into_iter()
        .map(|(id, came)| {
            let (status, problem) = match came {
                Ok(false) => (200, None),
                Ok(true) => (202, None),
                Err(problem) => (problem.status().as_u16(), Some(problem)),
            };
            BulkResult { order: orders.remove(id.as_str()), order_id: id.to_string(), status, problem }
        })
        .collect();
    let count = |status: u16| results.iter().filter(|result| result.status == status).count();
    let (done, open) = (count(200), count(202));
    Ok(Json(BulkAnswer { done, open, failed: results.len() - done - open, results }))
}

fn outcome(done: Result<Done<Order>, PaymentError>) -> Result<bool, Problem> {
    let done = done?;
    match done.events.iter().find_map(refused) {
        Some(problem) => Err(problem),
        None => Ok(done.aggregate.details().is_some_and(|details| details.operation.is_some())),
    }
}

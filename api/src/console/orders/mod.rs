//! The order pages (O1-O19): lists, one order, what is done with it, with many at once, and why it was charged.

mod act;
mod bulk;
mod confirm;
mod conflict;
mod csv;
mod detail;
mod edit;
mod lapsing;
mod list;
mod method;
mod search;
mod view;
mod why;

pub(crate) use lapsing::through as lapsing_through;
pub(crate) use list::Row;

use super::{Page, Signed};
use crate::app::App;
use crate::http::Problem;
use axum::Router;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::sync::Arc;
use teiki_domain::ids::OrderId;

/// What everybody who is signed in may see.
pub(super) fn seeing() -> Router<Arc<App>> {
    Router::new()
        .route("/orders", get(list::open))
        .route("/orders/completed", get(list::completed))
        .route("/orders/cancelled", get(list::cancelled))
        .route("/orders/csv", get(csv::download))
        .route("/orders/lapsing", get(lapsing::page))
        .route("/orders/bulk", get(bulk::list))
        .route("/orders/bulk/{job}", get(bulk::progress))
        .route("/orders/{id}", get(detail::page))
        .route("/orders/{id}/why", get(why::page))
}

/// What operators and managers may do.
pub(super) fn acting() -> Router<Arc<App>> {
    Router::new()
        .route("/orders/bulk", post(bulk::ask))
        .route("/orders/bulk/start", post(bulk::start))
        .route("/orders/{id}/edit", get(edit::page).post(edit::save))
        .route("/orders/{id}/payment-method", get(method::page).post(method::save))
        .route("/orders/{id}/confirm/{action}", get(confirm::page))
        .route("/orders/{id}/act/{action}", post(act::act))
}

/// The number in an address.
type Id = Result<Path<String>, PathRejection>;

/// The order an address names, if it is one of the shop's.
fn order_id(named: Id, signed: &Signed) -> Result<OrderId, Page> {
    let Path(text) = named?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such order");
    let id: OrderId = text.parse().map_err(|_| missing())?;
    signed.owns(id.shop()).map_err(|_| missing())?;
    Ok(id)
}

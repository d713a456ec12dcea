//! Figures for Prometheus, on the machine itself: they are about all shops, so no shop's key opens them.

use super::problem::{Problem, unavailable};
use crate::app::App;
use crate::metrics;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// `GET /metrics`.
pub(super) async fn show(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Problem> {
    let text = metrics::render(&app).await.map_err(|error| unavailable(&error))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

/// Counts a request by its route as written in the program, never by the address asked for: that holds ids.
pub(super) async fn count(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    let response = next.run(request).await;
    metrics::http_request(method, route, response.status().as_u16(), begun.elapsed());
    response
}

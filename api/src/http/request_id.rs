//! Every request has a name: the caller's own `X-Request-Id`, or one of ours. It stands in the answer's header, in
//! problem documents, in log lines, and beside the events the request caused.

use crate::app::App;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;
use tracing::Instrument as _;

/// The header.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Longest name a caller may give.
const LONGEST: usize = 64;

tokio::task_local! {
    static CURRENT: String;
}

/// The name, among what stands beside a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// The request that is being answered here, if one is.
pub(crate) fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Does some work as part of the request `id`, on a task of its own.
pub(super) async fn within<T>(id: String, work: impl Future<Output = T>) -> T {
    let span = tracing::info_span!("request", request_id = %id);
    CURRENT.scope(id, work).instrument(span).await
}

/// Names the request. A name that could not stand in a log line is replaced by one of ours.
pub(super) async fn name(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&HEADER).and_then(|value| value.to_str().ok());
    let sound = |id: &&str| {
        (1..=LONGEST).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    let id = given.filter(sound).map_or_else(|| app.gateway.new_id().to_string(), str::to_owned);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = within(id.clone(), next.run(request)).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

//! From where, and under which name, the server may be asked.

use super::Problem;
use crate::app::App;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::SocketAddr;
use std::sync::Arc;

/// What programs ask for. Paygent proves itself by the check value of what it sends, programs prove themselves by their
/// key, which a browser never sends by itself, and the description tells nothing that is not in the program.
const FOR_PROGRAMS: [&str; 6] = ["/paygent/", "/v1/", "/healthz", "/readyz", "/openapi.json", "/docs"];

/// Pages are for this machine, by its loopback names, and for whoever comes by the address that the deployer gave the
/// console. A page of another site may name this machine as its own host and let a browser here call us, so any other
/// name is refused. It may also post to our address without being able to read the answer: what a browser sends on
/// behalf of another site changes nothing here.
pub(super) async fn admitted(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if FOR_PROGRAMS.iter().any(|open| path.starts_with(open)) {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let here = peer.is_none_or(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let host = host(&request).to_owned();
    let origin = match app.config.console_origin.split_once("://") {
        // Figures about the whole engine are for this machine alone.
        Some((_, named)) if named == host && path != "/metrics" => app.config.console_origin.clone(),
        _ if here && is_loopback(&host) => format!("http://{host}"),
        _ => return wrong_host().into_response(),
    };
    if !request.method().is_safe() && is_foreign(request.headers(), &origin) {
        let title = "A page of another site may not ask for this";
        return Problem::new(StatusCode::FORBIDDEN, "other_site", title).into_response();
    }
    next.run(request).await
}

/// The name that the request asks for; "?" for one that does not say it, or says more than one.
fn host(request: &Request) -> &str {
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().unwrap_or("?"),
        _ => "?",
    };
    match request.uri().authority() {
        Some(authority) if authority.as_str() != host => "?",
        _ => host,
    }
}

/// Programs send neither header; browsers always send one of them with a POST.
fn is_foreign(headers: &HeaderMap, ours: &str) -> bool {
    text(headers, header::ORIGIN).is_some_and(|origin| origin != ours)
        || text(headers, HeaderName::from_static("sec-fetch-site"))
            .is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn wrong_host() -> Problem {
    let title = "The pages are shown only under the console's own address, and on this machine as localhost";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", title)
}

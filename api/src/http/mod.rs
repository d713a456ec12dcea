//! The HTTP API for billing services, and the first pages.

pub(crate) mod as_of;
mod body;
mod bulk;
pub(crate) mod caller;
pub(crate) mod cards;
mod events;
mod health;
mod history;
pub(crate) mod idempotency;
mod members;
mod metrics;
mod notices;
pub mod openapi;
mod order_commands;
pub(crate) mod orders;
mod position;
mod problem;
mod products;
pub(crate) mod query;
mod renewals;
mod reports;
mod request;
mod request_id;
mod schema;
mod shop_profile;
mod shop_settings;
pub(crate) mod shops;
mod subscription_commands;
pub(crate) mod subscriptions;
pub(crate) mod webhooks;
mod work;

use crate::app::App;
use crate::console;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use caller::Limits;
use openapi::Routes;
pub(crate) use problem::Problem;
use utoipa_axum::routes;

/// Largest request body in bytes.
const BODY_MAX: usize = 256 * 1024;

/// What the page that shows the description may load: its own files, and the description.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is not one.
    #[error("listen = {0:?} is not an address; write it as 127.0.0.1:8080")]
    NotAnAddress(String),
    /// The address is taken or not ours.
    #[error("{address} cannot be listened on ({reason}); choose another with TEIKI_LISTEN")]
    Taken {
        /// Which address.
        address: SocketAddr,
        /// What the system says.
        reason: String,
    },
}

/// Takes the address, so that a wrong one is told before anything else happens.
pub async fn bind(listen: &str) -> Result<TcpListener, BindError> {
    let address: SocketAddr = listen.parse().map_err(|_| BindError::NotAnAddress(listen.chars().take(80).collect()))?;
    TcpListener::bind(address).await.map_err(|error| BindError::Taken { address, reason: error.to_string() })
}

/// Serves until `stop`, then lets requests under way finish.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: CancellationToken) -> std::io::Result<()> {
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// All routes. A call to Paygent may take its whole time-out, so requests may take a little longer than that.
pub fn router(app: Arc<App>) -> Router {
    let longest = app.config.paygent_timeout() * 2 + Duration::from_secs(10);
    // Neither may waiting for an event be cut short.
    let longest = longest.max(Duration::from_secs(events::WAIT_MAX + 10));
    let policy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
                  frame-ancestors 'none'";
    Router::new()
        .route("/", get(|| async { Redirect::to("/orders") }))
        .route("/console.css", get(console_css))
        .route("/orders", get(console::orders::page))
        .route("/cards", get(console::card_expiry::page))
        .route("/metrics", get(metrics::show))
        .route("/openapi.json", get(openapi::serve))
        .merge(openapi::pages().layer(set(header::CONTENT_SECURITY_POLICY, DOCS_POLICY)))
        .merge(open().split().0)
        .merge(v1(&app))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, longest))
        .layer(axum::middleware::map_response(late))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::CONTENT_SECURITY_POLICY, policy))
        .layer(set(header::REFERRER_POLICY, "no-referrer"))
        .layer(axum::middleware::from_fn(only_this_machine))
        .layer(CatchPanicLayer::custom(|_| problem::internal().into_response()))
        .layer(TraceLayer::new_for_http())
        .layer(axum::middleware::from_fn(metrics::count))
        .layer(axum::middleware::from_fn_with_state(app.clone(), request_id::name))
        .with_state(app)
}

/// Everything the description of the API is about.
fn described() -> Routes {
    keyed().and(open())
}

/// What programs use without a key.
fn open() -> Routes {
    Routes::new().routes(routes!(health::alive)).routes(routes!(health::ready)).routes(routes!(notices::receive))
}

/// What programs use, each with a key of its own.
fn keyed() -> Routes {
    Routes::new()
        .routes(routes!(members::register))
        .routes(routes!(members::list))
        .routes(routes!(members::one))
        .routes(routes!(members::cards))
        .routes(routes!(members::register_card))
        .routes(routes!(members::erase))
        .routes(routes!(history::read))
        .routes(routes!(cards::expiring))
        .routes(routes!(subscriptions::start))
        .routes(routes!(subscriptions::list))
        .routes(routes!(subscriptions::one))
        .routes(routes!(subscription_commands::skip))
        .routes(routes!(subscription_commands::pause))
        .routes(routes!(subscription_commands::resume))
        .routes(routes!(subscription_commands::end))
        .routes(routes!(subscription_commands::next_date))
        .routes(routes!(subscription_commands::cycle))
        .routes(routes!(subscription_commands::change_basket))
        .routes(routes!(subscription_commands::change_method))
        .routes(routes!(renewals::upcoming))
        .routes(routes!(orders::list))
        .routes(routes!(orders::one))
        .routes(routes!(work::expiring))
        .routes(routes!(bulk::capture))
        .routes(routes!(bulk::complete))
        .routes(routes!(order_commands::capture))
        .routes(routes!(order_commands::cancel))
        .routes(routes!(order_commands::complete))
        .routes(routes!(order_commands::authorize))
        .routes(routes!(order_commands::update_transaction))
        .routes(routes!(order_commands::change_basket))
        .routes(routes!(order_commands::change_method))
        .routes(routes!(order_commands::give_up))
        .routes(routes!(order_commands::refund_surplus))
        .routes(routes!(order_commands::accept_surplus))
        .routes(routes!(work::retries))
        .routes(routes!(work::set_aside))
        .routes(routes!(work::release))
        .routes(routes!(reports::list))
        .routes(routes!(reports::read))
        .routes(routes!(products::list))
        .routes(routes!(products::one))
        .routes(routes!(products::put))
        .routes(routes!(products::withdraw))
        .routes(routes!(shops::one))
        .routes(routes!(shops::readiness))
        .routes(routes!(shop_settings::connection))
        .routes(routes!(shop_settings::sale_mode))
        .routes(routes!(shop_settings::instalments))
        .routes(routes!(shop_settings::applicability))
        .routes(routes!(shop_settings::use_for_subscriptions))
        .routes(routes!(shop_settings::authorize_at_generation))
        .routes(routes!(shop_settings::payment_methods))
        .routes(routes!(shop_settings::card_expiry_mails))
        .routes(routes!(shop_settings::lead_time))
        .routes(routes!(shop_settings::contract_period))
        .routes(routes!(shop_settings::retry_policy))
        .routes(routes!(shop_settings::validity))
        .routes(routes!(shop_settings::notice_key))
        .routes(routes!(shop_profile::name))
        .routes(routes!(shop_profile::profile))
        .routes(routes!(shop_profile::mail_sender))
        .routes(routes!(shop_profile::invoice_issuer))
        .routes(routes!(shop_profile::waybill_carrier))
        .routes(routes!(shop_profile::contract_options))
        .routes(routes!(shop_profile::normal_purchase))
        .routes(routes!(shop_profile::three_d_secure))
        .routes(routes!(shop_profile::card_linking))
        .routes(routes!(shop_profile::display_name))
        .routes(routes!(shop_profile::payment_notes))
        .routes(routes!(shop_profile::payment_logo))
        .routes(routes!(shop_profile::legal_notice))
        .routes(routes!(shop_profile::privacy_policy))
        .routes(routes!(shop_profile::member_terms))
        .routes(routes!(shop_profile::shipping_guide))
        .routes(routes!(shop_profile::delivery_cycles))
        .routes(routes!(shop_profile::cart_texts))
        .routes(routes!(shop_profile::cart_design))
        .routes(routes!(shop_profile::my_page))
        .routes(routes!(events::list))
        .routes(routes!(webhooks::list, webhooks::register))
        .routes(routes!(webhooks::one, webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::enable))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::redeliver))
}

fn v1(app: &Arc<App>) -> Router<Arc<App>> {
    let limits = Arc::new(Limits::new(app.config.requests_per_second));
    let (router, _) = keyed().split();
    router
        .route_layer(axum::middleware::from_fn(body::is_an_object))
        .route_layer(axum::middleware::from_fn_with_state(app.clone(), idempotency::once))
        .route_layer(axum::middleware::from_fn_with_state((app.clone(), limits), caller::authenticate))
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// The pages have no sign-in, so they are for this machine alone. A page of another site may name this machine as its own host and let a browser here call us: only requests that
/// were meant for a loopback name are answered. It may also post to our address without being able to read the
/// answer: what a browser sends on behalf of another site changes nothing here.
async fn only_this_machine(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    // The description tells nothing that is not in the program. Paygent proves itself by the check value of what it sends, programs prove themselves by their key; both may come
    // from elsewhere, through a proxy. A browser never sends a key by itself.
    let path = request.uri().path();
    if ["/paygent/", "/v1/", "/healthz", "/readyz", "/openapi.json", "/docs"].iter().any(|open| path.starts_with(open))
    {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if peer.is_some_and(|ConnectInfo(peer)| !peer.ip().to_canonical().is_loopback()) {
        return wrong_host().into_response();
    }
    match from_elsewhere(request.method(), request.headers()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn from_elsewhere(method: &Method, headers: &HeaderMap) -> Option<Problem> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or("");
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    if !matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return Some(wrong_host());
    }
    // Programs send neither header; browsers always send one of them with a POST.
    let foreign = text(header::ORIGIN).is_some_and(|origin| origin != format!("http://{host}"))
        || text(HeaderName::from_static("sec-fetch-site")).is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let title = "A page of another site may not ask for this";
    (foreign && !method.is_safe()).then(|| Problem::new(StatusCode::FORBIDDEN, "other_site", title))
}

fn wrong_host() -> Problem {
    let title = "The pages are shown only on the machine that serves them, as localhost";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", title)
}

/// What the time-out answers has no body; here it gets one.
async fn late(response: Response) -> Response {
    let empty = !response.headers().contains_key(header::CONTENT_TYPE);
    if response.status() == StatusCode::GATEWAY_TIMEOUT && empty {
        return problem::timed_out().into_response();
    }
    response
}

async fn console_css() -> impl axum::response::IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../templates/console/console.css"))
}

async fn not_found() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "no_such_resource", "There is nothing at this address").into_response()
}

async fn wrong_method() -> Response {
    let title = "This address does not take this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title).into_response()
}

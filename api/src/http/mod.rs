//! The HTTP server: the API for billing services, and the console's pages beside it.

mod arriving;
pub(crate) mod as_of;
mod body;
mod bulk;
pub(crate) mod caller;
pub(crate) mod cards;
mod connections;
mod declined;
pub(crate) mod documents;
mod events;
mod health;
mod history;
pub(crate) mod idempotency;
mod mails;
mod members;
mod metrics;
mod notices;
pub mod openapi;
mod order_commands;
mod order_view;
pub(crate) mod orders;
mod places;
mod position;
mod problem;
mod products;
pub(crate) mod query;
mod renewals;
mod reports;
mod request;
pub(crate) mod request_id;
mod schema;
pub(crate) mod shop_profile;
pub(crate) mod shop_settings;
pub(crate) mod shops;
mod subscription_commands;
pub(crate) mod subscriptions;
pub(crate) mod waybills;
pub(crate) mod webhooks;
pub(crate) mod work;

use crate::app::App;
use crate::console;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
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
use connections::Patience;
use openapi::Routes;
pub(crate) use problem::{
    Problem, internal, not_found as no_such, not_found as nothing_there, product as product_problem, settings_problem,
    unavailable,
};
pub(crate) use schema::event_nouns;
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
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: CancellationToken) {
    // Requests under way end within this time.
    let last = longest(&app) + Duration::from_secs(5);
    let patience = Patience { silence: app.config.connection_timeout(), last };
    connections::serve(listener, router(app), patience, stop).await;
}

/// Longest time a request may take. A call to Paygent may take its whole time-out, so it is a little longer than that;
/// neither may waiting for an event be cut short.
fn longest(app: &App) -> Duration {
    let longest = app.config.paygent_timeout() * 2 + Duration::from_secs(10);
    longest.max(Duration::from_secs(events::WAIT_MAX + 10))
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    let longest = longest(&app);
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                  img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    Router::new()
        .merge(console::routes(&app).layer(axum::middleware::from_fn_with_state(app.clone(), framed)))
        .route("/metrics", get(metrics::show))
        .route("/openapi.json", get(openapi::serve))
        .merge(openapi::pages().layer(set(header::CONTENT_SECURITY_POLICY, DOCS_POLICY)))
        .merge(open().split().0.route_layer(axum::middleware::from_fn_with_state(app.clone(), arriving::in_time)))
        .merge(v1(&app))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, longest))
        .layer(axum::middleware::map_response(late))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::CONTENT_SECURITY_POLICY, policy))
        // Not "no-referrer": browsers would then send the forms of our own pages as if they came from nowhere.
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(axum::middleware::from_fn_with_state(app.clone(), places::admitted))
        .layer(CatchPanicLayer::custom(|_| problem::internal().into_response()))
        .layer(TraceLayer::new_for_http())
        .layer(axum::middleware::from_fn(metrics::count))
        .layer(axum::middleware::from_fn(crate::telemetry::request))
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
        .routes(routes!(members::cards::list))
        .routes(routes!(members::cards::register))
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
        .routes(routes!(order_commands::check_payment))
        .routes(routes!(order_commands::give_up))
        .routes(routes!(order_commands::refund_surplus))
        .routes(routes!(order_commands::accept_surplus))
        .routes(routes!(mails::about_order))
        .routes(routes!(mails::list))
        .routes(routes!(mails::one))
        .routes(routes!(mails::release))
        .routes(routes!(mails::card_expiry_mails))
        .routes(routes!(documents::issue, documents::list))
        .routes(routes!(documents::one))
        .routes(routes!(documents::several))
        .routes(routes!(waybills::read))
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
        .routes(routes!(shop_profile::doors::name))
        .routes(routes!(shop_profile::doors::profile))
        .routes(routes!(shop_profile::doors::mail_sender))
        .routes(routes!(shop_profile::doors::invoice_issuer))
        .routes(routes!(shop_profile::doors::waybill_carrier))
        .routes(routes!(shop_profile::doors::contract_options))
        .routes(routes!(shop_profile::doors::normal_purchase))
        .routes(routes!(shop_profile::doors::three_d_secure))
        .routes(routes!(shop_profile::doors::card_linking))
        .routes(routes!(shop_profile::doors::display_name))
        .routes(routes!(shop_profile::doors::payment_notes))
        .routes(routes!(shop_profile::doors::payment_logo))
        .routes(routes!(shop_profile::doors::legal_notice))
        .routes(routes!(shop_profile::doors::privacy_policy))
        .routes(routes!(shop_profile::doors::member_terms))
        .routes(routes!(shop_profile::doors::shipping_guide))
        .routes(routes!(shop_profile::doors::delivery_cycles))
        .routes(routes!(shop_profile::doors::cart_texts))
        .routes(routes!(shop_profile::doors::cart_design))
        .routes(routes!(shop_profile::doors::my_page))
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
    let (router, described) = keyed().split();
    router
        .route_layer(axum::middleware::from_fn_with_state(body::bodiless(&described), body::is_an_object))
        .route_layer(axum::middleware::from_fn_with_state(app.clone(), idempotency::once))
        .route_layer(axum::middleware::from_fn_with_state((app.clone(), limits), caller::authenticate))
        .route_layer(axum::middleware::from_fn_with_state(app.clone(), arriving::in_time))
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// What the time-out answers has no body; here it gets one.
async fn late(response: Response) -> Response {
    let empty = !response.headers().contains_key(header::CONTENT_TYPE);
    if response.status() == StatusCode::GATEWAY_TIMEOUT && empty {
        return problem::timed_out().into_response();
    }
    response
}

/// Problems that met somebody outside the pages for those who are signed in are shown as pages too.
async fn framed(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let (request, late) = arriving::timed(&app, request);
    let answer = late.instead_of(next.run(request).await);
    let answer = answer.unwrap_or_else(|problem| console::Page::from(problem).into_response());
    console::bare(&app, &headers, &uri, answer)
}

async fn not_found(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let problem = Problem::new(StatusCode::NOT_FOUND, "no_such_resource", "There is nothing at this address");
    console::astray(&app, &headers, &uri, problem).await
}

async fn wrong_method(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let title = "This address does not take this method";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title);
    console::astray(&app, &headers, &uri, problem).await
}

//! The console: pages for operators, rendered here, usable without scripts, Japanese first.
//!
//! A page is one file here and one template. Reading: the handler takes [`Frame`] (what stands around the page, also who
//! is signed in) and renders a template whose struct has it as `frame`; every text is written in both languages, as
//! `{{ frame.t("受注一覧", "Orders") }}`. Acting: the page's form begins with `{{ frame.fields()|safe }}`, or with
//! `{{ frame.fields_of(version)|safe }}` where it changes what the page shows; the handler takes [`Form`], carries the
//! command out under `form.because(…)`, so that a form sent twice is one command, or under
//! `form.because_of_version(…)`, so that two people on one thing do not overwrite each other, waits until the tables
//! show it ([`App::settle`]) and answers [`Frame::leave`] with a sentence for the next page.
//!
//! Which role may send what is decided where the routes are listed, below.

mod accounts;
mod assets;
pub(crate) mod card_expiry;
mod changes;
mod chart;
mod cookies;
mod csv_file;
pub(crate) mod documents;
mod field_errors;
mod flash;
mod form;
mod frame;
mod ids;
mod language;
pub(crate) mod mail_form;
pub(crate) mod mails;
mod members;
pub(crate) mod orders;
mod personal;
mod problems;
mod product_history;
mod products;
mod retries;
mod search;
mod session;
mod set_aside;
mod settings;
mod subscription;
mod subscriptions;
mod today;
mod upcoming;
mod waybills;
pub(crate) mod written;

pub(crate) use assets::version as assets_version;
pub(crate) use field_errors::FieldErrors;
pub(crate) use flash::Flash;
pub(crate) use form::Form;
pub(crate) use frame::Frame;
pub(crate) use language::Language;
pub(crate) use problems::sentence as problem_sentence;
pub(crate) use search::Search;
pub(crate) use session::Signed;

use crate::app::App;
use crate::http::Problem;
use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use std::sync::Arc;

/// Everything for people with a browser.
pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let signed_in = Router::new()
        .merge(seeing())
        .merge(acting().layer(axum::middleware::from_fn(session::acting)))
        .merge(managing().layer(axum::middleware::from_fn(session::managing)))
        .route_layer(axum::middleware::from_fn_with_state(app.clone(), session::required));
    Router::new()
        .merge(signed_in)
        .merge(assets::routes())
        .route("/sign-in", get(session::page).post(session::sign_in))
        .route("/language", get(language::switch))
}

/// What everybody who is signed in may see.
fn seeing() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(today::page))
        .route("/today", get(|| async { Redirect::to("/") }))
        .merge(orders::seeing())
        .route("/cards", get(card_expiry::page))
        .route("/cards/mail", get(card_expiry::mail))
        .route("/subscriptions", get(subscriptions::page))
        .route("/subscriptions.csv", get(subscriptions::file))
        .route("/subscriptions/new", get(subscription::start::page))
        .route("/subscriptions/{id}", get(subscription::page::page))
        .route("/subscriptions/{id}/history", get(subscription::page::whole_history))
        .route("/subscriptions/{id}/next-date", get(subscription::next_date::page))
        .route("/subscriptions/{id}/cycle", get(subscription::cycle::page))
        .route("/subscriptions/{id}/items", get(subscription::items::page))
        .route("/subscriptions/{id}/method", get(subscription::method::page))
        .route("/subscriptions/{id}/end", get(subscription::acts::confirm_end))
        .route("/members", get(members::page))
        .route("/members/{id}", get(members::one))
        .route("/members/{id}/history", get(members::history))
        .route("/upcoming", get(upcoming::page))
        .route("/retries", get(retries::page))
        .route("/set-aside", get(set_aside::page))
        .route("/mails", get(mails::page))
        .route("/mails/{id}", get(mails::one))
        .route("/orders/{id}/documents", get(documents::page))
        .route("/orders/{id}/documents/{number}", get(documents::one))
        .route("/waybills", get(waybills::page))
        .route("/waybills/file", get(waybills::file))
        .route("/products", get(products::list))
        .route("/products/{code}", get(products::one))
        .route("/products/{code}/history", get(product_history::page))
        .route("/settings/history", get(settings::history::page))
        .route("/settings", get(settings::overview))
        .route("/settings/{group}", get(settings::page))
        .route("/account", get(accounts::own_page).post(accounts::change_password))
        .route("/sign-out", post(session::sign_out))
}

/// What operators and managers may do.
fn acting() -> Router<Arc<App>> {
    Router::new()
        .route("/cards/mail", post(card_expiry::send))
        .route("/subscriptions/new", post(subscription::start::start))
        .route("/subscriptions/{id}/skip", post(subscription::acts::skip))
        .route("/subscriptions/{id}/pause", post(subscription::acts::pause))
        .route("/subscriptions/{id}/resume", post(subscription::acts::resume))
        .route("/subscriptions/{id}/end", post(subscription::acts::end))
        .route("/subscriptions/{id}/next-date", post(subscription::next_date::change))
        .route("/subscriptions/{id}/cycle", post(subscription::cycle::change))
        .route("/subscriptions/{id}/items", post(subscription::items::change))
        .route("/subscriptions/{id}/method", post(subscription::method::change))
        .route("/set-aside/release", post(set_aside::release))
        .merge(orders::acting())
        .route("/mails/{id}/release", post(mails::release))
        .route("/orders/{id}/mails/new", get(mail_form::from_order).post(mail_form::send_from_order))
        .route(
            "/subscriptions/{id}/card-mail",
            get(mail_form::from_subscription).post(mail_form::send_from_subscription),
        )
        .route("/orders/{id}/documents", post(documents::issue))
}

/// What managers may do.
fn managing() -> Router<Arc<App>> {
    Router::new()
        .route("/members/{id}/erase", get(members::confirm_erase).post(members::erase))
        .route("/products", post(products::create))
        .route("/new-product", get(products::new))
        .route("/products/{code}", post(products::change))
        .route("/products/{code}/withdraw", post(products::withdraw))
        .route("/settings/{group}", post(settings::change))
        .route("/accounts", get(accounts::list).post(accounts::create))
        .route("/accounts/history", get(accounts::history::of_all))
        .route("/accounts/{id}/history", get(accounts::history::of_one))
        .route("/accounts/{id}", get(accounts::one).post(accounts::change))
        .route("/accounts/{id}/password", post(accounts::reset_password))
        .route("/accounts/{id}/disable", post(accounts::disable))
        .route("/accounts/{id}/enable", post(accounts::enable))
}

/// A page, or what is wrong with the request, as a page too.
pub(crate) type PageResult = Result<Response, Page>;

/// A problem shown as a page.
#[derive(Debug, Clone)]
pub(crate) struct Page(Problem);

macro_rules! shown_as_page {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Page {
            fn from(error: $error) -> Self {
                Page(error.into())
            }
        })+
    };
}

shown_as_page!(
    Problem,
    axum::extract::rejection::QueryRejection,
    axum::extract::rejection::PathRejection,
    crate::members::NamesError,
    crate::payments::PaymentError,
    crate::shops::ShopError,
    crate::renewals::PreviewError,
    crate::history::HistoryError,
    crate::as_of::ThenError,
    teiki_projections::QueryError,
);

impl From<crate::app::AppError> for Page {
    fn from(error: crate::app::AppError) -> Self {
        Page(crate::http::unavailable(&error))
    }
}

#[derive(askama::Template)]
#[template(path = "console/problem.html")]
struct ProblemPage {
    frame: Frame,
    text: String,
}

impl Page {
    /// The problem inside the frame of whoever is signed in.
    fn framed(self, frame: Frame) -> Response {
        let text = problems::sentence(frame.language, &self.0);
        let mut response = render(&ProblemPage { frame, text });
        if response.status() == StatusCode::OK {
            *response.status_mut() = self.0.status();
        }
        response
    }
}

impl axum::response::IntoResponse for Page {
    fn into_response(self) -> Response {
        // Whoever knows the frame replaces it by the framed page.
        let mut response = (self.0.status(), problems::sentence(Language::default(), &self.0)).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(crate) fn render(template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(html) => ([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Frame {
    /// Leads to the page at `path`, which tells what was just done.
    pub(crate) fn leave(&self, path: &str, flash: &Flash) -> Response {
        ([(header::SET_COOKIE, flash.cookie(self.secure))], Redirect::to(path)).into_response()
    }
}

/// The first parameter of this name in an address.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or("").as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// An address inside the console, whatever was asked for: nobody is led elsewhere by it.
fn local(path: &str) -> &str {
    let inside = path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && !path.contains(char::is_control);
    if inside { path } else { "/" }
}

/// Whether a person's browser asks, rather than a program.
fn is_browser(headers: &HeaderMap, uri: &Uri) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let path = uri.path();
    accepts.flat_map(|accept| accept.split(',')).any(|kind| kind.trim().starts_with("text/html"))
        && !(path == "/v1" || path.starts_with("/v1/"))
}

/// A problem with an address that is nobody's page: browsers get it as a page of whoever is signed in, programs as it is.
pub(crate) async fn astray(app: &App, headers: &HeaderMap, uri: &Uri, problem: Problem) -> Response {
    if !is_browser(headers, uri) {
        return problem.into_response();
    }
    // Who asks only decides what stands around the page; where that cannot be found out, it is shown without.
    let signed = session::find(app, headers).await.ok().flatten();
    Page(problem).framed(Frame::new(app, signed, headers, uri))
}

/// A problem that met somebody outside the pages for those who are signed in.
pub(crate) fn bare(app: &App, headers: &HeaderMap, uri: &Uri, response: Response) -> Response {
    let mut response = response;
    match response.extensions_mut().remove::<Page>() {
        Some(page) => page.framed(Frame::new(app, None, headers, uri)),
        None => response,
    }
}

/// The address of the next page: the present parameters with another cursor.
pub(crate) fn next_address(path: &str, parameters: &[(&str, Option<&str>)], cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("cursor", cursor);
    format!("{path}?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_led_out_of_the_console() {
        for (asked, led) in [
            ("/orders?status=failed", "/orders?status=failed"),
            ("//evil.example/", "/"),
            ("/\\evil.example/", "/"),
            ("https://evil.example/", "/"),
            ("/\r\nSet-Cookie: x=y", "/"),
            ("", "/"),
            ("/", "/"),
        ] {
            assert_eq!(local(asked), led, "{asked}");
        }
    }
}

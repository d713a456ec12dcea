//! Signing in and out, and who is asking.

use super::cookies;
use super::form::Form;
use super::frame::Frame;
use super::{Page, PageResult, local, parameter, render};
use crate::app::App;
use crate::http::{Problem, unavailable};
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::operator_sessions;
use teiki_infrastructure::operators::{self, Operator, OperatorError, Role};
use teiki_infrastructure::redacted::Redacted;
use tracing::Instrument as _;

/// The cookie with the session's token.
const COOKIE: &str = "teiki_session";

/// Somebody who is signed in, asking.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    /// Who.
    pub(crate) operator: Operator,
    session: Redacted<String>,
}

impl Signed {
    /// The shop whose console it is; nothing of another shop is shown or changed.
    pub(crate) fn shop(&self) -> ShopId {
        self.operator.shop
    }

    /// How the history names the person (O12): the name may be somebody else's too, the login is not.
    pub(crate) fn actor(&self) -> String {
        format!("{} ({})", self.operator.name, self.operator.login)
    }

    /// What forms of this session carry. It follows from the session's token, which scripts and other sites never see.
    pub(super) fn token(&self) -> String {
        hex::encode(Sha256::digest(format!("form:{}", self.session.expose())))
    }

    pub(super) fn token_is(&self, given: &str) -> bool {
        self.token().as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// Refuses what belongs to another shop, in the words for what does not exist.
    pub(crate) fn owns(&self, shop: ShopId) -> Result<(), Problem> {
        if shop == self.shop() {
            return Ok(());
        }
        Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing"))
    }
}

impl<S: Sync> FromRequestParts<S> for Signed {
    type Rejection = Page;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Page> {
        parts.extensions.get::<Signed>().cloned().ok_or_else(|| signed_out().into())
    }
}

fn signed_out() -> Problem {
    let title = "You are not signed in, or were signed out after a while; sign in and send it again";
    Problem::new(StatusCode::UNAUTHORIZED, "signed_out", title)
}

/// Lets in who is signed in. Pages lead to the sign-in page and from there back; what was sent is not carried out.
pub(super) async fn required(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let signed = match find(&app, request.headers()).await {
        Ok(signed) => signed,
        Err(error) => return Page::from(unavailable(&error)).into_response(),
    };
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    let Some(signed) = signed else {
        if !reads {
            return Page::from(signed_out()).into_response();
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("next", request.uri().path_and_query().map_or("/", |whole| whole.as_str()));
        return Redirect::to(&format!("/sign-in?{}", query.finish())).into_response();
    };
    let frame = Frame::new(&app, Some(signed.clone()), request.headers(), request.uri());
    let span = tracing::info_span!("operator", operator = %signed.operator.operator_id);
    request.extensions_mut().insert(signed);
    let mut response = next.run(request).instrument(span).await;
    if let Some(page) = response.extensions_mut().remove::<Page>() {
        response = page.framed(frame.clone());
    }
    // Told once; unless the answer is itself on the way to where it is told.
    let told = frame.flash.is_some() && response.status().is_success();
    if told {
        let gone = cookies::set(super::flash::COOKIE, "", Some(0), frame.secure);
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// Lets only those through who may work on orders and subscriptions.
pub(super) async fn acting(signed: Signed, request: Request, next: Next) -> Response {
    at_least(Role::Operator, &signed, request, next).await
}

/// Lets only those through who may change settings and accounts.
pub(super) async fn managing(signed: Signed, request: Request, next: Next) -> Response {
    at_least(Role::Manager, &signed, request, next).await
}

async fn at_least(role: Role, signed: &Signed, request: Request, next: Next) -> Response {
    if signed.operator.role >= role {
        return next.run(request).await;
    }
    let title = "Your account does not allow this; ask somebody whose account does";
    let problem = Problem::new(StatusCode::FORBIDDEN, "role_missing", title);
    Page::from(problem.detail(format!("it takes the role {role}"))).into_response()
}

pub(super) async fn find(app: &App, headers: &HeaderMap) -> Result<Option<Signed>, OperatorError> {
    let Some(token) = cookies::get(headers, COOKIE) else { return Ok(None) };
    let operator = operator_sessions::find(&app.storage, token, app.clock.now()).await?;
    Ok(operator.map(|operator| Signed { operator, session: Redacted::new(token.to_owned()) }))
}

/// Whether the browser came by a secure connection, so that cookies never go over another.
pub(super) fn secure(app: &App, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    app.config.console_origin.strip_prefix("https://").is_some_and(|origin| host == Some(origin))
}

#[derive(askama::Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    frame: Frame,
    next: String,
    login: String,
    failed: bool,
}

/// `GET /sign-in`. Whatever else the address holds, people can sign in.
pub(super) async fn page(frame: Frame, uri: Uri) -> Response {
    let next = parameter(&uri, "next");
    let next = local(next.as_deref().unwrap_or("/")).to_owned();
    // Told here, it is not told once more after the sign-in.
    let gone = frame.flash.is_some().then(|| cookies::set(super::flash::COOKIE, "", Some(0), frame.secure));
    let mut response = render(&SignInPage { frame, next, login: String::new(), failed: false });
    if let Some(gone) = gone {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// `POST /sign-in`.
pub(super) async fn sign_in(State(app): State<Arc<App>>, frame: Frame, headers: HeaderMap, body: Bytes) -> PageResult {
    let fields = Form::fields(&headers, &body)?;
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
    let (login, next) = (field("login").trim().to_lowercase(), local(field("next")).to_owned());
    let (password, now) = (Redacted::new(field("password").to_owned()), app.clock.now());
    let operator = operators::sign_in(&app.storage, &login, &password, now).await;
    let Some(operator) = operator.map_err(|error| unavailable(&error))? else {
        tracing::warn!("a sign-in failed");
        let mut response = render(&SignInPage { frame, next, login, failed: true });
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return Ok(response);
    };
    let token = operator_sessions::begin(&app.storage, &operator, now).await.map_err(|error| unavailable(&error))?;
    tracing::info!(operator = %operator.operator_id, "signed in");
    let cookie = cookies::set(COOKIE, token.expose(), None, frame.secure);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&next)).into_response())
}

/// `POST /sign-out`.
pub(super) async fn sign_out(State(app): State<Arc<App>>, signed: Signed, frame: Frame, _: Form) -> PageResult {
    let ended = operator_sessions::end(&app.storage, signed.session.expose()).await;
    ended.map_err(|error| unavailable(&error))?;
    let cookie = cookies::set(COOKIE, "", Some(0), frame.secure);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response())
}

//! `Idempotency-Key` on every POST: the first answer is kept for 7 days and given again to whoever repeats the request.
//!
//! The command of the request gets an id that follows from this use of the key, and the id stands beside the events it caused. So a
//! request that is repeated after a crash, when no answer was kept, is not carried out a second time either: the answer
//! is then how things stand. For charges the order and the number of the attempt decide as well, and for ever.

use super::caller::Caller;
use super::problem::{Problem, internal, unavailable};
use crate::app::App;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::Duration;
use hyper::body::Body as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use teiki_domain::sealed::Sealed;
use teiki_infrastructure::idempotency_keys::{self, Held, Standing};
use uuid::Uuid;

/// The header of the request.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key.
const LONGEST: usize = 255;
/// Answers are kept for so long, in days.
pub(crate) const KEPT_DAYS: i64 = 7;

/// The key of the request that is being answered.
#[derive(Debug, Clone)]
pub(super) struct Idempotent {
    pub(super) held: Held,
    /// The id of the command of this request.
    pub(super) command_id: Uuid,
    /// Whether the request may have been carried out before.
    pub(super) repeats: bool,
}

/// An answer as kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Answers a POST that carries a key once, and repeats the answer.
pub(super) async fn once(State(app): State<Arc<App>>, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(key) = request.headers().get(&KEY).filter(|_| request.method() == Method::POST) else {
        return Ok(next.run(request).await);
    };
    let key = key
        .to_str()
        .ok()
        .filter(|key| (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    let key = key.filter(|_| request.headers().get_all(&KEY).iter().nth(1).is_none());
    let rule = format!("one key of 1 to {LONGEST} letters, digits or signs, new for each request, such as a UUID");
    let key = key.ok_or_else(|| Problem::validation("idempotency-key", rule))?.to_owned();
    let Some(caller) = request.extensions().get::<Caller>() else { return Err(internal()) };
    let held = Held { shop: caller.shop, key, holder: app.gateway.new_id() };
    let caller = caller.clone();

    let (mut parts, body) = request.into_parts();
    let body = read(body).await?;
    // Of a key with these scopes: the answer may hold what other scopes do not open.
    let print = format!("{}:{}", caller.scopes_text(), fingerprint(&parts.method, &parts.uri.to_string(), &body));
    let context = format!("idempotency:{}:{}", held.shop, held.key);
    let seal = |text: &str| app.keys.seal_secret(&context, text).map_err(Problem::from);
    let longest = Duration::from_std(longest(&app)).unwrap_or(Duration::MAX);
    let asked = seal(&print)?;
    let standing = idempotency_keys::take(&app.storage, &held, asked.ciphertext(), app.clock.now(), longest)
        .await
        .map_err(|error| unavailable(&error))?;
    let open = |sealed: &str| {
        let opened = app.keys.open_secret(&context, &Sealed::from_ciphertext(sealed.to_owned()));
        opened.map_err(Problem::from)
    };
    let same = |sealed: &str| if open(sealed)?.as_str() == print { Ok(()) } else { Err(reused()) };
    let (repeats, asked) = match standing {
        Standing::New => (false, asked.ciphertext().to_owned()),
        Standing::UnderWay { request } => {
            same(&request)?;
            return Err(under_way());
        }
        Standing::Answered { request, answer } => {
            same(&request)?;
            return replay(&open(&answer)?);
        }
        Standing::Again { request } => match same(&request) {
            Ok(()) => (true, request),
            Err(other) => {
                idempotency_keys::let_go(&app.storage, &held).await.map_err(|error| unavailable(&error))?;
                return Err(other);
            }
        },
    };
    // Of this use of the key: what is asked is never sealed twice in the same way. A key that was forgotten and is used
    // again must not find what it caused before.
    let command_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{context}:{asked}").as_bytes());
    if let Some(caller) = parts.extensions.get_mut::<Caller>() {
        caller.idempotent = Some(Idempotent { held: held.clone(), command_id, repeats });
    }
    // A caller that hangs up must not leave the key without its answer: the work goes on by itself.
    let request = Request::from_parts(parts, Body::from(body));
    let (engine, id) = (app.clone(), super::request_id::current().unwrap_or_default());
    let work = app.spawn(super::request_id::within(id, async move {
        answer(&engine, &held, repeats, &context, next.run(request).await).await
    }));
    work.await.map_err(|_| internal())?
}

/// Longest time a request can take; a holder of a key that was silent for longer is gone.
fn longest(app: &App) -> std::time::Duration {
    app.config.paygent_timeout() * 4 + std::time::Duration::from_secs(30)
}

/// Keeps the answer, unless it says that nothing is decided.
async fn answer(app: &App, held: &Held, repeats: bool, context: &str, response: Response) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| internal())?;
    let status = parts.status;
    let kept = match std::str::from_utf8(&body) {
        // The request was not understood, and another one may take its place.
        Ok(_) if !repeats && [400, 404, 413, 415, 422].contains(&status.as_u16()) => {
            idempotency_keys::forget(&app.storage, held).await
        }
        Ok(text) if is_to_be_done_anew(text) => idempotency_keys::forget(&app.storage, held).await,
        Ok(text) if is_final(status, text) => {
            let kept = Kept { status: status.as_u16(), headers: worth_keeping(&parts.headers), body: text.to_owned() };
            let kept = serde_json::to_string(&kept).map_err(|_| internal())?;
            let sealed = app.keys.seal_secret(context, &kept)?;
            idempotency_keys::answer(&app.storage, held, sealed.ciphertext()).await
        }
        _ => idempotency_keys::let_go(&app.storage, held).await,
    };
    // What was done is done, and its answer goes out; asked again, the command's id tells that it was.
    if let Err(error) = kept {
        tracing::error!(%error, "an answer was not kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// What of a problem says how to go on.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    code: String,
    #[serde(default)]
    retryable: bool,
}

/// Whether the command is over and on record, and came to nothing for a reason that passes. Asked again, it is another
/// command: found in the log under its id, it would be taken for one that was carried out.
fn is_to_be_done_anew(body: &str) -> bool {
    let codes = ["paygent_unreachable", "overtaken"];
    serde_json::from_str::<Told>(body).is_ok_and(|told| told.retryable && codes.contains(&told.code.as_str()))
}

/// Whether asking again would not change the answer.
fn is_final(status: StatusCode, body: &str) -> bool {
    let retryable = || serde_json::from_str::<Told>(body).is_ok_and(|told| told.retryable);
    !status.is_server_error() && (status.is_success() || !retryable())
}

fn worth_keeping(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = [header::CONTENT_TYPE, header::LOCATION].into_iter().filter_map(|name| {
        let value = headers.get(&name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    kept.collect()
}

fn replay(kept: &str) -> Result<Response, Problem> {
    let kept: Kept = serde_json::from_str(kept).map_err(|_| internal())?;
    let status = StatusCode::from_u16(kept.status).map_err(|_| internal())?;
    let mut response = (status, kept.body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

pub(super) async fn read(body: Body) -> Result<Bytes, Problem> {
    let unreadable = || {
        let title = "The body cannot be read, or is larger than is taken";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "unreadable_body", title)
    };
    // What says of itself that it is too large is not waited for.
    if body.size_hint().lower() > super::BODY_MAX as u64 {
        return Err(unreadable());
    }
    axum::body::to_bytes(body, super::BODY_MAX).await.map_err(|_| unreadable())
}

/// What is asked, in a form of fixed length.
fn fingerprint(method: &Method, address: &str, body: &[u8]) -> String {
    let mut hasher = Sha256::new();
    for part in [method.as_str().as_bytes(), address.as_bytes(), body] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex::encode(hasher.finalize())
}

fn reused() -> Problem {
    let title = "This idempotency key was used for another request; use a new one for each request";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", title)
}

fn under_way() -> Problem {
    let title = "A request with this idempotency key is being answered; ask again for its answer";
    Problem::new(StatusCode::CONFLICT, "idempotency_key_in_use", title).retry_after(1)
}

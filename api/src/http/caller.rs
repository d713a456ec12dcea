//! Who asks: the key a request carries, its shop and its scopes; how often it may ask.

use super::idempotency::Idempotent;
use super::problem::{Problem, unavailable};
use crate::app::App;
use crate::command_gateway::Because;
use crate::telemetry::Traced;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use teiki_domain::ids::{ShopId, TransactionId};
use teiki_infrastructure::api_keys::{self, ApiKey, Scope};
use teiki_infrastructure::idempotency_keys;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

/// Longest name of a person on whose behalf a program asks, in characters.
const ACTOR_MAX: usize = 60;
/// Longest reason, in characters.
const REASON_MAX: usize = 200;
/// Most requests of one key that wait at a time: each looks at the log whenever anything happens.
const WAITING_MAX: usize = 10;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The one shop whose data may be seen and changed.
    pub(crate) shop: ShopId,
    /// The key.
    pub(crate) key_id: String,
    key_name: String,
    scopes: Vec<Scope>,
    request_id: Option<String>,
    /// The person on whose behalf the program asks (`X-Actor`).
    actor: Option<String>,
    /// Why (`X-Reason`).
    reason: Option<String>,
    /// The idempotency key of the request, if it carries one.
    pub(super) idempotent: Option<Idempotent>,
    /// Places for requests of the key that wait for something to happen.
    pub(super) waiting: Arc<Semaphore>,
}

impl Caller {
    fn new(key: ApiKey, headers: &HeaderMap, limits: &Limits) -> Result<Self, Problem> {
        Ok(Self {
            waiting: limits.waiting(&key.key_id),
            shop: key.shop,
            key_id: key.key_id,
            key_name: key.name,
            scopes: key.scopes,
            request_id: super::request_id::current(),
            actor: said(headers, "x-actor", ACTOR_MAX)?,
            reason: said(headers, "x-reason", REASON_MAX)?,
            idempotent: None,
        })
    }

    /// Whether the key has this scope.
    pub(crate) fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// All scopes of the key, always in the same order.
    pub(super) fn scopes_text(&self) -> String {
        let mut scopes = self.scopes.clone();
        scopes.sort_unstable();
        scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(" ")
    }

    /// Refuses a key without this scope.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.has(scope) {
            return Ok(());
        }
        let title = "The key does not have the scope that this takes";
        Err(Problem::new(StatusCode::FORBIDDEN, "scope_missing", title).detail(format!("it takes {scope}")))
    }

    /// Refuses what belongs to another shop, in the words for what does not exist: whether it does is not told.
    pub(crate) fn owns(&self, shop: ShopId) -> Result<(), Problem> {
        if shop == self.shop {
            return Ok(());
        }
        let detail = format!("the key belongs to shop {} and opens nothing of another", self.shop);
        Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing").detail(detail))
    }

    /// The shop a list is about: the key's own. Asking for another one is refused.
    pub(crate) fn shop_asked_for(&self, given: Option<&str>) -> Result<ShopId, Problem> {
        let asked: Option<ShopId> = super::query::optional("shop", given)?;
        self.owns(asked.unwrap_or(self.shop))?;
        Ok(self.shop)
    }

    /// Why a command is given: who by the key, and for whom; the caller's reason, or what the command is.
    pub(crate) fn because(&self, app: &App, reason: &str) -> Because {
        let actor = match &self.actor {
            Some(person) => format!("{person} (key {})", self.key_name),
            None => format!("key {}", self.key_name),
        };
        let mut because = app.gateway.because(&actor, self.reason.as_deref().unwrap_or(reason));
        because.request_id.clone_from(&self.request_id);
        if let Some(Idempotent { command_id, repeats, .. }) = self.idempotent {
            because.command_id = command_id;
            because.correlation_id = command_id;
            because.repeats = repeats;
        }
        because
    }

    /// A number made for this request: the same one if the request is carried out again.
    pub(crate) async fn number(&self, app: &App, new: String) -> Result<String, Problem> {
        match &self.idempotent {
            None => Ok(new),
            Some(Idempotent { held, .. }) => {
                idempotency_keys::reserve(&app.storage, held, &new).await.map_err(|error| unavailable(&error))
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(no_key)
    }
}

fn no_key() -> Problem {
    let title = "The request carries no key that opens anything; send one as Authorization: Bearer KEY";
    Problem::new(StatusCode::UNAUTHORIZED, "no_key", title)
}

/// A header people's words stand in: UTF-8 as it is, or percent-encoded.
fn said(headers: &HeaderMap, name: &str, longest: usize) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = percent_encoding::percent_decode(value.as_bytes()).decode_utf8();
    let text = text
        .ok()
        .map(|text| text.trim().to_owned())
        .filter(|text| (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control));
    let rule = format!("1 to {longest} characters in UTF-8, percent-encoded or not, without control characters");
    text.map(Some).ok_or_else(|| Problem::validation(name, rule))
}

/// How often each key may ask, and how many of its requests may wait at a time.
pub(crate) struct Limits {
    rate: DefaultKeyedRateLimiter<String>,
    waiting: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Limits {
    /// So many requests a second on average, twice as many at once.
    pub(crate) fn new(requests_per_second: u32) -> Self {
        let rate = NonZeroU32::new(requests_per_second).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(requests_per_second.saturating_mul(2)).unwrap_or(NonZeroU32::MIN);
        Self { rate: RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)), waiting: Mutex::default() }
    }

    /// The places of a key that exists.
    fn waiting(&self, key: &str) -> Arc<Semaphore> {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(key.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(WAITING_MAX))).clone()
    }

    fn check(&self, key: &str) -> Result<(), Problem> {
        self.rate.check_key(&key.to_owned()).map_err(|too_early| {
            let wait = too_early.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let title = "The key asked too often; ask again later";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", title).retry_after(seconds.max(1))
        })
    }
}

/// Lets a request in whose key may ask for it. What a scope is taken for follows from the method; handlers that take
/// another one say so themselves.
pub(super) async fn authenticate(
    State((app, limits)): State<(Arc<App>, Arc<Limits>)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let text =
        bearer.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let text = text.map(|(_, key)| key.trim()).ok_or_else(no_key)?;
    let key = api_keys::find(&app.storage, text).await.map_err(|error| unavailable(&error))?.ok_or_else(no_key)?;
    limits.check(&key.key_id)?;
    let caller = Caller::new(key, request.headers(), &limits)?;
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    // The history has a scope of its own, so that an auditor's key need not open anything else.
    let history = request.uri().path().starts_with("/v1/history");
    let erases = request.method() == Method::DELETE && request.uri().path().ends_with("/personal-data");
    caller.may(match (history, erases, reads) {
        (true, _, _) => Scope::Audit,
        (false, true, _) => Scope::PersonalData,
        (false, false, true) => Scope::Reading,
        (false, false, false) => Scope::Commands,
    })?;
    if erases {
        // Reading names is no reason to be able to destroy them.
        caller.may(Scope::Commands)?;
    }
    if let Some(shop) = shop_in(request.uri().path()) {
        caller.owns(shop)?;
    }
    if let Some(traced) = request.extensions().get::<Traced>() {
        traced.of_shop(caller.shop);
    }
    let span = tracing::info_span!("caller", key = %caller.key_id);
    request.extensions_mut().insert(caller);
    Ok(next.run(request).instrument(span).await)
}

/// The shop of the id that stands behind the noun of an address, such as `/v1/orders/02396-D1-20260401/capture`, or
/// behind the kind of `/v1/set-aside/payment/02396-D1-20260401`. Every id begins with its shop's digits.
fn shop_in(path: &str) -> Option<ShopId> {
    let ids = path.split('/').skip(3).take(2);
    ids.filter_map(|id| {
        let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
        let (shop, rest) = id.split_at_checked(5)?;
        let is_id = rest.is_empty() || rest.starts_with('-') || id.parse::<TransactionId>().is_ok();
        shop.parse().ok().filter(|_| is_id)
    })
    .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_of_an_address_is_found_wherever_its_id_stands() {
        for (path, shop) in [
            ("/v1/orders/02396-D1-20260401/capture", Some(2396)),
            ("/v1/orders/02396%2DD1-20260401/capture", Some(2396)),
            ("/v1/set-aside/payment/02397-D1-20260401/release", Some(2397)),
            ("/v1/history/02397000000000831705", Some(2397)),
            ("/v1/shops/02396/retry-policy", Some(2396)),
            ("/v1/orders", None),
            ("/v1/orders/expiring-authorizations", None),
            ("/v1/orders/x/surplus/123456/refund", None),
            ("/v1/orders/日本語/capture", None),
        ] {
            assert_eq!(shop_in(path), shop.map(|number| ShopId::new(number).unwrap()), "{path}");
        }
    }
}

//! The control port: plain HTTP and JSON, for loopback only, so that scripts and other processes can steer and read.

use std::{collections::BTreeMap, net, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    console::{self, ConsoleAction},
    faults::{RandomFaults, Rule},
    ledger::{CardRecord, Ledger, PaymentRecord, Summary, TelegramRecord},
    notices::{Mischief, NoticeCounts},
    persistence, script_file,
    shared::Shared,
    simulator::seed_cards,
    telegram::Request,
    token::{self, TestCard},
};

type Control = State<Arc<Shared>>;

/// Serves until the simulator is stopped.
pub(crate) async fn serve(shared: Arc<Shared>, listener: net::TcpListener) -> std::io::Result<()> {
    let stop = shared.stop.clone();
    let router = Router::new()
        .route("/ledger", get(summary))
        .route("/payments", get(payments))
        .route("/telegrams", get(telegrams))
        .route("/cards", get(cards))
        .route("/cards/seed", post(seed))
        .route("/tokens", post(issue_token))
        .route("/script", get(rules).post(add_rules).delete(clear_rules))
        .route("/faults", get(faults_met).post(random_faults))
        .route("/notices", get(notice_counts))
        .route("/notices/target", post(notice_target))
        .route("/notices/mischief", post(mischief))
        .route("/console", post(by_hand))
        .route("/clock", get(clock).post(set_clock))
        .route("/save", post(save))
        .route("/shutdown", post(shutdown))
        // For a browser that does not know the simulator's CA.
        .route(script_file::PATH, get(browser_script))
        .route(token::PATH, post(browser_token))
        .with_state(shared);
    let listener = tokio::net::TcpListener::from_std(listener)?;
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned()) => served,
        // A client that keeps its connection open must not keep the simulator alive.
        () = async { stop.cancelled().await; tokio::time::sleep(std::time::Duration::from_millis(200)).await } => Ok(()),
    }
}

/// `skip` and `count` page through long answers; `trading_id` and `customer_id` choose.
#[derive(Deserialize)]
struct Page {
    trading_id: Option<String>,
    customer_id: Option<String>,
    #[serde(default)]
    skip: usize,
    count: Option<usize>,
}

async fn summary(State(shared): Control) -> Json<Summary> {
    Json(Ledger { shared }.summary())
}

async fn payments(State(shared): Control, Query(page): Query<Page>) -> Json<Vec<PaymentRecord>> {
    let ledger = Ledger { shared };
    Json(match page.trading_id {
        Some(trading_id) => ledger.payments(&trading_id),
        None => ledger.payments_from(page.skip, page.count.unwrap_or(usize::MAX)),
    })
}

async fn telegrams(State(shared): Control, Query(page): Query<Page>) -> Json<Vec<TelegramRecord>> {
    let ledger = Ledger { shared };
    let all = page.trading_id.map_or_else(|| ledger.all_telegrams(), |trading_id| ledger.telegrams(&trading_id));
    Json(all.into_iter().skip(page.skip).take(page.count.unwrap_or(usize::MAX)).collect())
}

async fn cards(State(shared): Control, Query(page): Query<Page>) -> Json<Vec<CardRecord>> {
    let ledger = Ledger { shared };
    let all = page.customer_id.map_or_else(|| ledger.all_cards(), |customer| ledger.cards(&customer));
    Json(all.into_iter().skip(page.skip).take(page.count.unwrap_or(usize::MAX)).collect())
}

#[derive(Deserialize)]
struct TokenOrder {
    merchant_id: Option<String>,
    #[serde(flatten)]
    card: TestCard,
}

async fn issue_token(
    State(shared): Control,
    Json(order): Json<TokenOrder>,
) -> Result<Json<serde_json::Value>, Refused> {
    let card = order.card.card().ok_or(BAD_CARD)?;
    let merchant_id = order.merchant_id.unwrap_or_else(|| first_merchant(&shared));
    let (_, merchant) = shared.merchant(&merchant_id).ok_or(BAD_MERCHANT)?;
    let valid_until = shared.clock.now() + shared.config.token_lifetime;
    let token = token::issue(&mut shared.book(), merchant, card, valid_until);
    Ok(Json(serde_json::json!({ "token": token })))
}

/// Which customers get the card: those named, or `count` of them called `prefix` and a number from `from` on.
#[derive(Deserialize)]
struct SeedOrder {
    merchant_id: Option<String>,
    #[serde(default)]
    customer_ids: Vec<String>,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    count: u32,
    #[serde(default = "one")]
    from: u32,
    card: Option<TestCard>,
}

fn one() -> u32 {
    1
}

#[derive(Serialize)]
struct Seeded {
    customer_id: String,
    customer_card_id: String,
}

async fn seed(State(shared): Control, Json(order): Json<SeedOrder>) -> Result<Json<Vec<Seeded>>, Refused> {
    let card = order.card.unwrap_or_else(TestCard::working);
    card.card().ok_or(BAD_CARD)?;
    let merchant_id = order.merchant_id.unwrap_or_else(|| first_merchant(&shared));
    shared.merchant(&merchant_id).ok_or(BAD_MERCHANT)?;
    let numbered =
        (0..order.count).map(|number| format!("{}{}", order.prefix, u64::from(order.from) + u64::from(number)));
    let customers: Vec<String> = order.customer_ids.into_iter().chain(numbered).collect();
    let ids = seed_cards(&shared, &merchant_id, &customers, &card);
    let pairs = customers.into_iter().zip(ids);
    Ok(Json(pairs.map(|(customer_id, customer_card_id)| Seeded { customer_id, customer_card_id }).collect()))
}

async fn rules(State(shared): Control) -> Json<Vec<Rule>> {
    Json(shared.script().rules().to_vec())
}

/// One rule or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    Many(Vec<Rule>),
    One(Rule),
}

async fn add_rules(State(shared): Control, Json(rules): Json<Rules>) -> StatusCode {
    let rules = match rules {
        Rules::Many(rules) => rules,
        Rules::One(rule) => vec![rule],
    };
    shared.script().add(rules);
    StatusCode::NO_CONTENT
}

async fn clear_rules(State(shared): Control) -> StatusCode {
    shared.script().clear();
    StatusCode::NO_CONTENT
}

async fn random_faults(State(shared): Control, Json(faults): Json<Option<RandomFaults>>) -> StatusCode {
    shared.script().set_random(faults);
    StatusCode::NO_CONTENT
}

/// How often each fault was met, by its name.
async fn faults_met(State(shared): Control) -> Json<BTreeMap<String, u64>> {
    Json(shared.script().met().clone())
}

async fn notice_counts(State(shared): Control) -> Json<NoticeCounts> {
    Json(shared.notice_counts())
}

/// Where a merchant's notices are posted; `null` posts no more.
#[derive(Deserialize)]
struct NoticeTarget {
    merchant_id: Option<String>,
    url: Option<String>,
}

async fn notice_target(State(shared): Control, Json(order): Json<NoticeTarget>) -> Result<StatusCode, Refused> {
    let merchant_id = order.merchant_id.unwrap_or_else(|| first_merchant(&shared));
    let (_, merchant) = shared.merchant(&merchant_id).ok_or(BAD_MERCHANT)?;
    shared.set_notice_url(merchant, order.url);
    Ok(StatusCode::NO_CONTENT)
}

async fn mischief(State(shared): Control, Json(mischief): Json<Mischief>) -> StatusCode {
    shared.notices().mischief = mischief;
    StatusCode::NO_CONTENT
}

/// A change at Paygent's own console.
#[derive(Deserialize)]
struct ByHand {
    payment_id: String,
    action: ConsoleAction,
}

async fn by_hand(State(shared): Control, Json(order): Json<ByHand>) -> Json<serde_json::Value> {
    let (now, revised) = (shared.clock.now(), shared.config.revision_trading_id);
    let done = console::act(&mut shared.book(), &order.payment_id, order.action, revised, now);
    Json(serde_json::json!({ "done": done }))
}

#[derive(Serialize, Deserialize)]
struct ClockOrder {
    /// `null` follows the real time.
    now: Option<DateTime<Utc>>,
}

async fn clock(State(shared): Control) -> Json<ClockOrder> {
    Json(ClockOrder { now: Some(shared.clock.now()) })
}

async fn set_clock(State(shared): Control, Json(order): Json<ClockOrder>) -> Json<ClockOrder> {
    shared.clock.set(order.now);
    Json(ClockOrder { now: Some(shared.clock.now()) })
}

async fn save(State(shared): Control) -> Result<StatusCode, Refused> {
    if let Some(path) = &shared.config.ledger_file {
        persistence::save(&shared.book(), path)
            .map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into()))?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn shutdown(State(shared): Control) -> StatusCode {
    shared.stop.cancel();
    StatusCode::ACCEPTED
}

async fn browser_script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=UTF-8")], script_file::SCRIPT)
}

async fn browser_token(State(shared): Control, body: Bytes) -> impl IntoResponse {
    let reply = token::reply(&shared, &Request::parse(&body, None));
    ([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(reply))
}

fn first_merchant(shared: &Shared) -> String {
    shared.config.merchants.first().map(|merchant| merchant.merchant_id.clone()).unwrap_or_default()
}

struct Refused(StatusCode, std::borrow::Cow<'static, str>);

const BAD_CARD: Refused = Refused(
    StatusCode::UNPROCESSABLE_ENTITY,
    std::borrow::Cow::Borrowed("The card needs 13 to 19 digits and a month from 1 to 12."),
);
const BAD_MERCHANT: Refused = Refused(
    StatusCode::UNPROCESSABLE_ENTITY,
    std::borrow::Cow::Borrowed("No merchant with this merchant_id is configured."),
);

impl IntoResponse for Refused {
    fn into_response(self) -> axum::response::Response {
        (self.0, Json(serde_json::json!({ "error": self.1 }))).into_response()
    }
}

//! One call to Paygent: credentials in, outcome out.

use super::card_list::{self, ListedCard};
use super::outcome::{NotSent, Outcome};
use super::reply::{self, Reply, ReplyError};
use super::telegram::Telegram;
use super::transport::Transport;
use crate::redacted::Redacted;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument as _;

/// A shop's credentials (S3 ①-③). `Debug` does not print the password.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Merchant ID, digits.
    pub merchant_id: String,
    /// Connect ID.
    pub connect_id: String,
    /// Connect password.
    pub connect_password: Redacted<String>,
}

/// Paygent as one shop sees it. Cheap to clone; all clones share the transport's connections.
///
/// Each function sends one telegram, once. Dropping its future half-way leaves the same uncertainty as
/// [`Outcome::Unknown`].
#[derive(Debug, Clone)]
pub struct Paygent {
    transport: Arc<Transport>,
    credentials: Arc<Credentials>,
}

impl Paygent {
    /// The shop with `credentials` over `transport`.
    pub fn new(transport: Arc<Transport>, credentials: Credentials) -> Self {
        Self { transport, credentials: Arc::new(credentials) }
    }

    /// Sends a telegram whose reply is lines.
    pub(super) async fn call(&self, telegram: Telegram) -> Outcome<Reply> {
        let trading_id = telegram.trading_id().map(str::to_owned);
        self.exchange(telegram, |body| {
            let same = match reply::read_lines(body) {
                Ok(fields) => match (&trading_id, fields.get("trading_id")) {
                    (Some(sent), Some(received)) => sent == received,
                    _ => true,
                },
                // `read` reports it.
                Err(_) => true,
            };
            if same { reply::read(body) } else { Outcome::Unknown(ReplyError::OtherSubject("trading_id").into()) }
        })
        .await
    }

    /// Sends a telegram whose reply is a list of the cards of `customer_id`.
    pub(super) async fn call_for_cards(&self, telegram: Telegram, customer_id: &str) -> Outcome<Vec<ListedCard>> {
        self.exchange(telegram, |body| card_list::read(body, customer_id)).await
    }

    async fn exchange<T>(&self, telegram: Telegram, read: impl FnOnce(&[u8]) -> Outcome<T>) -> Outcome<T> {
        let kind = telegram.kind();
        // Neither what is sent nor what comes back is part of it, except Paygent's code.
        let span = tracing::info_span!(
            target: "spans",
            "paygent",
            otel.name = %format_args!("Paygent {}", kind.code()),
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            paygent.telegram_kind = kind.code(),
            paygent.code = tracing::field::Empty,
            paygent.outcome = tracing::field::Empty,
            paygent.milliseconds = tracing::field::Empty,
        );
        let subject = telegram.subject().to_owned();
        let started = Instant::now();
        let signed = telegram
            .needed("merchant_id", &self.credentials.merchant_id)
            .needed("connect_id", &self.credentials.connect_id)
            .secret("connect_password", &self.credentials.connect_password);
        let outcome = match signed.into_body() {
            Ok(form) => {
                self.transport.post(kind.path(), form).instrument(span.clone()).await.and_then(|body| read(&body))
            }
            Err(error) => Outcome::NotSent(NotSent::Request(error)),
        };
        let code = match &outcome {
            Outcome::Approved(_) => "0",
            Outcome::Declined(declined) | Outcome::Busy(declined) => &declined.code,
            Outcome::NotSent(_) => "not sent",
            Outcome::Unknown(_) => "unknown",
        };
        count(kind.code(), &outcome, code, started.elapsed());
        let milliseconds = started.elapsed().as_millis();
        // Codes have at most five characters; what is longer is no code, and could be anything.
        span.record("paygent.code", code.get(..code.len().min(8)).unwrap_or_default());
        span.record("paygent.outcome", ended(&outcome));
        span.record("paygent.milliseconds", u64::try_from(milliseconds).unwrap_or(u64::MAX));
        if !matches!(outcome, Outcome::Approved(_)) {
            span.record("otel.status_code", "error");
        }
        tracing::debug!(kind = kind.code(), transaction = subject, code, milliseconds, "Paygent telegram");
        outcome
    }
}

fn ended<T>(outcome: &Outcome<T>) -> &'static str {
    match outcome {
        Outcome::Approved(_) => "approved",
        Outcome::Declined(_) => "declined",
        Outcome::Busy(_) => "busy",
        Outcome::NotSent(_) => "not_sent",
        Outcome::Unknown(_) => "unknown",
    }
}

/// How long the call took and how it ended, for operators.
fn count<T>(telegram: &'static str, outcome: &Outcome<T>, code: &str, took: Duration) {
    metrics::histogram!("teiki_paygent_call_seconds", "telegram" => telegram, "outcome" => ended(outcome))
        .record(took.as_secs_f64());
    // What comes from outside names no more series than Paygent has codes.
    let plain = code.len() <= 8 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    let code = match outcome {
        Outcome::Declined(_) | Outcome::Busy(_) if plain => code.to_owned(),
        Outcome::Declined(_) | Outcome::Busy(_) => "other".to_owned(),
        Outcome::Approved(_) | Outcome::NotSent(_) | Outcome::Unknown(_) => return,
    };
    metrics::counter!("teiki_paygent_refusals_total", "telegram" => telegram, "code" => code).increment(1);
}

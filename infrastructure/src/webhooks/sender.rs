//! Sending one delivery, once.

use super::addresses::{AddressError, Allowed, Guarded, check_url};
use reqwest::{Client, StatusCode, header};
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest time of one delivery, connecting and answering included.
pub const TIMEOUT: Duration = Duration::from_secs(15);
/// Longest time of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes; reading it lets the connection be used again.
const ANSWER_MAX: usize = 16 * 1024;

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The system does not have what it takes.
    #[error("webhooks cannot be sent from this machine ({0}); check its certificates (package ca-certificates)")]
    Client(String),
    /// The file of certificates cannot be used.
    #[error("the file {} of webhook_ca cannot be used ({why}); it is certificates in PEM form", .path.display())]
    Authority {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// One delivery to be sent.
#[derive(Debug)]
pub struct Message<'a> {
    /// Where to.
    pub url: &'a str,
    /// The header `webhook-id`.
    pub id: &'a str,
    /// The header `webhook-timestamp`, seconds since 1970.
    pub timestamp: i64,
    /// The header `webhook-signature`.
    pub signature: &'a str,
    /// The body, JSON.
    pub body: Vec<u8>,
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The receiver has it (2xx).
    Taken(u16),
    /// The receiver wants nothing any more (410).
    Gone,
    /// Any other status, with the seconds the receiver asks us to wait.
    Refused(u16, Option<u32>),
    /// No answer; why, in words.
    Failed(String),
}

/// Sends deliveries. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    allowed: Allowed,
}

impl Sender {
    /// A sender to allowed addresses. `authorities` is a PEM file of certificates to trust beside the system's; empty: none.
    /// Blocks shortly for the file.
    pub fn new(allowed: Allowed, authorities: &Path) -> Result<Self, SenderError> {
        let client = Client::builder()
            .tls_certs_merge(trusted(authorities)?)
            .dns_resolver(Guarded(allowed))
            // A redirect would carry the event to an address nobody registered; a proxy would look names up itself.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(10))
            .user_agent(concat!("Teiki/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SenderError::Client(error.to_string()))?;
        Ok(Self { client, allowed })
    }

    /// Sends a delivery and says what came of it.
    pub async fn send(&self, message: Message<'_>) -> Answer {
        // Again: the configuration may have become stricter since the address was registered.
        let url = match check_url(message.url, self.allowed) {
            Ok(url) => url,
            Err(error) => return Answer::Failed(error.to_string()),
        };
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signature)
            .body(message.body);
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Answer::Failed(in_words(&error)),
        };
        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()).and_then(|text| text.trim().parse().ok());
        let mut read = 0;
        // The status is the answer; what stands in the body, or that it broke off, changes nothing.
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > ANSWER_MAX {
                break;
            }
        }
        match status {
            status if status.is_success() => Answer::Taken(status.as_u16()),
            StatusCode::GONE => Answer::Gone,
            status => Answer::Refused(status.as_u16(), wait),
        }
    }
}

fn trusted(path: &Path) -> Result<Vec<reqwest::Certificate>, SenderError> {
    if path.as_os_str().is_empty() {
        return Ok(vec![]);
    }
    let unusable = |why: String| SenderError::Authority { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(unusable("there is none in it".to_owned())),
        Err(error) => Err(unusable(error.to_string())),
    }
}

/// Why there is no answer, without the address: it may hold a secret of the receiver.
fn in_words(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<AddressError>() {
            return error.to_string();
        }
        cause = error.source();
    }
    let text = match error {
        error if error.is_timeout() => "no answer within 15 s",
        error if error.is_connect() => "no connection could be made",
        _ => "the connection was lost before an answer came",
    };
    text.to_owned()
}

//! Sending a shop's events to other programs, after the Standard Webhooks specification.

mod addresses;
pub mod deliveries;
pub mod endpoints;
mod secret;
mod sender;

pub use addresses::{AddressError, Allowed, check_url};
pub use secret::{Secret, SecretError, sign};
pub use sender::{Answer, Message, Sender, SenderError, TIMEOUT};

use crate::event_store::in_words;
use chrono::{DateTime, SecondsFormat, Utc};

/// The webhooks' tables cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the webhooks cannot be read or written ({0}); try again when the store is back")]
pub struct WebhookError(String);

impl From<sqlx::Error> for WebhookError {
    fn from(error: sqlx::Error) -> Self {
        Self(in_words(&error).0)
    }
}

/// The name of the lease that the deliveries of a store hang on.
pub const LEASE: &str = "webhooks";

/// An instant as the tables hold it: always the same length, so that texts sort as times do.
fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

//! Events of every kind, as they are read back from the log.

use crate::mail::MailEvent;
use crate::member::MemberEvent;
use crate::order::OrderEvent;
use crate::product::ProductEvent;
use crate::shop_settings::ShopSettingsEvent;
use crate::subscription::SubscriptionEvent;
use crate::webhook::WebhookEvent;
use cqrs_es::DomainEvent as _;

/// One event of any aggregate.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordedEvent {
    /// Of a subscription.
    Subscription(SubscriptionEvent),
    /// Of an order.
    Order(OrderEvent),
    /// Of a member.
    Member(MemberEvent),
    /// Of a shop's settings.
    ShopSettings(ShopSettingsEvent),
    /// Of a product.
    Product(ProductEvent),
    /// Of a mail.
    Mail(MailEvent),
    /// Of a webhook.
    Webhook(WebhookEvent),
}

/// A stored event that this program cannot read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// An aggregate this program does not know.
    #[error("the aggregate type {0:?} is not known to this program; run a newer version")]
    UnknownAggregate(String),
    /// The stored form does not fit the event.
    #[error("the stored {aggregate_type} event does not decode ({reason}); run `teiki verify` or a newer version")]
    Malformed {
        /// The aggregate it belongs to.
        aggregate_type: &'static str,
        /// What serde found wrong; names a field, never a value.
        reason: String,
    },
}

impl RecordedEvent {
    /// Decodes a stored event from its aggregate type and JSON payload.
    pub fn decode(aggregate_type: &str, payload: &str) -> Result<Self, DecodeError> {
        fn read<T: serde::de::DeserializeOwned>(kind: &'static str, payload: &str) -> Result<T, DecodeError> {
            serde_json::from_str(payload).map_err(|error| DecodeError::Malformed {
                aggregate_type: kind,
                // serde's full text may quote the value; its class and place are enough to find it.
                reason: format!("{:?} at line {}, column {}", error.classify(), error.line(), error.column()),
            })
        }
        match aggregate_type {
            "subscription" => read("subscription", payload).map(Self::Subscription),
            "order" => read("order", payload).map(Self::Order),
            "member" => read("member", payload).map(Self::Member),
            "shop_settings" => read("shop_settings", payload).map(Self::ShopSettings),
            "product" => read("product", payload).map(Self::Product),
            "mail" => read("mail", payload).map(Self::Mail),
            "webhook" => read("webhook", payload).map(Self::Webhook),
            other => Err(DecodeError::UnknownAggregate(other.chars().take(64).collect())),
        }
    }

    /// The event's name, as stored.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Subscription(event) => event.name(),
            Self::Order(event) => event.name(),
            Self::Member(event) => event.name(),
            Self::ShopSettings(event) => event.name(),
            Self::Product(event) => event.name(),
            Self::Mail(event) => event.name(),
            Self::Webhook(event) => event.name(),
        }
    }

    /// The version this program writes it in, MAJOR.MINOR.PATCH.
    pub fn version(&self) -> String {
        match self {
            Self::Subscription(event) => event.event_version(),
            Self::Order(event) => event.event_version(),
            Self::Member(event) => event.event_version(),
            Self::ShopSettings(event) => event.event_version(),
            Self::Product(event) => event.event_version(),
            Self::Mail(event) => event.event_version(),
            Self::Webhook(event) => event.event_version(),
        }
    }

    /// Whether type and version as stored beside the payload can be those of this event: the name is its own, and the
    /// version is the one in force or an earlier one.
    pub fn fits(&self, event_type: &str, event_version: &str) -> bool {
        let parts = |text: &str| -> Option<Vec<u32>> {
            let parts: Vec<u32> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
            (parts.len() == 3).then_some(parts)
        };
        let (stored, written) = (parts(event_version), parts(&self.version()));
        event_type == self.name() && stored.is_some() && stored <= written
    }
}

use crate::ids::WebhookId;
use serde::{Deserialize, Serialize};

/// What can have happened to a webhook. No event holds a secret, nor more of the address than its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WebhookEvent {
    /// Events of the shop are sent there from here on.
    WebhookRegistered {
        /// Its id.
        webhook_id: WebhookId,
        /// The host that events are sent to.
        host: String,
        /// Which events; empty: all.
        types: Vec<String>,
        /// What it is for, in the shop's words.
        description: String,
    },
    /// Deliveries are signed with another secret.
    WebhookSecretRotated {
        /// The number of the new secret.
        secret: u32,
        /// Hours for which earlier secrets sign beside it.
        overlap_hours: u32,
    },
    /// Nothing is sent there for now.
    WebhookDisabled {
        /// Why, in plain words.
        reason: String,
    },
    /// It is sent to again, from where it stood.
    WebhookEnabled {},
    /// A delivery is sent once more, because somebody asked for it.
    WebhookDeliveryRepeated {
        /// Its name in the header `webhook-id`.
        delivery: String,
        /// The position of the event that it brings.
        position: i64,
    },
    /// Nothing is sent there any more, and what waited is forgotten.
    WebhookRemoved {},
}

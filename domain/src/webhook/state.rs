use super::events::WebhookEvent as Event;
use crate::ids::WebhookId;
use serde::{Deserialize, Serialize};

/// A webhook, or the fact that there is none under this id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Webhook {
    /// Never registered.
    #[default]
    Absent,
    /// Registered.
    Registered(Box<Details>),
    /// Was registered, and removed for good.
    Removed,
}

/// A registered webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its id.
    pub webhook_id: WebhookId,
    /// The host that events are sent to.
    pub host: String,
    /// Which events; empty: all.
    pub types: Vec<String>,
    /// What it is for, in the shop's words.
    pub description: String,
    /// The number of the newest secret, from 1.
    pub secret: u32,
    /// Why nothing is sent there for now.
    pub disabled_because: Option<String>,
}

impl Webhook {
    /// The details, if registered and not removed.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Webhook::Absent | Webhook::Removed => None,
            Webhook::Registered(details) => Some(details),
        }
    }

    pub(super) fn fold(&mut self, event: &Event) {
        match (&mut *self, event) {
            (Webhook::Absent, Event::WebhookRegistered { webhook_id, host, types, description }) => {
                *self = Webhook::Registered(Box::new(Details {
                    webhook_id: webhook_id.clone(),
                    host: host.clone(),
                    types: types.clone(),
                    description: description.clone(),
                    secret: 1,
                    disabled_because: None,
                }));
            }
            (Webhook::Registered(details), Event::WebhookSecretRotated { secret, .. }) => {
                details.secret = details.secret.max(*secret);
            }
            (Webhook::Registered(details), Event::WebhookDisabled { reason }) => {
                details.disabled_because = Some(reason.clone());
            }
            (Webhook::Registered(details), Event::WebhookEnabled {}) => details.disabled_because = None,
            (Webhook::Registered(_), Event::WebhookRemoved {}) => *self = Webhook::Removed,
            _ => {}
        }
    }
}

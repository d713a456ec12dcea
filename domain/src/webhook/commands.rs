use crate::ids::WebhookId;

/// What can be asked of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookCommand {
    /// Send events there. Doing it again is already done.
    Register {
        /// Its id.
        webhook_id: WebhookId,
        /// The host that events are sent to. The rest of the address may hold a secret of the receiver.
        host: String,
        /// Which events; empty: all.
        types: Vec<String>,
        /// What it is for, in the shop's words.
        description: String,
    },
    /// Sign with another secret from now on. A number that was given before is already done.
    RotateSecret {
        /// The number of the new secret, growing.
        secret: u32,
        /// Hours for which earlier secrets sign beside it.
        overlap_hours: u32,
    },
    /// Send nothing there for now.
    Disable {
        /// Why, in plain words.
        reason: String,
    },
    /// Send there again.
    Enable,
    /// Send a delivery once more. Each time it is asked for is on record.
    RepeatDelivery {
        /// Its name in the header `webhook-id`.
        delivery: String,
        /// The position of the event that it brings.
        position: i64,
    },
    /// Send nothing there any more.
    Remove,
}

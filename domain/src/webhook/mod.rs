//! A webhook: an address of a shop that its events are sent to, as people manage it. Which deliveries wait and what the
//! secrets are is not part of this.

mod commands;
mod decide;
mod events;
mod refusals;
mod state;

pub use commands::WebhookCommand;
pub use events::WebhookEvent;
pub use refusals::WebhookRefusal;
pub use state::{Details, Webhook};

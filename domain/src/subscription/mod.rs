//! The subscription (定期購入): what is delivered to whom, how often, paid how, and what comes next.

mod commands;
mod decide;
mod events;
mod refusals;
mod state;

pub use commands::{StartSubscription, SubscriptionCommand};
pub use decide::DeliveryWindow;
pub use events::{NextDates, SubscriptionEvent};
pub use refusals::SubscriptionRefusal;
pub use state::{Details, Status, Subscription};

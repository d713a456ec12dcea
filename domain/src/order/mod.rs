//! The order (受注): generated from a subscription, paid by one or more attempts.

mod commands;
mod decide;
mod events;
mod refusals;
mod state;

pub use commands::{GenerateOrder, OrderCommand};
pub use events::{CardInForce, FoundBy, OrderEvent};
pub use refusals::OrderRefusal;
pub use state::{Attempt, Details, Order, Payment};

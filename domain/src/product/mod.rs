//! The product (商品) that subscriptions may contain (S2): code, name, price and tax, on sale or withdrawn.

mod commands;
mod decide;
mod events;
mod refusals;
mod state;

pub use commands::{Content, ProductCommand};
pub use events::ProductEvent;
pub use refusals::ProductRefusal;
pub use state::{Details, Product, Status};

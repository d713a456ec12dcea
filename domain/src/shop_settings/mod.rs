//! A shop's settings: what the operator sets on a page (S3-S5, S9, S12-S17).

mod commands;
mod decide;
mod events;
mod refusals;
mod state;

pub use commands::{Connection, ShopSettingsCommand};
pub use events::ShopSettingsEvent;
pub use refusals::ShopSettingsRefusal;
pub use state::{Details, ShopSettings, VALIDITY_MAX};

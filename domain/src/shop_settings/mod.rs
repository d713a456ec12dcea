//! A shop's settings: what the operator sets on a page (S1, S3-S18).

mod commands;
mod decide;
mod events;
mod readiness;
mod refusals;
mod state;
mod values;

pub use commands::{Connection, ShopSettingsCommand};
pub use events::ShopSettingsEvent;
pub use readiness::{Missing, readiness};
pub use refusals::ShopSettingsRefusal;
pub use state::{Details, ShopSettings, VALIDITY_MAX};
pub use values::{
    AccountChange, AttemptControl, COMMENT_MAX, COPIES_MAX, CYCLES_MAX, CartDesign, CartTexts, ContractOptions,
    InvoiceIssuer, Logo, MailSender, MyPage, PAGE_TEXT_MAX, PaymentNotes, ShopProfile, ShopText, ThreeDSecure,
    WaybillCarrier,
};

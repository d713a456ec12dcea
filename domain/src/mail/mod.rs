//! The mail (メール): requested, sent, delayed, given up after too many tries, tried again by hand (K1-K5, O15, C5 b).

mod commands;
mod decide;
mod events;
mod refusals;
mod state;

pub use commands::{MailCommand, NewMail};
pub use events::{About, MailEvent, MailKind, Recipient};
pub use refusals::MailRefusal;
pub use state::{Details, Mail, Status};

//! The member (会員) and the cards kept for them in Paygent's vault.

mod commands;
mod decide;
mod events;
mod refusals;
mod state;

pub use commands::MemberCommand;
pub use events::{MemberEvent, StoredCard};
pub use refusals::MemberRefusal;
pub use state::{Details, Erased, Member};

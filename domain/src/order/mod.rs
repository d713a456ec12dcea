//! The order (受注): generated from a subscription, paid by one or more attempts.

mod calls;
mod commands;
mod decide;
mod documents;
mod events;
mod facts;
mod fold;
mod offers;
mod refusals;
mod state;

pub use calls::{Call, Operation};
pub use commands::{AuthorizeOrder, GenerateOrder, OrderCommand};
pub use documents::{DocumentKind, DocumentNumber, IssueDocument, Issued};
pub use events::{CardInForce, Cause, FoundBy, OrderEvent, Purpose};
pub use facts::{PaymentFact, Stands};
pub use offers::{Offers, Withheld};
pub use refusals::OrderRefusal;
pub use state::{Attempt, Booked, Details, Order, Payment, Surplus};

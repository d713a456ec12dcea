//! The client of Paygent's card interface: telegrams over mutual TLS, one typed function per operation.
//!
//! Nothing here decides or repeats anything. Paygent has no idempotency, so a telegram is sent exactly once and the
//! caller is told, in [`Outcome`], which of the possible things happened: approved, declined, not sent, try later, or
//! unknown. After an unknown outcome only [`Paygent::inquire`] may tell the truth, never a second telegram.
//!
//! | file | what |
//! |---|---|
//! | `transport` | certificates, connections, time limits |
//! | `client` | one call: credentials, sending, classifying |
//! | `telegram`, `reply`, `card_list` | writing and reading Windows-31J |
//! | `outcome` | what can come of a call |
//! | `operations/` | the telegrams |
//! | `notice`, `three_d_secure` | what arrives from outside and must be checked against a key |

mod card_details;
mod card_list;
mod check_value;
mod client;
mod encoding;
mod fields;
mod jst;
mod notice;
mod operations;
mod outcome;
mod reply;
mod status;
mod telegram;
mod three_d_secure;
mod transport;

pub use card_details::CardDetails;
pub use card_list::ListedCard;
pub use client::{Credentials, Paygent};
pub use notice::{Notice, NoticeError};
pub use operations::authorise::{AuthoriseStoredCard, AuthoriseToken, Authorised};
pub use operations::cards::{CardUpdate, CardsLeft, StoredCard};
pub use operations::difference::Difference;
pub use operations::inquire::{Inquiry, PaymentFacts};
pub use operations::revise::{Revised, Revision};
pub use operations::settle::Settled;
pub use outcome::{Declined, NotSent, Outcome, UnknownReason};
pub use reply::ReplyError;
pub use status::PaymentStatus;
pub use telegram::{PaymentRef, RequestError};
pub use three_d_secure::{Attempt, ThreeDSecureError, ThreeDSecureId, ThreeDSecureReturn};
pub use transport::{Transport, TransportConfig, TransportError};

//! The telegrams, one topic a file.

pub(super) mod authorise;
pub(super) mod cards;
pub(super) mod difference;
pub(super) mod inquire;
pub(super) mod revise;
pub(super) mod settle;

use super::fields::Fields;
use super::outcome::Outcome;
use super::reply::ReplyError;

/// Takes from a success what is needed of it. If that is not there, Paygent did something and nobody knows what:
/// unknown, not a failure.
fn read_success<T>(outcome: Outcome<Fields>, read: impl FnOnce(&Fields) -> Result<T, ReplyError>) -> Outcome<T> {
    outcome.and_then(|fields| match read(&fields) {
        Ok(value) => Outcome::Approved(value),
        Err(error) => Outcome::Unknown(error.into()),
    })
}

//! What can come of a call to Paygent.

use super::reply::ReplyError;
use super::telegram::RequestError;
use std::fmt;

/// The outcome of one telegram. Five cases, because each asks something else of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an outcome that nobody records is money that nobody knows of"]
pub enum Outcome<T> {
    /// Paygent did it.
    Approved(T),
    /// Paygent refused for good; a failure to record (E1 to E4).
    Declined(Declined),
    /// Paygent did not process it and may later (E002, 9004, 9005, P017, P018). Nothing was booked.
    Busy(Declined),
    /// No byte of the request left, or the connection was refused before one could. Nothing was booked.
    NotSent(NotSent),
    /// It may have left and there is no usable answer. Only an inquiry can tell; never send it again before.
    Unknown(UnknownReason),
}

impl<T> Outcome<T> {
    /// The same outcome around another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        self.and_then(|value| Outcome::Approved(change(value)))
    }

    /// What `next` makes of an approval; the other cases stay as they are.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Approved(value) => next(value),
            Self::Declined(declined) => Outcome::Declined(declined),
            Self::Busy(declined) => Outcome::Busy(declined),
            Self::NotSent(reason) => Outcome::NotSent(reason),
            Self::Unknown(reason) => Outcome::Unknown(reason),
        }
    }

    /// The approved value, if it is that.
    pub fn approved(self) -> Option<T> {
        match self {
            Self::Approved(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is certain that this call booked nothing at Paygent.
    pub fn booked_nothing(&self) -> bool {
        matches!(self, Self::Declined(_) | Self::Busy(_) | Self::NotSent(_))
    }
}

/// Paygent's own words for a refusal, whole (E4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// `response_code`, such as `2001` or `P010`.
    pub code: String,
    /// `response_detail`, such as `"1G12"` with its quotes, or a parameter's name and a text.
    pub detail: String,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() { f.write_str(&self.code) } else { write!(f, "{} {}", self.code, self.detail) }
    }
}

/// Why a telegram certainly did not reach Paygent's booking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The request itself cannot be sent; repeating it unchanged will fail again.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No connection: name not found, refused, time limit for connecting, or the TLS handshake failed.
    #[error("no connection to Paygent could be made ({0}); try again when the network or the certificate is mended")]
    Connection(String),
}

impl NotSent {
    /// Whether sending the same again may work.
    pub fn may_retry(&self) -> bool {
        matches!(self, Self::Connection(_))
    }
}

/// Why nobody knows what Paygent did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownReason {
    /// Sent; no answer within the time limit.
    #[error("Paygent did not answer within {0} ms; ask for the payment's state before anything else")]
    TimedOut(u128),
    /// The connection broke after the request may have left.
    #[error("the connection to Paygent was lost ({0}); ask for the payment's state before anything else")]
    ConnectionLost(String),
    /// An HTTP answer that is not Paygent's 200.
    #[error("Paygent answered with HTTP status {0}; ask for the payment's state before anything else")]
    HttpStatus(u16),
    /// An answer that cannot be read or does not belong to the request.
    #[error("Paygent's answer is not usable: {0}; ask for the payment's state before anything else")]
    Reply(#[from] ReplyError),
    /// Paygent's internal error (E001): it may have happened before or after booking.
    #[error("Paygent reports an internal error ({0}); ask for the payment's state before anything else")]
    Internal(Declined),
    /// Only of an inquiry: it was not answered now (E002, 9005, P017, P018).
    #[error("Paygent does not answer inquiries now ({0}); ask again later")]
    Busy(Declined),
    /// Only of an inquiry: it did not leave.
    #[error("the inquiry was not sent: {0}")]
    NotSent(NotSent),
}

/// Sorts a refusal by its code.
pub(super) fn refusal<T>(declined: Declined) -> Outcome<T> {
    match declined.code.as_str() {
        "E001" => Outcome::Unknown(UnknownReason::Internal(declined)),
        "E002" | "9004" | "9005" | "P017" | "P018" => Outcome::Busy(declined),
        _ => Outcome::Declined(declined),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(code: &str) -> Outcome<()> {
        refusal(Declined { code: code.to_owned(), detail: "\"1G12\" text".to_owned() })
    }

    #[test]
    fn e4_every_code_is_sorted_and_passes_through_whole() {
        for code in ["P001", "P002", "P010", "P016", "P023", "2001", "2003", "2004", "2008", "31001", "1502", "Q999"] {
            match sorted(code) {
                Outcome::Declined(d) => assert_eq!((d.code.as_str(), d.detail.as_str()), (code, "\"1G12\" text")),
                other => panic!("{code}: {other:?}"),
            }
        }
        for code in ["E002", "9004", "9005", "P017", "P018"] {
            assert!(matches!(sorted(code), Outcome::Busy(d) if d.code == code), "{code}");
            assert!(sorted(code).booked_nothing());
        }
        assert!(matches!(sorted("E001"), Outcome::Unknown(UnknownReason::Internal(d)) if d.code == "E001"));
        assert!(!sorted("E001").booked_nothing());
    }
}

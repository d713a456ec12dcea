use crate::money::Yen;

/// Why a command on an order is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    /// There is no such order.
    #[error("this order does not exist; check its number")]
    DoesNotExist,
    /// The id belongs to another order.
    #[error("this order number is already used for a different order; tell support, orders derive their number")]
    NumberTaken,
    /// No such attempt.
    #[error("this order has no payment attempt {0}")]
    NoSuchAttempt(u32),
    /// What Paygent says now contradicts what was recorded.
    #[error("Paygent now reports {now} for attempt {attempt}, which is recorded as {recorded}; compare both by hand")]
    Contradiction {
        /// Which attempt.
        attempt: u32,
        /// What is recorded.
        recorded: &'static str,
        /// What is reported now.
        now: &'static str,
    },
    /// Paygent names another amount (W15).
    #[error("Paygent reports {reported} for attempt {attempt}, which asked for {intended}; compare both by hand")]
    AmountDiffers {
        /// Which attempt.
        attempt: u32,
        /// What was asked for.
        intended: Yen,
        /// What Paygent reports.
        reported: Yen,
    },
    /// Orders made under authorise-and-capture never become confirmable (S4, O7).
    #[error("this order was captured together with its authorisation; there is nothing to confirm")]
    CapturedAtAuthorization,
    /// Not authorised, so there is nothing to capture (O5).
    #[error("this order is not authorised ({0}), so its sale cannot be confirmed")]
    NotAuthorized(&'static str),
    /// Something is still open at Paygent.
    #[error("the last request to Paygent for this order has no known outcome yet; wait until it is resolved")]
    OutcomeOpen,
    /// Somebody else sent the attempt again after Paygent was asked (W9).
    #[error("attempt {0} was sent again by somebody else meanwhile; ask Paygent anew")]
    SentMeanwhile(u32),
    /// The attempt's outcome is final already.
    #[error("attempt {0} already has its outcome; it is not sent again")]
    AlreadyDecided(u32),
}

use crate::applicability::NotExecutedReason;
use crate::ids::PaymentId;
use crate::money::Yen;
use crate::retry_policy::NoRetry;
use chrono::NaiveDate;

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
    /// No such payment.
    #[error("this order has no payment {0} at Paygent")]
    NoSuchPayment(PaymentId),
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
    #[error("this order was captured together with its authorisation; it can only be cancelled")]
    CapturedAtAuthorization,
    /// The sale is confirmed, so its amount stays (O6).
    #[error("the sale of this order is confirmed, so its amount cannot be changed any more; cancel it instead")]
    AlreadyConfirmed,
    /// Not authorised, so there is nothing to work on (O5, O6).
    #[error("this order is not authorised ({0}); authorise it first")]
    NotAuthorized(&'static str),
    /// A valid authorisation is there; a second would be a second hold on the card.
    #[error("this order is authorised until {}; use that authorisation, or cancel it first",
        .0.map_or_else(|| "further notice".to_owned(), |day| day.to_string()))]
    AlreadyAuthorized(Option<NaiveDate>),
    /// Past the last day (S6 of the state table, O5).
    #[error("the authorisation ran out on {0}; authorise the order again")]
    AuthorizationRanOut(NaiveDate),
    /// Past the last day on which Paygent refunds (2007).
    #[error("Paygent refunded this payment only until {0}; pay the customer back by another way")]
    RefundTooLate(NaiveDate),
    /// The order costs something else than was authorised (O6).
    #[error("the order costs {costs} but {authorized} is authorised; update the transaction (取引更新) first")]
    AmountNotUpdated {
        /// What the order costs.
        costs: Yen,
        /// What is authorised.
        authorized: Yen,
    },
    /// 取引更新 only when the amount differs (O6).
    #[error("the order costs just what is authorised; there is nothing to update")]
    NothingToUpdate,
    /// O8.
    #[error(
        "this order was authenticated by 3-D Secure; change its amount in Paygent's own console, it shows here then"
    )]
    ThreeDSecure,
    /// Shipping or fee is to be quoted (C4, R5-3).
    #[error("shipping or fee of this order is to be quoted; enter the amount first")]
    AmountToBeQuoted,
    /// Nothing would be charged.
    #[error("this order costs nothing; cancel its payment instead of changing it to zero")]
    NothingToPay,
    /// The settings do not let the card be tried (R5, S9, S17).
    #[error("the card cannot be authorised for this order: {0}")]
    NotPossible(NotExecutedReason),
    /// The order is paid otherwise.
    #[error("this order is paid by {0}, not by card; change its payment method first")]
    NotPaidByCard(String),
    /// A captured payment must be refunded before the order can be paid otherwise.
    #[error("this order is paid by card; cancel it before it is paid otherwise")]
    AlreadyPaid,
    /// Something is still open at Paygent.
    #[error("the last request to Paygent for this order has no known outcome yet; wait until it is resolved")]
    OutcomeOpen,
    /// An attempt was given up and Paygent has not said what became of it.
    #[error("attempt {0} was given up and may still succeed; the card is not tried again before Paygent answers")]
    GivenUpStillOpen(u32),
    /// Only an attempt that was made and has no known outcome can be given up.
    #[error("attempt {0} is not one whose outcome is unknown; there is nothing to give up")]
    NothingToGiveUp(u32),
    /// A payment was found that pays nothing here; it comes first (W8).
    #[error("Paygent holds payment {0}, which pays nothing here; refund or accept it first")]
    SurplusUndecided(PaymentId),
    /// The payment is not surplus.
    #[error("payment {0} is not a surplus payment of this order; there is nothing to decide")]
    NotSurplus(PaymentId),
    /// Two payments cannot both pay the order.
    #[error("another payment pays this order already; refund the surplus payment {0}")]
    PaidTwice(PaymentId),
    /// The order is cancelled.
    #[error("this order is cancelled; nothing more is done with it")]
    Cancelled,
    /// The order is completed.
    #[error("this order is completed; it can only be cancelled")]
    Completed,
    /// Not paid and not settled outside.
    #[error("this order is not paid yet ({0}); confirm its sale or cancel it before completing it")]
    NotPaid(&'static str),
    /// O13: of a cancelled order only the shop's own sheet is left.
    #[error("this order is cancelled; only its order slip can be issued")]
    OnlyOrderSlip,
    /// O13: an invoice for what is paid would be paid twice.
    #[error("this order is paid; issue a receipt or a delivery note instead of an invoice")]
    NoInvoice,
    /// O13: what was given back is not asked for.
    #[error(
        "the payment of this order was cancelled or given back, so no invoice asks for it; change its payment method first \
         if it is still to be paid"
    )]
    GivenBack,
    /// O13: a receipt for what is not paid.
    #[error("this order is not paid ({0}); confirm its sale or mark its payment as received, then issue the receipt")]
    NoReceipt(&'static str),
    /// O13, O9: a receipt can only name what was paid.
    #[error("the order costs {costs} but {paid} was paid; a receipt is issued once both agree")]
    PaidOtherwise {
        /// What the order costs.
        costs: Yen,
        /// What was paid.
        paid: Yen,
    },
    /// Somebody else made an attempt meanwhile.
    #[error("the next attempt on this order is number {0}; look at it again before you try")]
    NotTheNextAttempt(u32),
    /// The shop's rule does not try again.
    #[error(transparent)]
    NoRetry(#[from] NoRetry),
    /// The next step of the ladder is later.
    #[error("the retry ladder tries this order on {0}, not before")]
    NotDueBefore(NaiveDate),
    /// The card is the one that failed.
    #[error("the card in force is the one that failed; a card change comes first")]
    SameCard,
    /// Nobody wants its orders retried by themselves any more.
    #[error("the subscription has ended, so its orders are not tried again by themselves")]
    SubscriptionEnded,
    /// Nothing failed.
    #[error("the last attempt on this order did not fail; there is nothing to try again")]
    NothingFailed,
    /// Somebody else sent the attempt again after Paygent was asked (W9).
    #[error("attempt {0} was sent again by somebody else meanwhile; ask Paygent anew")]
    SentMeanwhile(u32),
    /// The attempt's outcome is final already.
    #[error("attempt {0} already has its outcome; it is not sent again")]
    AlreadyDecided(u32),
    /// What Paygent was asked is not open any more, or was asked again by somebody else (W9).
    #[error("somebody else asked Paygent again or got an answer meanwhile; look at the order again")]
    AskedMeanwhile,
    /// The fact belongs to another order.
    #[error("this order has no payment under transaction ID {0}")]
    NotOfThisOrder(crate::ids::TransactionId),
}

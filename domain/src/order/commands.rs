use super::calls::Call;
use super::documents::IssueDocument;
use super::events::{CardInForce, Cause, FoundBy};
use super::facts::PaymentFact;
use crate::applicability::RenewalTerms;
use crate::basket::Basket;
use crate::ids::{MemberId, OrderId, PaymentId, SubscriptionId, TransactionId};
use crate::money::Yen;
use crate::payment_method::PaymentMethod;
use crate::retry_policy::RetryPolicy;
use chrono::NaiveDate;

/// What is needed to generate an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateOrder {
    /// Its id, derived from subscription and generation date.
    pub order_id: OrderId,
    /// The subscription that called for it.
    pub subscription_id: SubscriptionId,
    /// Whose it is.
    pub member_id: MemberId,
    /// The generation date it stands for.
    pub generation_date: NaiveDate,
    /// Delivery date.
    pub delivery_date: NaiveDate,
    /// What it contains.
    pub basket: Basket,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Settings in force.
    pub terms: RenewalTerms,
    /// The member's card in force, if any.
    pub card: Option<CardInForce>,
    /// A fresh transaction ID, used only if an authorisation is tried.
    pub transaction_id: TransactionId,
    /// The business day in Tokyo.
    pub today: NaiveDate,
}

/// What is needed to authorise an order that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizeOrder {
    /// The number the attempt shall have: its identity. Asked for twice, it is tried once.
    pub attempt: u32,
    /// Why.
    pub cause: Cause,
    /// A fresh transaction ID.
    pub transaction_id: TransactionId,
    /// The member's card in force, if any.
    pub card: Option<CardInForce>,
    /// Settings in force.
    pub terms: RenewalTerms,
    /// The shop's rule for attempts that nobody asks for.
    pub policy: RetryPolicy,
    /// Whether the subscription the order came from has ended.
    pub subscription_ended: bool,
    /// The business day in Tokyo.
    pub today: NaiveDate,
}

/// What can be asked of an order. Recording an outcome is accepted in every state (W4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderCommand {
    /// Make it exist and, unless something forbids it, intend its authorisation (R1, R2, R5).
    Generate(Box<GenerateOrder>),
    /// Paygent authorised an attempt.
    RecordAuthorized {
        /// Which attempt.
        attempt: u32,
        /// Paygent's id of the payment.
        payment_id: PaymentId,
        /// Whether the sale was made with it.
        captured: bool,
        /// The amount Paygent named, where it did; another one than intended is never accepted silently (W15).
        amount: Option<Yen>,
        /// Last day on which it can be captured or, captured with it, refunded.
        until: Option<NaiveDate>,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Paygent refused an attempt.
    RecordDeclined {
        /// Which attempt.
        attempt: u32,
        /// Paygent's response code.
        code: String,
        /// Paygent's response detail.
        detail: String,
        /// How it became known.
        found_by: FoundBy,
    },
    /// The outcome of an attempt is not known.
    RecordUnknown {
        /// Which attempt.
        attempt: u32,
        /// Why.
        why: String,
    },
    /// Paygent provably holds nothing for the attempt: intend to send it again (W1, W2).
    SendAgain {
        /// Which attempt.
        attempt: u32,
        /// How often it had been sent again when Paygent was asked. Somebody else may have sent it since, and what
        /// Paygent said before that counts no more (W9).
        sent_before: u32,
    },
    /// Wait no longer for an attempt whose outcome is not known (W8).
    GiveUp {
        /// Which attempt.
        attempt: u32,
    },
    /// Authorise on the member's card in force: after a failure (O17), after the authorisation ran out, by the retry
    /// ladder, or because the card changed.
    Authorize(Box<AuthorizeOrder>),
    /// Change what the order contains or costs (O6, O17).
    ChangeBasket(Basket),
    /// Change how the order is paid (O17). An authorisation it leaves behind is cancelled.
    ChangePaymentMethod(PaymentMethod),
    /// Bring the authorised amount to what the order costs (取引更新, O6). Needs what an authorisation needs, since a
    /// higher amount is authorised anew.
    UpdateTransaction(Box<AuthorizeOrder>),
    /// Confirm the sale (売上確定, O5).
    Capture {
        /// The business day in Tokyo.
        today: NaiveDate,
    },
    /// Cancel the order, and its payment at Paygent if there is one (O10).
    Cancel {
        /// The business day in Tokyo.
        today: NaiveDate,
    },
    /// Cancel at Paygent a payment that pays nothing here: a replaced one, or one found late (W8, W12).
    ReleaseSurplus {
        /// Which payment.
        payment_id: PaymentId,
    },
    /// Let a payment found late pay this order (W8).
    AcceptSurplus {
        /// Which payment.
        payment_id: PaymentId,
    },
    /// The order is done with (O11).
    Complete,
    /// Issue a document (O13).
    IssueDocument(IssueDocument),
    /// Set or take away the mark 入金チェック (O16).
    CheckPayment {
        /// Whether it shall be set.
        checked: bool,
    },
    /// Write down that somebody let work go on that was set aside (O12).
    RecordReleased {
        /// Which work, such as `payment`.
        work: String,
    },
    /// Paygent did what it was asked to do with a payment.
    RecordDone {
        /// What it was asked.
        call: Call,
        /// Which payment.
        payment_id: PaymentId,
        /// Of a revision: the payment that stands in its place.
        became: Option<PaymentId>,
        /// Of a capture: the last day on which it can be refunded.
        refundable_until: Option<NaiveDate>,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Paygent refused what it was asked to do with a payment.
    RecordFailed {
        /// What it was asked.
        call: Call,
        /// Which payment.
        payment_id: PaymentId,
        /// Paygent's response code.
        code: String,
        /// Paygent's response detail.
        detail: String,
    },
    /// Whether Paygent did it is not known.
    RecordNotKnown {
        /// What it was asked.
        call: Call,
        /// Which payment.
        payment_id: PaymentId,
        /// Why.
        why: String,
    },
    /// Paygent provably has not done it, and asking twice is harmless: intend to ask again (W12).
    CallAgain {
        /// What it was asked: [`Call::Void`] or [`Call::Refund`].
        call: Call,
        /// Which payment.
        payment_id: PaymentId,
        /// How often it had been asked when Paygent was looked at (W9).
        asked_before: u32,
    },
    /// What Paygent says of a payment, found by inquiry or notice (O9, W14).
    RecordFact(PaymentFact),
}

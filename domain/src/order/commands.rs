use super::events::{CardInForce, FoundBy};
use crate::applicability::RenewalTerms;
use crate::basket::Basket;
use crate::ids::{MemberId, OrderId, PaymentId, SubscriptionId, TransactionId};
use crate::money::Yen;
use crate::payment_method::PaymentMethod;
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
    /// Confirm the sale (売上確定, O5).
    Capture,
    /// Paygent captured.
    RecordCaptured {
        /// Which attempt.
        attempt: u32,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Paygent refused to capture.
    RecordCaptureFailed {
        /// Which attempt.
        attempt: u32,
        /// Paygent's response code.
        code: String,
        /// Paygent's response detail.
        detail: String,
    },
    /// Whether Paygent captured is not known.
    RecordCaptureUnknown {
        /// Which attempt.
        attempt: u32,
        /// Why.
        why: String,
    },
}

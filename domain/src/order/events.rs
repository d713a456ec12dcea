use crate::applicability::NotExecutedReason;
use crate::basket::Basket;
use crate::card_expiry::CardExpiry;
use crate::ids::{CardId, MemberId, OrderId, PaymentId, SubscriptionId, TransactionId};
use crate::money::Yen;
use crate::payment_method::{PaymentMethod, SaleMode};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The stored card an attempt used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardInForce {
    /// Its id in Paygent's vault (C8).
    pub card_id: CardId,
    /// Valid to the last day of this month.
    pub expiry: CardExpiry,
}

/// How an outcome became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// Paygent's reply to our own call.
    Reply,
    /// Asking Paygent afterwards (094).
    Inquiry,
    /// Paygent told us by itself (difference notice).
    Notice,
}

/// What can have happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderEvent {
    /// It exists now, whatever comes of its payment (R2).
    OrderGenerated {
        /// Its id.
        order_id: OrderId,
        /// The subscription it came from.
        subscription_id: SubscriptionId,
        /// Whose it is.
        member_id: MemberId,
        /// The generation date it stands for.
        generation_date: NaiveDate,
        /// Delivery date.
        delivery_date: NaiveDate,
        /// What it contains.
        basket: Basket,
        /// How it is paid.
        payment_method: PaymentMethod,
        /// The simultaneous-sale flag in force, kept for the life of the order (S4).
        sale_mode: SaleMode,
    },
    /// No authorisation was tried, for this reason (R5).
    AuthorizationNotExecuted {
        /// Which of the reasons.
        reason: NotExecutedReason,
    },
    /// Intention: Paygent is about to be asked to authorise (020). Durable before anything is sent.
    AuthorizationRequested {
        /// Number of the attempt on this order, from 1.
        attempt: u32,
        /// The transaction ID the attempt travels under (O1).
        transaction_id: TransactionId,
        /// Amount in yen.
        amount: Yen,
        /// The card to be charged.
        card: CardInForce,
        /// Whether to capture in the same call (S4).
        sale_mode: SaleMode,
    },
    /// Paygent authorised, and captured if the sale mode says so (オーソリOK / 消込済).
    AuthorizationSucceeded {
        /// Which attempt.
        attempt: u32,
        /// Paygent's id of the payment.
        payment_id: PaymentId,
        /// Whether the sale was made with it.
        captured: bool,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Paygent refused (オーソリ失敗): the code and text as received (E4).
    AuthorizationFailed {
        /// Which attempt.
        attempt: u32,
        /// Paygent's response code.
        code: String,
        /// Paygent's response detail, whole.
        detail: String,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Nobody knows whether Paygent authorised. Blocks every other attempt until it is known.
    AuthorizationOutcomeUnknown {
        /// Which attempt.
        attempt: u32,
        /// Why it is not known.
        why: String,
    },
    /// Paygent holds no payment for the attempt, asked twice after the call could no longer be under way: it is sent
    /// again under the same transaction ID. Durable before anything is sent.
    AuthorizationSentAgain {
        /// Which attempt.
        attempt: u32,
    },
    /// Intention: Paygent is about to be asked to capture (022, O5).
    CaptureRequested {
        /// The authorised attempt.
        attempt: u32,
        /// Amount in yen.
        amount: Yen,
    },
    /// The sale is confirmed (売上確定).
    SalesConfirmed {
        /// Which attempt.
        attempt: u32,
        /// Amount in yen.
        amount: Yen,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Paygent refused to capture; the order stays authorised.
    CaptureFailed {
        /// Which attempt.
        attempt: u32,
        /// Paygent's response code.
        code: String,
        /// Paygent's response detail, whole.
        detail: String,
    },
    /// Nobody knows whether Paygent captured.
    CaptureOutcomeUnknown {
        /// Which attempt.
        attempt: u32,
        /// Why it is not known.
        why: String,
    },
}

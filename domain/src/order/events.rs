use super::documents::{DocumentKind, DocumentNumber};
use crate::applicability::NotExecutedReason;
use crate::basket::Basket;
use crate::card_expiry::CardExpiry;
use crate::ids::{CardId, MemberId, OrderId, PaymentId, SubscriptionId, TransactionId};
use crate::money::Yen;
use crate::payment_method::{PaymentMethod, SaleMode};
use crate::sealed::Sealed;
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

/// Why an authorisation is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The order was generated (R1).
    #[default]
    Generation,
    /// An operator asked for it (O17), or the shop's own program.
    Operator,
    /// The shop's retry ladder came to its next step.
    Ladder,
    /// The member changed the card.
    CardChanged,
    /// The order costs more than was authorised (取引更新, O6); the former authorisation is cancelled afterwards.
    AmountUpdate,
}

impl Cause {
    // Serde asks for a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_generation(&self) -> bool {
        *self == Cause::Generation
    }
}

/// What a cancel at Paygent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The order is cancelled with it (O10).
    CancelOrder,
    /// The order goes on; the customer must not be left with two payments, or with one that pays nothing.
    Release,
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
        /// Why it is tried.
        #[serde(default, skip_serializing_if = "Cause::is_generation")]
        cause: Cause,
        /// The business day in Tokyo it was asked for on; unknown in histories before version 1.1.0 of this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested_on: Option<NaiveDate>,
        /// Whether the buyer was authenticated (3-D Secure, first purchase only; C3, O3).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        three_d_secure: bool,
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
        /// Last day on which it can be captured or, captured with it, refunded; unknown before version 1.1.0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
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
    /// An operator waits no longer for an attempt without a known outcome. The order can be cancelled or paid
    /// otherwise; the card is not tried again before Paygent says what became of the attempt.
    AttemptGivenUp {
        /// Which attempt.
        attempt: u32,
    },
    /// Paygent holds a payment that pays nothing here: an attempt that was refused or given up had succeeded after
    /// all, or one was booked twice (W8). Somebody decides: refund, or accept.
    SurplusPaymentFound {
        /// The attempt it belongs to.
        attempt: u32,
        /// Paygent's id of the payment.
        payment_id: PaymentId,
        /// Amount in yen.
        amount: Yen,
        /// Whether it is captured.
        captured: bool,
        /// How it became known.
        found_by: FoundBy,
        /// Last day on which it can be captured or, captured, refunded; unknown before version 1.1.0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
    },
    /// Somebody decided that the surplus payment pays this order.
    SurplusPaymentAccepted {
        /// The attempt it belongs to.
        attempt: u32,
        /// Paygent's id of the payment.
        payment_id: PaymentId,
    },
    /// Paygent let the authorisation expire (status 33).
    AuthorizationExpired {
        /// Which attempt.
        attempt: u32,
        /// Paygent's id of the payment.
        payment_id: PaymentId,
        /// How it became known.
        found_by: FoundBy,
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
        /// Last day on which it can be refunded; unknown before version 1.1.0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refundable_until: Option<NaiveDate>,
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
    /// What the order contains or costs was changed (金額変更, O6, O17).
    OrderBasketChanged {
        /// What it contains now.
        basket: Basket,
    },
    /// How the order is paid was changed (O17).
    OrderPaymentMethodChanged {
        /// The method from now on.
        payment_method: PaymentMethod,
    },
    /// Intention: Paygent is about to be asked to lower the authorised amount (028, 取引更新, O6).
    RevisionRequested {
        /// The authorised attempt.
        attempt: u32,
        /// The payment to be lowered.
        payment_id: PaymentId,
        /// Its amount in yen.
        from: Yen,
        /// The amount it shall have, in yen.
        to: Yen,
    },
    /// The payment has another amount, and with it another id at Paygent: by our own request, or by a person at
    /// Paygent's console (O9).
    AmountRevised {
        /// Which attempt.
        attempt: u32,
        /// The payment that was replaced.
        base_payment_id: PaymentId,
        /// The payment that stands in its place.
        payment_id: PaymentId,
        /// Its amount in yen.
        amount: Yen,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Paygent refused to lower the amount; the payment stays as it was.
    RevisionFailed {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Paygent's response code.
        code: String,
        /// Paygent's response detail, whole.
        detail: String,
    },
    /// Nobody knows whether Paygent lowered the amount.
    RevisionOutcomeUnknown {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Why it is not known.
        why: String,
    },
    /// Intention: Paygent is about to be asked to cancel an authorisation (021, O10). Written again each time it is
    /// asked for again; cancelling twice is harmless.
    VoidRequested {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Amount in yen.
        amount: Yen,
        /// What for.
        purpose: Purpose,
    },
    /// The authorisation is cancelled (オーソリ取消).
    AuthorizationVoided {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Paygent refused to cancel the authorisation.
    VoidFailed {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Paygent's response code.
        code: String,
        /// Paygent's response detail, whole.
        detail: String,
    },
    /// Nobody knows whether Paygent cancelled the authorisation.
    VoidOutcomeUnknown {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Why it is not known.
        why: String,
    },
    /// Intention: Paygent is about to be asked to cancel a sale (023, refund, O10). Written again each time it is
    /// asked for again; cancelling twice is harmless.
    RefundRequested {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Amount in yen.
        amount: Yen,
        /// What for.
        purpose: Purpose,
    },
    /// The sale is cancelled and the money goes back (売上取消).
    SaleRefunded {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Amount in yen.
        amount: Yen,
        /// How it became known.
        found_by: FoundBy,
    },
    /// Paygent refused to cancel the sale.
    RefundFailed {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Paygent's response code.
        code: String,
        /// Paygent's response detail, whole.
        detail: String,
    },
    /// Nobody knows whether Paygent cancelled the sale.
    RefundOutcomeUnknown {
        /// Which attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Why it is not known.
        why: String,
    },
    /// The order is not wanted any more (受注キャンセル, O11). Only recorded once no payment is left that pays it.
    OrderCancelled {},
    /// The order is done with (受注完了, O11): only documents and cancel remain.
    OrderCompleted {},
    /// A document was issued (帳票出力, O13). What it says is what the log up to this event says.
    DocumentIssued {
        /// What it is.
        kind: DocumentKind,
        /// Its number.
        number: DocumentNumber,
        /// The business day in Tokyo.
        issued_on: NaiveDate,
        /// A fingerprint of what it says, without personal data.
        content: String,
        /// The version of its layout.
        layout: u32,
        /// Of a receipt that is made out otherwise than to the buyer for goods: to whom and for what (宛名, 但し書き),
        /// sealed with the member's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wording: Option<Sealed>,
    },
    /// The mark 入金チェック was set or taken away (O16). Nothing is done because of it; a receipt for what is
    /// settled outside may be written (O13).
    PaymentCheckChanged {
        /// Whether it is set.
        checked: bool,
    },
    /// Somebody let work of this order go on that had been set aside (O12).
    OrderWorkReleased {
        /// Which work, such as `payment`.
        work: String,
    },
}

use super::calls::{Call, Operation};
use super::documents::Issued;
use super::events::{CardInForce, Cause, OrderEvent as Event};
use super::facts::Stands;
use crate::applicability::NotExecutedReason;
use crate::basket::Basket;
use crate::ids::{MemberId, OrderId, PaymentId, SubscriptionId, TransactionId};
use crate::money::Yen;
use crate::payment_method::{PaymentMethod, SaleMode};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Payment status of an order (決済状況, O4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Settled outside.
    External,
    /// To be paid by card, and no authorisation was asked for yet.
    Untried,
    /// 未実行, with the reason.
    NotExecuted(NotExecutedReason),
    /// An attempt is intended or under way.
    Requested(u32),
    /// An attempt has no known outcome.
    Unknown(u32),
    /// An attempt without a known outcome is not waited for any more.
    GivenUp(u32),
    /// オーソリOK.
    Authorized(u32),
    /// オーソリ失敗.
    Failed(u32),
    /// The authorisation ran out at Paygent.
    Expired(u32),
    /// A capture is intended or under way.
    CaptureRequested(u32),
    /// A capture has no known outcome.
    CaptureUnknown(u32),
    /// 消込済, or 売上確定 when `confirmed_later`.
    Captured {
        /// Which attempt.
        attempt: u32,
        /// Captured by a sales confirmation, not together with the authorisation.
        confirmed_later: bool,
    },
    /// A lower amount is asked for.
    RevisionRequested(u32),
    /// Whether the amount was lowered is not known.
    RevisionUnknown(u32),
    /// The cancel of the authorisation is asked for.
    VoidRequested(u32),
    /// Whether the authorisation was cancelled is not known.
    VoidUnknown(u32),
    /// キャンセル: the authorisation is cancelled.
    Voided(u32),
    /// The refund is asked for.
    RefundRequested(u32),
    /// Whether it was refunded is not known.
    RefundUnknown(u32),
    /// キャンセル: refunded.
    Refunded(u32),
}

impl Payment {
    /// Every name [`Payment::code`] gives.
    pub const CODES: [&'static str; 21] = [
        "external",
        "untried",
        "not_executed",
        "requested",
        "unknown",
        "given_up",
        "authorized",
        "failed",
        "expired",
        "capture_requested",
        "capture_unknown",
        "captured",
        "sales_confirmed",
        "revision_requested",
        "revision_unknown",
        "void_requested",
        "void_unknown",
        "voided",
        "refund_requested",
        "refund_unknown",
        "refunded",
    ];

    /// A stable name for tables, filters and interfaces.
    pub fn code(&self) -> &'static str {
        match self {
            Payment::External => "external",
            Payment::Untried => "untried",
            Payment::NotExecuted(_) => "not_executed",
            Payment::Requested(_) => "requested",
            Payment::Unknown(_) => "unknown",
            Payment::GivenUp(_) => "given_up",
            Payment::Authorized(_) => "authorized",
            Payment::Failed(_) => "failed",
            Payment::Expired(_) => "expired",
            Payment::CaptureRequested(_) => "capture_requested",
            Payment::CaptureUnknown(_) => "capture_unknown",
            Payment::Captured { confirmed_later: false, .. } => "captured",
            Payment::Captured { confirmed_later: true, .. } => "sales_confirmed",
            Payment::RevisionRequested(_) => "revision_requested",
            Payment::RevisionUnknown(_) => "revision_unknown",
            Payment::VoidRequested(_) => "void_requested",
            Payment::VoidUnknown(_) => "void_unknown",
            Payment::Voided(_) => "voided",
            Payment::RefundRequested(_) => "refund_requested",
            Payment::RefundUnknown(_) => "refund_unknown",
            Payment::Refunded(_) => "refunded",
        }
    }
}

/// One attempt to authorise. Its number and transaction ID are its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// What it travels under.
    pub transaction_id: TransactionId,
    /// Yen.
    pub amount: Yen,
    /// The card.
    pub card: CardInForce,
    /// Whether it captures at once.
    pub sale_mode: SaleMode,
    /// Why it was tried.
    pub cause: Cause,
    /// The business day in Tokyo it was first asked for on, where known.
    pub requested_on: Option<NaiveDate>,
    /// Whether the buyer was authenticated.
    pub three_d_secure: bool,
    /// Paygent's id, once it succeeded.
    pub payment_id: Option<PaymentId>,
    /// Code and detail, once it failed.
    pub failure: Option<(String, String)>,
    /// Whether it is not waited for any more.
    pub given_up: bool,
    /// How often it was sent again after Paygent held nothing.
    pub sent_again: u32,
}

impl Attempt {
    /// Succeeded or failed, for good.
    pub fn is_decided(&self) -> bool {
        self.payment_id.is_some() || self.failure.is_some()
    }
}

/// Why a payment is one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surplus {
    /// Another one took its place, or the order is paid otherwise: it is cancelled without asking anybody.
    Replaced,
    /// It was found after the attempt had been taken for failed, or beside the payment of the same attempt (W8).
    Late,
}

/// A payment that Paygent booked for the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    /// Paygent's id.
    pub payment_id: PaymentId,
    /// The attempt it came from.
    pub attempt: u32,
    /// Yen.
    pub amount: Yen,
    /// Where it stands.
    pub stands: Stands,
    /// Captured by a sales confirmation, not together with the authorisation.
    pub confirmed_later: bool,
    /// Last day on which it can be captured or, captured, refunded; where known.
    pub until: Option<NaiveDate>,
    /// Why it is one too many, if it is.
    pub surplus: Option<Surplus>,
    /// How often Paygent refused to cancel it.
    pub release_failed: u32,
    /// Another payment with a lower amount took its place.
    pub lowered: bool,
}

/// An order, or the fact that there is none under this id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Order {
    /// Never generated.
    #[default]
    Absent,
    /// Generated.
    Generated(Box<Details>),
}

/// A generated order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its id.
    pub order_id: OrderId,
    /// Where it came from.
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
    /// The simultaneous-sale flag it was generated under (S4).
    pub sale_mode: SaleMode,
    /// Where its payment stands.
    pub payment: Payment,
    /// All attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// Everything Paygent booked for it, oldest first.
    pub payments: Vec<Booked>,
    /// The payment that pays it, or last did.
    pub in_force: Option<PaymentId>,
    /// What Paygent was asked and has not definitely answered.
    pub operation: Option<Operation>,
    /// Code and detail of the last refusal, until something is asked again.
    pub failure: Option<(String, String)>,
    /// Why no authorisation was tried.
    pub not_executed: Option<NotExecutedReason>,
    /// Whether the contract does not let amounts be lowered (P029), so that a lower amount is authorised anew.
    pub reduction_refused: bool,
    /// O11.
    pub cancelled: bool,
    /// O11.
    pub completed: bool,
    /// Documents issued so far (O13), oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Issued>,
    /// O16: the mark 入金チェック, which means what the shop means by it.
    #[serde(default)]
    pub payment_checked: bool,
    /// What the order cost, settled outside, when the mark was set: what a receipt can be for (O13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Yen>,
}

impl Order {
    /// The details, if it was generated.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Order::Absent => None,
            Order::Generated(details) => Some(details),
        }
    }

    pub(super) fn fold(&mut self, event: &Event) {
        if let Event::OrderGenerated {
            order_id,
            subscription_id,
            member_id,
            generation_date,
            delivery_date,
            basket,
            payment_method,
            sale_mode,
        } = event
        {
            *self = Order::Generated(Box::new(Details {
                order_id: order_id.clone(),
                subscription_id: subscription_id.clone(),
                member_id: member_id.clone(),
                generation_date: *generation_date,
                delivery_date: *delivery_date,
                basket: basket.clone(),
                payment_method: payment_method.clone(),
                sale_mode: *sale_mode,
                payment: if payment_method.is_card() { Payment::Untried } else { Payment::External },
                attempts: vec![],
                payments: vec![],
                in_force: None,
                operation: None,
                failure: None,
                not_executed: None,
                reduction_refused: false,
                cancelled: false,
                completed: false,
                documents: vec![],
                payment_checked: false,
                received: None,
            }));
        } else if let Order::Generated(details) = self {
            details.fold(event);
        }
    }
}

impl Details {
    /// The attempt with this number.
    pub fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.number == number)
    }

    /// The number the next attempt will have.
    pub fn next_attempt(&self) -> u32 {
        self.attempts.iter().map(|attempt| attempt.number).max().unwrap_or(0) + 1
    }

    /// The attempt whose outcome is open: intended, under way or unknown.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        match self.operation {
            Some(Operation::Authorize { attempt, .. }) => self.attempt(attempt),
            _ => None,
        }
    }

    /// The payment with this id.
    pub fn booked(&self, id: &PaymentId) -> Option<&Booked> {
        self.payments.iter().find(|booked| booked.payment_id == *id)
    }

    /// The payment that pays the order, or last did.
    pub fn paying(&self) -> Option<&Booked> {
        self.in_force.as_ref().and_then(|id| self.booked(id))
    }

    /// Payments that hold money and pay nothing here (W8, W12).
    pub fn surplus(&self) -> impl Iterator<Item = &Booked> {
        self.payments.iter().filter(|booked| booked.surplus.is_some() && booked.stands.holds_money())
    }

    /// A surplus payment somebody has to decide about.
    pub fn undecided(&self) -> Option<&Booked> {
        self.surplus().find(|booked| booked.surplus == Some(Surplus::Late))
    }

    /// A replaced payment that is still to be cancelled.
    pub fn to_release(&self) -> Option<&Booked> {
        self.surplus().find(|booked| booked.surplus == Some(Surplus::Replaced))
    }

    /// The payment events of an attempt mean when they name none: the one in force if it is of this attempt,
    /// otherwise its newest.
    pub(super) fn booked_of(&self, attempt: u32) -> Option<&Booked> {
        let paying = self.paying().filter(|booked| booked.attempt == attempt);
        paying.or_else(|| self.payments.iter().rev().find(|booked| booked.attempt == attempt))
    }

    /// Whether Paygent is asked something about this payment.
    pub(super) fn asked_about(&self, id: &PaymentId) -> Option<Call> {
        match &self.operation {
            Some(Operation::Call { call, payment_id, .. }) if payment_id == id => Some(*call),
            _ => None,
        }
    }

    /// Where the payment stands, from everything above.
    pub(super) fn standing(&self) -> Payment {
        match &self.operation {
            Some(Operation::Authorize { attempt, unknown: false }) => return Payment::Requested(*attempt),
            Some(Operation::Authorize { attempt, unknown: true }) => return Payment::Unknown(*attempt),
            Some(Operation::Call { call, attempt, payment_id, unknown, .. })
                if self.in_force.as_ref() == Some(payment_id) =>
            {
                return match (call, unknown) {
                    (Call::Capture, false) => Payment::CaptureRequested(*attempt),
                    (Call::Capture, true) => Payment::CaptureUnknown(*attempt),
                    (Call::Revise, false) => Payment::RevisionRequested(*attempt),
                    (Call::Revise, true) => Payment::RevisionUnknown(*attempt),
                    (Call::Void, false) => Payment::VoidRequested(*attempt),
                    (Call::Void, true) => Payment::VoidUnknown(*attempt),
                    (Call::Refund, false) => Payment::RefundRequested(*attempt),
                    (Call::Refund, true) => Payment::RefundUnknown(*attempt),
                };
            }
            _ => {}
        }
        if let Some(paying) = self.paying() {
            let attempt = paying.attempt;
            return match paying.stands {
                Stands::Authorized => Payment::Authorized(attempt),
                Stands::Captured => Payment::Captured { attempt, confirmed_later: paying.confirmed_later },
                Stands::Voided | Stands::Refused => Payment::Voided(attempt),
                Stands::Expired => Payment::Expired(attempt),
                Stands::Refunded => Payment::Refunded(attempt),
            };
        }
        if let Some(reason) = &self.not_executed {
            return Payment::NotExecuted(reason.clone());
        }
        match self.attempts.last() {
            Some(attempt) if self.payment_method.is_card() && attempt.failure.is_some() => {
                Payment::Failed(attempt.number)
            }
            Some(attempt) if self.payment_method.is_card() => Payment::GivenUp(attempt.number),
            None if self.payment_method.is_card() => Payment::Untried,
            _ => Payment::External,
        }
    }
}

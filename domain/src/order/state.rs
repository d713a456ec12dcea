use super::events::{CardInForce, OrderEvent as Event};
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
    /// 未実行, with the reason.
    NotExecuted(NotExecutedReason),
    /// An attempt is intended or under way.
    Requested(u32),
    /// An attempt has no known outcome.
    Unknown(u32),
    /// オーソリOK.
    Authorized(u32),
    /// オーソリ失敗.
    Failed(u32),
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
}

impl Payment {
    /// A stable name for tables, filters and interfaces.
    pub fn code(&self) -> &'static str {
        match self {
            Payment::External => "external",
            Payment::NotExecuted(_) => "not_executed",
            Payment::Requested(_) => "requested",
            Payment::Unknown(_) => "unknown",
            Payment::Authorized(_) => "authorized",
            Payment::Failed(_) => "failed",
            Payment::CaptureRequested(_) => "capture_requested",
            Payment::CaptureUnknown(_) => "capture_unknown",
            Payment::Captured { confirmed_later: false, .. } => "captured",
            Payment::Captured { confirmed_later: true, .. } => "sales_confirmed",
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
    /// Paygent's id, once it succeeded.
    pub payment_id: Option<PaymentId>,
    /// Code and detail, once it failed.
    pub failure: Option<(String, String)>,
    /// How often it was sent again after Paygent held nothing.
    pub sent_again: u32,
}

impl Attempt {
    /// Succeeded or failed, for good.
    pub fn is_decided(&self) -> bool {
        self.payment_id.is_some() || self.failure.is_some()
    }
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
                payment: Payment::External,
                attempts: vec![],
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

    /// The attempt whose outcome is open: intended, under way or unknown.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        match self.payment {
            Payment::Requested(number) | Payment::Unknown(number) => self.attempt(number),
            _ => None,
        }
    }

    fn fold(&mut self, event: &Event) {
        match event {
            Event::OrderGenerated { .. } => {}
            Event::AuthorizationNotExecuted { reason } => self.payment = Payment::NotExecuted(reason.clone()),
            Event::AuthorizationRequested { attempt, transaction_id, amount, card, sale_mode } => {
                self.attempts.push(Attempt {
                    number: *attempt,
                    transaction_id: transaction_id.clone(),
                    amount: *amount,
                    card: card.clone(),
                    sale_mode: *sale_mode,
                    payment_id: None,
                    failure: None,
                    sent_again: 0,
                });
                self.payment = Payment::Requested(*attempt);
            }
            Event::AuthorizationSucceeded { attempt, payment_id, captured, .. } => {
                self.change(*attempt, |a| a.payment_id = Some(payment_id.clone()));
                self.payment = if *captured {
                    Payment::Captured { attempt: *attempt, confirmed_later: false }
                } else {
                    Payment::Authorized(*attempt)
                };
            }
            Event::AuthorizationFailed { attempt, code, detail, .. } => {
                self.change(*attempt, |a| a.failure = Some((code.clone(), detail.clone())));
                self.payment = Payment::Failed(*attempt);
            }
            Event::AuthorizationOutcomeUnknown { attempt, .. } => self.payment = Payment::Unknown(*attempt),
            Event::AuthorizationSentAgain { attempt } => {
                self.change(*attempt, |a| a.sent_again += 1);
                self.payment = Payment::Requested(*attempt);
            }
            Event::CaptureRequested { attempt, .. } => self.payment = Payment::CaptureRequested(*attempt),
            Event::SalesConfirmed { attempt, .. } => {
                self.payment = Payment::Captured { attempt: *attempt, confirmed_later: true };
            }
            Event::CaptureFailed { attempt, .. } => self.payment = Payment::Authorized(*attempt),
            Event::CaptureOutcomeUnknown { attempt, .. } => self.payment = Payment::CaptureUnknown(*attempt),
        }
    }

    fn change(&mut self, number: u32, with: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.number == number) {
            with(attempt);
        }
    }
}

use super::events::{OrderEvent, Purpose};
use crate::ids::PaymentId;
use crate::money::Yen;
use serde::{Deserialize, Serialize};

/// What can be asked of Paygent about a payment it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// 022.
    Capture,
    /// 028.
    Revise,
    /// 021.
    Void,
    /// 023.
    Refund,
}

impl Call {
    /// A stable name for tables and interfaces.
    pub fn code(self) -> &'static str {
        match self {
            Call::Capture => "capture",
            Call::Revise => "revise",
            Call::Void => "void",
            Call::Refund => "refund",
        }
    }
}

/// What Paygent was asked and has not definitely answered yet. While there is one, nothing else is asked for the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// 020: an attempt to authorise.
    Authorize {
        /// Which attempt.
        attempt: u32,
        /// Whether a call was made and its outcome is not known.
        unknown: bool,
    },
    /// Any other telegram about a payment.
    Call {
        /// What was asked.
        call: Call,
        /// The attempt the payment belongs to.
        attempt: u32,
        /// Which payment.
        payment_id: PaymentId,
        /// Of a revision, the amount it shall have; otherwise the payment's own, in yen.
        amount: Yen,
        /// Of a cancel, what for.
        purpose: Option<Purpose>,
        /// How often it was asked.
        asked: u32,
        /// Whether a call was made and its outcome is not known.
        unknown: bool,
    },
}

impl Operation {
    /// The attempt it is about.
    pub fn attempt(&self) -> u32 {
        match self {
            Operation::Authorize { attempt, .. } | Operation::Call { attempt, .. } => *attempt,
        }
    }

    /// Whether it is `call` on this payment.
    pub fn is(&self, asked: Call, of: &PaymentId) -> bool {
        matches!(self, Operation::Call { call, payment_id, .. } if *call == asked && payment_id == of)
    }

    pub(super) fn set_unknown(&mut self) {
        match self {
            Operation::Authorize { unknown, .. } | Operation::Call { unknown, .. } => *unknown = true,
        }
    }
}

impl OrderEvent {
    /// Whether it is the intention to have Paygent do something: whoever committed it calls, and an outcome follows.
    pub fn asks_paygent(&self) -> bool {
        matches!(
            self,
            OrderEvent::AuthorizationRequested { .. }
                | OrderEvent::CaptureRequested { .. }
                | OrderEvent::RevisionRequested { .. }
                | OrderEvent::VoidRequested { .. }
                | OrderEvent::RefundRequested { .. }
        )
    }
}

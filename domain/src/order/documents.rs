//! Documents of an order (帳票, O13): which may be issued, and the number each goes by. What a document says follows from
//! the log as it stood when it was issued, so that it can be issued again in the same form at any later time.

use super::events::OrderEvent as Event;
use super::facts::Stands;
use super::refusals::OrderRefusal as Refusal;
use super::state::{Details, Payment};
use crate::ids::{IdError, OrderId};
use crate::money::Yen;
use crate::sealed::Sealed;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A kind of document (O13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// 受注伝票: the shop's own sheet.
    OrderSlip,
    /// 納品書: goes with the goods.
    DeliveryNote,
    /// 請求書: asks for the money.
    Invoice,
    /// 領収書: says that it was paid.
    Receipt,
}

impl DocumentKind {
    /// Every kind, in the order in which an order comes by them.
    pub const ALL: [DocumentKind; 4] = [Self::OrderSlip, Self::DeliveryNote, Self::Invoice, Self::Receipt];

    /// A stable name for tables and interfaces.
    pub fn code(self) -> &'static str {
        match self {
            Self::OrderSlip => "order_slip",
            Self::DeliveryNote => "delivery_note",
            Self::Invoice => "invoice",
            Self::Receipt => "receipt",
        }
    }

    /// The letter its numbers have.
    fn letter(self) -> char {
        match self {
            Self::OrderSlip => 'S',
            Self::DeliveryNote => 'D',
            Self::Invoice => 'I',
            Self::Receipt => 'R',
        }
    }
}

/// The number of a document: the order, a letter for the kind, and which of its kind it is, such as
/// `02396-S00000012-20260401-R1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentNumber {
    order: OrderId,
    kind: DocumentKind,
    which: u32,
}

impl DocumentNumber {
    /// The order it belongs to.
    pub fn order(&self) -> &OrderId {
        &self.order
    }

    /// What it is.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// Which of its kind it is on its order, from 1.
    pub fn which(&self) -> u32 {
        self.which
    }

    /// The one of the same kind before it, if there is one.
    pub fn before(&self) -> Option<Self> {
        let which = self.which.checked_sub(1).filter(|which| *which > 0)?;
        Some(Self { order: self.order.clone(), kind: self.kind, which })
    }
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}{}", self.order, self.kind.letter(), self.which)
    }
}

impl FromStr for DocumentNumber {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let read = || {
            let (order, rest) = text.rsplit_once('-')?;
            let kind = DocumentKind::ALL.into_iter().find(|kind| rest.starts_with(kind.letter()))?;
            let digits = rest.get(1..).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
            let number = Self { order: order.parse().ok()?, kind, which: digits.parse().ok().filter(|n| *n > 0)? };
            // One number has one form: no leading zeros.
            (number.to_string() == text).then_some(number)
        };
        const RULE: &str =
            "it is an order number, a hyphen, S, D, I or R and a count, such as 02396-S00000012-20260401-R1";
        read().ok_or_else(|| IdError::new("document number", text, RULE))
    }
}

impl TryFrom<String> for DocumentNumber {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<DocumentNumber> for String {
    fn from(number: DocumentNumber) -> String {
        number.to_string()
    }
}

/// A document that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Its number.
    pub number: DocumentNumber,
    /// The business day in Tokyo it was issued on.
    pub issued_on: NaiveDate,
    /// A fingerprint of what it says, without personal data.
    pub content: String,
    /// The version of its layout.
    pub layout: u32,
    /// To whom and for what a receipt is made out, sealed, where that was said.
    #[serde(default)]
    pub wording: Option<Sealed>,
}

/// What is needed to issue a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueDocument {
    /// What shall be issued.
    pub kind: DocumentKind,
    /// A fingerprint of what it would say, without personal data. The same as of the newest of its kind: that one is
    /// the document that was asked for.
    pub content: String,
    /// The version of the layout.
    pub layout: u32,
    /// To whom and for what a receipt is made out (宛名, 但し書き), sealed with the member's key; none: to the buyer, for
    /// goods.
    pub wording: Option<Sealed>,
    /// The business day in Tokyo.
    pub today: NaiveDate,
}

impl Details {
    /// The newest document of a kind.
    pub fn newest_document(&self, kind: DocumentKind) -> Option<&Issued> {
        self.documents.iter().rev().find(|issued| issued.number.kind == kind)
    }

    /// Whether a document of this kind may be issued as the order stands. A receipt is for what is paid, an invoice for
    /// what is not, or not through Paygent, and was not given back; of a cancelled order there is the order slip alone (O11).
    pub fn may_issue(&self, kind: DocumentKind) -> Result<(), Refusal> {
        if kind == DocumentKind::OrderSlip {
            return Ok(());
        }
        if self.cancelled {
            return Err(Refusal::OnlyOrderSlip);
        }
        let total = self.basket.total().ok_or(Refusal::AmountToBeQuoted)?;
        match kind {
            DocumentKind::OrderSlip | DocumentKind::DeliveryNote => Ok(()),
            DocumentKind::Invoice => match self.payment {
                Payment::Captured { .. } => Err(Refusal::NoInvoice),
                // What was given back is not asked for again: whoever still owes it, owes it by another method.
                Payment::VoidRequested(_)
                | Payment::VoidUnknown(_)
                | Payment::Voided(_)
                | Payment::RefundRequested(_)
                | Payment::RefundUnknown(_)
                | Payment::Refunded(_) => Err(Refusal::GivenBack),
                _ => Ok(()),
            },
            DocumentKind::Receipt => self.is_paid(total),
        }
    }

    /// Whether just this was paid: captured at Paygent; or settled outside, and marked so (入金チェック, O16) or completed,
    /// which nobody does with what was not paid and after which the mark cannot be set any more (O11).
    fn is_paid(&self, total: Yen) -> Result<(), Refusal> {
        match self.paying().filter(|paying| paying.stands == Stands::Captured) {
            Some(paying) if matches!(self.payment, Payment::Captured { .. }) && paying.amount == total => Ok(()),
            Some(paying) if matches!(self.payment, Payment::Captured { .. }) => {
                Err(Refusal::PaidOtherwise { costs: total, paid: paying.amount })
            }
            _ if self.payment == Payment::External => match self.received {
                Some(received) if received == total => Ok(()),
                Some(paid) => Err(Refusal::PaidOtherwise { costs: total, paid }),
                None if self.completed => Ok(()),
                None => Err(Refusal::NoReceipt(self.payment.code())),
            },
            _ => Err(Refusal::NoReceipt(self.payment.code())),
        }
    }

    pub(super) fn issue(&self, issue: IssueDocument) -> Result<Vec<Event>, Refusal> {
        let IssueDocument { kind, content, layout, wording, today } = issue;
        self.may_issue(kind)?;
        let newest = self.newest_document(kind);
        if newest.is_some_and(|newest| newest.content == content && newest.layout == layout) {
            return Ok(vec![]);
        }
        let which = newest.map_or(0, |newest| newest.number.which).saturating_add(1);
        let number = DocumentNumber { order: self.order_id.clone(), kind, which };
        Ok(vec![Event::DocumentIssued { kind, number, issued_on: today, content, layout, wording }])
    }
}

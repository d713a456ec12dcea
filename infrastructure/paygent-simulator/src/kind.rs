//! The kinds of telegram and the paths they belong to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A telegram kind (`telegram_kind`); in JSON its three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TelegramKind {
    /// 020: authorise.
    #[serde(rename = "020")]
    Authorise,
    /// 021: cancel an authorisation.
    #[serde(rename = "021")]
    CancelAuthorisation,
    /// 022: sale (capture).
    #[serde(rename = "022")]
    Capture,
    /// 023: cancel a sale (refund).
    #[serde(rename = "023")]
    CancelSale,
    /// 025: store a card.
    #[serde(rename = "025")]
    StoreCard,
    /// 026: delete stored cards.
    #[serde(rename = "026")]
    DeleteCard,
    /// 027: list stored cards.
    #[serde(rename = "027")]
    ListCards,
    /// 028: revise an authorisation to a lower amount.
    #[serde(rename = "028")]
    ReviseAuthorisation,
    /// 029: revise a sale to a lower amount.
    #[serde(rename = "029")]
    ReviseSale,
    /// 091: difference inquiry.
    #[serde(rename = "091")]
    DifferenceInquiry,
    /// 094: inquiry.
    #[serde(rename = "094")]
    Inquiry,
    /// 116: update a stored card.
    #[serde(rename = "116")]
    UpdateCard,
    /// 450: start EMV 3-D Secure.
    #[serde(rename = "450")]
    ThreeDSecure,
}

impl TelegramKind {
    /// Every kind the simulator knows.
    pub const ALL: [Self; 13] = [
        Self::Authorise,
        Self::CancelAuthorisation,
        Self::Capture,
        Self::CancelSale,
        Self::StoreCard,
        Self::DeleteCard,
        Self::ListCards,
        Self::ReviseAuthorisation,
        Self::ReviseSale,
        Self::DifferenceInquiry,
        Self::Inquiry,
        Self::UpdateCard,
        Self::ThreeDSecure,
    ];

    /// The three digits of `telegram_kind`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Authorise => "020",
            Self::CancelAuthorisation => "021",
            Self::Capture => "022",
            Self::CancelSale => "023",
            Self::StoreCard => "025",
            Self::DeleteCard => "026",
            Self::ListCards => "027",
            Self::ReviseAuthorisation => "028",
            Self::ReviseSale => "029",
            Self::DifferenceInquiry => "091",
            Self::Inquiry => "094",
            Self::UpdateCard => "116",
            Self::ThreeDSecure => "450",
        }
    }

    /// The kind with these three digits, if the simulator knows it.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The path this kind must be sent to; anywhere else it answers P004.
    pub fn path(self) -> &'static str {
        match self {
            Self::ThreeDSecure => "/n/threeds/request",
            Self::DifferenceInquiry => "/n/ref/paynotice",
            Self::Inquiry => "/n/ref/paymentref",
            _ => "/n/card/request",
        }
    }
}

impl fmt::Display for TelegramKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

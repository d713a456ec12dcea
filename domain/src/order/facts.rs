use super::events::FoundBy;
use crate::ids::{PaymentId, TransactionId};
use crate::money::Yen;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Where a payment stands at Paygent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Authorised, not captured (20).
    Authorized,
    /// Captured (40, 41).
    Captured,
    /// The authorisation was cancelled (32).
    Voided,
    /// The authorisation ran out (33).
    Expired,
    /// The sale was cancelled (60).
    Refunded,
    /// Never authorised (10, 11). Only in facts; a payment of ours never stands so.
    Refused,
}

impl Stands {
    /// Whether the customer's money, or a hold on it, is with the shop.
    pub fn holds_money(self) -> bool {
        matches!(self, Stands::Authorized | Stands::Captured)
    }

    /// A stable name for tables and interfaces.
    pub fn code(self) -> &'static str {
        match self {
            Stands::Authorized => "authorized",
            Stands::Captured => "captured",
            Stands::Voided => "voided",
            Stands::Expired => "expired",
            Stands::Refunded => "refunded",
            Stands::Refused => "refused",
        }
    }
}

/// A payment as Paygent describes it, asked (094) or by itself (notice).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFact {
    /// The transaction ID it was made under.
    pub transaction_id: TransactionId,
    /// Paygent's id.
    pub payment_id: PaymentId,
    /// Where it stands.
    pub stands: Stands,
    /// Amount in yen.
    pub amount: Yen,
    /// Of a refused one, what Paygent says of it: code and detail.
    pub refusal: (String, String),
    /// Last day on which it can be captured or, captured, refunded.
    pub until: Option<NaiveDate>,
    /// How it became known.
    pub found_by: FoundBy,
}

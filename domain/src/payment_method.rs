//! How a subscription or an order is paid.

use serde::{Deserialize, Serialize};

/// Payment method (支払方法, S14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// The member's card in Paygent's vault.
    Card,
    /// Settled outside, without a gateway, such as cash on delivery (代金引換) or bank transfer (銀行振込).
    External {
        /// Name as people read it.
        name: String,
    },
}

impl PaymentMethod {
    /// Whether it is the card.
    pub fn is_card(&self) -> bool {
        matches!(self, PaymentMethod::Card)
    }
}

/// The simultaneous-sale flag (同時売上フラグ, S4). Each order keeps the one in force when it was generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaleMode {
    /// オーソリのみ: the sale is confirmed later.
    AuthorizeOnly,
    /// オーソリ+売上: captured together with the authorisation, never confirmable later.
    AuthorizeAndCapture,
}

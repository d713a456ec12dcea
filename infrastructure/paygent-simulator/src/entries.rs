//! The entries of the simulator's memory, packed small because it holds hundreds of thousands of them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{clock::DEADLINE, kind::TelegramKind};

/// `payment_status` values that payments rest in.
pub(crate) mod status {
    pub(crate) const APPLIED: u8 = 10;
    pub(crate) const REFUSED: u8 = 11;
    pub(crate) const AUTHORISED: u8 = 20;
    pub(crate) const CANCELLED: u8 = 32;
    pub(crate) const EXPIRED: u8 = 33;
    pub(crate) const CLEARED: u8 = 40;
    pub(crate) const CLEARED_FINAL: u8 = 41;
    pub(crate) const SALE_CANCELLED: u8 = 60;
}

/// One payment. Times are Unix seconds, 0 for "never"; `card` is an index into [`Book::cards`](crate::book::Book::cards).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) merchant: u16,
    pub(crate) status: u8,
    pub(crate) class: u8,
    pub(crate) retries: u8,
    pub(crate) three_d_secure: bool,
    pub(crate) amount: u32,
    pub(crate) card: u32,
    /// 1 + index of the stored card it was paid with, or 0.
    pub(crate) stored_card: u32,
    /// 1 + index of the payment that this one revises, or 0.
    pub(crate) base: u32,
    /// 1 + index of the earlier payment with the same `trading_id`, or 0.
    pub(crate) earlier: u32,
    pub(crate) initiated: i64,
    pub(crate) authorised: i64,
    pub(crate) cancelled: i64,
    pub(crate) cleared: i64,
    pub(crate) trading_id: Option<Arc<str>>,
    /// Code and detail of the last failed authorisation.
    pub(crate) failure: Option<Box<(String, String)>>,
}

impl Payment {
    /// The status at `now`: authorisations lapse and cancel periods end by themselves.
    pub(crate) fn status_at(&self, now: DateTime<Utc>) -> u8 {
        let over = |since: i64| now.timestamp() >= since + DEADLINE.num_seconds();
        match self.status {
            status::AUTHORISED if over(self.authorised) => status::EXPIRED,
            status::CLEARED if over(self.cleared) => status::CLEARED_FINAL,
            other => other,
        }
    }
}

/// A card in a customer's vault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredCard {
    pub(crate) merchant: u16,
    pub(crate) deleted: bool,
    pub(crate) card: u32,
    pub(crate) last_used: i64,
    pub(crate) customer: Arc<str>,
    /// `cardholder_name`, `add_info1` to `add_info4`, when any was given.
    pub(crate) extra: Option<Box<[String; 5]>>,
}

/// A card token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) merchant: u16,
    pub(crate) used: bool,
    pub(crate) card: u32,
    pub(crate) valid_until: i64,
}

/// One entry of a merchant's difference notices (091).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) at: i64,
    pub(crate) payment: u32,
    pub(crate) status: u8,
}

/// How a telegram's reply fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The reply was handed to the connection whole.
    Answered,
    /// The telegram was processed, but its reply was withheld or spoilt by a fault.
    Spoilt,
    /// A fault kept the telegram from being processed.
    Dropped,
}

/// One telegram received.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Telegram {
    pub(crate) at: i64,
    pub(crate) kind: TelegramKind,
    pub(crate) delivery: Delivery,
    pub(crate) code: [u8; 5],
    /// 1 + index of the payment, or 0.
    pub(crate) payment: u32,
    pub(crate) trading_id: Option<Arc<str>>,
}

//! What a person at Paygent's own console does to a payment: a change without any telegram of the merchant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    book::{Book, index_of},
    config::RevisionTradingId,
    entries::{Payment, status},
};

/// What is done by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleAction {
    /// Cancels an authorisation.
    Cancel,
    /// Confirms a sale.
    Capture,
    /// Cancels a sale.
    Refund,
    /// Makes the amount, in yen, lower; also of a 3-D Secure payment.
    Lower(u32),
}

/// Does it if the payment's status allows it; says whether it did.
pub(crate) fn act(
    book: &mut Book,
    payment_id: &str,
    action: ConsoleAction,
    revised: RevisionTradingId,
    now: DateTime<Utc>,
) -> bool {
    let index = payment_id.parse().ok().and_then(index_of);
    let Some(index) = index.filter(|index| (*index as usize) < book.payments.len()) else { return false };
    let payment = &book.payments[index as usize];
    let to = match (action, payment.status_at(now)) {
        (ConsoleAction::Cancel, status::AUTHORISED) => status::CANCELLED,
        (ConsoleAction::Capture, status::AUTHORISED) => status::CLEARED,
        (ConsoleAction::Refund, status::CLEARED) => status::SALE_CANCELLED,
        (ConsoleAction::Lower(amount), from @ (status::AUTHORISED | status::CLEARED))
            if amount > 0 && amount < payment.amount =>
        {
            let lower = Payment {
                status: from,
                amount,
                base: index + 1,
                earlier: 0,
                retries: 0,
                initiated: now.timestamp(),
                authorised: now.timestamp(),
                cancelled: 0,
                cleared: if from == status::CLEARED { now.timestamp() } else { 0 },
                trading_id: payment.trading_id.clone().filter(|_| revised == RevisionTradingId::SameAsBase),
                failure: None,
                ..payment.clone()
            };
            let gone = if from == status::CLEARED { status::SALE_CANCELLED } else { status::CANCELLED };
            book.add_payment(lower, now);
            gone
        }
        _ => return false,
    };
    book.change_status(index, to, now);
    true
}

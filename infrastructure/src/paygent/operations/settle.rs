//! 021, 022, 023: what becomes of an authorised payment, always for its whole amount.

use super::read_success;
use crate::paygent::Paygent;
use crate::paygent::outcome::Outcome;
use crate::paygent::reply::ReplyError;
use crate::paygent::telegram::{Kind, PaymentRef, Telegram};
use teiki_domain::ids::PaymentId;

/// Done, or done before: these telegrams answer success again when the payment is in the wanted state already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Paygent's id of the payment, if the reply names it.
    pub payment_id: Option<PaymentId>,
}

impl Paygent {
    /// Cancels an authorisation (021, O10). Codes: 2004 not authorised or captured already.
    pub async fn void(&self, payment: &PaymentRef) -> Outcome<Settled> {
        self.settle(Kind::Void, payment).await
    }

    /// Confirms the sale (022, 売上確定, O5). Codes: 2004 cancelled or refused before, 2007 past the 60 days.
    pub async fn capture(&self, payment: &PaymentRef) -> Outcome<Settled> {
        self.settle(Kind::Capture, payment).await
    }

    /// Cancels a sale (023, refund, O10). Codes: 2004 not captured, 2007 past the 60 days.
    pub async fn refund(&self, payment: &PaymentRef) -> Outcome<Settled> {
        self.settle(Kind::Refund, payment).await
    }

    async fn settle(&self, kind: Kind, payment: &PaymentRef) -> Outcome<Settled> {
        let reply = self.call(Telegram::new(kind).payment(payment)).await;
        read_success(reply, |fields| {
            let payment_id: Option<PaymentId> = fields.lenient("payment_id");
            match (payment, &payment_id) {
                (PaymentRef::Payment(asked), Some(answered)) if asked != answered => {
                    Err(ReplyError::OtherSubject("payment_id"))
                }
                _ => Ok(Settled { payment_id }),
            }
        })
    }
}

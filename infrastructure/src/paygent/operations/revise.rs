//! 028, 029: lower the amount of an authorisation or a sale.

use super::read_success;
use crate::paygent::Paygent;
use crate::paygent::fields::yen;
use crate::paygent::outcome::Outcome;
use crate::paygent::telegram::{Kind, PaymentRef, Telegram};
use teiki_domain::ids::PaymentId;
use teiki_domain::money::Yen;

/// A payment and its new, lower amount (O6).
#[derive(Debug, Clone)]
pub struct Revision {
    /// The payment to revise.
    pub payment: PaymentRef,
    /// The amount it shall have afterwards, not the difference.
    pub new_amount: Yen,
    /// `base_payment_cancel_timing` as the contract's documents define it; not sent when `None`.
    pub base_payment_cancel_timing: Option<String>,
}

/// The payment that takes the place of the revised one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revised {
    /// The new payment.
    pub payment_id: PaymentId,
    /// The payment it replaces, if the reply names it.
    pub base_payment_id: Option<PaymentId>,
    /// `reduced_amount` of the reply.
    pub reduced_amount: Option<Yen>,
}

impl Paygent {
    /// Lowers an authorisation (028, 取引更新). Codes: 2013 not lower, 2014 a 3-D Secure payment (O8), P029 not
    /// contracted.
    pub async fn revise_authorisation(&self, revision: &Revision) -> Outcome<Revised> {
        self.revise(Kind::ReviseAuthorisation, revision).await
    }

    /// Lowers a sale (029). Codes as for an authorisation.
    pub async fn revise_sale(&self, revision: &Revision) -> Outcome<Revised> {
        self.revise(Kind::ReviseSale, revision).await
    }

    async fn revise(&self, kind: Kind, revision: &Revision) -> Outcome<Revised> {
        let telegram = Telegram::new(kind)
            .payment(&revision.payment)
            .amount(revision.new_amount)
            .field("reduction_flag", "0")
            .optional("base_payment_cancel_timing", revision.base_payment_cancel_timing.as_deref());
        read_success(self.call(telegram).await, |fields| {
            Ok(Revised {
                payment_id: fields.required("payment_id")?,
                base_payment_id: fields.lenient("base_payment_id"),
                reduced_amount: fields.get("reduced_amount").and_then(yen),
            })
        })
    }
}

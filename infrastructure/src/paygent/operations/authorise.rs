//! 020: authorise a payment.

use super::read_success;
use crate::paygent::fields::Fields;
use crate::paygent::outcome::Outcome;
use crate::paygent::reply::ReplyError;
use crate::paygent::telegram::{Kind, Telegram};
use crate::paygent::{CardDetails, Paygent, ThreeDSecureId};
use crate::redacted::Redacted;
use teiki_domain::ids::{CardId, MemberId, PaymentId, TransactionId};
use teiki_domain::money::Yen;
use teiki_domain::payment_method::SaleMode;

/// A payment with a card from the vault, customer absent (R1): one single payment, no 3-D Secure.
#[derive(Debug, Clone)]
pub struct AuthoriseStoredCard {
    /// Our id of the payment. It must never have been sent before: Paygent would book a second payment under it.
    pub transaction_id: TransactionId,
    /// Amount, 1 to 9 999 999 yen.
    pub amount: Yen,
    /// Owner of the card.
    pub member: MemberId,
    /// The card.
    pub card_id: CardId,
    /// Whether to capture at once (S4).
    pub sale_mode: SaleMode,
}

/// A payment with a token from the buyer's browser (C2, C5): one single payment.
#[derive(Debug, Clone)]
pub struct AuthoriseToken {
    /// Our id of the payment. It must never have been sent before: Paygent would book a second payment under it.
    pub transaction_id: TransactionId,
    /// Amount, 1 to 9 999 999 yen.
    pub amount: Yen,
    /// The token; one successful telegram spends it.
    pub card_token: Redacted<String>,
    /// The authentication to pay with (C3); without it the payment goes without 3-D Secure.
    pub three_d_secure: Option<ThreeDSecureId>,
    /// Whether to capture at once (S4).
    pub sale_mode: SaleMode,
}

/// An authorised (and, if so asked, captured) payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorised {
    /// Paygent's id of the payment, to be kept beside the transaction ID.
    pub payment_id: PaymentId,
    /// The card that was used.
    pub card: CardDetails,
    /// `attempt_kbn` as sent: how the buyer was authenticated, `None` when fully or not at all.
    pub attempt: Option<String>,
    /// Acquirer's code.
    pub acquirer_id: Option<String>,
    /// Acquirer's name.
    pub acquirer_name: Option<String>,
    /// Issuer's name.
    pub issuer_name: Option<String>,
}

impl Paygent {
    /// Authorises a payment with a stored card (020, R1). Codes: P010 expiry (E3), 2001 to 2003 refused by the card
    /// network, 2008 timed out there and reversed by Paygent itself.
    pub async fn authorise_stored_card(&self, payment: &AuthoriseStoredCard) -> Outcome<Authorised> {
        let telegram = begin(&payment.transaction_id, payment.amount, payment.sale_mode)
            .field("stock_card_mode", "1")
            .customer(&payment.member)
            .field("customer_card_id", payment.card_id.as_str())
            .field("3dsecure_ryaku", "1");
        read_success(self.call(telegram).await, Authorised::read)
    }

    /// Authorises a payment with a token (020, C5).
    pub async fn authorise_token(&self, payment: &AuthoriseToken) -> Outcome<Authorised> {
        let telegram =
            begin(&payment.transaction_id, payment.amount, payment.sale_mode).secret("card_token", &payment.card_token);
        let telegram = match &payment.three_d_secure {
            Some(id) => telegram.field("3dsecure_use_type", "2").field("3ds_auth_id", id.as_str()),
            None => telegram.field("3dsecure_ryaku", "1"),
        };
        read_success(self.call(telegram).await, Authorised::read)
    }
}

/// What both ways have in common: one single payment (S5).
fn begin(transaction_id: &TransactionId, amount: Yen, sale_mode: SaleMode) -> Telegram {
    let sales_mode = match sale_mode {
        SaleMode::AuthorizeOnly => "0",
        SaleMode::AuthorizeAndCapture => "1",
    };
    Telegram::new(Kind::Authorise)
        .transaction(transaction_id)
        .amount(amount)
        .field("payment_class", "10")
        .field("sales_mode", sales_mode)
}

impl Authorised {
    fn read(fields: &Fields) -> Result<Self, ReplyError> {
        Ok(Self {
            payment_id: fields.required("payment_id")?,
            card: CardDetails::from_fields(fields),
            attempt: fields.text("attempt_kbn"),
            acquirer_id: fields.text("acq_id"),
            acquirer_name: fields.text("acq_name"),
            issuer_name: fields.text("issur_name"),
        })
    }
}

//! What a document says.

use chrono::NaiveDate;
use std::fmt;
use teiki_domain::basket::Basket;
use teiki_domain::order::DocumentNumber;

/// One document, complete.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its number; says what it is, too.
    pub number: DocumentNumber,
    /// The day it was issued on.
    pub issued_on: NaiveDate,
    /// Who issues it.
    pub issuer: Issuer,
    /// Whom it is for.
    pub recipient: Recipient,
    /// Of a receipt: to whom and for what it is made out; layout 1 does not show it.
    pub made_out: MadeOut,
    /// The order.
    pub facts: Facts,
    /// What the order contains and costs.
    pub basket: Basket,
}

/// The shop. Texts may be empty, and are left out then.
#[derive(Debug, Clone, Default)]
pub struct Issuer {
    /// Name on documents.
    pub name: String,
    /// Registration number of a qualified issuer (登録番号): T and 13 digits.
    pub registration_number: Option<String>,
    /// Postal code.
    pub postal_code: String,
    /// Address in one line.
    pub address: String,
    /// Phone number.
    pub phone: String,
    /// Mail address.
    pub mail: String,
}

/// The buyer, personal data. Prints nothing of it where a program is debugged.
#[derive(Clone, Default)]
pub struct Recipient {
    /// Name.
    pub name: String,
    /// Postal code; may be empty.
    pub postal_code: String,
    /// Address; may be empty.
    pub address: String,
    /// Phone number; on the order slip alone.
    pub phone: String,
    /// Mail address; on the order slip alone.
    pub mail: String,
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient")
    }
}

/// To whom and for what a receipt is made out, personal data. Prints nothing of it where a program is debugged.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MadeOut {
    /// 宛名, with its honorific; empty: the buyer.
    pub to: String,
    /// 但し書き; empty: goods.
    pub for_what: String,
}

impl fmt::Debug for MadeOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MadeOut")
    }
}

/// The order, as its documents name it.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Order number.
    pub order_id: String,
    /// The subscription it came from.
    pub subscription_id: String,
    /// Whose it is.
    pub member_id: String,
    /// The day it was generated for (反映日).
    pub ordered_on: NaiveDate,
    /// Delivery date: the date of the transaction.
    pub delivery_date: NaiveDate,
    /// How it is paid, as people read it.
    pub payment_method: String,
    /// Whether that is by card.
    pub by_card: bool,
    /// Whether a card payment is there or under way; not where it failed or was not tried. Layout 1 does not show it.
    pub card_pays: bool,
    /// Where its payment stands, as people read it.
    pub payment_status: String,
    /// Transaction ID (取引ID), once it is authorised.
    pub transaction_id: Option<String>,
    /// The day it was paid on.
    pub paid_on: Option<NaiveDate>,
}

//! Names of things. Every id carries its shop, so an id alone says where it belongs.
//!
//! | id | form | example |
//! |---|---|---|
//! | shop | 5 digits | `02396` |
//! | member | shop `-` number | `02396-M0001` |
//! | subscription | shop `-` number | `02396-S00000012` |
//! | order | subscription `-` generation date | `02396-S00000012-20260401` |
//! | product | shop `-` code | `02396-C-1` |
//! | mail | shop `-` 32 hexadecimal digits | `02396-0191d5…` |
//! | webhook | shop `-W` serial number | `02396-W00000001` |
//! | transaction (取引ID, O1) | shop + 15 digits | `02396000000000831705` |

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An id that does not have the form it must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a {kind}: {rule}")]
pub struct IdError {
    kind: &'static str,
    given: String,
    rule: &'static str,
}

impl IdError {
    pub(crate) fn new(kind: &'static str, given: &str, rule: &'static str) -> Self {
        // A hostile id may be very long; an error text is not the place to carry it.
        Self { kind, given: given.chars().take(64).collect(), rule }
    }
}

/// Longest number of a member or subscription inside its shop. Paygent's `customer_id` takes 25 characters:
/// 5 of the shop, one separator, 19 of ours.
const NUMBER_MAX: usize = 19;

fn is_number(text: &str) -> bool {
    (1..=NUMBER_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Splits `02396-rest`.
fn split_shop(text: &str) -> Option<(ShopId, &str)> {
    let (shop, rest) = text.split_once('-')?;
    Some((shop.parse().ok()?, rest))
}

macro_rules! text_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

/// A shop: the five digits that begin each of its transaction IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShopId(u32);

impl ShopId {
    /// A shop from its number, 1 to 99999.
    pub fn new(number: u32) -> Result<Self, IdError> {
        if (1..=99_999).contains(&number) {
            Ok(Self(number))
        } else {
            Err(IdError::new("shop number", &number.to_string(), "it is 1 to 99999"))
        }
    }
}

impl fmt::Display for ShopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}", self.0)
    }
}

impl FromStr for ShopId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        const RULE: &str = "five digits such as 02396, not all zero";
        if text.len() != 5 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdError::new("shop number", text, RULE));
        }
        text.parse().ok().and_then(|n| Self::new(n).ok()).ok_or_else(|| IdError::new("shop number", text, RULE))
    }
}

impl TryFrom<String> for ShopId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<ShopId> for String {
    fn from(id: ShopId) -> String {
        id.to_string()
    }
}

/// A member of a shop (会員).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MemberId(String);
text_id!(MemberId);

impl MemberId {
    /// The member `number` of `shop`; the number is the shop's own, 1 to 19 letters, digits or `_`.
    pub fn new(shop: ShopId, number: &str) -> Result<Self, IdError> {
        format!("{shop}-{number}").parse()
    }

    /// The shop the member belongs to.
    pub fn shop(&self) -> ShopId {
        shop_of(&self.0)
    }

    /// The name under which Paygent's card vault keeps this member's cards (`customer_id`, at most 25 characters
    /// of letters, digits and `_`).
    pub fn customer_id(&self) -> String {
        self.0.replacen('-', "_", 1)
    }
}

impl FromStr for MemberId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        match split_shop(text) {
            Some((_, number)) if is_number(number) => Ok(Self(text.to_owned())),
            _ => Err(IdError::new(
                "member id",
                text,
                "it is the shop's five digits, a hyphen, then 1 to 19 letters, digits or underscores, such as 02396-M0001",
            )),
        }
    }
}

/// A subscription of a shop (定期購入番号).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubscriptionId(String);
text_id!(SubscriptionId);

impl SubscriptionId {
    /// The subscription `number` of `shop`, 1 to 19 letters, digits or `_`.
    pub fn new(shop: ShopId, number: &str) -> Result<Self, IdError> {
        format!("{shop}-{number}").parse()
    }

    /// The subscription with the given serial number, such as `02396-S00000012`.
    pub fn from_serial(shop: ShopId, serial: u64) -> Self {
        Self(format!("{shop}-S{serial:08}"))
    }

    /// The shop the subscription belongs to.
    pub fn shop(&self) -> ShopId {
        shop_of(&self.0)
    }
}

impl FromStr for SubscriptionId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        match split_shop(text) {
            Some((_, number)) if is_number(number) => Ok(Self(text.to_owned())),
            _ => Err(IdError::new(
                "subscription id",
                text,
                "it is the shop's five digits, a hyphen, then 1 to 19 letters, digits or underscores, such as 02396-S00000012",
            )),
        }
    }
}

/// A product of a shop (S2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProductId(String);
text_id!(ProductId);

/// Longest product code inside its shop.
const CODE_MAX: usize = 40;

impl ProductId {
    /// The shop the product belongs to.
    pub fn shop(&self) -> ShopId {
        shop_of(&self.0)
    }

    /// The shop's own code.
    pub fn code(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, code)| code)
    }
}

impl FromStr for ProductId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let sound = |code: &str| {
            (1..=CODE_MAX).contains(&code.len())
                && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        match split_shop(text) {
            Some((_, code)) if sound(code) => Ok(Self(text.to_owned())),
            _ => Err(IdError::new(
                "product id",
                text,
                "it is the shop's five digits, a hyphen, then 1 to 40 letters, digits, hyphens or underscores, such as 02396-C-1",
            )),
        }
    }
}

/// A mail of a shop. Its digits follow from what caused it, so the same cause never makes a second one (K1, K2, C5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailId(String);
text_id!(MailId);

impl MailId {
    /// The mail of `shop` whose cause is known by this number.
    pub fn new(shop: ShopId, cause: u128) -> Self {
        Self(format!("{shop}-{cause:032x}"))
    }

    /// The shop the mail belongs to.
    pub fn shop(&self) -> ShopId {
        shop_of(&self.0)
    }
}

impl FromStr for MailId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        match split_shop(text) {
            Some((_, cause)) if cause.len() == 32 && cause.bytes().all(hexadecimal) => Ok(Self(text.to_owned())),
            _ => Err(IdError::new(
                "mail id",
                text,
                "it is the shop's five digits, a hyphen and 32 lower-case hexadecimal digits",
            )),
        }
    }
}

/// A webhook of a shop: an address its events are sent to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookId(String);
text_id!(WebhookId);

impl WebhookId {
    /// The webhook with the given serial number, such as `02396-W00000001`.
    pub fn from_serial(shop: ShopId, serial: u64) -> Self {
        Self(format!("{shop}-W{serial:08}"))
    }

    /// The shop whose events are sent.
    pub fn shop(&self) -> ShopId {
        shop_of(&self.0)
    }
}

impl FromStr for WebhookId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let serial = split_shop(text).and_then(|(_, rest)| rest.strip_prefix('W'));
        match serial.filter(|serial| (8..=20).contains(&serial.len()) && serial.bytes().all(|b| b.is_ascii_digit())) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(IdError::new(
                "webhook id",
                text,
                "it is the shop's five digits, a hyphen, W and at least eight digits, such as 02396-W00000001",
            )),
        }
    }
}

/// An order (受注). Its id follows from the subscription and the generation date, so generating the same order
/// twice meets the first one instead of making a second (R1, R6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderId(String);
text_id!(OrderId);

impl OrderId {
    /// The order that `subscription` generates on `generation_date`.
    pub fn for_generation(subscription: &SubscriptionId, generation_date: NaiveDate) -> Self {
        Self(format!("{subscription}-{}", generation_date.format("%Y%m%d")))
    }

    /// The subscription the order was generated from.
    pub fn subscription(&self) -> SubscriptionId {
        // The form was checked when the id was made: a subscription, a hyphen, eight digits.
        SubscriptionId(self.0.rsplit_once('-').map_or(self.0.as_str(), |(subscription, _)| subscription).to_owned())
    }

    /// The shop the order belongs to.
    pub fn shop(&self) -> ShopId {
        shop_of(&self.0)
    }
}

impl FromStr for OrderId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        const RULE: &str =
            "it is a subscription id, a hyphen and the generation date, such as 02396-S00000012-20260401";
        let parts = text.rsplit_once('-').filter(|(subscription, date)| {
            subscription.parse::<SubscriptionId>().is_ok()
                && date.len() == 8
                && date.bytes().all(|b| b.is_ascii_digit())
                && NaiveDate::parse_from_str(date, "%Y%m%d").is_ok()
        });
        match parts {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(IdError::new("order id", text, RULE)),
        }
    }
}

/// The transaction ID (取引ID, O1): 20 digits, the shop's five and a serial number of fifteen, leading zeros kept.
/// It ties an order to Paygent's record (there it is `trading_id`) and is not the order number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TransactionId(String);
text_id!(TransactionId);

impl TransactionId {
    /// The transaction with `serial` (1 to 999 999 999 999 999) of `shop`.
    pub fn new(shop: ShopId, serial: u64) -> Result<Self, IdError> {
        if (1..=999_999_999_999_999).contains(&serial) {
            Ok(Self(format!("{shop}{serial:015}")))
        } else {
            Err(IdError::new("transaction serial", &serial.to_string(), "it is 1 to 999999999999999"))
        }
    }
}

impl FromStr for TransactionId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() == 20 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new("transaction ID", text, "it is exactly 20 digits, such as 02396000000000831705"))
        }
    }
}

macro_rules! paygent_number {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);
        text_id!($name);
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                if (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::new($kind, text, "it is 1 to 18 digits"))
                }
            }
        }
    };
}

paygent_number!(
    /// Paygent's own id of a payment (`payment_id`), kept beside our transaction ID.
    PaymentId, "payment id");
paygent_number!(
    /// Paygent's id of a card in its vault (`customer_card_id`, C8).
    CardId, "card id");

/// The shop part of an id that was checked when it was made.
fn shop_of(id: &str) -> ShopId {
    let digits = id.get(..5).and_then(|d| d.parse::<u32>().ok()).unwrap_or(1);
    ShopId(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o1_transaction_id_is_twenty_digits_with_leading_zeros() {
        let shop: ShopId = "02396".parse().unwrap();
        let id = TransactionId::new(shop, 831_705).unwrap();
        assert_eq!(id.as_str(), "02396000000000831705");
        for bad in ["", "2396000000000831705", "0239600000000083170x", "０2396000000000831705", "023960000000008317050"]
        {
            assert!(bad.parse::<TransactionId>().is_err(), "{bad}");
        }
        assert!(TransactionId::new(shop, 0).is_err());
        assert!(TransactionId::new(shop, 1_000_000_000_000_000).is_err());
    }

    #[test]
    fn ids_know_their_shop_and_refuse_other_forms() {
        let member: MemberId = "02396-M0001".parse().unwrap();
        assert_eq!(member.shop().to_string(), "02396");
        assert_eq!(member.customer_id(), "02396_M0001");
        for bad in ["02396", "02396-", "2396-M1", "00000-M1", "02396-M-1", "02396-12345678901234567890", "02396-M\u{0}"]
        {
            assert!(bad.parse::<MemberId>().is_err(), "{bad}");
        }
        let subscription = SubscriptionId::from_serial(member.shop(), 12);
        let order = OrderId::for_generation(&subscription, NaiveDate::from_ymd_opt(2026, 4, 1).unwrap());
        assert_eq!(order.as_str(), "02396-S00000012-20260401");
        assert_eq!(order.as_str().parse::<OrderId>().unwrap(), order);
        assert_eq!(order.subscription(), subscription);
        let webhook = WebhookId::from_serial(member.shop(), 3);
        assert_eq!((webhook.as_str(), webhook.shop()), ("02396-W00000003", member.shop()));
        assert_eq!(webhook.as_str().parse::<WebhookId>().unwrap(), webhook);
        for bad in ["02396-W0000001", "02396-S00000001", "02396-W0000000x", "W00000001", "02396-W"] {
            assert!(bad.parse::<WebhookId>().is_err(), "{bad}");
        }
        for bad in ["02396-S1-20260231", "02396-S1", "02396-S1-2026041"] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad}");
        }
        assert_eq!(serde_json::to_string(&member.shop()).unwrap(), "\"02396\"");
    }
}

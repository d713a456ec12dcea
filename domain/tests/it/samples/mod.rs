//! A sample of every shape an event can have: each variant of each enum in it, each optional part with and without.

mod mail;
mod order;
mod product;
mod shop_settings;
mod subscription;
mod webhook;

pub(crate) use mail::mail;
pub(crate) use order::order;
pub(crate) use product::product;
pub(crate) use shop_settings::shop_settings;
pub(crate) use subscription::subscription;
pub(crate) use webhook::webhook;

use crate::values::{fixed, line, member_id, sealed, stored_card, yen};
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::member::MemberEvent;

/// Several lines with each tax rate, and every amount known.
fn full_basket() -> Basket {
    let coffee = Line {
        product: "K-2".to_owned(),
        name: "珈琲豆 <深煎り> \"200g\"".to_owned(),
        unit_price: yen(1_620),
        quantity: 1,
        tax_percent: 10,
    };
    let stamp = Line { product: "0".to_owned(), name: "図書カード".to_owned(), tax_percent: 0, ..line(1_000, 2) };
    Basket::new(vec![line(1_980, 3), coffee, stamp], fixed(660), fixed(330)).unwrap()
}

/// Shipping and fee to be quoted.
fn quoted_basket() -> Basket {
    Basket::new(vec![line(0, 1)], Charge::ToBeQuoted, Charge::ToBeQuoted).unwrap()
}

pub(crate) fn member() -> Vec<MemberEvent> {
    vec![
        MemberEvent::MemberRegistered { member_id: member_id(), profile: sealed("djEuY2lwaGVydGV4dA==") },
        MemberEvent::CardRegistrationRequested { registration: 1 },
        MemberEvent::CardRegistered { registration: 1, card: stored_card(1111) },
        MemberEvent::CardRegistrationFailed {
            registration: 2,
            code: "P010".to_owned(),
            detail: "\"card_valid_term\" 有効期限".to_owned(),
        },
        MemberEvent::CardRegistrationFailed {
            registration: 3,
            code: String::new(),
            detail: "no answer in time".to_owned(),
        },
        MemberEvent::MemberErased {},
        MemberEvent::StoredCardsDeleted {},
        MemberEvent::StoredCardsNotDeleted { code: "P021".to_owned(), detail: "\"customer_id\" 契約".to_owned() },
        MemberEvent::StoredCardsNotDeleted { code: String::new(), detail: "no answer in time".to_owned() },
        MemberEvent::MemberWorkReleased { work: "cards".to_owned() },
    ]
}

//! Small makers of values, and strategies for those that vary.

use chrono::{Days, NaiveDate, Weekday};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use teiki_domain::applicability::RenewalTerms;
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::delivery_cycle::{DeliveryCycle, Nth, UpTo};
use teiki_domain::ids::{MemberId, SubscriptionId};
use teiki_domain::member::StoredCard;
use teiki_domain::money::Yen;
use teiki_domain::order::CardInForce;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::sealed::Sealed;

/// The same cases on every run, and no file of past failures: a failure is kept as an example.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(31), failure_persistence: None, ..ProptestConfig::default() }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn yen(amount: i64) -> Yen {
    Yen::new(amount).unwrap()
}

pub(crate) fn fixed(amount: i64) -> Charge {
    Charge::Fixed(yen(amount))
}

pub(crate) fn line(price: i64, quantity: u32) -> Line {
    let (product, name) = ("C-1".to_owned(), "クッキーの定期便".to_owned());
    Line { product, name, unit_price: yen(price), quantity, tax_percent: 8 }
}

/// Goods of `goods` yen and a shipping of 500.
pub(crate) fn basket(goods: i64) -> Basket {
    Basket::new(vec![line(goods, 1)], fixed(500), fixed(0)).unwrap()
}

pub(crate) fn member_id() -> MemberId {
    "02396-M0001".parse().unwrap()
}

pub(crate) fn subscription_id() -> SubscriptionId {
    "02396-S00000012".parse().unwrap()
}

pub(crate) fn sealed(text: &str) -> Sealed {
    Sealed::from_ciphertext(text.to_owned())
}

pub(crate) fn card_in_force() -> CardInForce {
    CardInForce { card_id: "5001".parse().unwrap(), expiry: "0328".parse().unwrap() }
}

pub(crate) fn stored_card(id: u32) -> StoredCard {
    StoredCard {
        card_id: id.to_string().parse().unwrap(),
        masked_number: format!("************{id:04}"),
        expiry: "0328".parse().unwrap(),
    }
}

pub(crate) fn cash() -> PaymentMethod {
    PaymentMethod::External { name: "代金引換".to_owned() }
}

/// Everything open: nothing stands against an authorisation.
pub(crate) fn open_terms(sale_mode: SaleMode) -> RenewalTerms {
    RenewalTerms {
        sale_mode,
        authorize_at_generation: true,
        goods_min: None,
        goods_max: None,
        contract_start: None,
        contract_end: None,
        lead_days: 10,
    }
}

pub(crate) fn sale_mode() -> impl Strategy<Value = SaleMode> {
    prop::sample::select(vec![SaleMode::AuthorizeOnly, SaleMode::AuthorizeAndCapture])
}

pub(crate) fn method() -> impl Strategy<Value = PaymentMethod> {
    prop::sample::select(vec![PaymentMethod::Card, cash()])
}

fn up_to<const MAX: u16>(at_most: u16) -> impl Strategy<Value = UpTo<MAX>> {
    (1..=at_most.min(MAX)).prop_map(|n| UpTo::new(n).unwrap())
}

fn weekday() -> impl Strategy<Value = Weekday> {
    (0..7_u8).prop_map(|n| Weekday::try_from(n).unwrap())
}

/// Cycles as shops use them: mostly short, so that many dates fall into one run.
pub(crate) fn cycle() -> impl Strategy<Value = DeliveryCycle> {
    let nth = prop::sample::select(vec![Nth::First, Nth::Second, Nth::Third, Nth::Fourth, Nth::Last]);
    prop_oneof![
        3 => up_to(40).prop_map(|every| DeliveryCycle::Days { every }),
        2 => (up_to(5), weekday()).prop_map(|(every, weekday)| DeliveryCycle::Weeks { every, weekday }),
        3 => (up_to(3), 20..=31_u16)
            .prop_map(|(every, day)| DeliveryCycle::MonthDay { every, day: UpTo::new(day).unwrap() }),
        2 => (up_to(3), nth, weekday())
            .prop_map(|(every, nth, weekday)| DeliveryCycle::MonthWeekday { every, nth, weekday }),
    ]
}

/// A first business day, among them ends of months and 29 February.
pub(crate) fn first_day() -> impl Strategy<Value = NaiveDate> {
    prop_oneof![
        (0..1_500_u64).prop_map(|days| day("2026-01-01") + Days::new(days)),
        prop::sample::select(vec![day("2028-02-29"), day("2026-01-31"), day("2026-12-31"), day("2028-02-28")]),
    ]
}

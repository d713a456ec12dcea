//! Reading what is stored: whole, or an error that says where, and never a panic.

use crate::history::{History, Subject};
use crate::samples;
use crate::values::cases;
use cqrs_es::DomainEvent;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeSet;
use teiki_domain::basket::Basket;
use teiki_domain::cqrs::Decide;
use teiki_domain::mail::Mail;
use teiki_domain::member::{Member, MemberEvent};
use teiki_domain::order::{Order, OrderEvent};
use teiki_domain::product::{Product, ProductEvent};
use teiki_domain::recorded::{DecodeError, RecordedEvent};
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsEvent};
use teiki_domain::subscription::{Subscription, SubscriptionEvent};
use teiki_domain::webhook::{Webhook, WebhookEvent};

/// Folds any events in any order: what happened has happened, so this never fails.
fn fold_in_any_order<A: Subject>(samples: &[<A as Decide>::Event], picks: &[Index]) {
    let mut history = History::<A>::new();
    for pick in picks {
        let event = &samples[pick.index(samples.len())];
        Decide::apply(&mut history.state, event);
        history.events.push(event.clone());
    }
    history.check_replay();
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn folding_takes_any_events_in_any_order(picks in prop::collection::vec(any::<Index>(), 0..40)) {
        fold_in_any_order::<Subscription>(&samples::subscription(), &picks);
        fold_in_any_order::<Order>(&samples::order(), &picks);
        fold_in_any_order::<Member>(&samples::member(), &picks);
        fold_in_any_order::<Mail>(&samples::mail(), &picks);
        fold_in_any_order::<Webhook>(&samples::webhook(), &picks);
        fold_in_any_order::<Product>(&samples::product(), &picks);
        fold_in_any_order::<ShopSettings>(&samples::shop_settings(), &picks);
    }

    #[test]
    fn decoding_takes_any_text(
        aggregate in select(vec!["subscription", "order", "member", "shop_settings", "product", "mail", "webhook", "other"]), text in any::<String>(),
    ) {
        prop_assert!(RecordedEvent::decode(aggregate, &text).is_err());
    }

    #[test]
    fn decoding_half_an_event_is_an_error(pick in any::<Index>(), cut in any::<Index>()) {
        let text = serde_json::to_string(pick.get(&samples::order())).unwrap();
        let at = (0..text.len()).rev().filter(|at| text.is_char_boundary(*at)).collect::<Vec<_>>();
        prop_assert!(RecordedEvent::decode("order", &text[..*cut.get(&at)]).is_err());
    }
}

#[test]
fn an_error_in_decoding_names_the_place_and_never_the_value() {
    let secret = r#"{"MemberRegistered":{"member_id":"taro@example.com","profile":"c"}}"#;
    let error = RecordedEvent::decode("member", secret).unwrap_err();
    assert!(matches!(&error, DecodeError::Malformed { aggregate_type: "member", .. }));
    assert!(error.to_string().contains("line 1") && !error.to_string().contains("taro"), "{error}");
    let unknown = RecordedEvent::decode("member", r#"{"MemberVanished":{}}"#).unwrap_err();
    assert!(matches!(unknown, DecodeError::Malformed { .. }));
    let other = RecordedEvent::decode(&"x".repeat(1_000), "{}").unwrap_err();
    assert!(other.to_string().len() < 200, "{other}");
}

#[test]
fn a_stored_basket_is_held_to_the_bounds_of_a_new_one() {
    let text = |quantity: i64, price: i64, tax: u8| {
        format!(
            r#"{{"lines":[{{"product":"C-1","name":"a","unit_price":{price},"quantity":{quantity},"tax_percent":{tax}}}],
            "shipping":{{"fixed":0}},"fee":"to_be_quoted"}}"#
        )
    };
    for (quantity, price, tax, accepted) in [
        (1, 100, 8, true),
        (9_999, 1_000, 10, true),
        (0, 100, 8, false),
        (10_000, 1, 8, false),
        (2, 9_999_999, 8, false),
        (1, -1, 8, false),
        (1, 100, 9, false),
    ] {
        let basket = serde_json::from_str::<Basket>(&text(quantity, price, tax));
        assert_eq!(basket.is_ok(), accepted, "{quantity} {price} {tax}: {basket:?}");
    }
    assert!(serde_json::from_str::<Basket>(r#"{"lines":[],"shipping":{"fixed":0},"fee":{"fixed":0}}"#).is_err());
}

#[test]
fn every_event_has_its_own_name_and_a_version_that_upcasters_understand() {
    fn versions<E: DomainEvent>(events: &[E]) -> Vec<(String, String)> {
        events.iter().map(|event| (event.event_type(), event.event_version())).collect()
    }
    let all = [
        versions(&samples::subscription()),
        versions(&samples::order()),
        versions(&samples::member()),
        versions(&samples::shop_settings()),
        versions(&samples::product()),
        versions(&samples::webhook()),
    ]
    .concat();
    for (name, version) in &all {
        let parts: Vec<_> = version.split('.').map(str::parse::<u32>).collect();
        assert!(parts.len() == 3 && parts.iter().all(Result::is_ok), "{name} {version}");
    }
    let names: BTreeSet<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    let types = [
        SubscriptionEvent::TYPES,
        OrderEvent::TYPES,
        MemberEvent::TYPES,
        ShopSettingsEvent::TYPES,
        ProductEvent::TYPES,
        WebhookEvent::TYPES,
    ]
    .concat();
    assert_eq!(types.len(), names.len(), "no name is used twice");
    assert_eq!(types.into_iter().collect::<BTreeSet<_>>(), names);
}

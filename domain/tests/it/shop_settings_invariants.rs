//! Whatever is asked of a shop's settings: what always holds.

use crate::history::History;
use crate::values::{cases, cash, day, sealed, yen};
use chrono::Days;
use proptest::prelude::*;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::{
    AttemptControl, CartDesign, CartTexts, Connection, ContractOptions, InvoiceIssuer, Logo, MailSender, MyPage,
    PaymentNotes, ShopProfile, ShopSettings, ShopSettingsCommand as Command, ShopText, ThreeDSecure, WaybillCarrier,
};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[0-9a-zA-Zあ-ん]{0,12}", 1 => any::<String>(), 1 => "x{195,205}", 1 => "9{8,10}", 1 => "a{30,34}"]
}

/// Settings about the shop itself, its contract and its pages.
fn more() -> impl Strategy<Value = Command> {
    let pages = prop::sample::select(ShopText::ALL.to_vec());
    let controls = prop::sample::select(AttemptControl::ALL.to_vec());
    let color = || prop_oneof![Just("#1f5fa8".to_owned()), text()];
    let logo = || {
        let image = prop_oneof![Just("/logo.png".to_owned()), text()];
        prop::option::of((image, text()).prop_map(|(image, alt)| Logo { image, alt }))
    };
    prop_oneof![
        text().prop_map(Command::Rename),
        (text(), text(), text()).prop_map(|(address, phone, mail)| {
            Command::ChangeProfile(ShopProfile { address, phone, mail, ..ShopProfile::default() })
        }),
        (prop::option::of(text()), prop::collection::vec(text(), 0..12))
            .prop_map(|(from_name, copies)| Command::ChangeMailSender(MailSender { from_name, copies })),
        (text(), prop::option::of("T?[0-9]{13}")).prop_map(|(issuer_name, registration_number)| {
            Command::ChangeInvoiceIssuer(InvoiceIssuer { issuer_name, registration_number })
        }),
        prop::sample::select(WaybillCarrier::ALL.to_vec()).prop_map(Command::ChangeWaybillCarrier),
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(subscriptions, card_vault, three_d_secure)| {
            Command::ChangeContractOptions(ContractOptions { subscriptions, card_vault, three_d_secure })
        }),
        any::<bool>().prop_map(Command::ConfirmNormalPurchase),
        (any::<bool>(), "[ -~]{0,27}", prop::option::of(text()), controls).prop_map(
            |(enabled, merchant_name, key, attempt_control)| {
                let hash_key = key.as_deref().map(sealed);
                Command::ChangeThreeDSecure(ThreeDSecure { enabled, merchant_name, hash_key, attempt_control })
            }
        ),
        any::<bool>().prop_map(Command::ChangeCardLinking),
        text().prop_map(Command::ChangeDisplayName),
        (text(), any::<bool>(), any::<bool>()).prop_map(|(text, on_payment_page, in_thanks_mail)| {
            Command::ChangePaymentNotes(PaymentNotes { text, on_payment_page, in_thanks_mail })
        }),
        logo().prop_map(Command::ChangePaymentLogo),
        (pages, text()).prop_map(|(page, text)| Command::ChangeText { page, text }),
        (0..23_usize).prop_map(|n| Command::ChangeDeliveryCycles(vec!["days:30".parse().unwrap(); n])),
        (text(), text()).prop_map(|(cart_upper, done)| {
            Command::ChangeCartTexts(CartTexts { cart_upper, done, ..CartTexts::default() })
        }),
        (color(), logo()).prop_map(|(main_color, logo)| {
            Command::ChangeCartDesign(CartDesign { main_color, logo, ..CartDesign::default() })
        }),
        text().prop_map(|comment| Command::ChangeMyPage(MyPage { comment })),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let amount = || prop::option::of((0..4_i64).prop_map(yen));
    let date = || prop::option::of((0..4_u64).prop_map(|days| day("2026-04-01") + Days::new(days)));
    let method =
        prop_oneof![Just(PaymentMethod::Card), Just(cash()), text().prop_map(|name| PaymentMethod::External { name }),];
    prop_oneof![
        text().prop_map(|name| Command::Open { shop_id: "02396".parse().unwrap(), name }),
        (text(), text(), text(), text()).prop_map(|(merchant_id, connect_id, password, key)| {
            let (connect_password, token_key) = (sealed(&password), sealed(&key));
            Command::ChangeConnection(Connection { merchant_id, connect_id, connect_password, token_key })
        }),
        prop::sample::select(vec![SaleMode::AuthorizeOnly, SaleMode::AuthorizeAndCapture])
            .prop_map(Command::ChangeSaleMode),
        (any::<bool>(), text()).prop_map(|(allowed, note)| Command::ChangeInstalments { allowed, note }),
        (amount(), amount()).prop_map(|(min, max)| Command::ChangeApplicability { min, max }),
        any::<bool>().prop_map(Command::ChangeUseForSubscriptions),
        any::<bool>().prop_map(Command::ChangeAuthorizeAtGeneration),
        prop::collection::vec(method, 0..4).prop_map(Command::ChangePaymentMethods),
        any::<bool>().prop_map(Command::ChangeCardExpiryMails),
        prop_oneof![0..=95_u16, any::<u16>()].prop_map(Command::ChangeLeadTime),
        (date(), date()).prop_map(|(start, end)| Command::ChangeContractPeriod { start, end }),
        (0..70_u16, 0..70_u16).prop_map(|(days, warn_days)| Command::ChangeAuthorizationValidity { days, warn_days }),
        (prop::collection::vec(0..70_u16, 0..12), any::<bool>()).prop_map(|(ladder, on_card_change)| {
            Command::ChangeRetryPolicy(RetryPolicy { ladder, on_card_change })
        }),
        more(),
        prop::option::of(text()).prop_map(|key| Command::ChangeNoticeKey(key.as_deref().map(sealed))),
    ]
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn s1_to_s18_invariants_hold_after_every_step(commands in prop::collection::vec(command(), 1..40)) {
        let mut history = History::<ShopSettings>::new();
        history.tell(Command::Open { shop_id: "02396".parse().unwrap(), name: "菓子店".to_owned() }).unwrap();
        for command in commands {
            let before = history.state.clone();
            match history.tell(command.clone()) {
                Err(_) => prop_assert_eq!(&before, &history.state),
                Ok(events) => {
                    prop_assert!(events.len() <= 1);
                    prop_assert_eq!(events.is_empty(), before == history.state, "an event is a change, and the reverse");
                    prop_assert_eq!(history.repeated(command), vec![], "a repetition has no second effect");
                }
            }
            let now = history.state.details().unwrap();
            prop_assert!((1..=200).contains(&now.name.chars().count()));
            prop_assert!(!now.three_d_secure.enabled || now.contract_options.three_d_secure, "S6");
            prop_assert!(!now.three_d_secure.enabled || now.three_d_secure.hash_key.is_some(), "S6");
            prop_assert!(!now.card_linking || now.contract_options.card_vault, "S7");
            prop_assert!(now.texts.values().all(|text| !text.is_empty()), "S1");
            prop_assert!(now.lead_days <= 90, "S16");
            prop_assert!(now.goods_min.zip(now.goods_max).is_none_or(|(min, max)| min <= max), "S9");
            prop_assert!(now.contract_start.zip(now.contract_end).is_none_or(|(start, end)| start <= end), "S17");
            if let Some((merchant_id, connect_id, ..)) = &now.connection {
                prop_assert!((1..=9).contains(&merchant_id.len()) && merchant_id.bytes().all(|b| b.is_ascii_digit()));
                prop_assert!((1..=32).contains(&connect_id.len()) && connect_id.bytes().all(|b| b.is_ascii_alphanumeric()));
            }
            prop_assert!((1..=60).contains(&now.validity_days) && now.validity_warn_days <= now.validity_days);
            prop_assert!(now.retry_policy.check().is_ok());
            let terms = now.renewal_terms();
            prop_assert_eq!((terms.lead_days, terms.sale_mode), (now.lead_days, now.sale_mode));
            prop_assert_eq!((terms.goods_min, terms.goods_max), (now.goods_min, now.goods_max));
            prop_assert_eq!((terms.contract_start, terms.contract_end), (now.contract_start, now.contract_end));
        }
        history.check_replay();
    }

    #[test]
    fn asked_of_no_shop_everything_but_open_is_refused(command in command()) {
        let opens = matches!(command, Command::Open { .. });
        prop_assert!(opens || History::<ShopSettings>::new().tell(command).is_err());
    }
}

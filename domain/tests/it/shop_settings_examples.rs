//! Settings one by one.

use crate::history::History;
use crate::values::{cash, day, sealed, yen};
use std::collections::BTreeSet;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::{
    AccountChange, AttemptControl, CartDesign, CartTexts, Connection, ContractOptions, InvoiceIssuer, Logo, MailSender,
    Missing, MyPage, PaymentNotes, ShopProfile, ShopSettings, ShopSettingsCommand as Command,
    ShopSettingsRefusal as Refusal, ShopText, ThreeDSecure, readiness,
};

fn open() -> Command {
    Command::Open { shop_id: "02396".parse().unwrap(), name: "菓子店".to_owned() }
}

fn opened() -> History<ShopSettings> {
    let mut history = History::new();
    history.tell(open()).unwrap();
    history
}

fn connection(merchant_id: &str, connect_id: &str) -> Command {
    Command::ChangeConnection(Connection {
        merchant_id: merchant_id.to_owned(),
        connect_id: connect_id.to_owned(),
        connect_password: sealed("cGFzc3dvcmQ"),
        token_key: sealed("dG9rZW4"),
    })
}

#[test]
fn setting_what_is_set_leaves_no_event() {
    // The first of each pair is the default of a new shop, the second a change.
    let (none, some) = (None, Some(yen(3_000)));
    let pairs = [
        (Command::ChangeSaleMode(SaleMode::AuthorizeOnly), Command::ChangeSaleMode(SaleMode::AuthorizeAndCapture)),
        (
            Command::ChangeInstalments { allowed: false, note: String::new() },
            Command::ChangeInstalments { allowed: false, note: "分割払いはできません".to_owned() },
        ),
        (Command::ChangeApplicability { min: none, max: none }, Command::ChangeApplicability { min: some, max: none }),
        (Command::ChangeUseForSubscriptions(false), Command::ChangeUseForSubscriptions(true)),
        (Command::ChangeAuthorizeAtGeneration(false), Command::ChangeAuthorizeAtGeneration(true)),
        (Command::ChangePaymentMethods(vec![]), Command::ChangePaymentMethods(vec![PaymentMethod::Card, cash()])),
        (Command::ChangeCardExpiryMails(false), Command::ChangeCardExpiryMails(true)),
        (
            Command::ChangeContractPeriod { start: None, end: None },
            Command::ChangeContractPeriod { start: Some(day("2026-04-01")), end: Some(day("2026-04-01")) },
        ),
        (open(), connection("123456789", "test1")),
    ];
    for (default, change) in pairs {
        let mut history = opened();
        assert_eq!(history.tell(default.clone()), Ok(vec![]), "{default:?}");
        assert_eq!(history.tell(change.clone()).map(|events| events.len()), Ok(1), "{change:?}");
        assert_eq!(history.tell(change.clone()), Ok(vec![]), "{change:?}");
    }
}

#[test]
fn values_at_and_beyond_their_bounds() {
    let long = |letters: usize| "あ".repeat(letters);
    let method = |name: &str| Command::ChangePaymentMethods(vec![PaymentMethod::External { name: name.to_owned() }]);
    let note = |note: String| Command::ChangeInstalments { allowed: true, note };
    for (command, accepted) in [
        (connection("1", "a"), true),
        (connection("1234567890", "a"), false),
        (connection("", "a"), false),
        (connection("１２", "a"), false),
        (connection("1", &"a".repeat(32)), true),
        (connection("1", &"a".repeat(33)), false),
        (connection("1", ""), false),
        (connection("1", "a-b"), false),
        (note(long(500)), true),
        (note(long(501)), false),
        (note("a\u{0}b".to_owned()), false),
        (method("銀行振込"), true),
        (method(""), false),
        (method(&long(61)), false),
        (Command::ChangeLeadTime(91), false),
        (Command::ChangeApplicability { min: Some(yen(5)), max: Some(yen(5)) }, true),
        (Command::ChangeApplicability { min: Some(yen(6)), max: Some(yen(5)) }, false),
        (Command::ChangeContractPeriod { start: Some(day("2026-04-02")), end: Some(day("2026-04-01")) }, false),
        (Command::ChangeContractPeriod { start: None, end: Some(day("2026-04-01")) }, true),
    ] {
        assert_eq!(opened().tell(command.clone()).is_ok(), accepted, "{command:?}");
    }
    for (name, accepted) in [(long(1), true), (long(200), true), (long(201), false), (String::new(), false)] {
        let open = Command::Open { shop_id: "02396".parse().unwrap(), name };
        assert_eq!(History::<ShopSettings>::new().tell(open).is_ok(), accepted);
    }
}

#[test]
fn s12_s14_a_method_must_be_offered_and_allowed() {
    let mut history = opened();
    let allows = |history: &History<ShopSettings>, method| history.state.details().unwrap().allows(&method);
    assert_eq!(allows(&history, PaymentMethod::Card), Err(Refusal::CardNotOffered));
    assert_eq!(allows(&history, cash()), Err(Refusal::MethodNotAllowed));
    history.tell(Command::ChangePaymentMethods(vec![PaymentMethod::Card, cash()])).unwrap();
    assert_eq!(allows(&history, PaymentMethod::Card), Err(Refusal::CardNotOffered));
    assert_eq!(allows(&history, cash()), Ok(()));
    history.tell(Command::ChangeUseForSubscriptions(true)).unwrap();
    assert_eq!(allows(&history, PaymentMethod::Card), Ok(()));
    history.tell(Command::ChangePaymentMethods(vec![cash()])).unwrap();
    assert_eq!(allows(&history, PaymentMethod::Card), Err(Refusal::MethodNotAllowed));
}

#[test]
fn s3_secrets_do_not_show_in_debug_output_or_refusals() {
    let mut history = opened();
    history.tell(connection("123456789", "test1")).unwrap();
    let refusal = opened().tell(connection("cGFzc3dvcmQ", "dG9rZW4")).unwrap_err();
    let shown = format!("{history:?} {refusal:?} {refusal}");
    assert!(!shown.contains("cGFzc3dvcmQ") && !shown.contains("dG9rZW4"), "{shown}");
    assert!(history.state.details().unwrap().connection.is_some());
}

/// A shop whose contract has every option.
fn with_options() -> History<ShopSettings> {
    let mut history = opened();
    let options = ContractOptions { subscriptions: true, card_vault: true, three_d_secure: true };
    history.tell(Command::ChangeContractOptions(options)).unwrap();
    history
}

fn three_d_secure(enabled: bool, merchant_name: &str, key: Option<&str>) -> Command {
    Command::ChangeThreeDSecure(ThreeDSecure {
        enabled,
        merchant_name: merchant_name.to_owned(),
        hash_key: key.map(sealed),
        attempt_control: AttemptControl::High,
    })
}

#[test]
fn s16_zero_days_are_set_like_any_other_number() {
    let mut history = opened();
    assert_eq!(history.tell(Command::ChangeLeadTime(0)).map(|events| events.len()), Ok(1), "never set before");
    assert_eq!(history.tell(Command::ChangeLeadTime(0)), Ok(vec![]));
    assert_eq!(history.tell(Command::ChangeLeadTime(90)).map(|events| events.len()), Ok(1));
    assert_eq!(history.tell(Command::ChangeLeadTime(90)), Ok(vec![]));
}

#[test]
fn s6_three_d_secure_needs_the_contract_option_a_name_and_a_key() {
    let use_it = || three_d_secure(true, "MARUYA SWEETS", Some("a2V5"));
    assert_eq!(opened().tell(use_it()), Err(Refusal::NoThreeDSecureOption));
    assert!(opened().tell(three_d_secure(false, "MARUYA SWEETS", None)).is_ok(), "prepared, not used");
    let mut history = with_options();
    for (name, key, accepted) in [
        ("", Some("a2V5"), false),
        ("  ", Some("a2V5"), false),
        ("マルヤ", Some("a2V5"), false),
        (&*"A".repeat(26), Some("a2V5"), false),
        ("MARUYA SWEETS", None, false),
        (&*"A".repeat(25), Some("a2V5"), true),
    ] {
        assert_eq!(history.tell(three_d_secure(true, name, key)).is_ok(), accepted, "{name}");
    }
    // What is in use stays on record.
    let without = ContractOptions { subscriptions: true, card_vault: true, three_d_secure: false };
    assert_eq!(history.tell(Command::ChangeContractOptions(without)), Err(Refusal::OptionInUse("3-D Secure")));
    history.tell(three_d_secure(false, "MARUYA SWEETS", Some("a2V5"))).unwrap();
    assert!(history.tell(Command::ChangeContractOptions(without)).is_ok());
}

#[test]
fn s7_card_linking_needs_the_card_vault() {
    assert_eq!(opened().tell(Command::ChangeCardLinking(true)), Err(Refusal::NoCardVaultOption));
    assert_eq!(opened().tell(Command::ChangeCardLinking(false)), Ok(vec![]));
    let mut history = with_options();
    history.tell(Command::ChangeCardLinking(true)).unwrap();
    assert!(matches!(
        history.tell(Command::ChangeContractOptions(ContractOptions::default())),
        Err(Refusal::OptionInUse(_))
    ));
    history.tell(Command::ChangeCardLinking(false)).unwrap();
    assert!(history.tell(Command::ChangeContractOptions(ContractOptions::default())).is_ok());
}

#[test]
fn s8_s10_s11_s18_texts_and_pictures_at_and_beyond_their_bounds() {
    let long = |letters: usize| "あ".repeat(letters);
    let notes =
        |text: String| Command::ChangePaymentNotes(PaymentNotes { text, on_payment_page: true, in_thanks_mail: true });
    let logo = |image: &str, alt: &str| {
        Command::ChangePaymentLogo(Some(Logo { image: image.to_owned(), alt: alt.to_owned() }))
    };
    let design =
        |main: &str| Command::ChangeCartDesign(CartDesign { main_color: main.to_owned(), ..CartDesign::default() });
    let text = |text: String| Command::ChangeText { page: ShopText::LegalNotice, text };
    for (command, accepted) in [
        (Command::ChangeDisplayName(long(60)), true),
        (Command::ChangeDisplayName(long(61)), false),
        (Command::ChangeDisplayName(String::new()), false),
        (Command::Rename(long(200)), true),
        (Command::Rename("a\nb".to_owned()), false),
        (notes(long(2_000)), true),
        (notes(long(2_001)), false),
        (notes("一行目\n二行目".to_owned()), true),
        (notes("a\u{0}b".to_owned()), false),
        (notes("a\r\nb".to_owned()), false),
        (logo("https://shop.example.jp/a.png", "ロゴ"), true),
        (logo("/assets/a.png", "ロゴ"), true),
        (logo("//other.example.jp/a.png", "ロゴ"), false),
        (logo("http://shop.example.jp/a.png", "ロゴ"), false),
        (logo("javascript:alert(1)", "ロゴ"), false),
        (logo("https://shop.example.jp/\"onerror=", "ロゴ"), false),
        (logo("/assets/a.png", ""), false),
        (design("#12ABef"), true),
        (design("red"), false),
        (design("#12345"), false),
        (design("#12345g"), false),
        (text(long(20_000)), true),
        (text(long(20_001)), false),
        (Command::ChangeMyPage(MyPage { comment: long(2_001) }), false),
        (Command::ChangeCartTexts(CartTexts { done: long(2_001), ..CartTexts::default() }), false),
        (Command::ChangeDeliveryCycles(vec!["days:30".parse().unwrap(); 20]), true),
        (Command::ChangeDeliveryCycles(vec!["days:30".parse().unwrap(); 21]), false),
    ] {
        assert_eq!(opened().tell(command.clone()).is_ok(), accepted, "{command:?}");
    }
    // S11: clearing the picture clears both.
    let mut history = opened();
    history.tell(logo("/assets/a.png", "ロゴ")).unwrap();
    history.tell(Command::ChangePaymentLogo(None)).unwrap();
    assert_eq!(history.state.details().unwrap().payment_logo, None);
}

#[test]
fn how_buyers_reach_the_shop_cannot_break_a_header_or_a_page() {
    let mail = |mail: &str| Command::ChangeProfile(ShopProfile { mail: mail.to_owned(), ..ShopProfile::default() });
    let site = |url: &str| Command::ChangeProfile(ShopProfile { site_url: url.to_owned(), ..ShopProfile::default() });
    let code =
        |code: &str| Command::ChangeProfile(ShopProfile { postal_code: code.to_owned(), ..ShopProfile::default() });
    let phone = |phone: &str| Command::ChangeProfile(ShopProfile { phone: phone.to_owned(), ..ShopProfile::default() });
    let copies = |mail: &str| Command::ChangeMailSender(MailSender { from_name: None, copies: vec![mail.to_owned()] });
    let from = |name: &str| Command::ChangeMailSender(MailSender { from_name: Some(name.to_owned()), copies: vec![] });
    let number = |number: &str| {
        let registration_number = Some(number.to_owned());
        Command::ChangeInvoiceIssuer(InvoiceIssuer { issuer_name: String::new(), registration_number })
    };
    for (command, accepted) in [
        (mail("shop@example.jp"), true),
        (mail("s.hop+1@mail.example.co.jp"), true),
        (mail("shop"), false),
        (mail("shop@example"), false),
        (mail("a@b@example.jp"), false),
        (mail("shop@example.jp\r\nBcc: x@example.jp"), false),
        (mail("shop@example.jp, x@example.jp"), false),
        (mail("<shop@example.jp>"), false),
        (mail("店@example.jp"), false),
        (mail(".shop@example.jp"), false),
        (copies("shop@example.jp\nx"), false),
        (copies("shop@example.jp"), true),
        (from("まるや"), true),
        (from(""), false),
        (from("まるや\r\nBcc: x"), false),
        (site("https://shop.example.jp/"), true),
        (site("http://shop.example.jp"), true),
        (site("javascript:alert(1)"), false),
        (site("https://shop.example.jp/\"><script>"), false),
        (site("https:// shop"), false),
        (code("1000001"), true),
        (code("100-0001"), true),
        (code("10-00001"), false),
        (code("1000-001"), false),
        (code("１０００００１"), false),
        (phone("+81 (3) 0000-0000"), true),
        (phone("03-0000-0000 内線"), false),
        (number("T1234567890123"), true),
        (number("T123456789012"), false),
        (number("1234567890123T"), false),
        (number("t1234567890123"), false),
    ] {
        assert_eq!(opened().tell(command.clone()).is_ok(), accepted, "{command:?}");
    }
}

#[test]
fn the_shops_copies_go_to_its_own_address_unless_it_names_others() {
    let mut history = opened();
    let mails = |history: &History<ShopSettings>| {
        let details = history.state.details().unwrap();
        details.shop_mails().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(mails(&history).is_empty());
    let profile = ShopProfile { mail: "shop@example.jp".to_owned(), ..ShopProfile::default() };
    history.tell(Command::ChangeProfile(profile)).unwrap();
    assert_eq!(mails(&history), ["shop@example.jp"]);
    let sender = MailSender { from_name: None, copies: vec!["a@example.jp".to_owned(), "b@example.jp".to_owned()] };
    history.tell(Command::ChangeMailSender(sender)).unwrap();
    assert_eq!(mails(&history), ["a@example.jp", "b@example.jp"]);
}

/// The commands after which nothing is missing but a product, each with what it is about.
fn everything() -> Vec<(Missing, Vec<Command>)> {
    let options = |subscriptions, card_vault| {
        Command::ChangeContractOptions(ContractOptions { subscriptions, card_vault, three_d_secure: false })
    };
    let text = |page| (Missing::Text(page), vec![Command::ChangeText { page, text: "本文".to_owned() }]);
    vec![
        (Missing::Connection, vec![connection("1", "a")]),
        (Missing::NormalPurchase, vec![Command::ConfirmNormalPurchase(true)]),
        (Missing::SubscriptionsOption, vec![options(true, false)]),
        (Missing::CardVaultOption, vec![options(true, true)]),
        text(ShopText::LegalNotice),
        text(ShopText::PrivacyPolicy),
        text(ShopText::MemberTerms),
        text(ShopText::ShippingGuide),
        (Missing::UseForSubscriptions, vec![Command::ChangeUseForSubscriptions(true)]),
        (Missing::CardLinking, vec![Command::ChangeCardLinking(true)]),
        (Missing::PaymentMethods, vec![Command::ChangePaymentMethods(vec![PaymentMethod::Card])]),
        (Missing::DeliveryCycles, vec![Command::ChangeDeliveryCycles(vec!["days:30".parse().unwrap()])]),
        (Missing::LeadTime, vec![Command::ChangeLeadTime(0)]),
        (Missing::CartPages, vec![Command::ChangeCartTexts(CartTexts::default())]),
        (Missing::MyPage, vec![Command::ChangeMyPage(MyPage::default())]),
    ]
}

#[test]
fn s1_each_missing_item_is_named_until_all_hold() {
    let mut history = opened();
    let missing = |history: &History<ShopSettings>, on_sale| readiness(history.state.details().unwrap(), on_sale);
    assert_eq!(missing(&history, false), Missing::ALL, "a new shop has nothing");
    let mut left = Missing::ALL.to_vec();
    for (item, commands) in everything() {
        for command in commands {
            assert_eq!(history.tell(command).unwrap().len(), 1, "{item:?}");
        }
        left.retain(|missing| *missing != item);
        assert_eq!(missing(&history, false), left, "after {item:?}");
    }
    assert_eq!(missing(&history, false), [Missing::Product]);
    assert_eq!(missing(&history, true), []);
    // What was there and goes away is missing again.
    history.tell(Command::ChangeText { page: ShopText::MemberTerms, text: " \n".to_owned() }).unwrap();
    history.tell(Command::ConfirmNormalPurchase(false)).unwrap();
    assert_eq!(missing(&history, true), [Missing::NormalPurchase, Missing::Text(ShopText::MemberTerms)]);
}

#[test]
fn s1_every_item_has_a_name_and_a_sentence_of_its_own() {
    let names: BTreeSet<_> = Missing::ALL.iter().map(|item| item.as_str()).collect();
    let sentences: BTreeSet<_> = Missing::ALL.iter().map(|item| item.sentence()).collect();
    assert_eq!((names.len(), sentences.len()), (Missing::ALL.len(), Missing::ALL.len()));
}

#[test]
fn several_changes_are_made_all_or_none() {
    let mut history = opened();
    let changes = vec![Command::ChangeLeadTime(5), Command::ChangeCardExpiryMails(true), Command::ChangeLeadTime(5)];
    assert_eq!(history.tell(Command::All(changes.clone())).map(|events| events.len()), Ok(2));
    assert_eq!(history.tell(Command::All(changes)), Ok(vec![]), "set already");
    let before = history.state.clone();
    let refused = vec![Command::ChangeLeadTime(7), Command::ChangeLeadTime(91)];
    assert_eq!(history.tell(Command::All(refused)), Err(Refusal::LeadTime(91)));
    assert_eq!(history.state, before);
    // A later change is held against what the earlier ones lead to.
    let options = ContractOptions { subscriptions: true, card_vault: true, three_d_secure: false };
    let linked = vec![Command::ChangeContractOptions(options), Command::ChangeCardLinking(true)];
    assert_eq!(history.tell(Command::All(linked)).map(|events| events.len()), Ok(2));
    assert!(History::<ShopSettings>::new().tell(Command::All(vec![])).is_err());
    history.check_replay();
}

#[test]
fn o12_a_changed_account_is_written_down_and_changes_no_setting() {
    let mut history = opened();
    let before = history.state.clone();
    let note = Command::RecordAccountChange { operator_id: "0123456789ab".to_owned(), change: AccountChange::Disabled };
    assert_eq!(history.tell(note.clone()).map(|events| events.len()), Ok(1));
    assert_eq!(history.state, before);
    assert!(History::<ShopSettings>::new().tell(note).is_err());
}

//! Settings one by one.

use crate::history::History;
use crate::values::{cash, day, sealed, yen};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::{
    Connection, ShopSettings, ShopSettingsCommand as Command, ShopSettingsRefusal as Refusal,
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
        (Command::ChangeLeadTime(0), Command::ChangeLeadTime(90)),
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

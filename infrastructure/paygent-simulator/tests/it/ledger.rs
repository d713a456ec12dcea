use paygent_simulator::{Config, Simulator, SimulatorError, TestCard};

use crate::support::{Shop, code, stored};

#[tokio::test]
async fn a_saved_ledger_goes_on_in_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.json");
    let shop = Shop::with(|config| config.ledger_file = Some(file.clone()));
    let card = shop.simulator.seed_cards(["c"], &TestCard::working()).remove(0);
    let token = shop.simulator.issue_token(&TestCard::working());
    let first = shop.send("020", &stored("t1", "c", &card)).await;
    shop.send("020", &stored("t2", "c", &card)).await;
    let before = shop.simulator.ledger().all_payments();
    shop.simulator.shutdown().unwrap();

    let shop = Shop::with(|config| config.ledger_file = Some(file.clone()));
    assert_eq!(shop.simulator.ledger().all_payments(), before);
    assert_eq!(code(&shop.send("022", &[("trading_id", "t1")]).await), ("0", ""));
    let third = shop.send("020", &stored("t1", "c", &card)).await;
    assert!(third["payment_id"] > first["payment_id"]);
    assert_eq!(shop.simulator.ledger().authorisations("t1"), 2);
    assert_eq!(shop.simulator.ledger().telegrams("t1").len(), 3);
    assert_eq!(code(&shop.send("025", &[("customer_id", "c"), ("card_token", &token)]).await), ("0", ""));
    assert_eq!(shop.simulator.ledger().cards("c").len(), 2);
    assert_eq!(shop.send("091", &[]).await["trading_id"], "t1");
}

#[test]
fn a_file_that_is_no_ledger_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.json");
    for text in [
        "{\"merchants\":",
        r#"{"merchants":[],"cards":[],"stored":[],"payments":[{"merchant":7,"status":20,"class":10,"retries":0,"three_d_secure":false,"amount":1,"card":3,"stored_card":0,"base":0,"earlier":0,"initiated":0,"authorised":0,"cancelled":0,"cleared":0,"trading_id":null,"failure":null}],"tokens":{},"telegrams":[],"telegram_counts":{},"swept":0}"#,
    ] {
        std::fs::write(&file, text).unwrap();
        let mut config = Config::new(folder.path());
        config.ledger_file = Some(file.clone());
        let error = Simulator::start(config).err().unwrap();
        assert!(matches!(error, SimulatorError::Ledger { .. }) && error.to_string().contains("ledger.json"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn the_summary_counts_states_money_and_telegrams() {
    let shop = Shop::with(|config| config.keep_telegrams = false);
    shop.pay("t1", &[]).await;
    shop.pay("t2", &[("sales_mode", "1"), ("payment_amount", "2500")]).await;
    shop.pay_with("t3", "8202", "0").await;
    let summary = shop.simulator.ledger().summary();
    assert_eq!((summary.payments, summary.authorisations, summary.captured_yen), (3, 2, 2500));
    assert_eq!(summary.payments_by_status.into_iter().collect::<Vec<_>>(), [(11, 1), (20, 1), (40, 1)]);
    assert_eq!((summary.cards, summary.tokens), (1, 1));
    assert_eq!(summary.telegrams.into_values().collect::<Vec<_>>(), [3]);
    assert!(shop.simulator.ledger().all_telegrams().is_empty());
}

#[test]
fn many_cards_can_be_seeded_and_are_listed_by_customer() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = Simulator::start(Config::new(folder.path())).unwrap();
    let customers: Vec<String> = (0..50_000).map(|number| format!("m{number}")).collect();
    let ids = simulator.seed_cards(&customers, &TestCard::working());
    assert_eq!(ids.len(), 50_000);
    assert_eq!(simulator.ledger().cards("m49999")[0].customer_card_id, ids[49_999]);
    assert!(simulator.seed_cards(["x"], &TestCard::new("1", 2030, 1)).is_empty());
}

#[test]
fn a_configuration_that_contradicts_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |change: fn(&mut Config)| {
        let mut config = Config::new(folder.path());
        change(&mut config);
        matches!(Simulator::start(config), Err(SimulatorError::Configuration(_)))
    };
    assert!(refused(|config| config.merchants.clear()));
    assert!(refused(|config| config.merchants.push(config.merchants[0].clone())));
    assert!(refused(|config| config.control = Some(([0, 0, 0, 0], 0).into())));
}

#[test]
fn passwords_keys_and_card_numbers_stay_out_of_debug() {
    let config = Config::new("certificates");
    let text = format!("{config:?} {:?}", TestCard::working());
    for secret in ["simulatorpass", "simulator_token_key", "49000000", "cvc", "TARO"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

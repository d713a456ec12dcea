//! What the next nights will bring, and that they bring it (R1-R5, S9, S17).

use crate::payment_life::day;
use paygent_simulator::{TelegramKind, TestCard};
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki::app::App;
use teiki::subscriptions::{self, Start};
use teiki_domain::basket::{Basket, Charge};
use teiki_domain::money::Yen;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::ShopSettingsCommand as Settings;
use teiki_tests::served::Served;
use teiki_tests::stage::{
    Stage, basket, change_settings, enrol, enrol_with, member, open_shop, subscribe, subscription,
};
use teiki_tests::stores::StoreKind;

async fn start(app: &App, i: usize, basket: Basket, payment_method: PaymentMethod, first: &str) {
    let because = app.gateway.because("test", "set up");
    let start = Start {
        subscription_id: Some(subscription(i)),
        member_id: member(i),
        basket,
        payment_method,
        cycle: "months:1:3".parse().unwrap(),
        first_delivery: day(first),
    };
    subscriptions::start(app, start, &because).await.unwrap();
}

fn cash() -> PaymentMethod {
    PaymentMethod::External { name: "代金引換".to_owned() }
}

/// Today is 1 April. Subscriptions 0 and 5 deliver every night, the others on the third of each month.
async fn stage(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    change_settings(&app, &because, Settings::ChangePaymentMethods(vec![PaymentMethod::Card, cash()])).await;
    let max = Some(Yen::new(20_000).unwrap());
    change_settings(&app, &because, Settings::ChangeApplicability { min: None, max }).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    enrol_with(&app, &stage.simulator, 1, &TestCard::new("4900123456781111", 2026, 4)).await;
    for i in 2..5 {
        enrol(&app, &stage.simulator, i, "1111").await;
    }
    enrol(&app, &stage.simulator, 5, "8205").await;
    subscribe(&app, 0, "days:1", day("2026-04-01"), 1_000).await;
    start(&app, 1, basket(2_000), PaymentMethod::Card, "2026-04-03").await;
    start(&app, 2, basket(30_000), PaymentMethod::Card, "2026-04-03").await;
    let line = basket(4_000).lines().to_vec();
    let quoted = Basket::new(line, Charge::ToBeQuoted, Charge::Fixed(Yen::ZERO)).unwrap();
    start(&app, 3, quoted, PaymentMethod::Card, "2026-04-03").await;
    start(&app, 4, basket(5_000), cash(), "2026-04-03").await;
    subscribe(&app, 5, "days:1", day("2026-04-01"), 6_000).await;
    app.stop().await;
    stage
}

fn order(night: &Value, i: usize) -> &Value {
    let id = subscription(i).to_string();
    night["orders"].as_array().unwrap().iter().find(|order| order["subscription_id"] == id).unwrap()
}

async fn r5_the_preview_names_amounts_and_likely_failures_and_writes_nothing(kind: StoreKind) {
    let stage = stage(kind).await;
    // The night of today: subscription 5 fails on its card.
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    let served = Served::start(&stage, &[]).await;
    let position = served.get_json("/readyz").await["position"].clone();
    let authorised = stage.simulator.ledger().telegram_count(TelegramKind::Authorise);
    let preview = served.get_json("/v1/renewals/upcoming?nights=33").await;
    assert_eq!((&preview["as_of"], &preview["cut"]), (&json!("2026-04-01"), &json!(false)));
    let nights = preview["nights"].as_array().unwrap();
    assert_eq!(
        (nights.len(), &nights[0]["date"], &nights[32]["date"]),
        (33, &json!("2026-04-02"), &json!("2026-05-04"))
    );

    assert_eq!(nights[0]["orders"].as_array().unwrap().len(), 2, "{}", nights[0]);
    assert_eq!(order(&nights[0], 0)["likely_failure"], Value::Null);
    assert_eq!(order(&nights[0], 5)["likely_failure"]["code"], "previous_order_failed", "R4: {}", nights[0]);
    assert_eq!(
        nights[0]["totals"],
        json!({"orders": 2, "to_authorize": 7_000, "likely_failures": 1, "at_risk": 6_000, "external": 0})
    );
    let third = &nights[1];
    for (i, expected, code, total) in [
        (0, "authorize", None, json!(1_000)),
        (1, "authorize", None, json!(2_000)),
        (2, "not_executed", Some("goods_amount_out_of_range"), json!(30_000)),
        (3, "not_executed", Some("amount_to_be_quoted"), Value::Null),
        (4, "external", None, json!(5_000)),
    ] {
        let order = order(third, i);
        assert_eq!((&order["expected"], &order["total"]), (&json!(expected), &total), "{i}: {order}");
        assert_eq!(order["likely_failure"]["code"].as_str(), code, "{i}: {order}");
    }
    assert_eq!(order(&nights[31], 1)["likely_failure"]["code"], "card_expired", "K, E3: on 3 May, valid through April");
    let sum = |of: &str| nights.iter().map(|night| night["totals"][of].as_i64().unwrap()).sum::<i64>();
    for total in ["orders", "to_authorize", "likely_failures", "at_risk", "external"] {
        assert_eq!(preview["totals"][total], sum(total), "{total}");
    }
    assert_eq!(served.get_json("/readyz").await["position"], position, "nothing is written");
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Authorise), authorised, "nobody is asked");

    // S17, S13: what is switched off stands before everything else.
    served.put("/v1/shops/02396/contract-period", &json!({"end": "2026-04-02"})).await;
    let preview = served.get_json("/v1/renewals/upcoming?nights=2").await;
    assert_eq!(order(&preview["nights"][0], 0)["likely_failure"], Value::Null);
    assert_eq!(order(&preview["nights"][1], 0)["likely_failure"]["code"], "outside_contract_period");
    served.put("/v1/shops/02396/authorize-at-generation", &json!({"enabled": false})).await;
    let preview = served.get_json("/v1/renewals/upcoming").await;
    assert_eq!(preview["nights"].as_array().unwrap().len(), 1);
    assert_eq!(order(&preview["nights"][0], 0)["likely_failure"]["code"], "authorize_at_generation_off");
    for wrong in ["nights=0", "nights=61", "nights=-1", "nights=x", "night=1"] {
        assert_eq!(
            served.get(&format!("/v1/renewals/upcoming?{wrong}")).await.0,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{wrong}"
        );
    }
    served.stop().await;
    stage.close().await;
}

/// What was previewed is what the nights then do.
async fn r1_the_nights_bring_what_was_previewed(kind: StoreKind) {
    let mut stage = stage(kind).await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    let served = Served::start(&stage, &[]).await;
    let preview = served.get_json("/v1/renewals/upcoming?nights=3").await;
    served.stop().await;
    let mut foreseen = vec![];
    for night in preview["nights"].as_array().unwrap() {
        stage.set_day(day(night["date"].as_str().unwrap()));
        assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
        foreseen.extend(night["orders"].as_array().unwrap().iter().cloned());
    }
    let served = Served::start(&stage, &[]).await;
    assert!(foreseen.len() >= 10, "{foreseen:?}");
    for expected in &foreseen {
        let order = served.get_json(&format!("/v1/orders/{}", expected["order_id"].as_str().unwrap())).await;
        for same in ["generation_date", "delivery_date", "goods", "total", "member_id"] {
            assert_eq!(order[same], expected[same], "{same}: {order} {expected}");
        }
        let status = match (expected["expected"].as_str().unwrap(), expected["likely_failure"]["code"].as_str()) {
            ("authorize", None) => "authorized",
            ("authorize", Some(_)) => "failed",
            (other, _) => other,
        };
        assert_eq!(order["payment_status"], status, "{order} {expected}");
        if status == "not_executed" {
            assert_eq!(order["not_executed_reason"], expected["likely_failure"]["code"]);
        }
    }
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    r5_the_preview_names_amounts_and_likely_failures_and_writes_nothing,
    r1_the_nights_bring_what_was_previewed,
);

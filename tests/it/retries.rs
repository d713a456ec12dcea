//! Attempts that nobody asks for, and authorisations that run out.

use crate::payment_life::{day, order};
use paygent_simulator::{Fault, Rule, TelegramKind, TestCard};
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::ShopSettingsCommand as Settings;
use teiki_domain::subscription::{Subscription, SubscriptionCommand};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

async fn shop(kind: StoreKind, policy: RetryPolicy, cards: &[&str]) -> Stage {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    change_settings(&app, &because, Settings::ChangeRetryPolicy(policy)).await;
    for (i, last_four) in cards.iter().enumerate() {
        enrol(&app, &stage.simulator, i, last_four).await;
        subscribe(&app, i, "days:60", day("2026-04-01"), 5_000).await;
    }
    app.stop().await;
    stage.timeout_ms = 500;
    stage
}

async fn renew(stage: &Stage) {
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What `teiki retries --json` says of each order, after making what is due.
async fn retries(stage: &Stage, run: bool) -> Vec<Value> {
    let arguments: &[&str] = if run { &["retries", "--json", "--run"] } else { &["retries", "--json"] };
    let output = stage.teiki(arguments).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

async fn a_soft_decline_climbs_the_ladder_and_stops(kind: StoreKind) {
    let policy = RetryPolicy { ladder: vec![1, 3, 7], on_card_change: false };
    // Over the limit; stolen; ended; cancelled.
    let mut stage = shop(kind, policy, &["8205", "8260", "8205", "8205"]).await;
    renew(&stage).await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "not wanted");
    app.gateway.execute::<Subscription>(subscription(2).as_str(), &because, SubscriptionCommand::End).await.unwrap();
    app.payments.cancel(&order(3).parse().unwrap(), &because).await.unwrap();
    app.stop().await;
    let plan = retries(&stage, false).await;
    assert_eq!(plan.len(), 3, "a cancelled order is not on the list: {plan:?}");
    assert_eq!((&plan[0]["next_on"], &plan[0]["next_attempt"]), (&json!("2026-04-02"), &json!(2)));
    assert!(plan[1]["not_because"].as_str().unwrap().contains("declined for good"), "{}", plan[1]);
    assert!(plan[2]["not_because"].as_str().unwrap().contains("ended"), "{}", plan[2]);
    let sent = |stage: &Stage| stage.simulator.ledger().telegram_count(TelegramKind::Authorise);
    let mut expected = sent(&stage);
    for (today, due) in [
        ("2026-04-01", false),
        ("2026-04-02", true),
        ("2026-04-02", false),
        ("2026-04-03", false),
        ("2026-04-04", true),
        ("2026-04-05", false),
        ("2026-04-08", true),
        ("2026-04-09", false),
        ("2026-04-30", false),
    ] {
        stage.set_day(day(today));
        retries(&stage, true).await;
        expected += u64::from(due);
        assert_eq!(sent(&stage), expected, "{today}");
    }
    let plan = retries(&stage, false).await;
    assert!(plan[0]["not_because"].as_str().unwrap().contains("every step"), "{}", plan[0]);
    stage.close().await;
}

/// A retry whose reply is lost is one attempt, found by asking; the night after it there is nothing to try.
async fn w2_a_retry_is_one_attempt_whatever_is_lost(kind: StoreKind) {
    let policy = RetryPolicy { ladder: vec![1, 2], on_card_change: false };
    let mut stage = shop(kind, policy, &["1111"]).await;
    stage.simulator.script(Rule::once(Fault::decline("2001", "\"1G03\"")).on(TelegramKind::Authorise));
    renew(&stage).await;
    stage.set_day(day("2026-04-02"));
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Authorise));
    retries(&stage, true).await;
    stage.set_day(day("2026-04-03"));
    let served = Served::start(&stage, &[]).await;
    served.until_status(&order(0), "authorized").await;
    served.stop().await;
    assert_eq!(retries(&stage, true).await, Vec::<Value>::new());
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Authorise), 2);
    assert_eq!(stage.simulator.ledger().summary().held_yen, 5_000);
    stage.close().await;
}

async fn a_card_change_makes_one_attempt_at_once(kind: StoreKind) {
    for on_card_change in [true, false] {
        let stage = shop(kind, RetryPolicy { ladder: vec![], on_card_change }, &["8260"]).await;
        let served = Served::start(&stage, &[]).await;
        served.until_status(&order(0), "failed").await;
        let token = stage.simulator.issue_token(&TestCard::ending("1111"));
        let card = served.post(&format!("/v1/members/{}/cards", member(0)), &json!({"token": token})).await;
        assert_eq!(card.0, StatusCode::CREATED);
        if on_card_change {
            served.until_status(&order(0), "authorized").await;
        } else {
            let now = served.get_json(&format!("/v1/orders/{}", order(0))).await;
            assert_eq!(now["payment_status"], "failed", "only if the policy says so");
        }
        served.stop().await;
        // A second start finds nothing that a crash left undone.
        let served = Served::start(&stage, &[]).await;
        served.stop().await;
        let attempts = stage.simulator.ledger().telegram_count(TelegramKind::Authorise);
        assert_eq!(attempts, if on_card_change { 2 } else { 1 });
        stage.close().await;
    }
}

/// O5: past its last day an authorisation is not confirmed any more; the order is authorised again, and held once.
async fn an_authorisation_that_ran_out_is_made_again(kind: StoreKind) {
    let mut stage = shop(kind, RetryPolicy::default(), &["1111", "1111"]).await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "set up");
    change_settings(&app, &because, Settings::ChangeAuthorizationValidity { days: 30, warn_days: 5 }).await;
    app.stop().await;
    renew(&stage).await;
    let expiring = async |stage: &Stage| {
        let output = stage.teiki(&["expiring"]).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    stage.set_day(day("2026-04-25"));
    assert!(!expiring(&stage).await.contains(&order(0)), "six days are left");
    stage.set_day(day("2026-04-26"));
    let warned = expiring(&stage).await;
    assert!(warned.contains(&order(0)) && warned.contains("2026-05-01"), "{warned}");
    stage.set_day(day("2026-05-01"));
    let served = Served::start(&stage, &[]).await;
    assert_eq!(
        served.post(&format!("/v1/orders/{}/capture", order(0)), &Value::Null).await.0,
        StatusCode::OK,
        "the last day"
    );
    served.stop().await;
    stage.set_day(day("2026-05-02"));
    let served = Served::start(&stage, &[]).await;
    let path = format!("/v1/orders/{}", order(1));
    let (status, refused) = served.post(&format!("{path}/capture"), &Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused["detail"].as_str().unwrap().contains("2026-05-01"), "{refused}");
    let list = served.get_json("/v1/orders/expiring-authorizations").await;
    assert_eq!(list["orders"].as_array().unwrap().len(), 1, "{list}");
    let (status, again) = served.post(&format!("{path}/authorize"), &Value::Null).await;
    assert_eq!((status, &again["valid_until"]), (StatusCode::OK, &json!("2026-06-01")), "{again}");
    assert_eq!(stage.simulator.ledger().summary().held_yen, 5_000, "the one that ran out is released");
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    a_soft_decline_climbs_the_ladder_and_stops,
    w2_a_retry_is_one_attempt_whatever_is_lost,
    a_card_change_makes_one_attempt_at_once,
    an_authorisation_that_ran_out_is_made_again,
);

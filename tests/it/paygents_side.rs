//! What changes at Paygent without us (O9, W14): notices received and fetched, reconciliation, another environment.

use crate::payment_life::{basket, day, order, served};
use paygent_simulator::{ConsoleAction, Fault, Mischief, Rule, Simulator, TelegramKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use teiki_domain::payment_method::SaleMode;
use teiki_tests::judge;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe};
use teiki_tests::stores::StoreKind;

const NOTICE_KEY: &str = "notice_simulator_token_key";

async fn receive_notices(stage: &Stage, served: &Served) {
    let (status, settings) = served.put("/v1/shops/02396/notice-key", &json!({"notice_key": NOTICE_KEY})).await;
    assert_eq!((status, &settings["has_notice_key"]), (StatusCode::OK, &json!(true)));
    assert!(!settings.to_string().contains(NOTICE_KEY), "secrets are write-only");
    stage.simulator.set_notice_url(Some(&format!("{}/paygent/notices/02396", served.base)));
}

async fn all_delivered(simulator: &Simulator) {
    let begun = Instant::now();
    while simulator.notice_counts().pending > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", simulator.notice_counts());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn payment_id(stage: &Stage, i: usize) -> String {
    let wanted = format!("02396_M0000{i}");
    let payments = stage.simulator.ledger().all_payments();
    payments.into_iter().find(|payment| payment.customer_id.as_ref() == Some(&wanted)).unwrap().payment_id
}

async fn o9_a_change_at_paygents_console_shows_on_the_order(kind: StoreKind) {
    for pushed in [true, false] {
        let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111", "1111", "1111", "1111"]).await;
        if pushed {
            receive_notices(&stage, &served).await;
        }
        for (i, action) in
            [ConsoleAction::Cancel, ConsoleAction::Capture, ConsoleAction::Lower(4_321)].into_iter().enumerate()
        {
            assert!(stage.simulator.console(&payment_id(&stage, i), action));
        }
        served.until_status(&order(0), "voided").await;
        served.until_status(&order(1), "sales_confirmed").await;
        served.until(&format!("/v1/orders/{}", order(2)), |order| order["amount"] == 4_321).await;
        if pushed {
            all_delivered(&stage.simulator).await;
        }
        // The amount that Paygent holds and what the order costs differ; the page says so before anything is captured.
        let (status, refused) = served.post(&format!("/v1/orders/{}/capture", order(2)), &Value::Null).await;
        assert_eq!(status, StatusCode::CONFLICT, "{refused}");
        served.put(&format!("/v1/orders/{}/basket", order(2)), &basket(4_321)).await;
        assert_eq!(served.post(&format!("/v1/orders/{}/capture", order(2)), &Value::Null).await.0, StatusCode::OK);
        served.stop().await;
        stage.close().await;
    }
}

/// Captured at Paygent's console while our cancel is on its way: the notice comes first, and the cancel is refused.
async fn o9_o10_a_cancel_that_is_overtaken_says_so(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    receive_notices(&stage, &served).await;
    stage.simulator.script(Rule::once(Fault::DelayBefore { milliseconds: 400 }).on(TelegramKind::CancelAuthorisation));
    let path = format!("/v1/orders/{}/cancel", order(0));
    let meanwhile = async {
        served.until_status(&order(0), "void_requested").await;
        assert!(stage.simulator.console(&payment_id(&stage, 0), ConsoleAction::Capture));
    };
    let nothing = Value::Null;
    let ((status, answer), ()) = tokio::join!(served.post(&path, &nothing), meanwhile);
    // Which of the two Paygent's answer and its notice comes first, nobody decides; neither is a cancelled order.
    match status {
        StatusCode::CONFLICT => assert_eq!(answer["code"], "overtaken", "{answer}"),
        StatusCode::PAYMENT_REQUIRED => assert_eq!(answer["code"], "void_refused", "{answer}"),
        _ => panic!("{status}: {answer}"),
    }
    served.until_status(&order(0), "sales_confirmed").await;
    let (status, answer) = served.post(&path, &nothing).await;
    assert_eq!((status, &answer["payment_status"]), (StatusCode::OK, &json!("refunded")), "{answer}");
    served.stop().await;
    stage.close().await;
}

/// Doubled, out of order, lost, forged: each change is known once, and no lie is believed.
async fn w14_notices_in_disorder_lead_to_the_truth(kind: StoreKind) {
    let cards = ["1111"; 8];
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &cards).await;
    stage.simulator.set_mischief(Mischief { seed: 5, dropped: 0.3, doubled: 0.3, held: 0.3, forged: 0.5 });
    receive_notices(&stage, &served).await;
    for i in 0..cards.len() {
        let action = if i % 2 == 0 { ConsoleAction::Cancel } else { ConsoleAction::Capture };
        assert!(stage.simulator.console(&payment_id(&stage, i), action));
    }
    all_delivered(&stage.simulator).await;
    // The newest may be among the lost ones; the next one shows the hole.
    stage.simulator.set_mischief(Mischief::default());
    assert!(stage.simulator.console(&payment_id(&stage, 1), ConsoleAction::Refund));
    for i in 0..cards.len() {
        let status = match i {
            1 => "refunded",
            i if i % 2 == 0 => "voided",
            _ => "sales_confirmed",
        };
        served.until_status(&order(i), status).await;
    }
    let counts = stage.simulator.notice_counts();
    assert!(counts.dropped > 0 && counts.forged > 0, "{counts:?}");
    assert_eq!(counts.forged_taken, 0, "a wrong check value is never taken");
    let aside = served.get_json("/v1/set-aside").await;
    assert_eq!(aside["set_aside"], json!([]), "nothing is left for people");
    served.stop().await;
    stage.close().await;
}

/// `teiki reconcile`: lists what differs, records it unless told not to, and says by its exit code whether it found any.
async fn o9_reconciliation_lists_and_records_what_differs(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    for i in 0..4 {
        enrol(&app, &stage.simulator, i, if i == 3 { "8205" } else { "1111" }).await;
        subscribe(&app, i, "days:30", day("2026-04-01"), 5_000).await;
    }
    app.stop().await;
    stage.timeout_ms = 500;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    let reconcile = async |arguments: &[&str]| {
        let arguments: Vec<&str> = ["reconcile", "--json"].iter().chain(arguments).copied().collect();
        let output = stage.teiki(&arguments).output().await.unwrap();
        let value: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), value)
    };
    let (code, agreed) = reconcile(&[]).await;
    assert_eq!((code, &agreed["asked"], &agreed["differences"]), (0, &json!(4), &json!([])), "{agreed}");
    assert!(stage.simulator.console(&payment_id(&stage, 0), ConsoleAction::Cancel));
    assert!(stage.simulator.console(&payment_id(&stage, 1), ConsoleAction::Capture));
    let (code, listed) = reconcile(&["--dry-run", "--since", "2026-04-01"]).await;
    assert_eq!((code, listed["differences"].as_array().unwrap().len()), (1, 2), "{listed}");
    let first = &listed["differences"][0];
    assert_eq!((&first["ours"], &first["theirs"]), (&json!("authorized 5,000円"), &json!("voided 5,000円")));
    assert_eq!(reconcile(&[]).await.1["differences"][0]["recorded"], true);
    assert_eq!(reconcile(&[]).await.0, 0, "what was recorded agrees now");
    assert_eq!(reconcile(&["--since", "2026-04-02"]).await.1["asked"], 0);
    stage.simulator.script(Rule::always(Fault::Http503).on(TelegramKind::Inquiry));
    assert_eq!(reconcile(&[]).await.0, 2, "no answer is not an agreement");
    stage.close().await;
}

/// A store that belongs to another merchant or host serves what it knows and calls nothing until told so.
async fn another_environment_is_only_read(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:1", day("2026-04-01"), 5_000).await;
    app.stop().await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    let ledger = stage.simulator.ledger();
    let sent = || ledger.all_telegrams().len();
    let before = sent();
    stage.set_day(day("2026-04-02"));
    // The same simulator under another name: another host.
    let elsewhere = stage.simulator.base_url().replace("127.0.0.1", "localhost");
    let mut renew = stage.teiki(&["renew", "--json"]);
    let output = renew.env("TEIKI_PAYGENT_URL", &elsewhere).output().await.unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["generated"], &summary["set_aside"]), (&json!(0), &json!(1)), "{summary}");
    let served = Served::start(&stage, &[("TEIKI_PAYGENT_URL", &elsewhere)]).await;
    let path = format!("/v1/orders/{}", order(0));
    assert_eq!(served.get_json(&path).await["payment_status"], "authorized", "reads are served");
    let (status, refused) = served.post(&format!("{path}/capture"), &Value::Null).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("other_environment")), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("teiki bind"), "{refused}");
    served.stop().await;
    assert_eq!(sent(), before, "nothing was called");
    let app = stage.app().await;
    assert_eq!(judge::judge(&stage, &app).await, 1, "nothing was intended either");
    app.stop().await;

    // Told so, but not by accident.
    let bind = async |arguments: &[&str]| {
        let arguments: Vec<&str> = ["bind"].iter().chain(arguments).copied().collect();
        let output = stage.teiki(&arguments).env("TEIKI_PAYGENT_URL", &elsewhere).output().await.unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap() + String::from_utf8(output.stderr).unwrap().as_str(),
        )
    };
    let (bound, text) = bind(&["02396"]).await;
    assert!(!bound && text.contains("--replace"), "{text}");
    let (bound, text) = bind(&["02396", "--replace"]).await;
    assert!(bound && text.contains("localhost"), "{text}");
    let output = stage.teiki(&["renew", "--json"]).env("TEIKI_PAYGENT_URL", &elsewhere).output().await.unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["generated"], &summary["set_aside"]), (&json!(1), &json!(0)), "caught up: {summary}");
    // Back where it was: the binding is of now.
    let summary = stage.teiki(&["renew", "--json"]).output().await.unwrap();
    assert!(summary.status.success());
    stage.close().await;
}

on_both_stores!(
    o9_o10_a_cancel_that_is_overtaken_says_so,
    o9_a_change_at_paygents_console_shows_on_the_order,
    w14_notices_in_disorder_lead_to_the_truth,
    o9_reconciliation_lists_and_records_what_differs,
    another_environment_is_only_read,
);

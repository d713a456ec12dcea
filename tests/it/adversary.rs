//! What somebody does who wants a yen to get lost, a member charged twice, or a run to hang.

use chrono::NaiveDate;
use paygent_simulator::{Fault, Rule, TelegramKind};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use teiki::payments::FirstSeen;
use teiki::workers::recovery_round;
use teiki_domain::ids::OrderId;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::set_aside;
use teiki_tests::judge;
use teiki_tests::slow_answers::SlowAnswers;
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;
use tokio::sync::Mutex;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A shop with `members` members, each with a subscription due every day from the first of April on.
async fn prepared(kind: StoreKind, members: usize) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for i in 0..members {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:1", day("2026-04-01"), 1_980).await;
    }
    app.stop().await;
    stage
}

async fn renew(stage: &Stage, more: &[&str]) -> Value {
    let arguments: Vec<&str> = ["renew", "--json"].iter().chain(more).copied().collect();
    let output = stage.teiki(&arguments).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a statement on the store.
async fn execute(stage: &Stage, sql: &str) {
    use sqlx::Connection as _;
    if let Some(path) = stage.url.strip_prefix("sqlite:") {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&stage.url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Makes the first event of subscriptions unreadable, in the table that aggregates are loaded from.
async fn damage(stage: &Stage, subscriptions: impl Iterator<Item = usize>) {
    for i in subscriptions {
        let id = subscription(i);
        let sql = format!("UPDATE events SET payload = '{{\"No\":1}}' WHERE aggregate_id = '{id}' AND sequence = 1");
        execute(stage, &sql).await;
    }
}

/// W9: the intent is committed, the news of it is late, and another engine has sent the attempt meanwhile. The right
/// to call is over although the first engine has only just heard that it had it.
#[tokio::test(flavor = "multi_thread")]
async fn w9_the_right_to_call_counts_from_the_commit_not_from_hearing_of_it() {
    let mut stage = prepared(StoreKind::Postgres, 1).await;
    stage.timeout_ms = 300;
    let slow = SlowAnswers::before(&stage.url, "AuthorizationRequested").await;
    let first = stage.teiki(&["renew"]).env("TEIKI_DATABASE_URL", &slow.url).spawn().unwrap();
    slow.held().await;

    // The second engine sees the attempt open, waits, asks twice, and sends it again.
    let app = stage.app().await;
    app.settle().await.unwrap();
    let seen = Arc::new(Mutex::new(FirstSeen::default()));
    let report = recovery_round::run(&app, &seen).await.unwrap();
    assert_eq!((report.resolved, report.still_open), (1, 0), "{report:?}");

    slow.release();
    assert!(first.wait_with_output().await.unwrap().status.success());
    judge::judge(&stage, &app).await;
    let id = OrderId::for_generation(&subscription(0), day("2026-04-01"));
    let transaction_id = judge::stories(&app).await[id.as_str()].attempts[&1].clone();
    assert_eq!(stage.simulator.ledger().authorisations(&transaction_id), 1, "charged once");
    app.stop().await;
    stage.close().await;
}

/// Two engines on one store that both cannot do the same work do not keep each other busy for ever.
async fn two_runs_that_set_the_same_work_aside_both_end(kind: StoreKind) {
    let stage = prepared(kind, 60).await;
    let app = stage.app().await;
    app.settle().await.unwrap();
    app.stop().await;
    damage(&stage, 0..60).await;
    let both = async { tokio::join!(renew(&stage, &[]), renew(&stage, &[])) };
    let (one, other) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("both runs end");
    for summary in [one, other] {
        assert_eq!((&summary["generated"], &summary["set_aside"]), (&0.into(), &60.into()), "{summary}");
    }
    stage.close().await;
}

/// Two engines on one store: each order once, each charged once.
async fn two_runs_at_once_charge_once(kind: StoreKind) {
    let mut stage = prepared(kind, 20).await;
    stage.set_day(day("2026-04-03"));
    let (a, b, c) = tokio::join!(renew(&stage, &[]), renew(&stage, &[]), renew(&stage, &[]));
    let generated: u64 = [a, b, c].iter().filter_map(|summary| summary["generated"].as_u64()).sum();
    assert_eq!(generated, 60, "each order is counted by the run that made it");
    let app = stage.app().await;
    assert_eq!(judge::judge(&stage, &app).await, 60);
    app.stop().await;
    stage.close().await;
}

/// A run that looks only at earlier days leaves what it did not look at on the list of work set aside.
async fn a_run_through_an_earlier_day_clears_nothing_it_did_not_look_at(kind: StoreKind) {
    let stage = prepared(kind, 1).await;
    let app = stage.app().await;
    app.settle().await.unwrap();
    app.stop().await;
    damage(&stage, 0..1).await;
    assert_eq!(renew(&stage, &[]).await["set_aside"], 1);
    assert_eq!(renew(&stage, &["--through", "2026-03-31"]).await["set_aside"], 0);
    let app = stage.app().await;
    let rows = set_aside::list(&app.storage, 10).await.unwrap();
    assert_eq!(rows.len(), 1, "it still cannot go on: {rows:?}");
    app.stop().await;
    stage.close().await;
}

/// Many unknown outcomes are found out side by side: waiting between two questions holds nobody up, and neither does
/// whoever has the store's only writer.
async fn many_unknown_outcomes_wait_together(kind: StoreKind) {
    const MANY: usize = 40;
    let mut stage = prepared(kind, MANY).await;
    for (date, fault, concurrency) in
        [("2026-04-01", Fault::DropBeforeBooking, "1"), ("2026-04-02", Fault::LoseReply, "8")]
    {
        stage.set_day(day(date));
        stage.simulator.script(Rule::always(fault).on(TelegramKind::Authorise).times(MANY as u32));
        let output = stage.teiki(&["renew", "--json"]).env("TEIKI_CONCURRENCY", concurrency).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&summary["resolved"], &summary["unknown"]), (&MANY.into(), &0.into()), "{summary}");
    }
    // Were the wait between the two questions to hold up the others, each question would be followed by its own second.
    let mut asked = HashSet::new();
    let telegrams = stage.simulator.ledger().all_telegrams();
    let inquiries = telegrams.iter().filter(|telegram| telegram.kind == TelegramKind::Inquiry);
    let before_any_second = inquiries.take_while(|telegram| asked.insert(telegram.trading_id.clone())).count();
    assert!(before_any_second > 2, "only {before_any_second} orders were asked about before one was asked about twice");
    let app = stage.app().await;
    judge::judge(&stage, &app).await;
    app.stop().await;
    stage.close().await;
}

/// A termination signal while outcomes are waited for ends the server soon, and well.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_does_not_wait_for_outcomes_that_may_take_long() {
    let mut stage = prepared(StoreKind::Sqlite, 1).await;
    stage.timeout_ms = 300;
    stage.simulator.script(Rule::always(Fault::LoseReply).on(TelegramKind::Authorise).times(1));
    stage.simulator.script(Rule::always(Fault::Http503).on(TelegramKind::Inquiry));
    assert_eq!(renew(&stage, &[]).await["unknown"], 1);
    // The next engine waits three minutes before it asks.
    stage.timeout_ms = 60_000;
    let mut child = stage.teiki(&["serve"]).spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stdout.take().unwrap()));
    lines.next_line().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(15), child.wait()).await.expect("it ends soon");
    assert!(ended.unwrap().success());
    stage.close().await;
}

/// A page of another site can make a browser here post to us; no such request does anything.
#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_cannot_confirm_a_sale() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:1", day("2026-04-01"), 1_980).await;
    app.stop().await;
    assert_eq!(renew(&stage, &[]).await["authorized"], 1);
    let app = stage.app().await;
    let listener = teiki::http::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(teiki::http::serve(app.clone(), listener, app.stopping().clone()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let order = OrderId::for_generation(&subscription(0), day("2026-04-01"));
    let capture = || client.post(format!("http://{address}/v1/orders/{order}/capture"));
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1.evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        // What a browser sends by itself holds no key.
        let status = capture().header(name, value).send().await.unwrap().status();
        assert_eq!(status, reqwest::StatusCode::UNAUTHORIZED, "{name}: {value}");
    }
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Capture), 0);
    let status = capture().bearer_auth(stage.key(&Scope::ALL).await).send().await.unwrap().status();
    assert_eq!(status, reqwest::StatusCode::OK, "a program with a key may");
    app.stop().await;
    server.await.unwrap();
    stage.close().await;
}

/// What is wrong with a configuration is said without what stands in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_file_does_not_print_its_secrets() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    for text in [
        "database_url = \"postgres://teiki:hunter2@db/teiki\nlisten = \"127.0.0.1:1\"\n",
        "database_url = postgres://teiki:hunter2@db/teiki\n",
        "paygent_timeout_ms = \"hunter2\"\n",
        "concurrency = 'hunter2'\n",
    ] {
        std::fs::write(stage.folder().join("teiki.toml"), text).unwrap();
        let mut command = stage.teiki(&["renew"]);
        for name in ["DATABASE_URL", "PAYGENT_TIMEOUT_MS", "CONCURRENCY"] {
            command.env_remove(format!("TEIKI_{name}"));
        }
        let output = command.output().await.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(!error.contains("hunter2"), "{error}");
        assert!(error.lines().count() == 1 && error.contains("teiki.toml"), "{error}");
    }
    stage.close().await;
}

/// A store restored from an older backup gives out transaction IDs again: somebody else's payment under the same ID
/// and of the same amount is not taken for this order's.
async fn another_members_payment_is_never_taken_for_this_ones(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for (i, first) in ["2026-04-01", "2026-04-02"].into_iter().enumerate() {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:30", day(first), 1_980).await;
    }
    app.stop().await;
    assert_eq!(renew(&stage, &[]).await["captured"], 1);
    execute(&stage, "DELETE FROM serial_numbers").await;
    stage.set_day(day("2026-04-02"));
    stage.simulator.script(Rule::once(Fault::DropBeforeBooking).on(TelegramKind::Authorise));
    let summary = renew(&stage, &[]).await;
    assert_eq!((&summary["generated"], &summary["resolved"], &summary["unknown"]), (&1.into(), &0.into(), &1.into()));
    let app = stage.app().await;
    let aside = set_aside::list(&app.storage, 10).await.unwrap();
    assert!(aside.len() == 1 && aside[0].kind == "payment" && aside[0].reason.contains("another member"), "{aside:?}");
    app.stop().await;
    stage.close().await;
}

/// A table that only people read stands still; the orders are made all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_nobody_works_from_does_not_stop_the_night() {
    let stage = prepared(StoreKind::Sqlite, 2).await;
    let broken = "CREATE TRIGGER no BEFORE INSERT ON order_list BEGIN SELECT RAISE(ABORT, 'no'); END";
    execute(&stage, broken).await;
    assert_eq!(renew(&stage, &[]).await["captured"], 2);
    let app = stage.app().await;
    assert!(app.settle().await.is_err(), "the list itself says that it stands still");
    execute(&stage, "DROP TRIGGER no").await;
    app.stop().await;
    let app = stage.app().await;
    assert_eq!(judge::judge(&stage, &app).await, 2);
    app.stop().await;
    stage.close().await;
}

on_both_stores!(
    another_members_payment_is_never_taken_for_this_ones,
    two_runs_that_set_the_same_work_aside_both_end,
    two_runs_at_once_charge_once,
    a_run_through_an_earlier_day_clears_nothing_it_did_not_look_at,
    many_unknown_outcomes_wait_together,
);

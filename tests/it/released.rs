//! Work that was set aside and goes on: who let it go on stands in the history of what it is about (O12); a mail is written
//! again; and a row holds back nothing but what it is about.

use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki::app::App;
use teiki::payments::FirstSeen;
use teiki::workers::{mails, recovery_round};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::event_store::{Storage, StorageOptions};
use teiki_infrastructure::operators::Role;
use teiki_infrastructure::set_aside;
use teiki_tests::console::{Console, account};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;
use tokio::sync::Mutex;

fn order() -> String {
    format!("{}-20260401", subscription(0))
}

/// One order, authorised.
async fn lived(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    app.stop().await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    account(&stage, Role::Operator).await;
    stage
}

async fn aside(stage: &Stage, kind: &str, subject: &str, reason: &Value) {
    let storage = Storage::open(&stage.url, &StorageOptions::default()).await.unwrap();
    set_aside::put(&storage, kind, subject, None, &reason.to_string(), stage.now, "test").await.unwrap();
    storage.close().await;
}

fn contradiction(about: &str) -> Value {
    json!({"code": "contradiction", "values": {"why": "two payments", "about": about}})
}

async fn o12_who_let_work_go_on_stands_in_the_history(kind: StoreKind) {
    let stage = lived(kind).await;
    let (merchant, number) = (paygent_simulator::Merchant::demonstration().merchant_id, subscription(0).to_string());
    let failed = json!({"code": "renewal_failed", "values": {"error": "the key is missing"}});
    let lost = json!({"code": "notice_lost", "values": {"thrown_away": true}});
    let notice = format!("{merchant}:7");
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    for (work, subject, reason, by) in [
        ("renewal", number.as_str(), &failed, "console"),
        ("payment", &order(), &contradiction("void:1:1"), "api"),
        ("retry", &order(), &json!({"code": "retry_failed", "values": {"error": "x"}}), "program"),
        ("notice", &notice, &lost, "console"),
    ] {
        aside(&stage, work, subject, reason).await;
        let listed = served.get_json("/v1/set-aside").await["set_aside"][0].clone();
        assert_eq!(listed["code"], reason["code"], "{listed}");
        assert!(!listed["reason"].as_str().unwrap().contains('{') && listed["reason_ja"].is_string(), "{listed}");
        let page = console.get("/set-aside").await;
        assert!(page.text("tbody tr").contains(listed["reason_ja"].as_str().unwrap()), "{}", page.html);
        match by {
            "console" => {
                let told = console.submit(page.form("/set-aside/release")).await.told();
                assert_eq!(told, "保留を解除しました。次の回で処理します");
            }
            "api" => {
                let path = format!("/v1/set-aside/{work}/{subject}/release");
                assert_eq!(served.post(&path, &Value::Null).await.0, StatusCode::OK);
                assert_eq!(served.post(&path, &Value::Null).await.0, StatusCode::NOT_FOUND, "once");
            }
            _ => {
                // A crash after it is on record: the work is still set aside, and is let go on once more.
                let release = ["set-aside", "release", work, subject];
                let crashed = stage.teiki(&release).env("TEIKI_CRASH_AT", "release:1").output().await.unwrap();
                assert!(!crashed.status.success());
                assert_eq!(served.get_json("/v1/set-aside").await["set_aside"][0]["kind"], work);
                assert!(stage.teiki(&release).output().await.unwrap().status.success());
            }
        }
        assert_eq!(served.get_json("/v1/set-aside").await["set_aside"], json!([]), "{work}");
    }
    let of = async |id: &str| -> Vec<Value> {
        let history = served.get_json(&format!("/v1/history/{id}?limit=500")).await;
        let released = |event: &&Value| event["event_type"].as_str().is_some_and(|name| name.ends_with("WorkReleased"));
        history["events"].as_array().unwrap().iter().filter(released).cloned().collect()
    };
    let of_order = of(&order()).await;
    let texts: Vec<_> = of_order.iter().map(|event| event["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["保留を解除: 決済結果の照会", "保留を解除: 再オーソリ", "保留を解除: 再オーソリ"]);
    assert!(of_order.iter().all(|event| event["reason"] == "work that was set aside was released"), "{of_order:?}");
    let of_subscription = of(&number).await;
    let renewal = of_subscription.iter().find(|event| event["aggregate_type"] == "subscription").unwrap();
    assert_eq!(
        (&renewal["actor"], &renewal["text"]),
        (&json!("佐藤 一郎 (operator)"), &json!("保留を解除: 受注の作成"))
    );
    let of_shop = of("02396").await;
    assert!(of_shop[0]["text"].as_str().unwrap().contains(&notice), "{of_shop:?}");
    let page = console.get(&format!("/subscriptions/{number}")).await;
    assert!(page.html.contains("保留を解除: 受注の作成"), "on the subscription's own page");
    served.stop().await;
    let verified = stage.teiki(&["verify"]).output().await.unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    stage.close().await;
}

/// Changes the key of the member's data in the store, and gives back the one that was there.
async fn swap_key(app: &App, key: &str) -> String {
    const READ: &str = "SELECT wrapped_key FROM member_keys WHERE member_id = $1";
    const WRITE: &str = "UPDATE member_keys SET wrapped_key = $2 WHERE member_id = $1";
    let id = member(0);
    match &app.storage {
        Storage::Sqlite(sqlite) => {
            let old = sqlx::query_scalar(READ).bind(id.as_str()).fetch_one(&sqlite.writer).await.unwrap();
            sqlx::query(WRITE).bind(id.as_str()).bind(key).execute(&sqlite.writer).await.unwrap();
            old
        }
        Storage::Postgres(pool) => {
            let old = sqlx::query_scalar(READ).bind(id.as_str()).fetch_one(pool).await.unwrap();
            sqlx::query(WRITE).bind(id.as_str()).bind(key).execute(pool).await.unwrap();
            old
        }
    }
}

async fn c5_a_mail_that_could_not_be_written_is_written_when_released(kind: StoreKind) {
    let stage = lived(kind).await;
    let app = stage.app().await;
    let key = swap_key(&app, "djEuZ29uZQ==").await;
    mails::round(&app).await.unwrap();
    let rows = set_aside::list(&app.storage, 10).await.unwrap();
    assert_eq!((rows.len(), rows[0].kind.as_str()), (1, "mail"), "{rows:?}");
    assert_eq!(rows[0].subject, subscription(0).as_str());
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let release = format!("/v1/set-aside/mail/{}/release", subscription(0));
    // Too early: it comes back to the list with its reason.
    assert_eq!(served.post(&release, &Value::Null).await.0, StatusCode::OK);
    let listed = served.get_json("/v1/set-aside").await;
    assert_eq!(listed["set_aside"][0]["code"], "mail_not_written", "{listed}");
    served.stop().await;
    let app = stage.app().await;
    swap_key(&app, &key).await;
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    assert_eq!(served.post(&release, &Value::Null).await.0, StatusCode::OK);
    assert_eq!(served.get_json("/v1/set-aside").await["set_aside"], json!([]));
    let mails = served.until("/v1/mails", |page| page["mails"].as_array().unwrap().len() == 2).await;
    let kinds: Vec<_> = mails["mails"].as_array().unwrap().iter().map(|mail| mail["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"thanks") && kinds.contains(&"thanks_copy"), "{mails}");
    assert_eq!(served.post(&release, &Value::Null).await.0, StatusCode::NOT_FOUND, "nothing is set aside any more");
    served.stop().await;
    stage.close().await;
}

async fn recover(app: &App) {
    app.settle().await.unwrap();
    recovery_round::run(app, &Arc::new(Mutex::new(FirstSeen::default()))).await.unwrap();
    app.settle().await.unwrap();
}

async fn w12_a_row_holds_back_nothing_but_what_it_is_about(kind: StoreKind) {
    let stage = lived(kind).await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "the goods have left");
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Capture));
    let _ = app.payments.capture(&order().parse().unwrap(), &because).await;
    app.settle().await.unwrap();
    let served_status = async |app: &App| {
        let row = teiki_projections::order_list::get(&app.storage, &order().parse().unwrap()).await.unwrap();
        row.unwrap().payment_status
    };
    assert_eq!(served_status(&app).await, "capture_unknown");
    // A sentence of a former version holds the order back, as it did.
    let now = stage.now;
    set_aside::put(&app.storage, "payment", &order(), None, "a sentence", now, "test").await.unwrap();
    recover(&app).await;
    assert_eq!(served_status(&app).await, "capture_unknown");
    // What is about another request does not.
    let about = contradiction("authorization:7:").to_string();
    set_aside::put(&app.storage, "payment", &order(), None, &about, now, "test").await.unwrap();
    recover(&app).await;
    assert_eq!(served_status(&app).await, "sales_confirmed");
    let rows = set_aside::list(&app.storage, 10).await.unwrap();
    assert_eq!((rows.len(), &rows[0].reason), (1, &about), "people still have to look at it");
    app.stop().await;
    stage.close().await;
}

on_both_stores!(
    o12_who_let_work_go_on_stands_in_the_history,
    c5_a_mail_that_could_not_be_written_is_written_when_released,
    w12_a_row_holds_back_nothing_but_what_it_is_about,
);

//! Erasing a member: nothing personal is left in any file or table, and everything else goes on.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _, Row as _};
use std::collections::BTreeSet;
use teiki::members::{self, Profile};
use teiki_domain::payment_method::SaleMode;
use teiki_domain::subscription::{Subscription, SubscriptionCommand};
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

const NAME: &str = "秘密野 花子";
const MAIL: &str = "himitsu.hanako@example.jp";
const PHONE: &str = "090-1234-9876";
const ADDRESS: &str = "東京都千代田区秘密町1-2-3";

/// A shop with a member who ordered once and whose subscription has ended, if `ended`; a second member stays.
async fn lived(kind: StoreKind, ended: bool) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let profile = Profile { name: NAME.into(), mail: MAIL.into(), phone: PHONE.into(), address: ADDRESS.into() };
    members::register(&app, &member(0), &profile, &because).await.unwrap();
    for i in 0..2 {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    }
    app.stop().await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    if ended {
        end(&stage).await;
    }
    stage
}

async fn end(stage: &Stage) {
    let app = stage.app().await;
    let because = app.gateway.because("test", "the member asked for it");
    app.gateway.execute::<Subscription>(subscription(0).as_str(), &because, SubscriptionCommand::End).await.unwrap();
    app.stop().await;
}

/// Every table and column of the store as one text, and on SQLite every byte of its files.
async fn everything(stage: &Stage) -> Vec<u8> {
    sqlx::any::install_default_drivers();
    let mut all = vec![];
    if let Some(path) = stage.url.strip_prefix("sqlite:") {
        for end in ["", "-wal", "-journal"] {
            all.extend(std::fs::read(format!("{path}{end}")).unwrap_or_default());
        }
        return all;
    }
    let mut connection = AnyConnection::connect(&stage.url).await.unwrap();
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() \
                  AND table_type = 'BASE TABLE'";
    for table in sqlx::query(tables).fetch_all(&mut connection).await.unwrap() {
        let table: String = table.get(0);
        let rows = sqlx::query(&format!("SELECT t::text FROM {table} t")).fetch_all(&mut connection).await.unwrap();
        for row in rows {
            all.extend(row.get::<String, _>(0).into_bytes());
        }
    }
    connection.close().await.unwrap();
    all
}

fn holds(all: &[u8], text: &str) -> bool {
    all.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The wrapped keys, by member.
async fn keys(stage: &Stage) -> Vec<(String, String)> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&stage.url).await.unwrap();
    let rows = sqlx::query("SELECT member_id, wrapped_key FROM member_keys ORDER BY member_id");
    let rows = rows.fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn erase(stage: &Stage, variables: &[(&str, &str)]) -> (bool, String) {
    let mut command = stage.teiki(&["erase-member", member(0).as_str(), "--reason", "本人の申し出"]);
    let output = command.envs(variables.iter().copied()).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

async fn whole(stage: &Stage) {
    let output = stage.teiki(&["verify"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// What must hold of an erased member: no byte of personal data or key, nothing else lost.
async fn is_gone(stage: &Stage, key: &str) {
    let all = everything(stage).await;
    assert!(holds(&all, member(0).as_str()), "what is searched is the store");
    for text in [NAME, MAIL, PHONE, ADDRESS, key] {
        assert!(!holds(&all, text), "{text} is still there");
    }
    // The end of the key, should its beginning have been overwritten.
    assert!(!holds(&all, &key[key.len() - 40..]));
    let left: BTreeSet<String> = keys(stage).await.into_iter().map(|(member, _)| member).collect();
    assert_eq!(left, BTreeSet::from([member(1).to_string()]));
    whole(stage).await;
    let rebuilt = stage.teiki(&["rebuild", "--all"]).output().await.unwrap();
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    whole(stage).await;
}

async fn nothing_personal_is_left_in_any_file_or_table(kind: StoreKind) {
    let stage = lived(kind, false).await;
    let (done, said) = erase(&stage, &[]).await;
    assert!(!done && said.contains(subscription(0).as_str()) && said.contains("end it first"), "{said}");
    end(&stage).await;
    let before = keys(&stage).await;
    assert_eq!(before.len(), 2);
    assert!(holds(&everything(&stage).await, &before[0].1), "the search finds a key that is there");
    let (done, said) = erase(&stage, &[]).await;
    assert!(done && said.contains("削除しました"), "{said}");
    is_gone(&stage, &before[0].1).await;
    let (done, said) = erase(&stage, &[]).await;
    assert!(done && said.contains("削除済み"), "{said}");

    // The id is not used again; trying makes no key.
    let app = stage.app().await;
    let because = app.gateway.because("test", "again");
    let profile = Profile { name: NAME.into(), mail: MAIL.into(), phone: String::new(), address: String::new() };
    let again = members::register(&app, &member(0), &profile, &because).await;
    assert!(again.unwrap_err().to_string().contains("was erased"));
    assert_eq!(keys(&stage).await.len(), 1);
    let row = teiki_projections::member_list::get(&app.storage, &member(0)).await.unwrap().unwrap();
    assert_eq!(members::name(&app, &member(0), &row.sealed_profile).await.unwrap(), members::ERASED);
    app.stop().await;
    let unknown = stage.teiki(&["erase-member", "02396-NOBODY", "--reason", "x"]).output().await.unwrap();
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("does not exist"));
    stage.close().await;
}

async fn erasing_over_http_beside_readers(kind: StoreKind) {
    let stage = lived(kind, true).await;
    let key = keys(&stage).await.remove(0).1;
    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let html = console.get("/orders").await.html;
    assert!(html.contains(NAME), "{html}");
    let path = format!("/v1/members/{}/personal-data", member(0));
    for _ in 0..2 {
        let (status, answer) = served.send("DELETE", &path, &Value::Null).await;
        assert_eq!((status, &answer["erased"]), (StatusCode::OK, &json!(true)), "{answer}");
    }
    let running = format!("/v1/members/{}/personal-data", member(1));
    let (status, problem) = served.send("DELETE", &running, &Value::Null).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("subscription_running")), "{problem}");
    let (status, _) = served.send("DELETE", "/v1/members/02396-NOBODY/personal-data", &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let again = json!({"member_id": member(0), "name": NAME, "mail": MAIL});
    let (status, problem) = served.post("/v1/members", &again).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let html = console.get("/orders").await.html;
    assert!(!html.contains(NAME) && html.contains("削除済み"), "{html}");
    served.stop().await;
    is_gone(&stage, &key).await;
    stage.close().await;
}

async fn an_interrupted_erasure_is_finished_at_the_next_start(kind: StoreKind) {
    let stage = lived(kind, true).await;
    let key = keys(&stage).await.remove(0).1;
    let (done, said) = erase(&stage, &[("TEIKI_CRASH_AT", "erasure:1")]).await;
    assert!(!done && said.contains("crash point erasure"), "{said}");
    assert!(holds(&everything(&stage).await, &key), "the crash came before the key was destroyed");
    let app = stage.app().await;
    app.stop().await;
    is_gone(&stage, &key).await;
    stage.close().await;
}

/// Many members in many pages: deleting some leaves nothing of them where others moved.
async fn keys_leave_no_trace_in_a_large_store(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let profile = Profile { name: NAME.into(), mail: MAIL.into(), phone: String::new(), address: String::new() };
    for i in 0..120 {
        members::register(&app, &member(i), &profile, &because).await.unwrap();
    }
    let before = keys(&stage).await;
    for i in (0..120).filter(|i| i % 3 != 0) {
        teiki::erasure::erase(&app, &member(i), &because).await.unwrap();
    }
    app.stop().await;
    let all = everything(&stage).await;
    for (i, (member, key)) in before.iter().enumerate() {
        assert_eq!(holds(&all, &key[2..60]), i % 3 == 0, "{member}");
    }
    stage.close().await;
}

on_both_stores!(
    nothing_personal_is_left_in_any_file_or_table,
    erasing_over_http_beside_readers,
    an_interrupted_erasure_is_finished_at_the_next_start,
    keys_leave_no_trace_in_a_large_store,
);

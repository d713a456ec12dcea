//! Erasing a member: nothing personal is left in any file or table, and everything else goes on.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _, Row as _};
use std::collections::BTreeSet;
use teiki::members::{self, Profile};
use teiki::subscriptions::{self, Start};
use teiki_domain::ids::{MemberId, SubscriptionId};
use teiki_domain::member::Member;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::ShopSettingsCommand;
use teiki_domain::subscription::{Subscription, SubscriptionCommand};
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, basket, change_settings, enrol, member, open_shop, shop, subscribe, subscription};
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
    let profile = Profile {
        name: NAME.into(),
        mail: MAIL.into(),
        phone: PHONE.into(),
        address: ADDRESS.into(),
        ..Profile::default()
    };
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

async fn cards_at_paygent(stage: &Stage, i: usize) -> usize {
    let app = stage.app().await;
    let paygent = app.shops.paygent(shop()).await.unwrap();
    let cards = paygent.list_cards(&member(i), None).await.approved().unwrap();
    app.stop().await;
    cards.len()
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
    let profile = Profile { name: NAME.into(), mail: MAIL.into(), ..Profile::default() };
    let again = members::register(&app, &member(0), &profile, &because).await;
    assert!(again.unwrap_err().to_string().contains("was erased"));
    assert_eq!(keys(&stage).await.len(), 1);
    let row = teiki_projections::member_list::get(&app.storage, &member(0)).await.unwrap().unwrap();
    assert_eq!(members::profile(&app, &member(0), &row.sealed_profile).await.unwrap().name, members::ERASED);
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

/// Somebody reads the store in a transaction meanwhile: the answer says what is done, what is left, and what to do.
async fn a_reader_who_keeps_bytes_of_the_key_is_told_of(kind: StoreKind) {
    let stage = lived(kind, true).await;
    let key = keys(&stage).await.remove(0).1;
    let served = Served::start(&stage, &[]).await;
    let mut reader = AnyConnection::connect(&stage.url).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut reader).await.unwrap();
    sqlx::query("SELECT COUNT(*) FROM member_keys").fetch_one(&mut reader).await.unwrap();
    let path = format!("/v1/members/{}/personal-data", member(0));
    let (status, problem) = served.send("DELETE", &path, &Value::Null).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("key_bytes_left")), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("the member is erased") && detail.contains("erase again"), "{problem}");
    assert_eq!(keys(&stage).await.len(), 1, "nobody reads the key any more");
    reader.close().await.unwrap();
    let (status, answer) = served.send("DELETE", &path, &Value::Null).await;
    assert_eq!((status, &answer["erased"]), (StatusCode::OK, &json!(true)), "{answer}");
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
    let profile = Profile { name: NAME.into(), mail: MAIL.into(), ..Profile::default() };
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

/// Subscriptions being started for a member who is being erased, by two engines at once: whichever comes first, no erased
/// member has a subscription that runs.
async fn no_subscription_starts_for_a_member_who_is_erased_meanwhile(kind: StoreKind) {
    const ROUNDS: usize = 12;
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let profile = Profile { name: NAME.into(), mail: MAIL.into(), ..Profile::default() };
    let cash = PaymentMethod::External { name: "代金引換".into() };
    let methods = vec![PaymentMethod::Card, cash.clone()];
    change_settings(&app, &because, ShopSettingsCommand::ChangePaymentMethods(methods)).await;
    let other = stage.app().await;
    let (mut erased, mut started) = (0, 0);
    for round in 0..ROUNDS {
        let person = MemberId::new(shop(), &format!("R{round}")).unwrap();
        members::register(&app, &person, &profile, &because).await.unwrap();
        let starting = (0..3).map(|i| {
            let start = Start {
                subscription_id: Some(SubscriptionId::new(shop(), &format!("R{round}x{i}")).unwrap()),
                member_id: person.clone(),
                basket: basket(1_000),
                payment_method: cash.clone(),
                cycle: "days:7".parse().unwrap(),
                first_delivery: "2026-04-10".parse().unwrap(),
            };
            let engine = if i % 2 == 0 { app.clone() } else { other.clone() };
            tokio::spawn(async move {
                let because = engine.gateway.because("test", "started meanwhile");
                subscriptions::start(&engine, start, &because).await.map(|done| done.aggregate)
            })
        });
        let starting: Vec<_> = starting.collect();
        let erasing = [app.clone(), other.clone()].map(|engine| {
            let person = person.clone();
            tokio::spawn(async move {
                let because = engine.gateway.because("test", "erased meanwhile");
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                teiki::erasure::erase(&engine, &person, &because).await.is_ok()
            })
        });
        let mut done = vec![];
        for start in starting {
            done.push(start.await.unwrap());
        }
        for erase in erasing {
            erase.await.unwrap();
        }
        let gone = app.gateway.load::<Member>(person.as_str()).await.unwrap().aggregate.details().is_none();
        let running = done.iter().filter(|start| start.is_ok()).count();
        assert!(!gone || running == 0, "round {round}: {running} subscriptions run for an erased member");
        // What was answered is what stands, and afterwards it stays so.
        for (i, start) in done.iter().enumerate() {
            let stands = app.gateway.load::<Subscription>(&format!("02396-R{round}x{i}")).await.unwrap().aggregate;
            assert_eq!(stands.details().is_some(), start.is_ok(), "round {round}: {start:?}");
        }
        erased += usize::from(gone);
        started += running;
    }
    assert!(erased + started > 0, "something came about");
    app.stop().await;
    other.stop().await;
    whole(&stage).await;
    stage.close().await;
}

/// A start that died, or sleeps, between being let through and its event: the erasure does not wait for it, and it does not
/// come about afterwards.
async fn a_start_that_died_half_way_neither_blocks_the_erasure_nor_comes_back(kind: StoreKind) {
    let stage = lived(kind, true).await;
    let crashing = Served::start(&stage, &[("TEIKI_CRASH_AT", "start:1")]).await;
    let line = json!({"product": "C", "name": "C", "unit_price": 900, "quantity": 1, "tax_percent": 8});
    let start = json!({
        "subscription_id": "02396-LATE", "member_id": member(0), "cycle": "days:30", "first_delivery": "2026-04-20",
        "payment_method": "card", "shipping": 0, "lines": [line],
    });
    let address = format!("{}/v1/subscriptions", crashing.base);
    let request = crashing.client.post(address).header("content-type", "application/json").body(start.to_string());
    assert!(request.send().await.is_err(), "the engine died");
    drop(crashing);
    let (done, said) = erase(&stage, &[]).await;
    assert!(done && said.contains("削除しました"), "{said}");
    let served = Served::start(&stage, &[]).await;
    let (status, problem) = served.post("/v1/subscriptions", &start).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY || status == StatusCode::CONFLICT, "{problem}");
    let told = served.get_json("/v1/history/02396-LATE").await;
    assert_eq!(told["events"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["events"][0]["event_type"], "SubscriptionStartPrevented");
    served.stop().await;
    whole(&stage).await;
    let rebuilt = stage.teiki(&["rebuild", "--all"]).output().await.unwrap();
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    whole(&stage).await;
    stage.close().await;
}

/// What was decided is carried out at the next start, though whoever asked for it was told that it failed.
async fn a_decided_erasure_is_finished_at_the_next_start(kind: StoreKind) {
    let stage = lived(kind, true).await;
    let key = keys(&stage).await.remove(0).1;
    let (done, said) = erase(&stage, &[("TEIKI_CRASH_AT", "gate:1")]).await;
    assert!(!done && said.contains("crash point gate"), "{said}");
    stage.app().await.stop().await;
    is_gone(&stage, &key).await;
    // The cards were not asked for then; asking again has them deleted.
    assert_eq!(cards_at_paygent(&stage, 0).await, 1);
    assert!(erase(&stage, &[]).await.0);
    assert_eq!(cards_at_paygent(&stage, 0).await, 0);
    stage.close().await;
}

/// Paygent keeps no card of an erased member; where it could not be asked, people see so until it is done.
async fn cards_at_paygent_are_deleted_or_shown_until_they_are(kind: StoreKind) {
    let stage = lived(kind, true).await;
    assert_eq!(cards_at_paygent(&stage, 0).await, 1);
    // Nobody is there.
    let (done, said) = erase(&stage, &[("TEIKI_PAYGENT_URL", "https://localhost:1")]).await;
    assert!(done && said.contains("削除しました") && said.contains("削除できていません"), "{said}");
    let served = Served::start(&stage, &[]).await;
    let aside = served.get_json("/v1/set-aside").await;
    assert_eq!(aside["set_aside"][0]["kind"], "cards", "{aside}");
    assert_eq!(aside["set_aside"][0]["subject"], member(0).as_str());
    let path = format!("/v1/members/{}/personal-data", member(0));
    let (status, answer) = served.send("DELETE", &path, &Value::Null).await;
    assert_eq!((status, &answer["cards_deleted"]), (StatusCode::OK, &json!(true)), "{answer}");
    assert_eq!(served.get_json("/v1/set-aside").await["set_aside"], json!([]));
    let told = served.get_json(&format!("/v1/history/{}", member(0))).await;
    let types: Vec<&str> = told["events"].as_array().unwrap().iter().filter_map(|e| e["event_type"].as_str()).collect();
    assert_eq!(types[types.len() - 3..], ["MemberErased", "StoredCardsNotDeleted", "StoredCardsDeleted"], "{types:?}");
    served.stop().await;
    assert_eq!(cards_at_paygent(&stage, 0).await, 0);
    assert_eq!(cards_at_paygent(&stage, 1).await, 1, "those of others stay");
    whole(&stage).await;
    stage.close().await;
}

on_both_stores!(
    no_subscription_starts_for_a_member_who_is_erased_meanwhile,
    a_start_that_died_half_way_neither_blocks_the_erasure_nor_comes_back,
    a_decided_erasure_is_finished_at_the_next_start,
    cards_at_paygent_are_deleted_or_shown_until_they_are,
    nothing_personal_is_left_in_any_file_or_table,
    erasing_over_http_beside_readers,
    a_reader_who_keeps_bytes_of_the_key_is_told_of,
    an_interrupted_erasure_is_finished_at_the_next_start,
    keys_leave_no_trace_in_a_large_store,
);

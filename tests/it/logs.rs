//! What is logged: everything that happens, and nothing of people and no secret, however much is asked for.

use crate::payment_life::basket;
use paygent_simulator::{Merchant, TestCard};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::time::{Duration, Instant};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account};
use teiki_tests::receiver::{Receiver, Reply};
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

const NAME: &str = "名賀野 詩織";
const MAIL: &str = "shiori.nagano@example.jp";
const PHONE: &str = "03-9182-7364";
const ADDRESS: &str = "東京都架空区無番地9-8-7";
const NOTICE_KEY: &str = "notice-key-71f3a9";
const HOOK: &str = "hook-path-5d20c7";

/// Everything the process writes goes to files.
async fn serve_to_files(stage: &Stage, key: &str) -> Served {
    let (out, err) = (stage.folder().join("out.txt"), stage.folder().join("err.txt"));
    let mut command = stage.teiki(&["serve"]);
    command
        .env("RUST_LOG", "trace")
        .env("TEIKI_LOG", "json")
        .env("TEIKI_WEBHOOK_PRIVATE_ADDRESSES", "true")
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap());
    let child = command.spawn().unwrap();
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(&out).unwrap();
        if let Some(base) = text.split_whitespace().find(|word| word.starts_with("http://")) {
            return Served { child, base: base.trim_end_matches('/').to_owned(), client: client(key) };
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the server says where it serves");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_full_story_leaves_nothing_personal_and_no_secret_in_the_log(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    let receiver = Receiver::start().await;
    let key = stage.key(&Scope::ALL).await;
    let served = serve_to_files(&stage, &key).await;
    let hook = format!("/{HOOK}");
    receiver.reply(&hook, Reply::Status(500));

    let well = async |method: &str, path: &str, body: &Value, status: StatusCode| -> Value {
        let (got, answer) = served.send(method, path, body).await;
        assert_eq!(got, status, "{path}: {answer}");
        answer
    };
    let made = well("POST", "/v1/webhooks", &json!({"url": receiver.url(&hook)}), StatusCode::CREATED).await;
    let person = json!({"member_id": "02396-M1", "name": NAME, "mail": MAIL, "phone": PHONE, "address": ADDRESS});
    well("POST", "/v1/members", &person, StatusCode::CREATED).await;
    let mut broken = person.clone();
    broken["mail"] = json!([MAIL]);
    well("POST", "/v1/members", &broken, StatusCode::UNPROCESSABLE_ENTITY).await;
    let token = stage.simulator.issue_token(&TestCard::ending("8205"));
    well("POST", "/v1/members/02396-M1/cards", &json!({"token": token}), StatusCode::CREATED).await;
    well("PUT", "/v1/shops/02396/notice-key", &json!({"notice_key": NOTICE_KEY}), StatusCode::OK).await;
    let mut subscription = basket(5_000);
    for (name, value) in [
        ("subscription_id", "02396-D1"),
        ("member_id", "02396-M1"),
        ("cycle", "days:30"),
        ("first_delivery", "2026-04-02"),
        ("payment_method", "card"),
    ] {
        subscription[name] = json!(value);
    }
    well("POST", "/v1/subscriptions", &subscription, StatusCode::CREATED).await;
    // The night, with a refusal; told to a receiver that does not take it.
    stage.set_day("2026-04-02".parse().unwrap());
    let mut renew = stage.teiki(&["renew"]);
    renew.env("RUST_LOG", "trace").env("TEIKI_LOG", "json");
    let renewed = renew.output().await.unwrap();
    assert!(renewed.status.success());
    served.until_status("02396-D1-20260402", "failed").await;
    receiver.until(&hook, 1).await;
    let path = format!("/v1/webhooks/{}/deliveries", made["id"].as_str().unwrap());
    served.until(&path, |page| page.to_string().contains("status 500")).await;
    assert!(
        served.get_json("/v1/events?types=member.*").await.to_string().contains(NAME),
        "it can be read, by whom may"
    );
    account(&stage, Role::Operator).await;
    let pages = Console::signed_in(&served, Role::Operator).await.get("/orders").await;
    assert!(pages.html.contains(NAME), "and stands on the page");
    served.stop().await;

    let mut text = String::new();
    for file in ["out.txt", "err.txt"] {
        text += &fs::read_to_string(stage.folder().join(file)).unwrap();
    }
    text += &String::from_utf8(renewed.stdout).unwrap();
    text += &String::from_utf8(renewed.stderr).unwrap();
    // What is searched is what the story wrote.
    for part in ["Paygent telegram", "a webhook was not taken", "the night run is done", "02396-D1"] {
        assert!(text.contains(part), "{part}");
    }
    let master = fs::read_to_string(stage.folder().join("teiki.key")).unwrap();
    let merchant = Merchant::demonstration();
    let (family, given) = NAME.split_once(' ').unwrap();
    let secret = made["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap();
    for (what, hidden) in [
        ("the family name", family),
        ("the given name", given),
        ("the name, percent-encoded", "%E5%90%8D%E8%B3%80"),
        ("the name, escaped", "\\u540d\\u8cc0"),
        ("the mail address", MAIL),
        ("the phone number", PHONE),
        ("the address", ADDRESS),
        ("the card's token", &token),
        ("the connect password", &merchant.connect_password),
        ("the token key", &merchant.token_key),
        ("the notice key", NOTICE_KEY),
        ("the secret of the webhook", secret),
        ("the address of the webhook", HOOK),
        ("the API key", key.rsplit_once('_').unwrap().1),
        ("the master key", master.trim()),
    ] {
        let line = text.lines().find(|line| line.contains(hidden));
        let part = line.map(|line| line.chars().take(400).collect::<String>());
        assert!(part.is_none(), "{what} is logged: {part:?}");
    }
    let logged = fs::read_to_string(stage.folder().join("err.txt")).unwrap();
    for line in logged.lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert!(value["timestamp"].is_string() && value["level"].is_string(), "{line}");
    }
    assert!(logged.lines().count() > 100, "everything was asked for");
    stage.close().await;
}

/// What people do with webhooks is logged, by which webhook and not by whom (A7).
async fn what_is_done_with_webhooks_is_logged_without_the_person(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    let receiver = Receiver::start().await;
    let served = serve_to_files(&stage, &stage.key(&Scope::ALL).await).await;
    // 名賀野 詩織, on whose behalf a program asks.
    let person = "%E5%90%8D%E8%B3%80%E9%87%8E%20%E8%A9%A9%E7%B9%94";
    let ask = async |method: &str, path: &str, body: &Value, status: u16| -> Value {
        let request = served.client.request(method.parse().unwrap(), format!("{}{path}", served.base));
        let request = request.header("x-actor", person).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.unwrap();
        let got = response.status().as_u16();
        let text = response.text().await.unwrap();
        assert_eq!(got, status, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    };
    let made = ask("POST", "/v1/webhooks", &json!({"url": receiver.url("/gone"), "types": ["member.*"]}), 201).await;
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    ask("POST", &format!("{path}/rotate"), &json!({}), 200).await;
    ask("POST", "/v1/members", &json!({"member_id": "02396-M1", "name": "佐藤", "mail": "sato@example.jp"}), 201).await;
    let delivered = format!("{path}/deliveries?status=delivered");
    let sent = served.until(&delivered, |page| page["deliveries"][0]["id"].is_string()).await;
    let message = sent["deliveries"][0]["id"].as_str().unwrap().to_owned();
    receiver.reply("/gone", Reply::Status(410));
    ask("POST", &format!("{path}/deliveries/{message}/redeliver"), &json!({}), 202).await;
    served.until(&path, |row| row["status"] == "disabled").await;
    ask("POST", &format!("{path}/enable"), &json!({}), 200).await;
    ask("DELETE", &path, &json!({}), 200).await;
    served.stop().await;
    let text = fs::read_to_string(stage.folder().join("err.txt")).unwrap();
    for done in ["was registered", "got a new secret", "a delivery is repeated", "was enabled", "was removed"] {
        assert!(text.contains(done), "{done}");
    }
    let (family, given) = NAME.split_once(' ').unwrap();
    for hidden in [family, given, person, "\\u540d\\u8cc0"] {
        let line = text.lines().find(|line| line.contains(hidden));
        assert!(line.is_none(), "{hidden}: {line:?}");
    }
    stage.close().await;
}

on_both_stores!(
    a_full_story_leaves_nothing_personal_and_no_secret_in_the_log,
    what_is_done_with_webhooks_is_logged_without_the_person,
);

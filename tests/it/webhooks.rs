//! Webhooks: signed, in log order, at least once, tried again for three days, and never into private networks.

use crate::feed::shop_with_orders;
use crate::payment_life::order;
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use teiki::app::App;
use teiki::members;
use teiki::workers::schedule;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::webhooks::deliveries;
use teiki_tests::receiver::{Receiver, Reply};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, key_of, member};
use teiki_tests::stores::StoreKind;

/// Lets webhooks go to this machine, where the receiver is.
const PRIVATE: (&str, &str) = ("TEIKI_WEBHOOK_PRIVATE_ADDRESSES", "true");

async fn serve(stage: &Stage) -> Served {
    Served::start(stage, &[PRIVATE]).await
}

/// Registers an address; its id and its secret.
async fn register(served: &Served, url: &str, types: &[&str]) -> (String, String) {
    let (status, made) = served.post("/v1/webhooks", &json!({"url": url, "types": types, "description": "倉庫"})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

async fn capture(served: &Served) {
    let (status, answer) = served.post(&format!("/v1/orders/{}/capture", order(0)), &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// Registers `count` members: one event each.
async fn make_events(served: &Served, count: usize) {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    for _ in 0..count {
        let member_id = format!("02396-E{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let person = json!({"member_id": member_id, "name": "佐藤 光", "mail": "hikaru@example.jp"});
        assert_eq!(served.post("/v1/members", &person).await.0, StatusCode::CREATED);
    }
}

async fn until_delivered(served: &Served, id: &str, status: &str, count: usize) -> Vec<Value> {
    let path = format!("/v1/webhooks/{id}/deliveries?status={status}");
    let seen = served.until(&path, |page| page["deliveries"].as_array().unwrap().len() >= count).await;
    seen["deliveries"].as_array().unwrap().clone()
}

async fn events_are_sent_signed_and_in_log_order(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    let (id, secret) = register(&served, &receiver.url("/hook"), &["order.*"]).await;
    assert!(id.starts_with("02396-W") && secret.starts_with("whsec_"), "{id} {secret}");
    capture(&served).await;
    make_events(&served, 1).await;
    let received = receiver.until("/hook", 2).await;
    let types: Vec<Value> = received.iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(types, ["order.capture_requested", "order.sales_confirmed"], "from its registration on, in log order");
    for one in &received {
        assert!(one.is_signed_with(&secret), "{one:?}");
        assert!(!one.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert!(one.id.starts_with("msg_") && !one.id.contains('.'));
        assert_eq!(one.timestamp, stage.now.timestamp().to_string());
    }
    // The body is what the feed shows without the scope for personal data.
    let key = stage.key(&[Scope::Reading]).await;
    let reader = Served::start_with(&stage, &[], &key).await;
    let feed = reader.get_json("/v1/events?types=order.*&limit=500").await;
    let feed = feed["events"].as_array().unwrap();
    assert_eq!(received.iter().map(|one| one.json()).collect::<Vec<_>>(), feed[feed.len() - 2..]);
    reader.stop().await;

    let delivered = until_delivered(&served, &id, "delivered", 2).await;
    assert_eq!(delivered[0]["id"], received[1].id.as_str(), "newest first");
    let log = &delivered[1];
    assert_eq!(
        (&log["tries"], &log["response_code"], &log["next_try"]),
        (&json!(1), &json!(204), &Value::Null),
        "{log}"
    );

    // The secret is shown once and stands nowhere in clear.
    let shown = served.get_json(&format!("/v1/webhooks/{id}")).await.to_string();
    let listed = served.get_json("/v1/webhooks").await.to_string();
    assert!(listed.contains(&id) && shown.contains("倉庫"));
    let bare = secret.strip_prefix("whsec_").unwrap();
    let stored = stage.bytes().await;
    assert!(
        !(shown + listed.as_str()).contains(bare) && !stored.windows(bare.len()).any(|part| part == bare.as_bytes())
    );

    // Another shop's key finds nothing here.
    let other = key_of(&stage.url, ShopId::new(2397).unwrap(), &Scope::ALL, stage.now).await;
    let stranger = teiki_tests::served::client(&other);
    for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("GET", "/deliveries")] {
        let request = stranger.request(method.parse().unwrap(), format!("{}/v1/webhooks/{id}{path}", served.base));
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
    let empty = stranger.get(format!("{}/v1/webhooks", served.base)).send().await.unwrap().text().await.unwrap();
    assert_eq!(empty, "{\"webhooks\":[]}");

    // Building tables anew sends nothing, nor does a restart.
    served.stop().await;
    assert!(stage.teiki(&["rebuild", "--all"]).output().await.unwrap().status.success());
    let served = serve(&stage).await;
    let voided = served.post(&format!("/v1/orders/{}/cancel", order(0)), &json!({})).await;
    assert_eq!(voided.0, StatusCode::OK, "{}", voided.1);
    let all = receiver.until("/hook", 4).await;
    let ids: BTreeSet<&str> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "each once: {all:?}");
    assert_eq!(served.send("DELETE", &format!("/v1/webhooks/{id}"), &Value::Null).await.0, StatusCode::OK);
    assert_eq!(served.get(&format!("/v1/webhooks/{id}")).await.0, StatusCode::NOT_FOUND);
    served.stop().await;
    stage.close().await;
}

/// An engine in this process, whose clock the test moves.
async fn engine(stage: &Stage, at: DateTime<Utc>) -> Arc<App> {
    let mut config = stage.config();
    config.webhook_private_addresses = true;
    let app = App::start(config, Clock::manual(at)).await.unwrap();
    schedule::start(&app);
    app
}

/// Moves the clock to the delivery's next try and waits until that was made.
async fn next_try(app: &App, id: &str, tries: i64) -> deliveries::Delivery {
    let begun = Instant::now();
    loop {
        let row = deliveries::list(&app.storage, id, None, None, 1).await.unwrap().pop();
        if let Some(row) = row {
            if row.tries >= tries {
                return row;
            }
            if let Some(at) = row.next_try.and_then(|at| at.parse().ok())
                && at > app.clock.now()
            {
                app.clock.set(at);
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "try {tries} was not made");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_delivery_is_tried_for_three_days_and_then_dead_and_listed(kind: StoreKind) {
    let mut stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    let (id, secret) = register(&served, &receiver.url("/hook"), &["member.*"]).await;
    receiver.reply("/hook", Reply::Status(503));
    make_events(&served, 1).await;
    receiver.until("/hook", 1).await;
    served.stop().await;

    let app = engine(&stage, stage.now).await;
    let mut at = vec![stage.now];
    for tries in 2..=10 {
        let row = next_try(&app, &id, tries).await;
        at.push(row.last_tried_at.unwrap().parse().unwrap());
    }
    let gaps: Vec<i64> = at.windows(2).map(|pair| (pair[1] - pair[0]).num_seconds()).collect();
    assert_eq!(gaps, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    let dead = next_try(&app, &id, 10).await;
    assert_eq!((dead.status.as_str(), dead.next_try, dead.response_code), ("dead", None, Some(503)));
    stage.now = app.clock.now();
    app.stop().await;
    let received = receiver.received("/hook");
    assert_eq!(received.len(), 10);
    assert!(received.iter().all(|one| one.id == dead.webhook_id && one.is_signed_with(&secret)));
    assert_eq!(received.iter().map(|one| one.timestamp.clone()).collect::<BTreeSet<_>>().len(), 10, "each try its own");
    assert_eq!(received.iter().map(|one| one.body.clone()).collect::<BTreeSet<_>>().len(), 1, "the event the same");

    // Sent once more by hand.
    let served = serve(&stage).await;
    let listed = until_delivered(&served, &id, "dead", 1).await;
    assert!(listed[0]["failure"].as_str().unwrap().contains("503"), "{}", listed[0]);
    let again = format!("/v1/webhooks/{id}/deliveries/{}/redeliver", dead.webhook_id);
    let (status, row) = served.post(&again, &Value::Null).await;
    assert_eq!((status, &row["status"]), (StatusCode::ACCEPTED, &json!("pending")));
    receiver.until("/hook", 11).await;
    let wrong = served.post(&format!("/v1/webhooks/{id}/deliveries/msg_x/redeliver"), &Value::Null).await;
    assert_eq!(wrong.0, StatusCode::NOT_FOUND);
    served.stop().await;

    // Nothing taken for five days: disabled, visibly, until somebody enables it; then nothing is lost.
    stage.now += chrono::Duration::hours(48);
    let served = serve(&stage).await;
    let path = format!("/v1/webhooks/{id}");
    let disabled = served.until(&path, |row| row["status"] == "disabled").await;
    assert!(disabled["disabled_because"].as_str().unwrap().contains("2026-03-31"), "{disabled}");
    let count = receiver.received("/hook").len();
    make_events(&served, 2).await;
    let (status, problem) = served.post(&again, &Value::Null).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("disabled")), "{problem}");
    receiver.reply("/hook", Reply::Status(200));
    assert_eq!(receiver.received("/hook").len(), count, "nothing is sent while it is disabled");
    assert_eq!(served.post(&format!("{path}/enable"), &Value::Null).await.1["status"], "active");
    served.stop().await;
    stage.now += chrono::Duration::hours(24);
    let served = serve(&stage).await;
    until_delivered(&served, &id, "delivered", 3).await;
    let types: BTreeSet<String> = receiver.received("/hook")[count..].iter().map(|one| one.id.clone()).collect();
    assert_eq!(types.len(), 3, "the one that waited and the two made meanwhile");
    served.stop().await;
    stage.close().await;
}

async fn gone_disables_and_redirects_are_not_followed(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    let (gone, _) = register(&served, &receiver.url("/gone"), &[]).await;
    let (moved, _) = register(&served, &receiver.url("/moved"), &[]).await;
    receiver.reply("/gone", Reply::Status(410));
    receiver.reply("/moved", Reply::Redirect);
    make_events(&served, 2).await;
    let row = served.until(&format!("/v1/webhooks/{gone}"), |row| row["status"] == "disabled").await;
    assert!(row["disabled_because"].as_str().unwrap().contains("410"), "{row}");
    until_delivered(&served, &gone, "dead", 1).await;
    let path = format!("/v1/webhooks/{moved}/deliveries?status=pending");
    let page = served.until(&path, |page| page["deliveries"][1]["tries"] == 1).await;
    assert_eq!(page["deliveries"][1]["response_code"], 307, "{page}");
    assert_eq!(receiver.received("/elsewhere").len(), 0);
    assert_eq!(receiver.received("/gone").len(), 1, "nothing after the first");
    served.stop().await;
    stage.close().await;
}

async fn a_silent_receiver_does_not_hold_up_another(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    receiver.reply("/silent", Reply::Silence);
    let (silent, _) = register(&served, &receiver.url("/silent"), &[]).await;
    register(&served, &receiver.url("/quick"), &[]).await;
    make_events(&served, 1).await;
    receiver.until("/silent", 1).await;
    make_events(&served, 5).await;
    receiver.until("/quick", 6).await;
    assert_eq!(receiver.received("/silent").len(), 1, "the first one is still waited for");
    // After 15 s that one counts as failed.
    let path = format!("/v1/webhooks/{silent}/deliveries");
    let failed = |page: &Value| page["deliveries"].as_array().unwrap().iter().any(|row| row["tries"] == 1);
    let page = served.until(&path, failed).await;
    assert!(page.to_string().contains("no answer within 15 s"), "{page}");
    served.stop().await;
    stage.close().await;
}

/// Killed after the receiver had it and before that was on record: sent again under the same name, nothing lost.
async fn a_kill_between_answer_and_record_repeats_the_same_delivery(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    let (id, _) = register(&served, &receiver.url("/hook"), &[]).await;
    served.stop().await;
    let app = stage.app().await;
    for i in 0..3 {
        let because = app.gateway.because("test", "set up");
        let person = serde_json::json!({"name": "佐藤 光", "mail": "hikaru@example.jp"});
        let profile = serde_json::from_value(person).unwrap();
        members::register(&app, &member(100 + i), &profile, &because).await.unwrap();
    }
    app.stop().await;
    let mut killed = stage.teiki(&["serve"]);
    killed.env(PRIVATE.0, PRIVATE.1).env("TEIKI_CRASH_AT", "H1:2");
    let output = killed.output().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("crash point H1"), "{output:?}");
    let before = receiver.received("/hook");
    assert_eq!(before.len(), 2, "{before:?}");
    let served = serve(&stage).await;
    let delivered = until_delivered(&served, &id, "delivered", 3).await;
    let received = receiver.until("/hook", 4).await;
    assert_eq!(received[1].id, received[2].id, "again under the same name");
    assert_eq!(received[1].body, received[2].body);
    let ids: BTreeSet<&str> = received.iter().map(|one| one.id.as_str()).collect();
    assert_eq!((ids.len(), received.len(), delivered.len()), (3, 4, 3));
    served.stop().await;
    stage.close().await;
}

/// Two engines on one store send each event once, and when one dies the other goes on.
async fn one_engine_of_two_sends(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let (one, other) = (serve(&stage).await, serve(&stage).await);
    let (id, _) = register(&one, &receiver.url("/hook"), &[]).await;
    make_events(&one, 5).await;
    make_events(&other, 5).await;
    until_delivered(&one, &id, "delivered", 10).await;
    assert_eq!(receiver.received("/hook").len(), 10, "each once");
    one.kill().await;
    make_events(&other, 3).await;
    until_delivered(&other, &id, "delivered", 13).await;
    let received = receiver.received("/hook");
    assert_eq!(received.iter().map(|one| one.id.as_str()).collect::<BTreeSet<_>>().len(), 13);
    let positions: Vec<i64> = received.iter().map(|one| one.json()["position"].as_i64().unwrap()).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    other.stop().await;
    stage.close().await;
}

async fn a_new_secret_signs_beside_the_old_one_for_a_while(kind: StoreKind) {
    let mut stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    let (id, old) = register(&served, &receiver.url("/hook"), &["member.*"]).await;
    let rotate = format!("/v1/webhooks/{id}/rotate");
    let (status, made) = served.post(&rotate, &json!({"overlap_hours": 2})).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let new = made["secret"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    make_events(&served, 1).await;
    let one = receiver.until("/hook", 1).await.pop().unwrap();
    assert!(one.is_signed_with(&old) && one.is_signed_with(&new), "{one:?}");
    assert_eq!(one.signature.split(' ').count(), 2);
    let (status, problem) = served.post(&rotate, &json!({"overlap_hours": 10_000})).await;
    assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("overlap_hours")));
    served.stop().await;
    stage.now += chrono::Duration::hours(2);
    let served = serve(&stage).await;
    make_events(&served, 2).await;
    let one = receiver.until("/hook", 3).await.pop().unwrap();
    assert!(!one.is_signed_with(&old) && one.is_signed_with(&new), "the old one has run out");
    // At once, when it was stolen.
    let (_, made) = served.post(&rotate, &json!({"overlap_hours": 0})).await;
    make_events(&served, 1).await;
    let one = receiver.until("/hook", 4).await.pop().unwrap();
    assert!(!one.is_signed_with(&new) && one.is_signed_with(made["secret"].as_str().unwrap()));
    served.stop().await;
    stage.close().await;
}

async fn nothing_is_sent_into_private_networks(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = Served::start(&stage, &[]).await;
    for url in [
        receiver.url("/hook"),
        "https://127.0.0.1/".into(),
        "https://169.254.169.254/latest/meta-data".into(),
        "https://[::1]/".into(),
        "https://localhost/".into(),
        "https://10.1.2.3/".into(),
        "https://0x7f000001/".into(),
        "ftp://shop.example/".into(),
        "https://user:hunter2@shop.example/".into(),
        "no address".into(),
        String::new(),
    ] {
        let (status, problem) = served.post("/v1/webhooks", &json!({"url": url})).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("url")), "{url}: {problem}");
        assert!(!problem.to_string().contains("hunter2"));
    }
    for body in [json!({"url": "https://shop.example/", "types": ["orders.*"]}), json!({}), json!({"url": 1})] {
        assert_eq!(served.post("/v1/webhooks", &body).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    served.stop().await;
    // Registered while it was allowed, and by a name that leads home: looked at again whenever something is sent.
    let served = serve(&stage).await;
    let (direct, _) = register(&served, &receiver.url("/hook"), &["member.*"]).await;
    let named = receiver.url("/hook").replace("http://127.0.0.1", "https://localhost.localdomain.");
    let (named, _) = register(&served, &named, &["member.*"]).await;
    served.stop().await;
    let served = Served::start(&stage, &[]).await;
    make_events(&served, 1).await;
    for id in [direct, named] {
        let path = format!("/v1/webhooks/{id}/deliveries");
        let page = served.until(&path, |page| page["deliveries"][0]["tries"] == 1).await;
        assert_eq!(page["deliveries"][0]["response_code"], Value::Null, "{page}");
    }
    assert_eq!(receiver.received("/hook").len(), 0);
    served.stop().await;
    stage.close().await;
}

async fn webhooks_are_managed_on_the_command_line(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let run = async |arguments: &[&str]| {
        let arguments: Vec<&str> = ["webhooks", "--json"].iter().chain(arguments).copied().collect();
        let output = stage.teiki(&arguments).env(PRIVATE.0, PRIVATE.1).output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + String::from_utf8(output.stderr).unwrap().as_str();
        let row = text.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null);
        (output.status.success(), row, text)
    };
    let url = receiver.url("/hook");
    let (well, made, told) = run(&["create", "--shop", "02396", "--url", &url, "--types", "member.*"]).await;
    assert!(well, "{told}");
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let served = serve(&stage).await;
    make_events(&served, 1).await;
    assert!(receiver.until("/hook", 1).await[0].is_signed_with(secret));
    let delivered = until_delivered(&served, id, "delivered", 1).await;
    served.stop().await;
    let (_, listed, _) = run(&["deliveries", id, "--status", "delivered"]).await;
    assert_eq!(listed, delivered[0]);
    let message = listed["id"].as_str().unwrap();
    assert_eq!(run(&["redeliver", id, message]).await.1["status"], "pending");
    assert_ne!(run(&["rotate", id]).await.1["secret"], secret);
    assert_eq!(run(&["list", "--shop", "02396"]).await.1["types"], json!(["member.*"]));
    assert!(run(&["remove", id]).await.0);
    for wrong in [
        &["remove", id][..],
        &["redeliver", id, message],
        &["create", "--shop", "02396", "--url", "ftp://x/"],
        &["create", "--shop", "02397", "--url", "https://shop.example/"],
    ] {
        let (well, _, told) = run(wrong).await;
        assert!(!well && told.trim().lines().count() == 1, "{wrong:?}: {told}");
    }
    stage.close().await;
}

/// Each endpoint writes for itself while the worker shows that it lives; whoever of them has the store's only writer must
/// go on meanwhile.
async fn writing_endpoints_never_hold_the_store_up(kind: StoreKind) {
    const ENDPOINTS: usize = 15;
    const ROUNDS: usize = 40;
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    for i in 0..ENDPOINTS {
        register(&served, &receiver.url(&format!("/{i}")), &["member.*"]).await;
    }
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    // Longer than several signs of life take.
    for _ in 0..ROUNDS {
        let asked = Instant::now();
        make_events(&served, 3).await;
        slowest = slowest.max(asked.elapsed());
        if begun.elapsed() > Duration::from_secs(12) {
            break;
        }
    }
    assert!(slowest < Duration::from_secs(15), "three members took {slowest:?}");
    served.stop().await;
    stage.close().await;
}

/// Carried out, and the engine dies before its answer: the same request makes no second webhook and no second secret.
async fn a_registration_repeated_after_a_crash_is_the_same_webhook(kind: StoreKind) {
    let mut stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let body = json!({"url": receiver.url("/hook?token=geheim"), "types": ["member.*"], "description": "倉庫"});
    let ask = async |served: &Served, path: &str, key: &str, body: &Value| {
        let request = served.client.post(format!("{}{path}", served.base)).header("idempotency-key", key);
        request.header("content-type", "application/json").body(body.to_string()).send().await
    };
    let crashed = Served::start(&stage, &[PRIVATE, ("TEIKI_CRASH_AT", "webhook:1")]).await;
    assert!(ask(&crashed, "/v1/webhooks", "once", &body).await.is_err(), "the engine died");
    drop(crashed);
    // Whoever held the key is gone when the longest time of a request is over.
    stage.now += chrono::Duration::minutes(10);
    let served = serve(&stage).await;
    let made = ask(&served, "/v1/webhooks", "once", &body).await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = serde_json::from_str(&made.text().await.unwrap()).unwrap();
    let (id, secret) = (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
    let all = served.get_json("/v1/webhooks").await;
    assert_eq!(all["webhooks"].as_array().unwrap().len(), 1, "{all}");
    make_events(&served, 1).await;
    assert!(receiver.until("/hook", 1).await[0].is_signed_with(&secret));
    served.stop().await;

    let crashed = Served::start(&stage, &[PRIVATE, ("TEIKI_CRASH_AT", "rotation:1")]).await;
    let path = format!("/v1/webhooks/{id}/rotate");
    assert!(ask(&crashed, &path, "turn", &json!({})).await.is_err(), "the engine died");
    drop(crashed);
    stage.now += chrono::Duration::minutes(10);
    let served = serve(&stage).await;
    let turned = ask(&served, &path, "turn", &json!({})).await.unwrap();
    assert_eq!(turned.status(), StatusCode::OK);
    let turned: Value = serde_json::from_str(&turned.text().await.unwrap()).unwrap();
    let new = turned["secret"].as_str().unwrap();
    assert_ne!(new, secret);
    make_events(&served, 1).await;
    let sent = receiver.until("/hook", 2).await;
    assert!(sent[1].is_signed_with(new) && sent[1].is_signed_with(&secret), "the earlier one signs beside it");
    let (status, _) = served.send("DELETE", &format!("/v1/webhooks/{id}"), &Value::Null).await;
    assert_eq!(status, StatusCode::OK);

    // What people did with it is in the shop's history, without secrets and without the address' own.
    for of in ["02396", &id] {
        let told = served.get_json(&format!("/v1/history/{of}")).await;
        let entries = told["events"].as_array().unwrap();
        let types: Vec<&str> = entries
            .iter()
            .filter(|e| e["aggregate_id"] == id.as_str())
            .map(|e| e["event_type"].as_str().unwrap())
            .collect();
        assert_eq!(types, ["WebhookRegistered", "WebhookSecretRotated", "WebhookRemoved"], "{told}");
        let text = told.to_string();
        assert!(text.contains("127.0.0.1") && text.contains("倉庫"), "{text}");
        for hidden in ["geheim", "whsec_", &secret[6..], &new[6..]] {
            assert!(!text.contains(hidden), "{hidden}");
        }
    }
    let feed = served.get_json("/v1/events?types=webhook.*").await;
    assert_eq!(feed["events"].as_array().unwrap().len(), 3, "{feed}");
    served.stop().await;
    let output = stage.teiki(&["verify"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    stage.close().await;
}

/// Over HTTPS, to a receiver whose certificate only the configured authority vouches for.
async fn deliveries_go_over_https_to_receivers_that_prove_themselves(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let (receiver, authority) = Receiver::start_tls(stage.folder()).await;
    let authority = authority.to_str().unwrap();
    let served = Served::start(&stage, &[PRIVATE, ("TEIKI_WEBHOOK_CA", authority)]).await;
    let (id, secret) = register(&served, &receiver.url("/hook"), &["member.*"]).await;
    make_events(&served, 1).await;
    let received = receiver.until("/hook", 1).await;
    assert!(receiver.url("/hook").starts_with("https://") && received[0].is_signed_with(&secret));
    until_delivered(&served, &id, "delivered", 1).await;
    served.stop().await;
    // Without it nothing is sent: the receiver could be anybody.
    let served = serve(&stage).await;
    make_events(&served, 1).await;
    let failed = |page: &Value| page["deliveries"][0]["failure"] == "no connection could be made";
    served.until(&format!("/v1/webhooks/{id}/deliveries?status=pending"), failed).await;
    assert_eq!(receiver.received("/hook").len(), 1);
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    events_are_sent_signed_and_in_log_order,
    a_registration_repeated_after_a_crash_is_the_same_webhook,
    deliveries_go_over_https_to_receivers_that_prove_themselves,
    writing_endpoints_never_hold_the_store_up,
    a_delivery_is_tried_for_three_days_and_then_dead_and_listed,
    gone_disables_and_redirects_are_not_followed,
    a_silent_receiver_does_not_hold_up_another,
    a_kill_between_answer_and_record_repeats_the_same_delivery,
    one_engine_of_two_sends,
    a_new_secret_signs_beside_the_old_one_for_a_while,
    nothing_is_sent_into_private_networks,
    webhooks_are_managed_on_the_command_line,
);

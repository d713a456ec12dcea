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
use teiki_tests::tamper::Intruder;

/// Lets webhooks go to this machine, where the receiver is.
pub(crate) const PRIVATE: (&str, &str) = ("TEIKI_WEBHOOK_PRIVATE_ADDRESSES", "true");

pub(crate) async fn serve(stage: &Stage) -> Served {
    Served::start(stage, &[PRIVATE]).await
}

/// Registers an address; its id and its secret.
pub(crate) async fn register(served: &Served, url: &str, types: &[&str]) -> (String, String) {
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
pub(crate) async fn make_events(served: &Served, count: usize) {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    for _ in 0..count {
        let member_id = format!("02396-E{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let person = json!({"member_id": member_id, "name": "佐藤 光", "mail": "hikaru@example.jp"});
        assert_eq!(served.post("/v1/members", &person).await.0, StatusCode::CREATED);
    }
}

pub(crate) async fn until_delivered(served: &Served, id: &str, status: &str, count: usize) -> Vec<Value> {
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

/// An endpoint beyond the end of the log, as after an older copy of the log was restored without it: it is stopped and says
/// so, and leaves out nothing that comes.
async fn an_endpoint_beyond_the_log_is_stopped_and_leaves_nothing_out(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    let (id, _) = register(&served, &receiver.url("/hook"), &["member.registered"]).await;
    make_events(&served, 1).await;
    until_delivered(&served, &id, "delivered", 1).await;
    served.stop().await;
    let mut intruder = Intruder::at(&stage.url).await;
    let beyond = format!("UPDATE webhook_endpoints SET position = position + 50 WHERE endpoint_id = '{id}'");
    assert_eq!(intruder.execute(&beyond).await, 1);
    // A delivery of an event that is not there any more.
    let lost = format!(
        "UPDATE webhook_deliveries SET position = position + 40, status = 'pending', \
         next_try = '2026-03-31T15:00:00.000000Z' WHERE endpoint_id = '{id}'"
    );
    assert_eq!(intruder.execute(&lost).await, 1);
    intruder.leave().await;

    let served = serve(&stage).await;
    let row = served.until(&format!("/v1/webhooks/{id}"), |row| row["status"] == "disabled").await;
    assert!(row["disabled_because"].as_str().unwrap().contains("the log ends at"), "{row}");
    make_events(&served, 3).await;
    let enabled = served.post(&format!("/v1/webhooks/{id}/enable"), &Value::Null).await;
    assert_eq!(enabled.0, StatusCode::OK, "{}", enabled.1);
    until_delivered(&served, &id, "delivered", 3).await;
    assert_eq!(receiver.received("/hook").len(), 4, "one before, three after");
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
    deliveries_go_over_https_to_receivers_that_prove_themselves,
    writing_endpoints_never_hold_the_store_up,
    a_delivery_is_tried_for_three_days_and_then_dead_and_listed,
    gone_disables_and_redirects_are_not_followed,
    an_endpoint_beyond_the_log_is_stopped_and_leaves_nothing_out,
    a_silent_receiver_does_not_hold_up_another,
    a_kill_between_answer_and_record_repeats_the_same_delivery,
    one_engine_of_two_sends,
);

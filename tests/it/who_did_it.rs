//! Who did something: named to auditors, never to the readers of feed and webhooks (O12, A7).

use crate::feed::shop_with_orders;
use crate::payment_life::order;
use reqwest::StatusCode;
use serde_json::Value;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account_named};
use teiki_tests::receiver::Receiver;
use teiki_tests::served::{Served, client};
use teiki_tests::stores::StoreKind;

const NAME: &str = "名賀野 詩織";
const LOGIN: &str = "nagano.shiori";
/// 田中, for whom a program asks.
const CALLER: (&str, &str) = ("x-actor", "%E7%94%B0%E4%B8%AD");

async fn people_are_named_to_auditors_and_never_in_feed_and_webhooks(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    account_named(&stage, Role::Manager, LOGIN, NAME).await;
    let served = Served::start(&stage, &[("TEIKI_WEBHOOK_PRIVATE_ADDRESSES", "true")]).await;
    let hook = serde_json::json!({"url": receiver.url("/hook"), "types": ["product.*", "order.*"]});
    assert_eq!(served.post("/v1/webhooks", &hook).await.0, StatusCode::CREATED);

    // A person at the console, and a person for whom a program asks.
    let console = Console::signed_in_as(&served, LOGIN).await;
    let new = console.get("/new-product").await.form("/products");
    let made = console.submit(new.set("code", "C-7").set("name", "紅茶の定期便").set("unit_price", "900")).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.html);
    let capture = served.client.post(format!("{}/v1/orders/{}/capture", served.base, order(0)));
    assert_eq!(capture.header(CALLER.0, CALLER.1).send().await.unwrap().status(), StatusCode::OK);

    // Auditors read who it was, without the scope for what is personal of members.
    let auditor = client(&stage.key(&[Scope::Audit]).await);
    let history = async |id: &str| -> Vec<Value> {
        let response = auditor.get(format!("{}/v1/history/{id}?limit=500", served.base)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{id}");
        let page: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        page["events"].as_array().unwrap().clone()
    };
    let of = |events: &[Value], name: &str| -> String {
        let found = events.iter().find(|event| event["event_type"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {events:?}"))["actor"].as_str().unwrap().to_owned()
    };
    assert_eq!(of(&history("02396-C-7").await, "ProductRegistered"), format!("{NAME} ({LOGIN})"));
    let about_order = history(&order(0)).await;
    assert_eq!(of(&about_order, "CaptureRequested"), "田中 (key test)");
    assert!(!serde_json::to_string(&about_order).unwrap().contains("山田"), "members stay hidden");

    // The feed without the scope says by what door it came, and no more; so does what is sent to webhooks.
    let reader = client(&stage.key(&[Scope::Reading]).await);
    let response = reader.get(format!("{}/v1/events?limit=500", served.base)).send().await.unwrap();
    let feed: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let feed = feed["events"].as_array().unwrap().clone();
    let sent: Vec<Value> = receiver.until("/hook", 3).await.iter().map(|one| one.json()).collect();
    for (way, events) in [("feed", &feed), ("webhook", &sent)] {
        let actor = |name: &str, id: &str| {
            let found = events.iter().find(|event| event["type"] == name && event["aggregate"]["id"] == id);
            found.unwrap_or_else(|| panic!("no {name} in {way}: {events:?}"))["actor"].clone()
        };
        assert_eq!(actor("product.registered", "02396-C-7"), "console", "{way}");
        assert_eq!(actor("order.capture_requested", &order(0)), "key test", "{way}");
        let text = serde_json::to_string(events).unwrap();
        for hidden in ["名賀野", "詩織", LOGIN, "田中"] {
            assert!(!text.contains(hidden), "{way}: {hidden}");
        }
    }
    served.stop().await;
    stage.close().await;
}

on_both_stores!(people_are_named_to_auditors_and_never_in_feed_and_webhooks);

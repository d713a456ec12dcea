//! The description of the API: served without a key, shown by a page of this program, and complete.

use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::event_store::LogEvent;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

async fn the_description_is_served_without_a_key_and_shown_without_the_net(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let stranger = Client::builder().no_proxy().build().unwrap();
    let response = stranger.get(format!("{}/openapi.json", served.base)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let document: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    assert_eq!(document["components"]["securitySchemes"]["key"]["scheme"], "bearer");

    let response = stranger.get(format!("{}/docs/", served.base)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    let page = response.text().await.unwrap();
    assert!(!page.contains("//"), "the page names nothing outside this program: {page}");
    let files: Vec<&str> = page.split(['"', '\'']).filter(|text| text.starts_with("./")).collect();
    assert!(files.len() > 2, "{page}");
    for file in files {
        let address = format!("{}/docs/{}", served.base, file.trim_start_matches("./"));
        let response = stranger.get(address).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{file}");
    }
    let script = stranger.get(format!("{}/docs/swagger-initializer.js", served.base)).send().await.unwrap();
    assert!(script.text().await.unwrap().contains("/openapi.json"));
    // The pages of operators keep their own, stricter policy.
    let orders = served.client.get(format!("{}/orders", served.base)).send().await.unwrap();
    assert!(!orders.headers()["content-security-policy"].to_str().unwrap().contains("unsafe-inline"));
    served.stop().await;
    stage.close().await;
}

/// The router itself says which addresses there are.
async fn every_address_of_the_router_is_described(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    let router = format!("{:?}", teiki::http::router(app.clone()));
    let served: BTreeSet<&str> = router
        .split('"')
        .filter(|text| ["/v1/", "/paygent/", "/healthz", "/readyz"].iter().any(|p| text.starts_with(p)))
        .collect();
    assert!(served.contains("/v1/orders/{id}") && served.len() > 30, "{router}");
    let document: Value = serde_json::from_str(&teiki::http::openapi::document()).unwrap();
    let described: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let missing: Vec<_> = served.symmetric_difference(&described).collect();
    assert!(missing.is_empty(), "served but not described, or the other way round: {missing:?}");
    app.stop().await;
    stage.close().await;
}

/// What an event is said to be about is what the feed says it is about: no kind more, none less.
#[test]
fn the_kinds_of_things_that_events_are_about_are_described() {
    let document: Value = serde_json::from_str(&teiki::http::openapi::document()).unwrap();
    let kinds = &document["components"]["schemas"]["EventSubject"]["properties"]["type"]["enum"];
    let described: BTreeSet<&str> = kinds.as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    assert_eq!(described, teiki::feed::nouns().collect());
    // Every event of the feed, by the samples of the domain: its own kind, and its name begins with it.
    let stored = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/golden");
    let mut shown = BTreeSet::new();
    for folder in std::fs::read_dir(stored).unwrap().map(|entry| entry.unwrap()) {
        for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let samples: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            let event = LogEvent {
                position: 1,
                aggregate_type: folder.file_name().into_string().unwrap(),
                aggregate_id: "02396-X".into(),
                sequence: 1,
                event_type: String::new(),
                event_version: String::new(),
                payload: samples[0].to_string(),
                metadata: "{}".into(),
                recorded_at: String::new(),
                hash: [0; 32],
            };
            let event = teiki::feed::public(&event).unwrap();
            assert!(event.name.starts_with(&format!("{}.", event.aggregate.noun)), "{}", event.name);
            shown.insert(event.aggregate.noun);
        }
    }
    assert_eq!(described, shown);
}

on_both_stores!(
    the_description_is_served_without_a_key_and_shown_without_the_net,
    every_address_of_the_router_is_described,
);

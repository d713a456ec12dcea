//! The description of the API: served without a key, shown by a page of this program, and complete.

use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;
use teiki_domain::payment_method::SaleMode;
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

on_both_stores!(
    the_description_is_served_without_a_key_and_shown_without_the_net,
    every_address_of_the_router_is_described,
);

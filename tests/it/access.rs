//! Who may ask what: keys of one shop with scopes, limits, and who and why in the history (A7, O12).

use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::ids::ShopId;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, enrol, key_of, member, open_shop, subscribe};
use teiki_tests::stores::StoreKind;

const ORDER: &str = "02396-D00000-20260401";

/// A shop with one order that is authorised.
async fn stage_with_an_order(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:30", "2026-04-01".parse().unwrap(), 5_000).await;
    app.stop().await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stage
}

async fn run(stage: &Stage, arguments: &[&str]) -> (bool, String, String) {
    let output = stage.teiki(arguments).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

async fn a_key_is_made_listed_and_revoked_on_the_command_line(kind: StoreKind) {
    let stage = stage_with_an_order(kind).await;
    let create = ["keys", "create", "--shop", "02396", "--name", "billing", "--scopes", "commands,reading"];
    let (well, key, told) = run(&stage, &create).await;
    assert!(well && key.starts_with("teiki_"), "{told}");
    let key = key.trim();
    let served = Served::start_with(&stage, &[], key).await;
    assert_eq!(served.get(&format!("/v1/orders/{ORDER}")).await.0, StatusCode::OK);

    let (_, listed, _) = run(&stage, &["keys", "list", "--json"]).await;
    let listed: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    assert_eq!((&listed["name"], &listed["scopes"]), (&json!("billing"), &json!(["commands", "reading"])));
    let secret = key.rsplit_once('_').unwrap().1;
    assert!(!listed.to_string().contains(secret), "a key is shown once");
    let stored = stage.bytes().await;
    assert!(!stored.windows(secret.len()).any(|part| part == secret.as_bytes()), "only a hash is kept");

    let id = listed["key_id"].as_str().unwrap();
    assert!(run(&stage, &["keys", "revoke", id]).await.0);
    let (status, problem) = served.get(&format!("/v1/orders/{ORDER}")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
    for wrong in [
        &["keys", "create", "--shop", "02397", "--name", "x", "--scopes", "reading"][..],
        &["keys", "create", "--shop", "02396", "--name", "x", "--scopes", "everything"],
        &["keys", "create", "--shop", "02396", "--name", "", "--scopes", "reading"],
        &["keys", "revoke", "abc"],
    ] {
        let (well, _, told) = run(&stage, wrong).await;
        assert!(!well && !told.is_empty(), "{wrong:?}: {told}");
    }
    served.stop().await;
    stage.close().await;
}

async fn without_a_key_or_its_scope_nothing_is_shown_or_done(kind: StoreKind) {
    let stage = stage_with_an_order(kind).await;
    let reading = stage.key(&[Scope::Reading]).await;
    let auditing = stage.key(&[Scope::Audit]).await;
    let served = Served::start(&stage, &[]).await;
    let order = format!("{}/v1/orders/{ORDER}", served.base);
    let bare = reqwest::Client::builder().no_proxy().build().unwrap();
    for (name, value) in [("x-nothing", ""), ("authorization", "Bearer"), ("authorization", "Basic dGVpa2k6eA==")] {
        let response = bare.get(&order).header(name, value).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{name} {value}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(problem["code"], "no_key");
    }
    let (id, _) = reading.split_at(reading.rfind('_').unwrap());
    let guessed = format!("{id}_{}", "0".repeat(64));
    assert_eq!(client(&guessed).get(&order).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);

    let capture = format!("{order}/capture");
    assert_eq!(client(&reading).get(&order).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(client(&reading).post(&capture).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(client(&auditing).get(&order).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let standing = served.get_json(&format!("/v1/orders/{ORDER}")).await;
    assert_eq!(standing["payment_status"], "authorized", "nothing was done");
    served.stop().await;
    stage.close().await;
}

/// Whatever is asked with another shop's key, the answer is that of a shop without anything.
async fn a_key_opens_nothing_of_another_shop(kind: StoreKind) {
    let stage = stage_with_an_order(kind).await;
    let other = ShopId::new(2397).unwrap();
    let served = Served::start(&stage, &[]).await;
    let transaction = served.get_json(&format!("/v1/orders/{ORDER}")).await["transaction_id"].clone();
    let transaction = transaction.as_str().unwrap().to_owned();
    let stranger = client(&key_of(&stage.url, other, &Scope::ALL, stage.now).await);
    for path in [
        format!("/v1/orders/{ORDER}"),
        format!("/v1/orders/{}", ORDER.replacen('-', "%2D", 1)),
        format!("/v1/orders?shop=02396&member={}", member(0)),
        "/v1/retries?shop=02396".to_owned(),
        "/v1/orders/expiring-authorizations?shop=02396".to_owned(),
        "/v1/cards/expiring?shop=02396".to_owned(),
    ] {
        let response = stranger.get(format!("{}{path}", served.base)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        format!("/v1/orders?transaction_id={transaction}"),
        format!("/v1/orders?member={}", member(0)),
        "/v1/orders?subscription=02396-D00000".to_owned(),
        "/v1/orders".to_owned(),
    ] {
        let response = stranger.get(format!("{}{path}", served.base)).send().await.unwrap();
        let found: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(found["orders"], json!([]), "{path}");
    }
    let starting = json!({
        "member_id": member(0), "cycle": "days:1", "first_delivery": "2026-04-02", "payment_method": "card",
        "shipping": 0, "lines": [{"product": "C", "name": "C", "unit_price": 1, "quantity": 1, "tax_percent": 8}],
    });
    for (method, path, body) in [
        ("POST", format!("/v1/orders/{ORDER}/capture"), json!({})),
        ("POST", format!("/v1/orders/{ORDER}/cancel"), json!({})),
        ("POST", format!("/v1/members/{}/cards", member(0)), json!({"token": "tok_1"})),
        ("POST", "/v1/members".to_owned(), json!({"member_id": "02396-M9", "name": "x", "mail": "x@example.jp"})),
        ("POST", "/v1/subscriptions".to_owned(), starting),
        ("PUT", "/v1/shops/02396/retry-policy".to_owned(), json!({"ladder": [1], "on_card_change": true})),
        ("POST", format!("/v1/set-aside/payment/{ORDER}/release"), json!({})),
    ] {
        let request = stranger.request(method.parse().unwrap(), format!("{}{path}", served.base));
        let request = request.header("content-type", "application/json").body(body.to_string());
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
    let standing = served.get_json(&format!("/v1/orders/{ORDER}")).await;
    assert_eq!(standing["payment_status"], "authorized", "nothing was done");
    served.stop().await;
    stage.close().await;
}

async fn a_key_that_asks_too_often_is_told_when_to_come_back(kind: StoreKind) {
    let stage = stage_with_an_order(kind).await;
    let other_key = stage.key(&Scope::ALL).await;
    let served = Served::start(&stage, &[("TEIKI_REQUESTS_PER_SECOND", "1")]).await;
    let mut refused = None;
    // Twice the rate at once; a slow machine gives some back meanwhile, so a few more are asked.
    for _ in 0..200 {
        let response = served.client.get(format!("{}/v1/orders", served.base)).send().await.unwrap();
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("the limit is met");
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(seconds >= 1);
    let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!((&problem["code"], &problem["retryable"]), (&json!("too_many_requests"), &json!(true)));
    let others = client(&other_key).get(format!("{}/v1/orders", served.base)).send().await.unwrap();
    assert_eq!(others.status(), StatusCode::OK, "each key has a limit of its own");
    served.stop().await;
    stage.close().await;
}

/// O12: request, person and reason stand beside the events of the command.
async fn who_and_why_end_up_beside_the_events(kind: StoreKind) {
    let stage = stage_with_an_order(kind).await;
    let served = Served::start(&stage, &[]).await;
    let capture = served.client.post(format!("{}/v1/orders/{ORDER}/capture", served.base));
    let capture = capture
        .header("x-request-id", "shop-7:abc")
        .header("x-actor", "%E5%B1%B1%E7%94%B0")
        .header("x-reason", "出荷しました".as_bytes());
    let response = capture.send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "shop-7:abc");
    assert_eq!(response.status(), StatusCode::OK);

    let nowhere = served.client.get(format!("{}/v1/orders/{ORDER}x", served.base)).header("x-request-id", "a b\"");
    let response = nowhere.send().await.unwrap();
    let named = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(named.len() == 36, "a name that could not stand in a log line is replaced: {named}");
    let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(problem["request_id"], json!(named));
    let long = served.client.post(format!("{}/v1/orders/{ORDER}/complete", served.base));
    let response = long.header("x-actor", "x".repeat(61)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    served.stop().await;

    let app = stage.app().await;
    app.settle().await.unwrap();
    let events = app.log.page(0, 1_000).await.unwrap();
    let beside: Vec<Value> = events
        .iter()
        .filter(|event| event.event_type == "CaptureRequested" || event.event_type == "SalesConfirmed")
        .map(|event| serde_json::from_str(&event.metadata).unwrap())
        .collect();
    assert_eq!(beside.len(), 2);
    for metadata in beside {
        assert_eq!((&metadata["request_id"], &metadata["actor"]), (&json!("shop-7:abc"), &json!("山田 (key test)")));
    }
    let asked = events.iter().find(|event| event.event_type == "CaptureRequested").unwrap();
    assert!(asked.metadata.contains("出荷しました"), "{}", asked.metadata);
    app.stop().await;
    stage.close().await;
}

on_both_stores!(
    a_key_is_made_listed_and_revoked_on_the_command_line,
    without_a_key_or_its_scope_nothing_is_shown_or_done,
    a_key_opens_nothing_of_another_shop,
    a_key_that_asks_too_often_is_told_when_to_come_back,
    who_and_why_end_up_beside_the_events,
);

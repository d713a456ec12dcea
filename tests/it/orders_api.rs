//! An order over HTTP: what it contains, what was tried, and requests that say more than is heard.

use crate::payment_life::{basket, order, served};
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, member, subscription};
use teiki_tests::stores::StoreKind;

fn at(i: usize) -> String {
    format!("/v1/orders/{}", order(i))
}

/// O6, O17: what a command sets can be read back, and what was tried stands with each attempt.
async fn o6_an_order_shows_what_it_contains_and_every_attempt(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111", "8205"]).await;
    let good = served.get_json(&at(0)).await;
    assert_eq!((&good["lines"][0]["quantity"], &good["shipping"]), (&json!(1), &json!(0)), "{good}");
    let attempt = &good["attempts"][0];
    assert_eq!(
        (&attempt["number"], &attempt["amount"], &attempt["cause"]),
        (&json!(1), &json!(5_000), &json!("generation"))
    );
    assert_eq!((&attempt["transaction_id"], &attempt["payment_id"]), (&good["transaction_id"], &good["payment_id"]));
    assert_eq!((&attempt["failure"], &attempt["given_up"]), (&Value::Null, &json!(false)));

    let (status, changed) = served.put(&format!("{}/basket", at(0)), &basket(3_000)).await;
    assert_eq!((status, &changed["lines"][0]["unit_price"]), (StatusCode::OK, &json!(3_000)), "{changed}");
    let failed = served.get_json(&at(1)).await;
    assert_eq!(
        (&failed["attempts"][0]["failure"], &failed["attempts"][0]["payment_id"]),
        (&failed["failure"], &Value::Null)
    );

    // As of every position of its own, and the same where it is listed.
    let app = stage.app().await;
    let own: Vec<i64> = app.log.stream("order", &order(0)).await.unwrap().iter().map(|event| event.position).collect();
    app.stop().await;
    let first = served.get_json(&format!("{}?as_of={}", at(0), own[0])).await;
    assert_eq!((&first["payment_method"], &first["payment_status"]), (&json!("card"), &json!("untried")), "{first}");
    assert_eq!((&first["lines"][0]["unit_price"], &first["attempts"]), (&json!(5_000), &json!([])));
    let then = served.get_json(&format!("{}?as_of={}", at(0), own[1])).await;
    assert_eq!((&then["payment_status"], &then["attempts"][0]["number"]), (&json!("requested"), &json!(1)));
    let listed = served.get_json(&format!("/v1/orders?subscription={}", subscription(0))).await;
    assert_eq!(listed["orders"][0], served.get_json(&at(0)).await);
    served.stop().await;
    stage.close().await;
}

/// O5, O10: an amount beside a command that takes none would be believed to count.
async fn o5_a_body_that_would_be_ignored_is_refused_before_anything_is_done(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let stood = served.get_json(&at(0)).await["position"].clone();
    for (verb, body, field) in [
        ("capture", json!({"amount": 1, "partial": true}), "amount"),
        ("cancel", json!({"amount": 100}), "amount"),
        ("complete", json!("now"), "body"),
        ("update-transaction", json!({"total": 1}), "total"),
    ] {
        let (status, problem) = served.post(&format!("{}/{verb}", at(0)), &body).await;
        assert_eq!((status.as_u16(), &problem["field"]), (422, &json!(field)), "{verb}: {problem}");
    }
    let pause = format!("{}/v1/subscriptions/{}/pause", served.base, subscription(0));
    let garbage = served.client.post(&pause).header("content-type", "text/plain").body(vec![0xff, 0xfe]);
    assert_eq!(garbage.send().await.unwrap().status().as_u16(), 422);
    let running = served.get_json(&format!("/v1/subscriptions/{}", subscription(0))).await;
    assert_eq!(running["status"], "running");
    assert_eq!(served.get_json(&at(0)).await["position"], stood, "nothing was done");
    let (status, captured) = served.post(&format!("{}/capture", at(0)), &json!({})).await;
    assert_eq!((status, &captured["payment_status"]), (StatusCode::OK, &json!("sales_confirmed")));
    served.stop().await;
    stage.close().await;
}

/// O17: an attempt that Paygent refused is refused whenever its number is asked for.
async fn o17_a_refused_attempt_is_answered_as_refused_again(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["8205"]).await;
    let path = format!("{}/authorize", at(0));
    let first = served.post(&path, &json!({"attempt": 2})).await;
    assert_eq!((first.0, &first.1["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("authorization_refused")));
    let again = served.post(&path, &json!({"attempt": 2})).await;
    let told =
        |problem: &Value| (problem["code"].clone(), problem["paygent_code"].clone(), problem["paygent_detail"].clone());
    assert_eq!((again.0, told(&again.1)), (first.0, told(&first.1)));
    assert_eq!(served.get_json(&at(0)).await["attempts"].as_array().unwrap().len(), 2, "nothing was tried again");
    // R3: what a subscription does already may be asked for.
    let resume = format!("/v1/subscriptions/{}/resume", subscription(0));
    let (status, running) = served.post(&resume, &Value::Null).await;
    assert_eq!((status, &running["status"]), (StatusCode::OK, &json!("running")));
    served.stop().await;
    stage.close().await;
}

/// A7: reading names is no reason to be able to destroy them; and nothing starts for whom they were destroyed.
async fn erasing_takes_the_scope_of_commands_as_well(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let (status, _) = served.post(&format!("/v1/subscriptions/{}/end", subscription(0)), &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let address = format!("/v1/members/{}/personal-data", member(0));
    for scopes in [&[Scope::PersonalData, Scope::Reading][..], &[Scope::Commands]] {
        let fewer = client(&stage.key(scopes).await);
        let refused = fewer.delete(format!("{}{address}", served.base)).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{scopes:?}");
    }
    let (status, told) = served.send("DELETE", &address, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let line = basket(1_000)["lines"].clone();
    let start = json!({"member_id": member(0), "payment_method": "card", "cycle": "days:30",
        "first_delivery": "2026-05-01", "lines": line, "shipping": 0});
    let (status, problem) = served.post("/v1/subscriptions", &start).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("member_erased")), "{problem}");
    served.stop().await;
    stage.close().await;
}

async fn run(stage: &Stage, arguments: &[&str]) -> (bool, String, String) {
    let output = stage.teiki(arguments).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// S1: from an empty store to a shop that people and programs can work on.
async fn s1_a_shop_is_opened_on_the_command_line(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    assert!(run(&stage, &["shops", "list"]).await.1.contains("teiki shops open"));
    let (well, _, told) = run(&stage, &["shops", "open", "--shop", "02396", "--name", ""]).await;
    assert!(!well && told.contains("name"), "{told}");
    let open = ["shops", "open", "--shop", "02396", "--name", "お菓子の店"];
    let (well, said, told) = run(&stage, &open).await;
    assert!(well && said.contains("02396 を開設しました") && said.contains("teiki operators create"), "{said} {told}");
    assert!(run(&stage, &open).await.1.contains("開設済み"), "done before");
    let (_, listed, _) = run(&stage, &["shops", "list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed["shop"], &listed["name"]), (&json!("02396"), &json!("お菓子の店")));
    assert!(listed["missing"].as_u64().unwrap() > 5, "{listed}");

    let (well, key, told) =
        run(&stage, &["keys", "create", "--shop", "02396", "--name", "billing", "--scopes", "reading,audit"]).await;
    assert!(well, "{told}");
    let (well, _, told) = run(
        &stage,
        &["operators", "create", "--shop", "02396", "--login", "sato", "--name", "佐藤", "--role", "manager"],
    )
    .await;
    assert!(well, "{told}");
    let served = Served::start_with(&stage, &[], key.trim()).await;
    assert_eq!(served.get_json("/v1/shops/02396").await["name"], "お菓子の店");
    let missing = served.get_json("/v1/shops/02396/readiness").await;
    assert_eq!(missing["missing"].as_array().unwrap().len() as u64, listed["missing"].as_u64().unwrap(), "{missing}");
    let told = served.get_json("/v1/history/02396").await.to_string();
    assert!(told.contains("the shop was opened") || told.contains("開設"), "{told}");
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    o6_an_order_shows_what_it_contains_and_every_attempt,
    o5_a_body_that_would_be_ignored_is_refused_before_anything_is_done,
    o17_a_refused_attempt_is_answered_as_refused_again,
    erasing_takes_the_scope_of_commands_as_well,
    s1_a_shop_is_opened_on_the_command_line,
);

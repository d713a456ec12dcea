//! `Idempotency-Key`: a request that is repeated is answered as it was, and is carried out once.

use crate::payment_life::{order, served};
use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use teiki_domain::ids::ShopId;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{key_of, member};
use teiki_tests::stores::StoreKind;

async fn post(client: &Client, address: String, key: &str, body: &Value) -> Result<Response, reqwest::Error> {
    let request = client.post(address).header("idempotency-key", key);
    let request = if body.is_null() {
        request
    } else {
        request.header("content-type", "application/json").body(body.to_string())
    };
    request.send().await
}

async fn asked(served: &Served, path: &str, key: &str, body: &Value) -> (StatusCode, bool, Value) {
    read(post(&served.client, format!("{}{path}", served.base), key, body).await.unwrap()).await
}

async fn read(response: Response) -> (StatusCode, bool, Value) {
    let replayed = response.headers().get("idempotency-replayed").is_some_and(|value| value == "true");
    (response.status(), replayed, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

async fn a_repeated_request_gets_the_first_answer(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111", "1111"]).await;
    let path = format!("/v1/orders/{}/capture", order(0));
    let first = asked(&served, &path, "k-1", &Value::Null).await;
    assert_eq!((first.0, first.1, &first.2["payment_status"]), (StatusCode::OK, false, &json!("sales_confirmed")));
    // Meanwhile the order goes on; the answer stays the first one.
    let complete = format!("/v1/orders/{}/complete", order(0));
    assert_eq!(served.post(&complete, &Value::Null).await.0, StatusCode::OK);
    let again = asked(&served, &path, "k-1", &Value::Null).await;
    assert_eq!(again, (first.0, true, first.2));

    for (path, body) in [(path.clone(), json!({})), (format!("/v1/orders/{}/capture", order(1)), Value::Null)] {
        let (status, replayed, problem) = asked(&served, &path, "k-1", &body).await;
        let code = &problem["code"];
        assert_eq!((status.as_u16(), replayed, code), (422, false, &json!("idempotency_key_reused")), "{path} {body}");
    }
    for bad in ["", "with space", &"k".repeat(256)] {
        let (status, _, problem) = asked(&served, &path, bad, &Value::Null).await;
        assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("idempotency-key")), "{bad:?}");
    }
    let twice = served.client.post(format!("{}{path}", served.base)).header("idempotency-key", "k-8");
    let (status, _, problem) = read(twice.header("idempotency-key", "k-9").send().await.unwrap()).await;
    assert_eq!((status.as_u16(), &problem["field"]), (422, &json!("idempotency-key")), "two keys are none: {problem}");
    // A request that was not understood leaves its key to the next one.
    let card = format!("/v1/members/{}/cards", member(0));
    assert_eq!(asked(&served, &card, "k-2", &json!({"token": "not a token"})).await.0.as_u16(), 422);
    assert_eq!(
        asked(&served, &format!("/v1/orders/{}/capture", order(1)), "k-2", &Value::Null).await.0,
        StatusCode::OK
    );
    // Another shop's keys are others.
    let stranger = client(&key_of(&stage.url, ShopId::new(2397).unwrap(), &Scope::ALL, stage.now).await);
    let elsewhere = post(&stranger, format!("{}{path}", served.base), "k-1", &Value::Null).await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    served.stop().await;
    stage.close().await;
}

/// An answer is given again to keys of the same scopes alone: it may hold what others do not open (A7).
async fn an_answer_is_repeated_only_to_keys_of_the_same_scopes(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let path = format!("{}/v1/orders/{}/capture", served.base, order(0));
    let (first, twin) = (Scope::ALL, [Scope::Audit, Scope::PersonalData, Scope::Reading, Scope::Commands]);
    assert_eq!(first.len(), twin.len(), "the same, in whatever order they were given");
    let fewer = client(&stage.key(&[Scope::Commands, Scope::Reading]).await);
    let twin = client(&stage.key(&twin).await);
    let done = read(post(&served.client, path.clone(), "k", &Value::Null).await.unwrap()).await;
    assert_eq!((done.0, done.1), (StatusCode::OK, false), "{}", done.2);
    let (status, replayed, problem) = read(post(&fewer, path.clone(), "k", &Value::Null).await.unwrap()).await;
    let answered = (status.as_u16(), replayed, &problem["code"]);
    assert_eq!(answered, (422, false, &json!("idempotency_key_reused")), "{problem}");
    let again = read(post(&twin, path, "k", &Value::Null).await.unwrap()).await;
    assert_eq!(again, (done.0, true, done.2));
    served.stop().await;
    stage.close().await;
}

async fn what_is_made_once_is_made_once(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["8205"]).await;
    // O17: each attempt is another call of the card; repeated under its key it is none.
    let path = format!("/v1/orders/{}/authorize", order(0));
    let first = asked(&served, &path, "try", &Value::Null).await;
    assert_eq!((first.0, &first.2["paygent_code"]), (StatusCode::PAYMENT_REQUIRED, &json!("2001")), "{}", first.2);
    let (attempts, _) = attempts(&stage);
    assert_eq!(asked(&served, &path, "try", &Value::Null).await, (first.0, true, first.2));
    assert_eq!(self::attempts(&stage).0, attempts, "nothing was tried again");
    asked(&served, &path, "try-again", &Value::Null).await;
    assert_eq!(self::attempts(&stage).0, attempts + 1, "another key is another request");

    let start = json!({
        "member_id": member(0), "cycle": "months:1:15", "first_delivery": "2026-05-01", "payment_method": "card",
        "shipping": 0, "lines": [{"product": "C", "name": "C", "unit_price": 900, "quantity": 1, "tax_percent": 8}],
    });
    let first = asked(&served, "/v1/subscriptions", "start", &start).await;
    assert_eq!(first.0, StatusCode::CREATED, "{}", first.2);
    let again = asked(&served, "/v1/subscriptions", "start", &start).await;
    assert_eq!(again, (StatusCode::CREATED, true, first.2.clone()));
    let other = asked(&served, "/v1/subscriptions", "start-2", &start).await;
    assert_ne!(other.2["subscription_id"], first.2["subscription_id"]);
    served.stop().await;
    stage.close().await;
}

/// Payments of the first order's transactions in Paygent's books, and how many of them hold money.
fn attempts(stage: &teiki_tests::stage::Stage) -> (usize, usize) {
    let all = stage.simulator.ledger().all_payments();
    (all.len(), all.iter().filter(|payment| payment.status == 20 || payment.status == 40).count())
}

async fn of_two_at_once_one_is_carried_out(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["8205"]).await;
    let before = attempts(&stage).0;
    stage.simulator.script(Rule::once(Fault::DelayAfter { milliseconds: 300 }).on(TelegramKind::Authorise));
    let address = format!("{}/v1/orders/{}/authorize", served.base, order(0));
    let asking = (0..6).map(|_| post(&served.client, address.clone(), "once", &Value::Null));
    let mut done = 0;
    for response in futures::future::join_all(asking).await {
        let response = response.unwrap();
        match response.status() {
            StatusCode::PAYMENT_REQUIRED => done += 1,
            StatusCode::CONFLICT => {
                assert_eq!(response.headers()["retry-after"], "1");
                assert_eq!(read(response).await.2["code"], "idempotency_key_in_use");
            }
            status => panic!("{status}"),
        }
    }
    assert!(done >= 1);
    assert_eq!(attempts(&stage).0, before + 1);
    served.stop().await;
    stage.close().await;
}

/// W7: carried out, and the engine dies before the answer is kept.
async fn w7_repeated_after_a_crash_it_is_not_carried_out_again(kind: StoreKind) {
    let (mut stage, served_before) = served(kind, SaleMode::AuthorizeOnly, &["8205"]).await;
    served_before.stop().await;
    let before = attempts(&stage).0;
    let path = format!("/v1/orders/{}/authorize", order(0));
    for point in ["W1:1", "W6:1", "W7:1"] {
        let crashing = Served::start(&stage, &[("TEIKI_CRASH_AT", point)]).await;
        let stood = crashing.get_json(&format!("/v1/orders/{}", order(0))).await["position"].as_i64();
        let lost = post(&crashing.client, format!("{}{path}", crashing.base), point, &Value::Null).await;
        assert!(lost.is_err(), "{point}: the engine died");
        drop(crashing);
        // Whoever held the key is gone when the longest time of a request is over.
        stage.now += chrono::Duration::minutes(10);
        stage.simulator.set_now(stage.now);
        let served = Served::start(&stage, &[]).await;
        let failed_since = |order: &Value| order["payment_status"] == "failed" && order["position"].as_i64() > stood;
        served.until(&format!("/v1/orders/{}", order(0)), failed_since).await;
        let tried = attempts(&stage).0;
        // What the answer would have been, had there been somebody to give it.
        let (status, replayed, problem) = asked(&served, &path, point, &Value::Null).await;
        assert_eq!(
            (status, replayed, &problem["code"]),
            (StatusCode::PAYMENT_REQUIRED, false, &json!("authorization_refused")),
            "{point}: {problem}"
        );
        assert_eq!(attempts(&stage).0, tried, "{point}: it had been carried out");
        assert!(asked(&served, &path, point, &Value::Null).await.1, "{point}: now its answer is kept");
        served.stop().await;
    }
    assert_eq!(attempts(&stage).0, before + 3);
    stage.close().await;
}

async fn answers_are_kept_for_three_days_at_least(kind: StoreKind) {
    let (mut stage, first) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let path = format!("/v1/orders/{}/capture", order(0));
    let (status, _, answer) = asked(&first, &path, "kept", &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    first.stop().await;
    for (day, kept) in [("2026-04-04", true), ("2026-04-09", false)] {
        stage.set_day(day.parse().unwrap());
        let app = stage.app().await;
        app.stop().await;
        let later = Served::start(&stage, &[]).await;
        // The night's clearing up comes after its renewals, of which there are none.
        if !kept {
            later.until("/readyz", |ready| ready["status"] == "ok").await;
            later.until(&format!("/v1/orders/{}", order(0)), |_| true).await;
            while asked(&later, &path, "kept", &Value::Null).await.1 {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        let (status, replayed, again) = asked(&later, &path, "kept", &Value::Null).await;
        assert_eq!((status, &again["payment_status"]), (StatusCode::OK, &answer["payment_status"]), "{day}");
        assert!(replayed || !kept, "{day}");
        later.stop().await;
    }
    stage.close().await;
}

on_both_stores!(
    a_repeated_request_gets_the_first_answer,
    an_answer_is_repeated_only_to_keys_of_the_same_scopes,
    what_is_made_once_is_made_once,
    of_two_at_once_one_is_carried_out,
    w7_repeated_after_a_crash_it_is_not_carried_out_again,
    answers_are_kept_for_three_days_at_least,
);

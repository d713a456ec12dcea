//! Webhooks as people manage them: registered, removed, given new secrets, delivered again; on record, and never leading
//! into private networks.

use crate::feed::shop_with_orders;
use crate::webhooks::{PRIVATE, make_events, register, serve, until_delivered};
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_tests::receiver::Receiver;
use teiki_tests::served::Served;
use teiki_tests::stores::StoreKind;

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

/// Who asked for a delivery once more, and why, stands in the webhook's history each time.
async fn a_repeated_delivery_stands_in_the_history_with_who_and_why(kind: StoreKind) {
    let stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    let served = serve(&stage).await;
    let (id, _) = register(&served, &receiver.url("/hook"), &["member.*"]).await;
    make_events(&served, 1).await;
    let delivered = until_delivered(&served, &id, "delivered", 1).await;
    let message = delivered[0]["id"].as_str().unwrap().to_owned();
    let again = format!("{}/v1/webhooks/{id}/deliveries/{message}/redeliver", served.base);
    for (i, key) in ["one", "one", "other"].into_iter().enumerate() {
        // 田中, on the phone.
        let headers = [("x-actor", "%E7%94%B0%E4%B8%AD"), ("x-reason", "lost there"), ("idempotency-key", key)];
        let request =
            headers.iter().fold(served.client.post(&again), |request, (name, value)| request.header(*name, *value));
        assert_eq!(request.send().await.unwrap().status(), StatusCode::ACCEPTED, "{i}");
    }
    let nothing = served.post(&format!("/v1/webhooks/{id}/deliveries/msg_0/redeliver"), &Value::Null).await;
    assert_eq!(nothing.0, StatusCode::NOT_FOUND);
    receiver.until("/hook", 2).await;
    served.stop().await;
    let output = stage.teiki(&["webhooks", "redeliver", &id, &message]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let served = serve(&stage).await;
    let told = served.get_json(&format!("/v1/history/{id}")).await;
    let entries: Vec<&Value> = told["events"].as_array().unwrap().iter().skip(1).collect();
    let said: Vec<(&str, &str)> =
        entries.iter().map(|e| (e["actor"].as_str().unwrap(), e["reason"].as_str().unwrap())).collect();
    assert_eq!(
        said,
        [("田中 (key test)", "lost there"), ("田中 (key test)", "lost there"), ("teiki webhooks", "by hand")],
        "a request repeated under its key is one: {told}"
    );
    for entry in entries {
        assert_eq!(entry["event_type"], "WebhookDeliveryRepeated", "{entry}");
        assert_eq!(entry["data"]["WebhookDeliveryRepeated"]["delivery"], message.as_str());
        assert_eq!(entry["data"]["WebhookDeliveryRepeated"]["position"], delivered[0]["position"]);
        assert!(entry["text"].as_str().unwrap().contains("配信をやり直し"), "{entry}");
    }
    let feed = served.get_json("/v1/events?types=webhook.delivery_repeated").await;
    assert_eq!(feed["events"].as_array().unwrap().len(), 3, "{feed}");
    served.stop().await;
    let text = String::from_utf8(stage.teiki(&["history", &id]).output().await.unwrap().stdout).unwrap();
    assert!(text.contains("コマンドによる操作") && text.contains("lost there"), "{text}");
    stage.close().await;
}

on_both_stores!(
    a_registration_repeated_after_a_crash_is_the_same_webhook,
    a_new_secret_signs_beside_the_old_one_for_a_while,
    nothing_is_sent_into_private_networks,
    webhooks_are_managed_on_the_command_line,
    a_repeated_delivery_stands_in_the_history_with_who_and_why,
);

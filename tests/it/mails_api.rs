//! Mails that people ask for, over HTTP (O11, O15, K3, K4, K6).

use chrono::NaiveDate;
use paygent_simulator::TestCard;
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::mail_server::{FROM, MailServer};
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, enrol_with, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

/// A shop with an order, a card that is close to its end and one that is past it.
async fn lived(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    let first: NaiveDate = "2026-04-01".parse().unwrap();
    for (i, (year, month)) in [(35, 12), (26, 5), (26, 5), (26, 4)].into_iter().enumerate() {
        let card = TestCard { expire_year: year, expire_month: month, ..TestCard::ending("1111") };
        enrol_with(&app, &stage.simulator, i, &card).await;
        let begins = if i == 0 { first } else { "2026-12-31".parse().unwrap() };
        subscribe(&app, i, "days:30", begins, 3_960).await;
    }
    app.stop().await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stage
}

async fn start(stage: &Stage, server: &MailServer) -> Served {
    Served::start(stage, &[("TEIKI_MAIL_URL", &server.url()), ("TEIKI_MAIL_FROM", FROM)]).await
}

async fn o15_mails_from_an_order_are_written_sent_and_listed(kind: StoreKind) {
    let stage = lived(kind).await;
    let server = MailServer::start(stage.folder()).await;
    let served = start(&stage, &server).await;
    let thanks = server.until(8).await.len();
    let order = format!("{}-20260401", subscription(0));
    let path = format!("/v1/orders/{order}/mails");
    let (status, made) = served.post(&path, &json!({"mail": "order_confirmation"})).await;
    assert_eq!((status, &made["kind"]), (StatusCode::CREATED, &json!("order_confirmation")), "{made}");
    let notice = json!({"mail": "delivery_notice", "carrier": "ヤマト運輸", "slip_number": "1234-5678-9012"});
    assert_eq!(served.post(&path, &notice).await.0, StatusCode::CREATED);
    let evil = "a\n.\r\nQUIT\r\n本文<script>";
    let free = json!({"mail": "free", "subject": "お届けについて ☃", "body": evil});
    assert_eq!(served.post(&path, &free).await.0, StatusCode::CREATED);
    let received = server.until(thanks + 3).await;
    let find = |part: &str| received.iter().find(|mail| mail["subject"].as_str().unwrap().contains(part)).unwrap();
    let (confirmation, delivery, free) = (find("ご注文内容の確認"), find("商品発送"), find("お届けについて ☃"));
    assert!(confirmation["body"].as_str().unwrap().contains(&order), "{confirmation}");
    assert!(delivery["body"].as_str().unwrap().contains("お問い合わせ伝票番号: 1234-5678-9012"), "{delivery}");
    assert_eq!(free["body"].as_str().unwrap().trim_end(), "a\n.\nQUIT\n本文<script>", "a dot ends nothing");

    // What cannot be sent is refused, and what tries to be a header is no subject.
    for (body, field) in [
        (json!({"mail": "free", "subject": "a\r\nBcc: thief@example.com", "body": "x"}), "subject"),
        (json!({"mail": "free", "subject": "a", "body": "x\u{0}"}), "body"),
        (json!({"mail": "free", "subject": "", "body": "x"}), "subject"),
        (json!({"mail": "free", "subject": "a"}), "body"),
        (json!({"mail": "free", "body": "x".repeat(20_001)}), "body"),
        (json!({"mail": "delivery_notice", "carrier": "x\ny"}), "carrier"),
        (json!({"mail": "thanks"}), "mail"),
    ] {
        let (status, problem) = served.post(&path, &body).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{problem}");
    }
    let (status, _) = served.post("/v1/orders/02396-NONE-20260401/mails", &json!({"mail": "free", "body": "x"})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // The same request again is the same mail.
    let again = || async {
        let request = served.client.post(format!("{}{path}", served.base)).header("idempotency-key", "k-1");
        let request = request.header("content-type", "application/json").body(r#"{"mail": "order_confirmation"}"#);
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["mail_id"].clone()
    };
    let (first, second) = (again().await, again().await);
    assert!(first.is_string() && first == second, "{first} {second}");

    // One mail with its text, for those who may read it.
    let id = first.as_str().unwrap();
    let whole = served.until(&format!("/v1/mails/{id}"), |mail| mail["status"] == "sent").await;
    assert!(whole["body"].as_str().unwrap().contains("山田 花子様"), "{whole}");
    let blind = client(&stage.key(&[Scope::Reading]).await);
    let seen = blind.get(format!("{}/v1/mails/{id}", served.base)).send().await.unwrap().text().await.unwrap();
    assert!(!seen.contains("山田") && !seen.contains("\"body\""), "{seen}");
    let of_order = served.get_json(&format!("/v1/mails?order={order}")).await;
    assert_eq!(of_order["mails"].as_array().unwrap().len(), 4);
    let of_member = served.get_json(&format!("/v1/mails?member={}&kind=thanks", member(1))).await;
    assert_eq!(of_member["mails"].as_array().unwrap().len(), 1);
    let (status, problem) = served.post(&format!("/v1/mails/{id}/release"), &Value::Null).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("refused")), "{problem}");
    let (status, _) = served.get(&format!("/v1/mails/02397-{}", "0".repeat(32))).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "another shop's");

    // O11: completed orders get none.
    assert_eq!(served.post(&format!("/v1/orders/{order}/complete"), &Value::Null).await.0, StatusCode::OK);
    let (status, problem) = served.post(&path, &json!({"mail": "order_confirmation"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("order_completed")), "{problem}");
    served.stop().await;
    stage.close().await;
}

async fn k6_card_expiry_mails_go_to_all_or_some_with_one_text(kind: StoreKind) {
    let mut stage = lived(kind).await;
    stage.set_day("2026-05-01".parse().unwrap());
    let server = MailServer::start(stage.folder()).await;
    let served = start(&stage, &server).await;
    let thanks = server.until(8).await.len();
    // All of the form: the two cards that are close, not the one that is past.
    let (status, answer) = served.post("/v1/card-expiry-mails", &json!({"form": "close"})).await;
    assert_eq!((status, answer["mail_ids"].as_array().unwrap().len()), (StatusCode::OK, 2), "{answer}");
    // Some, with a text of one's own.
    let text = json!({
        "form": "expired",
        "subscription_ids": [subscription(3), subscription(0)],
        "subject": "カードのご変更 ［ショップ名］",
        "body": "［購入者名］様(［会員ID］)\n［知らない言葉］",
    });
    let (status, answer) = served.post("/v1/card-expiry-mails", &text).await;
    assert_eq!((status, &answer["not_affected"]), (StatusCode::OK, &json!([subscription(0)])), "{answer}");
    let received = server.until(thanks + 3).await;
    let own = received.iter().find(|mail| mail["subject"] == "カードのご変更 テストの店").unwrap();
    let body = format!("山田 花子様({})\n［知らない言葉］", member(3));
    assert_eq!(own["body"].as_str().unwrap().trim_end(), body);
    for (body, field) in [
        (json!({"form": "soon"}), "form"),
        (json!({"form": "close", "subscription_ids": []}), "subscription_ids"),
        (json!({"form": "close", "subscription_ids": ["x"]}), "subscription_ids[0]"),
        (json!({"form": "close", "subject": "a\nb"}), "subject"),
    ] {
        let (status, problem) = served.post("/v1/card-expiry-mails", &body).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{problem}");
    }
    let foreign = json!({"form": "close", "subscription_ids": ["02397-D00001"]});
    assert_eq!(served.post("/v1/card-expiry-mails", &foreign).await.0, StatusCode::NOT_FOUND);
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    o15_mails_from_an_order_are_written_sent_and_listed,
    k6_card_expiry_mails_go_to_all_or_some_with_one_text,
);

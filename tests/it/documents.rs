//! O13: documents are issued as facts of the log and are the same to the byte whenever they are asked for.

use paygent_simulator::ConsoleAction;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use teiki::members::{self, PostalAddress, Profile};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::{InvoiceIssuer, ShopProfile, ShopSettingsCommand as Settings};
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, change_settings, enrol, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

/// Two orders, authorised: one of a member with an address.
async fn lived(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let profile = ShopProfile {
        postal_code: "1000001".into(),
        address: "東京都千代田区千代田1-1".into(),
        phone: "03-0000-0000".into(),
        mail: "shop@example.jp".into(),
        site_url: "https://shop.example.jp/".into(),
        my_page_url: "https://shop.example.jp/my".into(),
    };
    change_settings(&app, &because, Settings::ChangeProfile(profile)).await;
    let issuer = InvoiceIssuer {
        issuer_name: "株式会社 ていき珈琲".into(),
        registration_number: Some("T1234567890123".into()),
    };
    change_settings(&app, &because, Settings::ChangeInvoiceIssuer(issuer)).await;
    let methods = vec![PaymentMethod::Card, PaymentMethod::External { name: "銀行振込".into() }];
    change_settings(&app, &because, Settings::ChangePaymentMethods(methods)).await;
    let postal = PostalAddress {
        postal_code: "060-0042".into(),
        prefecture: "北海道".into(),
        city: "札幌市中央区".into(),
        street: "大通西1-2".into(),
        building: "みどりハイツ 101".into(),
    };
    let profile =
        Profile { name: "佐藤 次郎".into(), mail: "jiro@example.jp".into(), postal, ..Profile::default() };
    members::register(&app, &member(1), &profile, &because).await.unwrap();
    for i in 0..2 {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    }
    app.stop().await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stage
}

fn order(i: usize) -> String {
    format!("{}-20260401", subscription(i))
}

async fn issue(served: &Served, i: usize, kind: &str) -> (StatusCode, Value) {
    served.post(&format!("/v1/orders/{}/documents", order(i)), &json!({"kind": kind})).await
}

async fn issued(served: &Served, i: usize, kind: &str) -> String {
    let (status, document) = issue(served, i, kind).await;
    assert_eq!(status, StatusCode::CREATED, "{document}");
    assert_eq!(document["kind"], kind);
    document["number"].as_str().unwrap().to_owned()
}

async fn pdf(served: &Served, path: &str) -> Vec<u8> {
    let response = served.client.get(format!("{}{path}", served.base)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    assert_eq!(response.headers()["content-type"], "application/pdf");
    response.bytes().await.unwrap().to_vec()
}

fn address(i: usize, number: &str) -> String {
    format!("/v1/orders/{}/documents/{number}", order(i))
}

/// The text of a PDF without blanks, as another program reads it.
fn text(stage: &Stage, bytes: &[u8]) -> String {
    let file = stage.folder().join("read.pdf");
    std::fs::write(&file, bytes).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("poppler");
    let output = Command::new(script).arg("pdftotext").arg("-layout").arg(file).arg("-").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect()
}

async fn o13_a_document_says_what_held_when_it_was_issued_for_ever(kind: StoreKind) {
    let stage = lived(kind).await;
    let served = Served::start(&stage, &[]).await;
    let number = issued(&served, 1, "delivery_note").await;
    assert_eq!(number, format!("{}-D1", order(1)));
    let before = pdf(&served, &address(1, &number)).await;
    let said = text(&stage, &before);
    for words in [
        "納品書",
        "佐藤次郎様",
        "〒060-0042",
        "北海道札幌市中央区大通西1-2みどりハイツ101",
        "株式会社ていき珈琲",
        "T1234567890123",
        "東京都千代田区千代田1-1",
        "クッキーの定期便※",
        "¥3,960",
        "¥293",
        "2026年4月1日",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    // Asked for again, it is the same document.
    let (status, again) = issue(&served, 1, "delivery_note").await;
    assert_eq!((status, again["number"].as_str()), (StatusCode::OK, Some(number.as_str())));
    served.stop().await;

    // The shop moves, the order is changed and captured.
    let app = stage.app().await;
    let because = app.gateway.because("test", "it moved");
    let profile = ShopProfile {
        postal_code: "5300001".into(),
        address: "大阪府大阪市北区梅田3-1".into(),
        phone: "06-0000-0000".into(),
        mail: "new@example.jp".into(),
        site_url: "https://shop.example.jp/".into(),
        my_page_url: "https://shop.example.jp/my".into(),
    };
    change_settings(&app, &because, Settings::ChangeProfile(profile)).await;
    app.payments.change_basket(&order(1).parse().unwrap(), teiki_tests::stage::basket(3_000), &because).await.unwrap();
    app.payments.update_transaction(&order(1).parse().unwrap(), &because).await.unwrap();
    app.payments.capture(&order(1).parse().unwrap(), &because).await.unwrap();
    app.stop().await;

    let served = Served::start(&stage, &[]).await;
    assert_eq!(pdf(&served, &address(1, &number)).await, before, "the same to the byte");
    let newer = issued(&served, 1, "delivery_note").await;
    assert_eq!(newer, format!("{}-D2", order(1)), "what changed since has a number of its own");
    let said = text(&stage, &pdf(&served, &address(1, &newer)).await);
    assert!(said.contains("大阪市北区") && said.contains("¥3,000") && !said.contains("¥3,960"), "{said}");
    assert_eq!(pdf(&served, &address(1, &number)).await, before);
    let list = served.get_json(&format!("/v1/orders/{}/documents", order(1))).await;
    let numbers: Vec<_> = list["documents"].as_array().unwrap().iter().map(|it| it["number"].clone()).collect();
    assert_eq!(numbers, [json!(number), json!(newer)]);
    served.stop().await;
    stage.close().await;
}

async fn o13_receipts_are_for_what_is_paid_and_invoices_for_what_is_not(kind: StoreKind) {
    let stage = lived(kind).await;
    let served = Served::start(&stage, &[]).await;
    let (status, problem) = issue(&served, 0, "receipt").await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("refused")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("not paid"), "{problem}");
    let invoice = issued(&served, 0, "invoice").await;
    assert!(text(&stage, &pdf(&served, &address(0, &invoice)).await).contains("お振り込みの必要はありません"));
    let (status, _) = served.post(&format!("/v1/orders/{}/capture", order(0)), &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let receipt = issued(&served, 0, "receipt").await;
    let said = text(&stage, &pdf(&served, &address(0, &receipt)).await);
    assert!(said.contains("領収日2026年4月1日") && said.contains("山田花子様") && !said.contains("再発行"), "{said}");
    assert_eq!(issue(&served, 0, "invoice").await.0, StatusCode::CONFLICT, "paid: no invoice any more");
    // Of a cancelled order only the order slip is left; what was issued stays.
    let (status, _) = served.post(&format!("/v1/orders/{}/cancel", order(0)), &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    for kind in ["receipt", "invoice", "delivery_note"] {
        assert_eq!(issue(&served, 0, kind).await.0, StatusCode::CONFLICT, "{kind}");
    }
    let slip = issued(&served, 0, "order_slip").await;
    let said = text(&stage, &pdf(&served, &address(0, &slip)).await);
    assert!(said.contains("受注伝票") && said.contains("キャンセル"), "{said}");
    assert!(text(&stage, &pdf(&served, &address(0, &receipt)).await).contains("領収日2026年4月1日"));

    // Several in one file; what does not exist is said.
    let numbers = format!("{receipt},{}", issued(&served, 1, "delivery_note").await);
    let several = text(&stage, &pdf(&served, &format!("/v1/documents?numbers={numbers}")).await);
    assert!(several.contains("佐藤次郎様") && several.contains("山田花子様"), "{several}");
    for (path, expected) in [
        (address(0, &format!("{}-R2", order(0))), StatusCode::NOT_FOUND),
        (address(1, &receipt), StatusCode::NOT_FOUND),
        (address(0, "x"), StatusCode::UNPROCESSABLE_ENTITY),
        (format!("/v1/documents?numbers={receipt},"), StatusCode::UNPROCESSABLE_ENTITY),
        ("/v1/documents".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        ("/v1/documents?numbers=02397-D1-20260401-R1".to_owned(), StatusCode::NOT_FOUND),
        ("/v1/orders/02396-D9-20260401/documents".to_owned(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(served.get(&path).await.0, expected, "{path}");
    }
    let (status, _) = served.post("/v1/orders/02396-D9-20260401/documents", &json!({"kind": "receipt"})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = issue(&served, 0, "poem").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    // Personal data is not for every key.
    let key = stage.key(&[Scope::Reading, Scope::Commands]).await;
    for path in [address(0, &receipt), format!("/v1/documents?numbers={receipt}")] {
        let answer = client(&key).get(format!("{}{path}", served.base)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    served.stop().await;
    stage.close().await;
}

/// 宛名 and 但し書き are part of the fact: issued again and printed again, they are the same; and they are personal data.
async fn o13_a_receipt_is_made_out_to_whom_it_was_asked_for(kind: StoreKind) {
    let stage = lived(kind).await;
    let served = Served::start(&stage, &[]).await;
    let place = format!("/v1/orders/{}/documents", order(1));
    assert_eq!(served.post(&format!("/v1/orders/{}/capture", order(1)), &Value::Null).await.0, StatusCode::OK);
    let usual = issued(&served, 1, "receipt").await;
    let said = text(&stage, &pdf(&served, &address(1, &usual)).await);
    assert!(said.matches("佐藤次郎様").count() == 2 && said.contains("但しお品代として"), "{said}");
    let (status, same) = served.post(&place, &json!({"kind": "receipt", "made_out_for": "お品代として"})).await;
    assert_eq!((status, same["number"].as_str()), (StatusCode::OK, Some(usual.as_str())), "as usual: {same}");

    let asked = json!({"kind": "receipt", "made_out_to": "株式会社みどり商店 御中", "made_out_for": "珈琲代として"});
    let (status, made) = served.post(&place, &asked).await;
    let number = made["number"].as_str().unwrap().to_owned();
    assert_eq!((status, number.as_str()), (StatusCode::CREATED, format!("{}-R2", order(1)).as_str()), "{made}");
    let before = pdf(&served, &address(1, &number)).await;
    let said = text(&stage, &before);
    assert!(said.contains("株式会社みどり商店御中") && said.contains("但し珈琲代として"), "{said}");
    let (status, again) = served.post(&place, &asked).await;
    assert_eq!((status, again["number"].as_str()), (StatusCode::OK, Some(number.as_str())), "asked twice, it is one");
    for (body, field) in [
        (json!({"kind": "receipt", "made_out_to": "a\nb"}), "made_out_to"),
        (json!({"kind": "receipt", "made_out_for": "長".repeat(101)}), "made_out_for"),
        (json!({"kind": "invoice", "made_out_to": "x"}), "made_out_to"),
    ] {
        let (status, problem) = served.post(&place, &body).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{problem}");
    }
    served.stop().await;
    let served = Served::start(&stage, &[]).await;
    assert_eq!(pdf(&served, &address(1, &number)).await, before, "the same to the byte");
    let history = served.get_json(&format!("/v1/history/{}?limit=500", order(1))).await;
    assert!(!history.to_string().contains("みどり"), "sealed in the history");

    let end = format!("/v1/subscriptions/{}/end", subscription(1));
    assert_eq!(served.post(&end, &Value::Null).await.0, StatusCode::OK);
    let erase = format!("/v1/members/{}/personal-data", member(1));
    assert_eq!(served.send("DELETE", &erase, &Value::Null).await.0, StatusCode::OK);
    let said = text(&stage, &pdf(&served, &address(1, &number)).await);
    assert!(said.contains("(削除済み)様") && !said.contains("みどり") && !said.contains("珈琲代"), "{said}");
    served.stop().await;
    let bytes = stage.bytes().await;
    for personal in ["みどり商店", "珈琲代"] {
        assert!(!bytes.windows(personal.len()).any(|window| window == personal.as_bytes()), "{personal}");
    }
    stage.close().await;
}

/// What a card did not pay is not said to be paid by it, and what was given back is not asked for.
async fn o13_invoices_of_failed_and_refunded_orders(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for (i, card) in ["8205", "1111"].into_iter().enumerate() {
        enrol(&app, &stage.simulator, i, card).await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    }
    app.stop().await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    let served = Served::start(&stage, &[]).await;
    let failed = issued(&served, 0, "invoice").await;
    let said = text(&stage, &pdf(&served, &address(0, &failed)).await);
    assert!(said.contains("お支払いを確認できていません") && !said.contains("必要はありません"), "{said}");

    let payment = served.get_json(&format!("/v1/orders/{}", order(1))).await;
    let transaction = payment["transaction_id"].as_str().unwrap();
    let id = stage.simulator.ledger().payments(transaction)[0].payment_id.to_string();
    assert!(stage.simulator.console(&id, ConsoleAction::Refund));
    served.until_status(&order(1), "refunded").await;
    let (status, problem) = issue(&served, 1, "invoice").await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("refused")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("given back"), "{problem}");
    served.stop().await;
    stage.close().await;
}

async fn o13_an_erased_member_is_in_no_document_any_more(kind: StoreKind) {
    let stage = lived(kind).await;
    let served = Served::start(&stage, &[]).await;
    let number = issued(&served, 1, "order_slip").await;
    assert!(text(&stage, &pdf(&served, &address(1, &number)).await).contains("佐藤次郎"));
    let end = format!("/v1/subscriptions/{}/end", subscription(1));
    assert_eq!(served.post(&end, &Value::Null).await.0, StatusCode::OK);
    let erase = format!("/v1/members/{}/personal-data", member(1));
    assert_eq!(served.send("DELETE", &erase, &Value::Null).await.0, StatusCode::OK);
    let said = text(&stage, &pdf(&served, &address(1, &number)).await);
    assert!(said.contains("(削除済み)様") && said.contains("¥3,960"), "{said}");
    for personal in ["佐藤", "北海道", "jiro@example.jp", "060-0042"] {
        assert!(!said.contains(personal), "{personal} is still there");
    }
    // Nothing of it had gone into the log in clear.
    served.stop().await;
    let bytes = stage.bytes().await;
    for personal in ["佐藤 次郎", "みどりハイツ"] {
        assert!(!bytes.windows(personal.len()).any(|window| window == personal.as_bytes()), "{personal}");
    }
    stage.close().await;
}

on_both_stores!(
    o13_a_document_says_what_held_when_it_was_issued_for_ever,
    o13_receipts_are_for_what_is_paid_and_invoices_for_what_is_not,
    o13_a_receipt_is_made_out_to_whom_it_was_asked_for,
    o13_invoices_of_failed_and_refunded_orders,
    o13_an_erased_member_is_in_no_document_any_more,
);

//! O14: parcels of open orders, as the carriers' programs import them.

use reqwest::StatusCode;
use serde_json::Value;
use teiki::members::{self, PostalAddress, Profile};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::{ShopSettingsCommand as Settings, WaybillCarrier};
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, change_settings, enrol, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

fn order(i: usize) -> String {
    format!("{}-20260401", subscription(i))
}

/// The file by its headings: status, carrier's file name, rows.
async fn read(served: &Served, query: &str) -> (String, Vec<std::collections::HashMap<String, String>>) {
    let response = served.client.get(format!("{}/v1/waybills{query}", served.base)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{query}");
    assert_eq!(response.headers()["content-type"], "text/csv; charset=windows-31j");
    let name = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    let count: usize = response.headers()["teiki-parcels"].to_str().unwrap().parse().unwrap();
    let bytes = response.bytes().await.unwrap();
    let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(!broken);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<_> = reader
        .records()
        .map(|row| names.iter().cloned().zip(row.unwrap().iter().map(str::to_owned)).collect())
        .collect();
    assert_eq!(rows.len(), count);
    (name, rows)
}

async fn o14_the_parcels_of_open_orders_in_the_form_of_the_carrier(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let methods = vec![PaymentMethod::Card, PaymentMethod::External { name: "代金引換".into() }];
    change_settings(&app, &because, Settings::ChangePaymentMethods(methods)).await;
    change_settings(&app, &because, Settings::ChangeWaybillCarrier(WaybillCarrier::Sagawa)).await;
    // Paid, refused by the card company, with a formula for a name.
    let people = [("𠮷田 波〜子", "1111"), ("鈴木 一郎", "8205"), ("=HYPERLINK(\"http://x\")", "1111")];
    for (i, (name, card)) in people.into_iter().enumerate() {
        let postal = PostalAddress {
            postal_code: "060-0042".into(),
            prefecture: "北海道".into(),
            city: "札幌市中央区".into(),
            street: "大通西1-2".into(),
            building: String::new(),
        };
        let (name, mail, phone) = (name.into(), format!("m{i}@example.jp"), "0110000001".into());
        let profile = Profile { name, mail, phone, address: String::new(), postal };
        members::register(&app, &member(i), &profile, &because).await.unwrap();
        enrol(&app, &stage.simulator, i, card).await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    }
    app.stop().await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let served = Served::start(&stage, &[]).await;
    let failed = order(1);
    assert_eq!(served.get_json(&format!("/v1/orders/{failed}")).await["payment_status"], "failed");

    let (name, rows) = read(&served, "?from=2026-04-01&to=2026-04-01").await;
    assert!(name.contains("waybills-sagawa-20260401.csv"), "{name}");
    let orders: Vec<_> = rows.iter().map(|row| row["お客様管理番号"].clone()).collect();
    assert_eq!(orders.len(), 2, "what is not paid is not sent: {orders:?}");
    assert!(!orders.contains(&failed));
    let of = |i: usize| rows.iter().find(|row| row["お客様管理番号"] == order(i)).unwrap().clone();
    assert_eq!(of(0)["お届け先名称1"], "〓田 波～子", "what the code page lacks is marked");
    assert_eq!((of(0)["お届け先電話番号"].as_str(), of(0)["お届け先郵便番号"].as_str()), ("0110000001", "0600042"));
    assert_eq!(of(0)["お届け先住所1"], "北海道札幌市中央区大通西1-2");
    assert_eq!(of(2)["お届け先名称1"], "'=HYPERLINK(\"http://x\")", "a formula is a text");
    assert_eq!(read(&served, "?from=2026-04-02").await.1.len(), 0);

    // Chosen by hand, whatever the payment; another carrier, another day.
    let chosen = format!("?order_ids={failed},{}&carrier=yamato&ship_on=2026-04-05", order(0));
    let (_, rows) = read(&served, &chosen).await;
    let orders: Vec<_> = rows.iter().map(|row| row["お客様管理番号"].clone()).collect();
    assert_eq!(orders, [order(0)], "chosen or not, what is not paid is not sent unless somebody says so");
    let answer = served.client.get(format!("{}/v1/waybills{chosen}", served.base)).send().await.unwrap();
    assert_eq!(answer.headers()["teiki-left-out"], format!("1, {failed}=unpaid"));
    let chosen = format!("{chosen}&include_unpaid=true");
    let (name, rows) = read(&served, &chosen).await;
    assert!(name.contains("waybills-yamato-20260405.csv"), "{name}");
    let orders: Vec<_> = rows.iter().map(|row| row["お客様管理番号"].clone()).collect();
    assert_eq!(orders, [failed.clone(), order(0)], "in the order chosen");
    assert_eq!((rows[0]["送り状種類"].as_str(), rows[0]["出荷予定日"].as_str()), ("0", "2026/04/05"));
    let (_, rows) = read(&served, &format!("?order_ids={}&carrier=japan_post", order(0))).await;
    assert_eq!(rows[0]["お届け先 住所1"], "北海道札幌市中央区大通西1-2");

    // Paid at the door: the carrier collects.
    let method = serde_json::json!({"payment_method": {"external": "代金引換"}});
    let (status, said) = served.put(&format!("/v1/orders/{failed}/payment-method"), &method).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let (_, rows) = read(&served, "").await;
    let row = rows.iter().find(|row| row["お客様管理番号"] == failed).unwrap();
    assert_eq!((row["代引金額"].as_str(), row["消費税"].as_str()), ("3960", "293"));

    let (status, _) = served.post(&format!("/v1/orders/{failed}/cancel"), &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    for (query, expected) in [
        (format!("?order_ids={failed}"), StatusCode::UNPROCESSABLE_ENTITY),
        ("?order_ids=x".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (format!("?order_ids={}&from=2026-04-01", order(0)), StatusCode::UNPROCESSABLE_ENTITY),
        ("?carrier=pigeon".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        ("?from=2026-04-02&to=2026-04-01".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        ("?include_unpaid=maybe".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        ("?from=yesterday".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        ("?order_ids=02397-D1-20260401".to_owned(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(served.get(&format!("/v1/waybills{query}")).await.0, expected, "{query}");
    }
    let key = stage.key(&[Scope::Reading]).await;
    let answer = client(&key).get(format!("{}/v1/waybills", served.base)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "addresses are not for every key");
    served.stop().await;
    stage.close().await;
}

async fn o14_without_a_carrier_it_says_where_to_choose_one(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let (status, text) = served.get("/v1/waybills").await;
    assert!(status == StatusCode::CONFLICT && text.contains("no_carrier"), "{text}");
    assert!(read(&served, "?carrier=sagawa").await.1.is_empty(), "named in the request, it needs no setting");
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    o14_the_parcels_of_open_orders_in_the_form_of_the_carrier,
    o14_without_a_carrier_it_says_where_to_choose_one,
);

//! Products (S2) over HTTP: registered, changed, withdrawn, listed.

use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop_unready};
use teiki_tests::stores::StoreKind;

fn cookies(price: i64) -> Value {
    json!({"name": "クッキーの定期便", "unit_price": price, "tax_percent": 8})
}

async fn s2_products_are_put_on_sale_changed_and_withdrawn(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop_unready(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let path = "/v1/products/02396-C-1";
    assert_eq!(served.get(path).await.0, StatusCode::NOT_FOUND);
    let (status, made) = served.put(path, &cookies(1_980)).await;
    assert_eq!(
        (status, &made["code"], &made["status"]),
        (StatusCode::CREATED, &json!("C-1"), &json!("on_sale")),
        "{made}"
    );
    let button = made["cart_button"].as_str().unwrap();
    assert!(button.contains("/shop/02396/cart\"") && button.contains("value=\"C-1\""), "S2: {button}");
    let (status, same) = served.put(path, &cookies(1_980)).await;
    assert_eq!((status, &same), (StatusCode::OK, &made), "put again, nothing happens");
    let (status, dearer) = served.put(path, &cookies(2_480)).await;
    assert_eq!((status, &dearer["unit_price"]), (StatusCode::OK, &json!(2_480)), "{dearer}");
    for _ in 0..2 {
        let (status, gone) = served.post(&format!("{path}/withdraw"), &Value::Null).await;
        assert_eq!((status, &gone["status"]), (StatusCode::OK, &json!("withdrawn")), "{gone}");
        assert!(gone["withdrawn_at"].is_string() && gone["cart_button"].is_null());
    }
    served.put("/v1/products/02396-A_2", &cookies(500)).await;
    let listed = async |query: &str| -> Vec<String> {
        let page = served.get_json(&format!("/v1/products{query}")).await;
        page["products"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed("").await, ["A_2", "C-1"]);
    assert_eq!(listed("?status=on_sale").await, ["A_2"]);
    assert_eq!(listed("?status=withdrawn").await, ["C-1"]);
    let first = served.get_json("/v1/products?limit=1").await;
    assert_eq!(listed(&format!("?limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await, ["C-1"]);
    let (status, again) = served.put(path, &cookies(3_000)).await;
    assert_eq!(
        (status, &again["status"], &again["withdrawn_at"]),
        (StatusCode::CREATED, &json!("on_sale"), &Value::Null)
    );

    for (body, field) in [
        (json!({"name": "", "unit_price": 1, "tax_percent": 8}), "name"),
        (json!({"name": "a\u{0}", "unit_price": 1, "tax_percent": 8}), "name"),
        (json!({"name": "a", "unit_price": -1, "tax_percent": 8}), "unit_price"),
        (json!({"name": "a", "unit_price": 10_000_000, "tax_percent": 8}), "unit_price"),
        (json!({"name": "a", "unit_price": 1, "tax_percent": 9}), "tax_percent"),
        (json!({"name": "a", "unit_price": 1}), "tax_percent"),
        (json!({"name": "a", "unit_price": 1, "tax_percent": 8, "stock": 3}), "stock"),
    ] {
        let (status, problem) = served.put(path, &body).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{body}: {problem}");
    }
    for (address, status) in [
        ("/v1/products/02397-C-1", 404),
        ("/v1/products/C-1", 422),
        ("/v1/products/02396-C%20", 422),
        ("/v1/products/02396-none/withdraw", 404),
    ] {
        let (got, problem) = if address.ends_with("withdraw") {
            served.post(address, &Value::Null).await
        } else {
            served.put(address, &cookies(1)).await
        };
        assert_eq!(got.as_u16(), status, "{address}: {problem}");
    }
    served.stop().await;
    stage.close().await;
}

on_both_stores!(s2_products_are_put_on_sale_changed_and_withdrawn);

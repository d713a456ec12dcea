use serde_json::{Value, json};

use crate::support::{Shop, code};

fn shop() -> (Shop, String) {
    let shop = Shop::with(|config| config.control = Some(([127, 0, 0, 1], 0).into()));
    let url = shop.simulator.control_url().unwrap();
    (shop, url)
}

async fn get(shop: &Shop, url: &str) -> Value {
    shop.client.get(url).send().await.unwrap().json().await.unwrap()
}

async fn post(shop: &Shop, url: &str, body: Value) -> reqwest::Response {
    shop.client.post(url).json(&body).send().await.unwrap()
}

#[tokio::test]
async fn the_control_port_seeds_scripts_and_reads() {
    let (shop, url) = shop();
    let order = json!({"prefix": "m", "count": 3, "card": {"number": "4900000000001000", "expire_year": 30, "expire_month": 1}});
    let seeded: Value = post(&shop, &format!("{url}/cards/seed"), order).await.json().await.unwrap();
    assert_eq!((seeded[2]["customer_id"].as_str(), seeded.as_array().unwrap().len()), (Some("m3"), 3));
    let card = json!({"number": "4900000000001000", "expire_year": 2030, "expire_month": 1});
    let token: Value = post(&shop, &format!("{url}/tokens"), card).await.json().await.unwrap();
    assert!(token["token"].as_str().unwrap().starts_with("tok_"));

    let rule = json!({"kind": "020", "remaining": 1, "fault": "answer", "code": "2001", "detail": "\"1G02\""});
    assert_eq!(post(&shop, &format!("{url}/script"), rule).await.status(), 204);
    assert_eq!(get(&shop, &format!("{url}/script")).await[0]["code"], "2001");
    assert_eq!(code(&shop.pay("t1", &[]).await), ("1", "2001"));
    assert_eq!(code(&shop.pay("t2", &[]).await), ("0", ""));
    post(&shop, &format!("{url}/script"), json!([{"fault": "garbage"}, {"fault": "half_reply"}])).await;
    assert_eq!(shop.client.delete(format!("{url}/script")).send().await.unwrap().status(), 204);
    assert_eq!(get(&shop, &format!("{url}/script")).await, json!([]));

    assert_eq!(get(&shop, &format!("{url}/payments?trading_id=t2")).await[0]["status"], 20);
    assert_eq!(get(&shop, &format!("{url}/payments?skip=1")).await[0]["trading_id"], "t2");
    assert_eq!(get(&shop, &format!("{url}/cards")).await.as_array().unwrap().len(), 4);
    assert_eq!(get(&shop, &format!("{url}/cards?customer_id=m2")).await[0]["customer_id"], "m2");
    assert_eq!(get(&shop, &format!("{url}/telegrams?trading_id=t1")).await[0]["response_code"], "2001");
    let ledger = get(&shop, &format!("{url}/ledger")).await;
    assert_eq!((&ledger["payments"], &ledger["authorisations"]), (&json!(2), &json!(1)));
    assert_eq!(ledger["telegrams"], json!({"020": 2}));
}

#[tokio::test]
async fn the_control_port_sets_the_clock_and_stops_the_simulator() {
    let (shop, url) = shop();
    post(&shop, &format!("{url}/clock"), json!({"now": "2030-01-01T00:00:00Z"})).await;
    assert_eq!(shop.simulator.now().to_rfc3339(), "2030-01-01T00:00:00+00:00");
    post(&shop, &format!("{url}/clock"), json!({"now": null})).await;
    assert_ne!(shop.simulator.now().to_rfc3339(), "2030-01-01T00:00:00+00:00");
    assert_eq!(post(&shop, &format!("{url}/shutdown"), json!({})).await.status(), 202);
    shop.simulator.stop_requested().await;
    shop.simulator.shutdown().unwrap();
}

#[tokio::test]
async fn impossible_orders_are_refused_with_a_sentence() {
    let (shop, url) = shop();
    let card = json!({"number": "49", "expire_year": 30, "expire_month": 1});
    let reply = post(&shop, &format!("{url}/tokens"), card).await;
    assert_eq!(reply.status(), 422);
    assert!(reply.json::<Value>().await.unwrap()["error"].as_str().unwrap().contains("13 to 19 digits"));
}

//! The first doors: JSON endpoints and pages of the real binary (A7), over real HTTP.

use paygent_simulator::{Fault, Rule, TelegramKind, TestCard};
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

/// A shop that is served.
struct Doors {
    stage: Stage,
    served: Served,
}

impl std::ops::Deref for Doors {
    type Target = Served;
    fn deref(&self) -> &Served {
        &self.served
    }
}

impl Doors {
    async fn start(kind: StoreKind, sale_mode: SaleMode) -> Self {
        let stage = Stage::new(kind, "2026-04-01").await;
        let app = stage.app().await;
        open_shop(&app, sale_mode).await;
        app.stop().await;
        let served = Served::start(&stage, &[]).await;
        Self { stage, served }
    }

    async fn stop(self) -> Stage {
        self.served.stop().await;
        self.stage
    }
}

fn subscription_request(number: &str) -> Value {
    json!({
        "subscription_id": number, "member_id": "02396-M00001", "cycle": "days:1", "first_delivery": "2026-04-02",
        "payment_method": "card", "shipping": 660,
        "lines": [{"product": "C-1", "name": "クッキーの定期便", "unit_price": 1980, "quantity": 2, "tax_percent": 8}],
    })
}

async fn from_the_token_to_the_order_list(kind: StoreKind) {
    let mut served = Doors::start(kind, SaleMode::AuthorizeOnly).await;
    let member = json!({"member_id": "02396-M00001", "name": "山田 花子", "mail": "hanako@example.jp"});
    assert_eq!(served.post("/v1/members", &member).await.0, StatusCode::CREATED);
    assert_eq!(served.post("/v1/members", &member).await.0, StatusCode::OK, "registering again is already done");

    // Without a card there is nothing to charge.
    let (status, problem) = served.post("/v1/subscriptions", &subscription_request("02396-D00001")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("no_card")));

    // C2, C8: the browser's token is kept as a card; a token is good once.
    let token = served.stage.simulator.issue_token(&TestCard::new("4900123456781111", 2026, 5));
    let card = json!({"token": token});
    let (status, kept) = served.post("/v1/members/02396-M00001/cards", &card).await;
    assert_eq!((status, &kept["expiry"]), (StatusCode::CREATED, &json!("05/26")), "{kept}");
    let (status, problem) = served.post("/v1/members/02396-M00001/cards", &card).await;
    assert_eq!((status, &problem["paygent_code"]), (StatusCode::PAYMENT_REQUIRED, &json!("2022")), "{problem}");

    let (status, started) = served.post("/v1/subscriptions", &subscription_request("02396-D00001")).await;
    assert_eq!((status, &started["next_generation_date"]), (StatusCode::CREATED, &json!("2026-04-02")), "{started}");
    let again = served.post("/v1/subscriptions", &subscription_request("02396-D00001")).await;
    assert_eq!(again.0, StatusCode::OK, "starting again is already done");

    // The night run by hand, beside the running server.
    served.stage.set_day("2026-04-02".parse().unwrap());
    let output = served.stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let orders = served.get_json("/v1/orders?member=02396-M00001").await;
    assert_eq!(orders["orders"].as_array().unwrap().len(), 1, "{orders}");
    let order = &orders["orders"][0];
    assert_eq!((&order["payment_status"], &order["total"]), (&json!("authorized"), &json!(4620)));
    let transaction_id = order["transaction_id"].as_str().unwrap();
    let found = served.get_json(&format!("/v1/orders?transaction_id={transaction_id}")).await;
    assert_eq!(&found["orders"][0], order, "O2: exact search by transaction ID");

    // O5: the sale is confirmed once.
    let path = format!("/v1/orders/{}/capture", order["order_id"].as_str().unwrap());
    served.stage.simulator.script(Rule::once(Fault::decline("2007", "past the deadline")).on(TelegramKind::Capture));
    let (status, problem) = served.post(&path, &json!({})).await;
    assert_eq!((status, &problem["paygent_code"]), (StatusCode::PAYMENT_REQUIRED, &json!("2007")), "{problem}");
    for _ in 0..2 {
        let (status, confirmed) = served.post(&path, &json!({})).await;
        assert_eq!((status, &confirmed["payment_status"]), (StatusCode::OK, &json!("sales_confirmed")), "{confirmed}");
    }
    let payment = &served.stage.simulator.ledger().payments(transaction_id)[0];
    assert_eq!((payment.status, payment.amount), (40, 4620));

    // K6: the card ends next month.
    let cards = served.get_json("/v1/cards/expiring").await;
    assert_eq!((&cards["cards"][0]["standing"], &cards["cards"][0]["expiry"]), (&json!("close"), &json!("05/26")));

    // The pages: transaction ID in brackets (O1), the name, nothing of the card but its mask.
    account(&served.stage, Role::Operator).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let page = console.get("/orders").await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.html;
    assert!(html.contains(&format!("[{transaction_id}]")) && html.contains("山田 花子"), "{html}");
    let html = console.get("/cards").await.html;
    assert!(html.contains("期限間近") && html.contains("02396-D00001"), "{html}");
    let ready = served.get_json("/readyz").await;
    assert_eq!(ready["status"], "ok", "{ready}");
    served.stop().await.close().await;
}

async fn bad_requests_get_a_problem_and_lose_nothing(kind: StoreKind) {
    let served = Doors::start(kind, SaleMode::AuthorizeOnly).await;
    let member = json!({"member_id": "02396-M00001", "name": "山田 花子", "mail": "hanako@example.jp"});
    served.post("/v1/members", &member).await;
    let with = |field: &str, value: Value| {
        let mut request = subscription_request("02396-D00001");
        request[field] = value;
        request
    };
    let line = |field: &str, value: Value| {
        let mut request = subscription_request("02396-D00001");
        request["lines"][0][field] = value;
        request
    };
    for (path, body, status, field) in [
        ("/v1/subscriptions", with("cycle", json!("fortnightly")), 422, "cycle"),
        ("/v1/subscriptions", with("cycle", json!("months:1:5th-fri")), 422, "cycle"),
        ("/v1/subscriptions", with("first_delivery", json!("2026-02-30")), 422, ""),
        // S16: the order of a delivery of today would come after it; and no slip in the year is a date.
        ("/v1/subscriptions", with("first_delivery", json!("2026-04-01")), 422, "first_delivery"),
        ("/v1/subscriptions", with("first_delivery", json!("2026-03-31")), 422, "first_delivery"),
        ("/v1/subscriptions", with("first_delivery", json!("2028-04-02")), 422, "first_delivery"),
        ("/v1/subscriptions", with("first_delivery", json!("9999-12-31")), 422, "first_delivery"),
        ("/v1/subscriptions", with("member_id", json!("02396-M\u{0}")), 422, "member_id"),
        ("/v1/subscriptions", with("member_id", json!("02396-NOBODY")), 422, "member_id"),
        ("/v1/subscriptions", with("shipping", json!(-1)), 422, "shipping"),
        ("/v1/subscriptions", with("surprise", json!(1)), 422, "surprise"),
        ("/v1/subscriptions", line("unit_price", json!(-5)), 422, "lines[0].unit_price"),
        ("/v1/subscriptions", line("unit_price", json!(99_999_999_999_999_i64)), 422, "lines[0].unit_price"),
        ("/v1/subscriptions", line("unit_price", json!(1.5)), 422, ""),
        ("/v1/subscriptions", line("name", json!("a\u{0}b")), 422, "lines"),
        ("/v1/subscriptions", line("quantity", json!(0)), 422, "lines"),
        ("/v1/members", json!({"member_id": "x", "name": "n", "mail": "a@b"}), 422, "member_id"),
        ("/v1/members", json!({"member_id": "02396-M2", "name": "n\u{0}", "mail": "a@b"}), 422, "name"),
        ("/v1/members", json!({"member_id": "99999-M2", "name": "n", "mail": "a@b"}), 404, ""),
        ("/v1/members/02396-M00001/cards", json!({"token": "4111 1111"}), 422, "token"),
        ("/v1/orders/nonsense/capture", json!({}), 422, "id"),
        ("/v1/orders/02396-D00001-20260401/capture", json!({}), 404, ""),
        ("/v1/nowhere", json!({}), 404, ""),
    ] {
        let (got, problem) = served.post(path, &body).await;
        assert_eq!(got.as_u16(), status, "{path} {body}: {problem}");
        assert!(problem["title"].is_string() && problem["code"].is_string(), "{problem}");
        if !field.is_empty() {
            assert_eq!(problem["field"], field, "{path} {body}: {problem}");
        }
    }
    for (body, content_type, status) in [("{", "application/json", 400), ("{}", "text/plain", 415)] {
        let request = served.client.post(format!("{}/v1/members", served.base)).header("content-type", content_type);
        let response = request.body(body).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let (status, text) = served.get("/v1/orders?transaction_id=1").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("20 digits"), "{text}");
    let (status, text) = served.get("/v1/orders?limit=100000").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("limit"), "{text}");
    // Hostile text in an address is shown as text.
    account(&served.stage, Role::Operator).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let html = console.get("/orders?status=%3Cscript%3Ealert(1)%3C/script%3E").await.html;
    assert!(!html.contains("<script>"), "{html}");
    // Another site's name for this machine is not answered.
    let foreign = served.client.get(format!("{}/orders", served.base)).header("host", "evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(served.get_json("/v1/orders").await["orders"], json!([]));
    served.stop().await.close().await;
}

on_both_stores!(from_the_token_to_the_order_list, bad_requests_get_a_problem_and_lose_nothing);

//! Somebody who means harm, or writes badly, at the doors: other shops' things, keys without scopes, repeated requests,
//! and bytes nobody should send.

use crate::payment_life::{order, served};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::Connection as _;
use std::time::{Duration, Instant};
use teiki_domain::ids::ShopId;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand};
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, key_of, member, subscription};
use teiki_tests::stores::StoreKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A second shop in the same store, with nothing in it; a client with a key of it.
async fn neighbour(stage: &Stage) -> Client {
    let shop = ShopId::new(2397).unwrap();
    let app = stage.app().await;
    let because = app.gateway.because("test", "set up");
    let open = ShopSettingsCommand::Open { shop_id: shop, name: "隣の店".to_owned() };
    app.gateway.execute::<ShopSettings>(&shop.to_string(), &because, open).await.unwrap();
    app.settle().await.unwrap();
    app.stop().await;
    client(&key_of(&stage.url, shop, &Scope::ALL, stage.now).await)
}

async fn send(client: &Client, served: &Served, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let mut request = client.request(method.parse().unwrap(), format!("{}{path}", served.base));
    if !body.is_null() {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let response = request.send().await.unwrap();
    (response.status(), serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
}

/// O5: an answer says that nothing was changed and to ask again. Asked again under the same key, it must be done.
async fn a_request_that_failed_for_now_is_carried_out_when_repeated_under_its_key(kind: StoreKind) {
    let (stage, reached) = served(kind, SaleMode::AuthorizeOnly, &["1111", "1111"]).await;
    reached.stop().await;
    let capture = |served: &Served, key: &str, i: usize| {
        let address = format!("{}/v1/orders/{}/capture", served.base, order(i));
        let request = served.client.post(address).header("idempotency-key", key);
        async move {
            let response = request.send().await.unwrap();
            let status = response.status();
            (status, serde_json::from_str::<Value>(&response.text().await.unwrap()).unwrap())
        }
    };
    let unreached = Served::start(&stage, &[("TEIKI_PAYGENT_URL", "https://127.0.0.1:1")]).await;
    for _ in 0..2 {
        let (status, problem) = capture(&unreached, "ship-0", 0).await;
        assert_eq!((status, &problem["retryable"]), (StatusCode::BAD_GATEWAY, &json!(true)), "{problem}");
    }
    unreached.stop().await;
    let served = Served::start(&stage, &[]).await;
    for _ in 0..2 {
        let (status, order) = capture(&served, "ship-0", 0).await;
        assert_eq!((status, &order["payment_status"]), (StatusCode::OK, &json!("sales_confirmed")), "{order}");
    }
    assert_eq!(stage.simulator.ledger().summary().captured_yen, 5_000);
    served.stop().await;
    stage.close().await;
}

/// Every address of the description, asked with a neighbour's key for what is there and for what is not: nothing is
/// done, and the answers do not tell which of the two it was.
async fn a_neighbour_cannot_tell_what_is_there(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111", "8205"]).await;
    let stranger = neighbour(&stage).await;
    let hook = json!({"url": "https://93.184.216.34/hook", "description": "倉庫"});
    let (status, hook) = served.post("/v1/webhooks", &hook).await;
    assert_eq!(status, StatusCode::CREATED, "{hook}");
    let standing = served.get_json(&format!("/v1/orders/{}", order(0))).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let head = |page: Value| page["next"].as_i64().unwrap();
    let before = head(served.get_json("/v1/events?limit=500").await);
    // What is there, and what looks like it and is not.
    let ids = [
        ("members", member(0).to_string(), "02396-M99999".to_owned()),
        ("subscriptions", subscription(0).to_string(), "02396-D99999".to_owned()),
        ("orders", order(0), "02396-D99999-20260401".to_owned()),
        ("webhooks", text(&hook["id"]), "02396-W99999999".to_owned()),
        ("shops", "02396".to_owned(), "02396".to_owned()),
        ("history", text(&standing["transaction_id"]), "02396000000000999999".to_owned()),
    ];
    let document: Value = serde_json::from_str(&served.get("/openapi.json").await.1).unwrap();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some((_, there, nowhere)) = ids.iter().find(|(noun, ..)| path.split('/').nth(2) == Some(*noun)) else {
            continue;
        };
        if !path.contains("{id}") {
            continue;
        }
        let payment = text(&standing["payment_id"]);
        let path = path.replace("{payment_id}", &payment).replace("{delivery}", "msg_00000000000050008000000000000000");
        for method in methods.as_object().unwrap().keys().map(|name| name.to_uppercase()) {
            let mut answers = vec![];
            for id in [there.clone(), nowhere.clone(), there.replacen('-', "%2D", 1), there.replacen('0', "%30", 1)] {
                let (status, mut answer) =
                    send(&stranger, &served, &method, &path.replace("{id}", &id), &Value::Null).await;
                assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path} {id}: {answer}");
                answer["request_id"] = Value::Null;
                answers.push(answer);
                asked += 1;
            }
            assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{method} {path}: {answers:?}");
        }
    }
    assert!(asked > 100, "{asked}");
    for (path, list) in [
        ("/v1/members", "members"),
        ("/v1/subscriptions", "subscriptions"),
        ("/v1/orders", "orders"),
        ("/v1/orders/expiring-authorizations?through=2099-01-01", "orders"),
        ("/v1/retries", "orders"),
        ("/v1/cards/expiring", "cards"),
        ("/v1/cards/expiring?as_of=5", "cards"),
        ("/v1/webhooks", "webhooks"),
        ("/v1/set-aside", "set_aside"),
        ("/v1/reports/orders", "rows"),
        ("/v1/orders?cursor=9999-12-31~02396-D00000-20260401", "orders"),
        ("/v1/members?cursor=~02395-M0", "members"),
        ("/v1/subscriptions?cursor=~02395-D0", "subscriptions"),
    ] {
        let (status, page) = send(&stranger, &served, "GET", path, &Value::Null).await;
        assert_eq!((status, &page[list]), (StatusCode::OK, &json!([])), "{path}: {page}");
        assert!(!page.to_string().contains("02396-"), "{path}: {page}");
    }
    for path in ["/v1/events?limit=500", "/v1/reports/payments?format=csv", "/v1/renewals/upcoming?nights=60"] {
        let response = stranger.get(format!("{}{path}", served.base)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let text = response.text().await.unwrap();
        assert!(!text.contains("02396"), "{path}: {text}");
    }
    for verb in ["bulk-capture", "bulk-complete"] {
        let body = json!({"order_ids": [order(0), "02396-D99999-20260401"]});
        let (_, answer) = send(&stranger, &served, "POST", &format!("/v1/orders/{verb}"), &body).await;
        let results = answer["results"].as_array().unwrap();
        assert!(results.iter().all(|result| result["status"] == 404 && result["order"].is_null()), "{answer}");
        assert_eq!(results[0]["problem"]["title"], results[1]["problem"]["title"], "{answer}");
    }
    assert_eq!(head(served.get_json("/v1/events?limit=500").await), before, "nothing was recorded for the shop");
    assert_eq!(served.get_json(&format!("/v1/orders/{}", order(0))).await, standing);
    served.stop().await;
    stage.close().await;
}

/// A shop that says to be somebody's at Paygent would see, release and forge what Paygent tells that merchant.
async fn a_neighbour_cannot_pose_as_the_merchant_of_another_shop(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let stranger = neighbour(&stage).await;
    let merchant = paygent_simulator::Merchant::demonstration();
    let connection = |merchant_id: &str, password: &str| {
        json!({"merchant_id": merchant_id, "connect_id": merchant.connect_id, "connect_password": password,
            "token_key": "stranger"})
    };
    let path = "/v1/shops/02397/connection";
    let posing = connection(&merchant.merchant_id, "a-guess");
    let (status, problem) = send(&stranger, &served, "PUT", path, &posing).await;
    let refused = (StatusCode::UNPROCESSABLE_ENTITY, &json!("connect_password"));
    assert_eq!((status, &problem["field"]), refused, "{problem}");
    assert!(!problem.to_string().contains("02396"), "{problem}");
    // Whoever knows the merchant's password is the merchant; a merchant of one's own is one's own.
    let own = connection("77777", "anything");
    assert_eq!(send(&stranger, &served, "PUT", path, &own).await.0, StatusCode::OK);
    let both = connection(&merchant.merchant_id, &merchant.connect_password);
    assert_eq!(send(&stranger, &served, "PUT", path, &both).await.0, StatusCode::OK);
    // Two shops of one merchant change its password one after the other.
    let changed = connection(&merchant.merchant_id, "the-new-one");
    assert_eq!(send(&stranger, &served, "PUT", path, &changed).await.0, StatusCode::OK);
    served.stop().await;
    stage.close().await;
}

/// A notice says which payment to look at; told by a shop of another merchant, it says nothing.
async fn a_neighbours_notices_reach_no_order_of_another_merchant(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let stranger = neighbour(&stage).await;
    let connection = json!({"merchant_id": "77777", "connect_id": "c", "connect_password": "p", "token_key": "t"});
    assert_eq!(send(&stranger, &served, "PUT", "/v1/shops/02397/connection", &connection).await.0, StatusCode::OK);
    let key = json!({"notice_key": "neighbour"});
    assert_eq!(send(&stranger, &served, "PUT", "/v1/shops/02397/notice-key", &key).await.0, StatusCode::OK);
    let standing = served.get_json(&format!("/v1/orders/{}", order(0))).await;
    let (payment, transaction) =
        (standing["payment_id"].as_str().unwrap(), standing["transaction_id"].as_str().unwrap());
    let post = |number: u32, transaction: &str, status: &str| {
        let sealed = transaction.replace("%00", "\0");
        let value = hex::encode(Sha256::digest(format!("{number}{payment}{sealed}025000neighbour")));
        let form = format!(
            "payment_notice_id={number}&payment_id={payment}&trading_id={transaction}&payment_type=02&\
             payment_amount=5000&payment_status={status}&hc={value}"
        );
        let request = stranger.post(format!("{}/paygent/notices/02397", served.base)).body(form);
        async move { request.send().await.unwrap().status() }
    };
    // What no store can keep was never sent by Paygent.
    assert_eq!(post(1, transaction, "32%00").await, StatusCode::BAD_REQUEST);
    assert_eq!(post(1, "a%00", "32").await, StatusCode::BAD_REQUEST);
    assert_eq!(post(1, transaction, "32").await, StatusCode::OK);
    sqlx::any::install_default_drivers();
    let mut store = sqlx::AnyConnection::connect(&stage.url).await.unwrap();
    let sql = "SELECT verdict FROM paygent_notices WHERE merchant_id = '77777' AND handled_at IS NOT NULL";
    let begun = Instant::now();
    let verdict: String = loop {
        if let Some(verdict) = sqlx::query_scalar(sql).fetch_optional(&mut store).await.unwrap() {
            break verdict;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the notice is not handled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    store.close().await.unwrap();
    assert_eq!(verdict, "not a payment of this merchant");
    served.stop().await;
    stage.close().await;
}

/// A webhook gives out everything the feed does, so it takes what the feed takes; and who made it is a person.
async fn a_webhook_opens_no_more_than_the_scopes_of_the_key(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let hook = json!({"url": "https://93.184.216.34/hook", "description": "倉庫"});
    let commands = client(&stage.key(&[Scope::Commands]).await);
    let (status, problem) = send(&commands, &served, "POST", "/v1/webhooks", &hook).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("scope_missing")), "{problem}");
    let request = served.client.post(format!("{}/v1/webhooks", served.base)).header("x-actor", "%E5%B1%B1%E7%94%B0");
    let request = request.header("content-type", "application/json").body(hook.to_string());
    assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
    let reading = client(&stage.key(&[Scope::Reading]).await);
    for (client, person) in [(&served.client, true), (&reading, false)] {
        let (_, page) = send(client, &served, "GET", "/v1/webhooks", &Value::Null).await;
        assert_eq!(page.to_string().contains("山田"), person, "{page}");
        let id = page["webhooks"][0]["id"].as_str().unwrap();
        let (_, one) = send(client, &served, "GET", &format!("/v1/webhooks/{id}"), &Value::Null).await;
        assert_eq!(one, page["webhooks"][0]);
    }
    served.stop().await;
    stage.close().await;
}

/// Each request that waits looks at the log whenever anything happens, so a key has ten of them at a time.
async fn a_key_cannot_make_the_engine_wait_without_end(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let after = served.get_json("/v1/events?limit=500").await["next"].as_i64().unwrap();
    let path = format!("/v1/events?after={after}&types=member.registered&wait=30");
    let mut waiting: FuturesUnordered<_> = (0..13).map(|_| served.get_json(&path)).collect();
    for _ in 0..3 {
        let page = waiting.next().await.unwrap();
        assert_eq!((&page["events"], &page["next"]), (&json!([]), &json!(after)), "answered at once");
    }
    let person = json!({"member_id": "02396-E1", "name": "佐藤 光", "mail": "hikaru@example.jp"});
    let registered = async {
        assert_eq!(served.post("/v1/members", &person).await.0, StatusCode::CREATED);
    };
    let (pages, ()) = tokio::join!(waiting.collect::<Vec<_>>(), registered);
    assert_eq!(pages.len(), 10);
    assert!(pages.iter().all(|page| page["events"].as_array().unwrap().len() == 1), "{pages:?}");
    served.stop().await;
    stage.close().await;
}

/// Sends bytes as they are; the status and the content type of the answer.
async fn raw(served: &Served, request: &[u8]) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(served.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = vec![];
    // An answer given before everything was read may end with a reset.
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let kind = text.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or("").to_owned();
    (status, kind)
}

async fn whatever_is_sent_the_answer_is_a_problem_of_the_sender(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let key = stage.key(&Scope::ALL).await;
    let long = "9".repeat(5_000);
    let values =
        ["%00", "%FF", "%F0%9F%92%A9", "-1", "99999999999999999999", "1e999", "NaN", "'%22%5C", "~%00", "%25s", &long];
    let mut paths: Vec<String> = vec![];
    let document: Value = serde_json::from_str(&served.get("/openapi.json").await.1).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/v1/") {
            continue;
        }
        let whole = path.split('/').map(|part| match part {
            "{id}" if path.starts_with("/v1/members") => member(0).to_string(),
            "{id}" if path.starts_with("/v1/subscriptions") => subscription(0).to_string(),
            "{id}" if path.starts_with("/v1/orders") => order(0),
            "{id}" if path.starts_with("/v1/shops") => "02396".to_owned(),
            "{id}" => "02396-W00000001".to_owned(),
            "{name}" => "orders".to_owned(),
            part => part.trim_matches(['{', '}']).to_owned(),
        });
        let whole = whole.collect::<Vec<_>>().join("/");
        for (method, described) in methods.as_object().unwrap() {
            for value in values {
                if path.contains('{') {
                    let odd = path.split('/').map(|part| if part.starts_with('{') { value } else { part });
                    paths.push(format!("{method} {}", odd.collect::<Vec<_>>().join("/")));
                }
                let parameters = described["parameters"].as_array().cloned().unwrap_or_default();
                for name in parameters.iter().filter(|p| p["in"] == "query").filter_map(|p| p["name"].as_str()) {
                    // Waiting for a position is waited out, and has its own tests.
                    if !(name == "min_position" && value.starts_with('9')) {
                        paths.push(format!("{method} {whole}?{name}={value}"));
                    }
                }
            }
            for odd in ["/", "?x=1&x=1", "/../orders", "/./", "//", "?", "?&&=&"] {
                paths.push(format!("{method} {whole}{odd}"));
            }
        }
        for method in ["HEAD", "OPTIONS", "PATCH", "BREW"] {
            paths.push(format!("{method} {whole}"));
        }
    }
    paths.push(format!("get /v1/orders/{}", "a/".repeat(3_000)));
    for path in &paths {
        let (method, path) = path.split_once(' ').unwrap();
        // Erasing, and the addresses that would do something, are led into the void by a body that is none.
        let head = format!(
            "{} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{{",
            method.to_uppercase()
        );
        let (status, kind) = raw(&served, head.as_bytes()).await;
        let shown = path.chars().take(200).collect::<String>();
        assert!((200..500).contains(&status), "{method} {shown}: {status}");
        // What does not fit into a request line is refused before it is a request.
        let refused = status >= 400 && status != 414 && status != 431;
        assert!(!refused || kind == "application/problem+json", "{method} {shown}: {status} {kind}");
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = format!("{{\"a\":{}", "{\"a\":".repeat(40_000));
    let bodies: Vec<Vec<u8>> = vec![
        vec![],
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"\\u0000\"".to_vec(),
        b"{\"attempt\":1e400}".to_vec(),
        b"{\"attempt\":-0}".to_vec(),
        b"{\"lines\":[],\"lines\":[],\"shipping\":0}".to_vec(),
        b"{\"ladder\":[0,65535,65536],\"on_card_change\":true}".to_vec(),
        b"{\"a\":\"\xff\xfe\"}".to_vec(),
        b"{\"days\":\"\\ud800\"}".to_vec(),
        nested.into_bytes(),
        deep.into_bytes(),
        vec![b' '; 300_000],
    ];
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|method| ["post", "put"].contains(&method.as_str())) {
            if !path.starts_with("/v1/") || methods[method]["requestBody"].is_null() {
                continue;
            }
            let path = path.replace("{id}", "02396-D99999");
            for (i, body) in bodies.iter().enumerate() {
                for (keyed, chunked) in [(false, false), (true, true)] {
                    let mut request = format!(
                        "{} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
                         Content-Type: application/json\r\n",
                        method.to_uppercase()
                    );
                    if keyed {
                        request += &format!("Idempotency-Key: odd-{i}\r\n");
                    }
                    request += &match chunked {
                        true => format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()),
                        false => format!("Content-Length: {}\r\n\r\n", body.len()),
                    };
                    let mut bytes = request.into_bytes();
                    bytes.extend(body);
                    if chunked && !body.is_empty() {
                        bytes.extend(b"\r\n0\r\n\r\n");
                    } else if chunked {
                        bytes.extend(b"\r\n");
                    }
                    let (status, kind) = raw(&served, &bytes).await;
                    assert!((200..500).contains(&status), "{method} {path} body {i}: {status}");
                    assert!(status < 400 || kind == "application/problem+json", "{method} {path} {i}: {status} {kind}");
                }
            }
        }
    }
    for header in
        ["X-Actor: \u{fffd}%00", "X-Reason: %FF", "X-Request-Id: a\tb", "Idempotency-Key: \u{e9}", "Range: bytes=0-1"]
    {
        let request = format!(
            "POST /v1/orders/02396-D99999-20260401/capture HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
             Connection: close\r\n{header}\r\nContent-Length: 0\r\n\r\n"
        );
        let (status, kind) = raw(&served, request.as_bytes()).await;
        assert!((400..500).contains(&status) && kind == "application/problem+json", "{header}: {status} {kind}");
    }
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    a_request_that_failed_for_now_is_carried_out_when_repeated_under_its_key,
    a_neighbour_cannot_tell_what_is_there,
    a_neighbour_cannot_pose_as_the_merchant_of_another_shop,
    a_neighbours_notices_reach_no_order_of_another_merchant,
    a_webhook_opens_no_more_than_the_scopes_of_the_key,
    a_key_cannot_make_the_engine_wait_without_end,
    whatever_is_sent_the_answer_is_a_problem_of_the_sender,
);

//! Connections of the real binary: whoever does not go on is cut off, whoever asked is answered to the end (A7).

use crate::feed::shop_with_orders;
use crate::payment_life::order;
use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::Served;
use teiki_tests::stage::Stage;
use teiki_tests::stores::StoreKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest time something that must come about is waited for: far below what an engine without limits would take.
const WITHIN: Duration = Duration::from_secs(60);
/// A whole request, and the first part of one.
const WHOLE: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const HALF: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: local";

/// The engine with this limit in milliseconds.
async fn served(limit: &str) -> (Stage, Served) {
    let stage = shop_with_orders(StoreKind::Sqlite).await;
    let served = Served::start(&stage, &[("TEIKI_CONNECTION_TIMEOUT_MS", limit)]).await;
    (stage, served)
}

async fn connect(served: &Served) -> TcpStream {
    TcpStream::connect(served.base.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Everything that still comes, until the other side closes; a connection that was reset came to its end as well.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut bytes = vec![];
    let read = timeout(WITHIN, stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the connection stays open after {:?}", String::from_utf8_lossy(&bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one answer without a body of more than a few bytes.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.contains("\r\n\r\n") || !text.contains("ok") {
        let mut bytes = [0; 4096];
        let count = timeout(WITHIN, stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(count > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_silent_is_cut_off_and_others_are_answered_meanwhile() {
    let (stage, served) = served("300").await;
    let (mut silent, mut half, mut idle) = (connect(&served).await, connect(&served).await, connect(&served).await);
    half.write_all(HALF).await.unwrap();
    idle.write_all(WHOLE).await.unwrap();
    assert!(answer(&mut idle).await.starts_with("HTTP/1.1 200 OK"));
    // A byte now and then does not buy more time.
    let dripping = connect(&served).await;
    let (mut reading, mut writing) = dripping.into_split();
    let dripping = tokio::spawn(async move {
        for byte in HALF.iter().cycle().filter(|byte| !b"\r\n".contains(byte)) {
            if writing.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(served.get("/healthz").await.0, StatusCode::OK);
    for stream in [&mut silent, &mut half, &mut idle] {
        assert_eq!(to_the_end(stream).await, "", "nobody is answered what was not asked");
    }
    let mut bytes = vec![];
    let read = timeout(WITHIN, reading.read_to_end(&mut bytes)).await;
    assert!(read.is_ok() && bytes.is_empty(), "the head has to be there in time as a whole");
    timeout(WITHIN, dripping).await.unwrap().unwrap();
    assert_eq!(served.get("/healthz").await.0, StatusCode::OK);
    served.stop().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_no_answers_is_cut_off() {
    let (stage, served) = served("300").await;
    let mut greedy = connect(&served).await;
    // More than any buffer on the way holds, in questions and in answers; nothing of them is read.
    let questions = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000_000);
    let written = timeout(WITHIN, greedy.write_all(&questions)).await;
    assert!(written.expect("the engine waits for ever").is_err(), "it was cut off");
    served.stop().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_head_does_not_hold_up_the_end() {
    let (stage, served) = served("1500").await;
    let (mut fresh, mut later) = (connect(&served).await, connect(&served).await);
    fresh.write_all(HALF).await.unwrap();
    later.write_all(WHOLE).await.unwrap();
    answer(&mut later).await;
    later.write_all(HALF).await.unwrap();
    // Sooner than requests under way would be cut off, which takes 45 seconds.
    timeout(Duration::from_secs(30), served.stop()).await.expect("the engine ends within bounds");
    assert_eq!(to_the_end(&mut fresh).await + &to_the_end(&mut later).await, "");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_at_the_end_is_answered() {
    let (stage, served) = served("300").await;
    stage.simulator.script(Rule::once(Fault::DelayAfter { milliseconds: 700 }).on(TelegramKind::Capture));
    let address = format!("{}/v1/orders/{}/capture", served.base, order(0));
    let asked = tokio::spawn(served.client.post(address).send());
    let begun = Instant::now();
    while stage.simulator.ledger().telegram_count(TelegramKind::Capture) == 0 {
        assert!(begun.elapsed() < WITHIN, "it is asked for at Paygent");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    served.stop().await;
    let answer = asked.await.unwrap().expect("it is answered, though it takes longer than silence may");
    assert_eq!(answer.status(), StatusCode::OK);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["payment_status"], json!("sales_confirmed"));
    stage.close().await;
}

/// A body that does not come is the caller's affair: answered as such, and nothing is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_answered_so_and_the_connection_closed() {
    let (stage, served) = served("400").await;
    let key = format!("Authorization: Bearer {}\r\n", stage.key(&Scope::ALL).await);
    let once = format!("{key}Idempotency-Key: k\r\n");
    let form = "Origin: http://localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n".to_owned();
    let json = "Content-Type: application/json\r\n";
    let (short, chunked, large) =
        ("Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 99999999999\r\n");
    for (path, headers, body, status, code) in [
        ("/v1/members", format!("{key}{json}{short}"), "{", "408", "body_too_slow"),
        ("/v1/members", format!("{once}{json}{short}"), "{", "408", "body_too_slow"),
        ("/v1/members", format!("{key}{json}{chunked}"), "1\r\n{\r\n", "408", "body_too_slow"),
        ("/v1/members", format!("{key}{json}{short}Expect: 100-continue\r\n"), "", "100", "body_too_slow"),
        ("/sign-in", format!("{form}{short}"), "login=", "408", "送信が時間内に終わりませんでした"),
        ("/paygent/notices/02396", format!("{form}{short}"), "a=", "408", "body_too_slow"),
        // Refused without waiting.
        ("/v1/members", format!("{key}{json}{large}"), "{", "413", "unreadable_body"),
        ("/v1/members", format!("{json}{chunked}"), "1\r\n{\r\n", "401", "no_key"),
    ] {
        let mut stream = connect(&served).await;
        let request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = to_the_end(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(code), "{request}: {answer}");
    }
    // What was not taken left no key behind.
    let person = json!({"member_id": "02396-M9", "name": "佐藤 光", "mail": "hikaru@example.jp"});
    let again = served.client.post(format!("{}/v1/members", served.base)).header("idempotency-key", "k");
    let again = again.header("content-type", "application/json").body(person.to_string()).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::CREATED);
    served.stop().await;
    stage.close().await;
}

/// Pages answer to the one name that a request asks for, however it says it.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_not_shown_under_two_names() {
    let (stage, served) = served("2000").await;
    for (target, hosts, status) in [
        ("/sign-in", "Host: localhost\r\n", "200"),
        ("http://localhost/sign-in", "Host: localhost\r\n", "200"),
        ("http://evil.example/sign-in", "Host: localhost\r\n", "421"),
        ("http://evil.example/metrics", "Host: localhost\r\n", "421"),
        ("http://localhost/sign-in", "Host: evil.example\r\n", "421"),
        ("/sign-in", "Host: localhost\r\nHost: evil.example\r\n", "421"),
        ("/metrics", "Host: localhost\r\nHost: evil.example\r\n", "421"),
        ("/sign-in", "", "421"),
    ] {
        let mut stream = connect(&served).await;
        let request = format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = to_the_end(&mut stream).await;
        let line = answer.lines().next().unwrap_or_default();
        assert!(line.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {line}");
    }
    served.stop().await;
    stage.close().await;
}

/// What is no request of HTTP is answered by a status alone, and the connection ends; nothing of it is an error of ours.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_and_the_connection_closed() {
    let (stage, served) = served("500").await;
    let long = "x".repeat(70_000);
    let many: String = (0..200).map(|i| format!("X-{i}: 1\r\n")).collect();
    for (request, status) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"), "431"),
        (format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n"), "431"),
        (format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"), "431"),
        ("NONSENSE\r\n\r\n".to_owned(), "400"),
        ("GET /healthz HTTP/9.9\r\n\r\n".to_owned(), "400"),
        ("GET /health z HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("GET /healthz HTTP/1.1\r\nHo st: x\r\n\r\n".to_owned(), "400"),
        ("POST /v1/members HTTP/1.1\r\nContent-Length: -1\r\n\r\n".to_owned(), "400"),
        ("POST /v1/members HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(), "400"),
    ] {
        let mut stream = connect(&served).await;
        // A long one may be refused, and the connection reset, before all of it was taken.
        let _ = stream.write_all(request.as_bytes()).await;
        let reset = request.len() > 8_192;
        let answer = to_the_end(&mut stream).await;
        let line = answer.lines().next().unwrap_or_default().to_owned();
        let what: String = request.chars().take(60).collect();
        if answer.is_empty() && reset {
            continue;
        }
        assert!(line.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {line}");
        assert!(answer.ends_with("\r\n\r\n"), "{what}: no body: {answer}");
    }
    // As long as a request of ours may be.
    let page = served.get(&format!("/v1/orders?transaction_id={}", "1".repeat(60_000))).await;
    assert_eq!(page.0, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.1);
    served.stop().await;
    stage.close().await;
}

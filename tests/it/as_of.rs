//! How things stood at any moment: folded from the log alone, equal to the live answer at its head.

use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::ShopSettingsCommand as Settings;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol_with, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;
use teiki_tests::tamper::Intruder;

/// A month: an order authorised on 1 April and captured, one on 1 May; a card that ends in May is replaced in May.
async fn lived(kind: StoreKind) -> Stage {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let card = paygent_simulator::TestCard::new("4900123456781111", 2026, 5);
    enrol_with(&app, &stage.simulator, 0, &card).await;
    subscribe(&app, 0, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    app.stop().await;
    renew(&stage).await;
    stage.set_day("2026-05-01".parse().unwrap());
    renew(&stage).await;
    let app = stage.app().await;
    let order = format!("{}-20260401", subscription(0)).parse().unwrap();
    let because = app.gateway.because("test", "shipped");
    app.payments.capture(&order, &because).await.unwrap();
    let card = paygent_simulator::TestCard::new("4900123456781111", 2030, 5);
    enrol_with(&app, &stage.simulator, 0, &card).await;
    change_settings(&app, &because, Settings::ChangeSaleMode(SaleMode::AuthorizeAndCapture)).await;
    // The mails that follow, so that a server adds nothing by itself.
    teiki::workers::mails::round(&app).await.unwrap();
    app.settle().await.unwrap();
    app.stop().await;
    stage
}

async fn renew(stage: &Stage) {
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `teiki show --json`.
async fn show(stage: &Stage, arguments: &[&str]) -> Value {
    let output = stage.teiki(&[&["show", "--json"], arguments].concat()).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn at_the_head_it_is_the_live_answer(kind: StoreKind) {
    let stage = lived(kind).await;
    let mut intruder = Intruder::at(&stage.url).await;
    let head = intruder.log().await.len();
    intruder.leave().await;
    let served = Served::start(&stage, &[]).await;
    let order = format!("{}-20260401", subscription(0));
    for path in [
        format!("/v1/orders/{order}"),
        format!("/v1/orders/{}-20260501", subscription(0)),
        format!("/v1/subscriptions/{}", subscription(0)),
        "/v1/shops/02396".to_owned(),
        "/v1/cards/expiring".to_owned(),
    ] {
        let live = served.get_json(&path).await;
        assert_eq!(served.get_json(&format!("{path}?as_of={head}")).await, live, "{path}");
        let now = stage.now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        assert_eq!(served.get_json(&format!("{path}?as_of={now}")).await["position"], live["position"]);
        for future in ["2026-12-31T00:00:00%2B09:00", "9999-12-31T23:59:59Z"] {
            let (status, problem) = served.send("GET", &format!("{path}?as_of={future}"), &Value::Null).await;
            assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("as_of")), "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains("has not come yet"), "{problem}");
        }
        let (status, text) = served.get(&format!("{path}?as_of={}", head + 1)).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("as_of"), "{text}");
        assert_eq!(served.get(&format!("{path}?as_of=yesterday")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        let begin = served.get(&format!("{path}?as_of=0")).await.0;
        let list = path.ends_with("expiring");
        assert_eq!(begin, if list { StatusCode::OK } else { StatusCode::NOT_FOUND }, "{path}");
    }
    served.stop().await;
    stage.close().await;
}

async fn at_every_moment_it_is_what_it_was(kind: StoreKind) {
    let mut stage = lived(kind).await;
    let order = format!("{}-20260401", subscription(0));
    let mut intruder = Intruder::at(&stage.url).await;
    let log = intruder.log().await;
    intruder.leave().await;
    // The payment status after each event of the order.
    let mut statuses = vec![];
    for row in log.iter().filter(|row| row.stream.1 == order) {
        let shown = show(&stage, &[&order, "--as-of", &row.position.to_string()]).await;
        assert_eq!(shown["position"], row.position, "{}", row.event_type);
        statuses.push((row.event_type.clone(), shown["payment_status"].as_str().unwrap().to_owned()));
    }
    let expected = [
        ("OrderGenerated", "requested"),
        ("AuthorizationRequested", "requested"),
        ("AuthorizationSucceeded", "authorized"),
        ("CaptureRequested", "capture_requested"),
        ("SalesConfirmed", "sales_confirmed"),
    ];
    for ((event, status), (expected_event, expected_status)) in statuses.iter().zip(expected) {
        assert_eq!(event, expected_event);
        // What an order is between its first two events, which are one commit, is no state anybody ever saw.
        if event != "OrderGenerated" {
            assert_eq!(status, expected_status, "after {event}");
        }
    }
    assert_eq!(statuses.len(), expected.len());

    // By the instant: before midnight of 1 April, on that day, and now.
    let before = stage.teiki(&["show", &order, "--as-of", "2026-03-31T23:59:59+09:00"]).output().await.unwrap();
    assert!(!before.status.success() && String::from_utf8_lossy(&before.stderr).contains("there was no"));
    let april = show(&stage, &[&order, "--as-of", "2026-04-02T00:00:00+09:00"]).await;
    assert_eq!(april["payment_status"], "authorized");
    assert_eq!(show(&stage, &[&order]).await["payment_status"], "sales_confirmed");

    let april = show(&stage, &[subscription(0).as_str(), "--as-of", "2026-04-02T00:00:00+09:00"]).await;
    assert_eq!((&april["orders"], &april["next_generation_date"]), (&json!(1), &json!("2026-05-01")));
    assert_eq!(show(&stage, &[subscription(0).as_str()]).await["orders"], 2);

    // The settings of then; secrets of no time.
    let april = show(&stage, &["02396", "--as-of", "2026-04-02T00:00:00+09:00"]).await;
    assert_eq!(
        (&april["sale_mode"], &april["connection"]["has_connect_password"]),
        (&json!("authorize_only"), &json!(true))
    );
    assert!(april["connection"].get("connect_password").is_none(), "{april}");
    assert_eq!(show(&stage, &["02396"]).await["sale_mode"], "authorize_and_capture");

    // K6, judged by the day of then: the card that ended in May was close in April, and is replaced now.
    for then in ["2026-04-02T00:00:00+09:00", "2026-04-30T23:00:00+09:00"] {
        assert_eq!(show_cards(&stage, then).await, json!([["05/26", "close"]]));
    }
    let text = stage.teiki(&["show", "cards", "--shop", "02396"]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).contains("2026-05-01"));
    let june = "2026-06-01T00:00:00+09:00";
    let future = stage.teiki(&["show", "cards", "--shop", "02396", "--as-of", june]).output().await.unwrap();
    let told = String::from_utf8_lossy(&future.stderr).into_owned();
    assert!(!future.status.success() && told.contains("has not come yet"), "{told}");
    stage.set_day("2026-06-01".parse().unwrap());
    assert_eq!(show_cards(&stage, june).await, json!([]), "replaced on 1 May");
    stage.close().await;
}

/// Expiry and standing of each card in the table at a moment.
async fn show_cards(stage: &Stage, as_of: &str) -> Value {
    let shown = show(stage, &["cards", "--shop", "02396", "--as-of", as_of]).await;
    shown["cards"].as_array().unwrap().iter().map(|card| json!([card["expiry"], card["standing"]])).collect()
}

on_both_stores!(at_the_head_it_is_the_live_answer, at_every_moment_it_is_what_it_was);

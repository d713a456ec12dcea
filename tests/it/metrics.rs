//! Figures for operators: true ones, with units and words, and nothing of people in them.

use crate::feed::shop_with_orders;
use crate::payment_life::{day, order};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use teiki_infrastructure::set_aside;
use teiki_tests::receiver::{Receiver, Reply};
use teiki_tests::served::Served;
use teiki_tests::stores::StoreKind;

/// Every series with its figure.
async fn figures(served: &Served) -> BTreeMap<String, f64> {
    let (status, text) = served.get("/metrics").await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let series = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    series
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

async fn figures_say_what_there_is(kind: StoreKind) {
    let mut stage = shop_with_orders(kind).await;
    let receiver = Receiver::start().await;
    receiver.reply("/hook", Reply::Status(500));
    let served = Served::start(&stage, &[("TEIKI_WEBHOOK_PRIVATE_ADDRESSES", "true")]).await;
    let made = served.post("/v1/webhooks", &json!({"url": receiver.url("/hook"), "types": ["order.*"]})).await;
    assert_eq!(made.0, StatusCode::CREATED);
    let capture = served.post(&format!("/v1/orders/{}/capture", order(0)), &Value::Null).await;
    assert_eq!(capture.0, StatusCode::OK);
    assert_eq!(served.get("/v1/orders/02396-NONE-20260401").await.0, StatusCode::NOT_FOUND);
    let deliveries = format!("/v1/webhooks/{}/deliveries?status=pending", made.1["id"].as_str().unwrap());
    served.until(&deliveries, |page| page["deliveries"].as_array().unwrap().len() == 2).await;
    let head = served.get_json("/v1/events?limit=500").await["next"].as_f64().unwrap();

    let begun = Instant::now();
    let now = loop {
        let now = figures(&served).await;
        // The night run of the start may still be looking for what is open.
        if now.contains_key("teiki_night_run_finished_timestamp_seconds") {
            break now;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the night run ends");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let is = |name: &str, value: f64| assert_eq!(now.get(name), Some(&value), "{name} in {now:#?}");
    is("teiki_log_position", head);
    is("teiki_sequencer_lag_events", 0.0);
    is("teiki_sequencer_failing", 0.0);
    is("teiki_projection_lag_positions{projection=\"order_list\"}", 0.0);
    is("teiki_projection_stopped{projection=\"payment_work\"}", 0.0);
    is("teiki_renewals_due", 0.0);
    is("teiki_open_outcomes", 0.0);
    is("teiki_set_aside{kind=\"renewal\"}", 0.0);
    is("teiki_webhook_deliveries{status=\"pending\"}", 2.0);
    is("teiki_webhook_deliveries{status=\"dead\"}", 0.0);
    is("teiki_webhook_lag_positions", 0.0);
    is("teiki_webhook_endpoints", 1.0);
    is("teiki_clock_timestamp_seconds", stage.now.timestamp() as f64);
    for name in ["due", "done", "set_aside"] {
        is(&format!("teiki_night_run_{name}"), 0.0);
    }
    is("teiki_night_run_finished_timestamp_seconds", stage.now.timestamp() as f64);
    is("teiki_paygent_call_seconds_count{telegram=\"022\",outcome=\"approved\"}", 1.0);
    is("teiki_http_requests_total{method=\"POST\",route=\"/v1/orders/{id}/capture\",status=\"200\"}", 1.0);
    is("teiki_http_requests_total{method=\"GET\",route=\"/v1/orders/{id}\",status=\"404\"}", 1.0);
    // Units and words for each, and no id or person in any label.
    let (_, text) = served.get("/metrics").await;
    for name in now.keys() {
        let name = name.split('{').next().unwrap();
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(text.contains(&format!("# HELP {name} ")) || text.contains(&format!("# HELP {base} ")), "{name}");
    }
    let labels = now.keys().map(String::as_str).collect::<Vec<_>>().join("\n");
    for hidden in ["02396", "山田", "hanako", "127.0.0.1"] {
        assert!(!labels.contains(hidden), "{hidden} in {labels}");
    }
    // All shops' figures: for this machine alone.
    let elsewhere = served.client.get(format!("{}/metrics", served.base)).header("host", "teiki.example");
    assert_eq!(elsewhere.send().await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    served.stop().await;

    // A night with a refusal and with work that cannot go on.
    let app = stage.app().await;
    let (storage, now) = (&app.storage, stage.now);
    set_aside::put(storage, "notice", "x", None, "a test", now, "test").await.unwrap();
    app.stop().await;
    stage.set_day(day("2026-05-01"));
    let served = Served::start(&stage, &[]).await;
    let path = format!("/v1/orders/{}", order(1).replace("20260401", "20260501"));
    served.until(&path, |order| order["payment_status"] == "failed").await;
    let now = figures(&served).await;
    let is = |name: &str, value: f64| assert_eq!(now.get(name), Some(&value), "{name} in {now:#?}");
    is("teiki_paygent_refusals_total{telegram=\"020\",code=\"2001\"}", 1.0);
    is("teiki_set_aside{kind=\"notice\"}", 1.0);
    served
        .until(&format!("/v1/orders/{}", order(0).replace("20260401", "20260501")), |order| {
            order["payment_status"] == "authorized"
        })
        .await;
    served.stop().await;
    stage.close().await;
}

on_both_stores!(figures_say_what_there_is);

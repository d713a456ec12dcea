//! One command for many orders (O5, O11): each is answered by itself.

use crate::payment_life::{order, served};
use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_tests::stores::StoreKind;

fn statuses(answer: &Value) -> Vec<u64> {
    answer["results"].as_array().unwrap().iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

async fn o5_one_that_fails_does_not_stop_the_others_and_all_may_be_asked_again(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111", "8205", "1111", "1111"]).await;
    // One of the captures is refused, the failed order cannot be captured, and two do not exist here.
    stage.simulator.script(Rule::once(Fault::decline("2007", "past the deadline")).on(TelegramKind::Capture));
    let ids = [order(0), order(1), order(2), order(3), "02396-NONE-20260401".into(), "02397-D1-20260401".into()];
    let (status, answer) = served.post("/v1/orders/bulk-capture", &json!({"order_ids": ids})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let named: Vec<_> = answer["results"].as_array().unwrap().iter().map(|result| &result["order_id"]).collect();
    assert_eq!(named, ids.iter().collect::<Vec<_>>(), "in the order asked for");
    let mut first = statuses(&answer);
    assert_eq!((first[1], &first[4..]), (409, &[404, 404][..]), "{answer}");
    assert_eq!((&answer["done"], &answer["open"], &answer["failed"]), (&json!(2), &json!(0), &json!(4)));
    let refused = answer["results"].as_array().unwrap().iter().find(|result| result["status"] == 402).unwrap();
    assert_eq!(refused["problem"]["paygent_code"], "2007");
    assert_eq!(refused["order"]["payment_status"], "authorized", "the order as it stands is shown too");
    assert_eq!(answer["results"][5]["order"], Value::Null, "nothing of another shop");
    first.retain(|status| *status == 200);
    assert_eq!(first.len(), 2);

    let captures = stage.simulator.ledger().telegram_count(TelegramKind::Capture);
    let (_, again) = served.post("/v1/orders/bulk-capture", &json!({"order_ids": ids})).await;
    assert_eq!(statuses(&again), [200, 409, 200, 200, 404, 404], "{again}");
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Capture), captures + 1, "only the refused one");
    assert_eq!(stage.simulator.ledger().summary().captured_yen, 15_000);

    let (_, completed) = served.post("/v1/orders/bulk-complete", &json!({"order_ids": ids[..4]})).await;
    for result in completed["results"].as_array().unwrap().iter().filter(|result| result["status"] == 200) {
        assert_eq!(result["order"]["list"], "completed", "O11: {result}");
    }
    assert_eq!(statuses(&completed)[0], 200, "{completed}");
    served.stop().await;
    stage.close().await;
}

async fn a_list_that_cannot_be_meant_is_refused_whole(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let many: Vec<String> = (0..501).map(|i| format!("02396-D{i}-20260401")).collect();
    for (ids, field) in [
        (json!([]), "order_ids"),
        (json!(many), "order_ids"),
        (json!([order(0), "nonsense"]), "order_ids[1]"),
        (json!([order(0), order(0)]), "order_ids[1]"),
        (json!([order(0), 5]), "order_ids[1]"),
    ] {
        let (status, problem) = served.post("/v1/orders/bulk-capture", &json!({"order_ids": ids})).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{problem}");
    }
    assert_eq!(served.get_json(&format!("/v1/orders/{}", order(0))).await["payment_status"], "authorized");
    served.stop().await;
    stage.close().await;
}

/// An answer that is lost leaves the order open, and says where to ask (W2).
async fn w2_an_unknown_outcome_is_open_not_failed(kind: StoreKind) {
    let (stage, served) = served(kind, SaleMode::AuthorizeOnly, &["1111", "1111"]).await;
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Capture));
    let ids = json!({"order_ids": [order(0), order(1)]});
    let (_, answer) = served.post("/v1/orders/bulk-capture", &ids).await;
    let mut seen = statuses(&answer);
    seen.sort_unstable();
    assert_eq!(seen, [200, 202], "{answer}");
    assert_eq!((&answer["done"], &answer["open"], &answer["failed"]), (&json!(1), &json!(1), &json!(0)));
    for i in 0..2 {
        served.until_status(&order(i), "sales_confirmed").await;
    }
    assert_eq!(stage.simulator.ledger().summary().captured_yen, 10_000);
    // The same by itself names the place.
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::CancelSale));
    let address = format!("{}/v1/orders/{}/cancel", served.base, order(0));
    let response = served.client.post(address).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.headers()["location"], format!("/v1/orders/{}", order(0)));
    served.until_status(&order(0), "refunded").await;
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    o5_one_that_fails_does_not_stop_the_others_and_all_may_be_asked_again,
    a_list_that_cannot_be_meant_is_refused_whole,
    w2_an_unknown_outcome_is_open_not_failed,
);

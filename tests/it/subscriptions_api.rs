//! Subscriptions as billing services lead them, over HTTP (R3, O18, S12, S14).

use crate::payment_life::day;
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::ShopSettingsCommand as Settings;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

/// A shop with three subscriptions whose first orders come up on 10, 11 and 12 April; today is the first.
async fn served(kind: StoreKind) -> (Stage, Served) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let cash = PaymentMethod::External { name: "代金引換".to_owned() };
    change_settings(&app, &because, Settings::ChangePaymentMethods(vec![PaymentMethod::Card, cash])).await;
    for i in 0..3 {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "months:1:10", day("2026-04-10"), 5_000 + i as i64).await;
    }
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    served
        .until("/v1/subscriptions", |page| page["subscriptions"].as_array().is_some_and(|rows| rows.len() == 3))
        .await;
    (stage, served)
}

async fn close(stage: Stage, served: Served) {
    served.stop().await;
    stage.close().await;
}

fn path(i: usize, command: &str) -> String {
    format!("/v1/subscriptions/{}{command}", subscription(i))
}

fn dates(subscription: &Value) -> Vec<&str> {
    subscription["upcoming"].as_array().unwrap().iter().map(|next| next["delivery_date"].as_str().unwrap()).collect()
}

async fn r3_every_command_changes_what_is_to_come(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let shown = served.get_json(&path(0, "?preview=3")).await;
    assert_eq!(dates(&shown), ["2026-04-10", "2026-05-10", "2026-06-10"]);
    assert_eq!((&shown["payment_method"], &shown["shipping"]), (&json!("card"), &json!(0)));
    assert_eq!(shown["lines"][0]["unit_price"], 5_000);

    // A skip that names its delivery leaves out one, however often it is asked for.
    let skip = json!({"delivery_date": "2026-04-10"});
    let (status, skipped) = served.post(&path(0, "/skip"), &skip).await;
    assert_eq!((status, &skipped["next_delivery_date"]), (StatusCode::OK, &json!("2026-05-10")), "{skipped}");
    let (status, again) = served.post(&path(0, "/skip"), &skip).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("refused")), "{again}");
    let (status, next) = served.post(&path(0, "/skip"), &Value::Null).await;
    assert_eq!((status, &next["next_delivery_date"]), (StatusCode::OK, &json!("2026-06-10")), "{next}");

    let (_, moved) = served.put(&path(0, "/next-date"), &json!({"delivery_date": "2026-06-20"})).await;
    assert_eq!(moved["next_generation_date"], "2026-06-20", "{moved}");
    assert_eq!(dates(&served.get_json(&path(0, "?preview=2")).await), ["2026-06-20", "2026-07-10"]);
    // S16: not before the day after the newest delivery left out, nor in a year that is a slip.
    for (date, bound) in [("2026-03-31", "2026-05-11"), ("2026-05-10", "2026-05-11"), ("9999-12-31", "2028-04-01")] {
        let (status, refused) = served.put(&path(0, "/next-date"), &json!({"delivery_date": date})).await;
        assert_eq!(
            (status, &refused["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("delivery_date")),
            "{refused}"
        );
        assert!(refused["detail"].as_str().unwrap().contains(bound), "{refused}");
    }
    let today = json!({"cycle": "days:7", "from": "2026-04-01"});
    let (status, refused) = served.put(&path(1, "/cycle"), &today).await;
    assert_eq!((status, &refused["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("from")), "{refused}");

    let cycle = json!({"cycle": "weeks:2:fri", "from": "2026-07-01"});
    let (_, changed) = served.put(&path(0, "/cycle"), &cycle).await;
    assert_eq!((&changed["cycle"], &changed["next_delivery_date"]), (&json!("weeks:2:fri"), &json!("2026-07-03")));
    let (status, wrong) = served.put(&path(0, "/cycle"), &json!({"cycle": "often", "from": "2026-07-01"})).await;
    assert_eq!((status, &wrong["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("cycle")), "{wrong}");

    let line = json!({"product": "C-2", "name": "おせんべい", "unit_price": 700, "quantity": 3, "tax_percent": 8});
    let basket = json!({"lines": [line], "shipping": 500, "fee": "to_be_quoted"});
    let (status, changed) = served.put(&path(0, "/basket"), &basket).await;
    assert_eq!((status, &changed["goods"], &changed["total"]), (StatusCode::OK, &json!(2_100), &Value::Null));
    let shown = served.get_json(&path(0, "")).await;
    assert_eq!((&shown["fee"], &shown["lines"][0]), (&json!("to_be_quoted"), &line));
    assert_eq!(shown["upcoming"], json!([]), "nothing is previewed unless asked for");

    let (_, paused) = served.post(&path(0, "/pause"), &Value::Null).await;
    assert_eq!((&paused["status"], &paused["next_delivery_date"]), (&json!("paused"), &Value::Null));
    assert_eq!(served.post(&path(0, "/pause"), &Value::Null).await.0, StatusCode::OK, "paused twice is paused once");
    assert_eq!(served.post(&path(0, "/skip"), &Value::Null).await.0, StatusCode::CONFLICT);
    let (_, resumed) = served.post(&path(0, "/resume"), &Value::Null).await;
    assert_eq!((&resumed["status"], &resumed["next_delivery_date"]), (&json!("running"), &json!("2026-07-03")));
    for _ in 0..2 {
        let (status, ended) = served.post(&path(0, "/end"), &Value::Null).await;
        assert_eq!((status, &ended["status"]), (StatusCode::OK, &json!("ended")), "{ended}");
    }
    let (status, over) = served.put(&path(0, "/basket"), &basket).await;
    assert_eq!((status, &over["code"]), (StatusCode::CONFLICT, &json!("refused")), "{over}");
    assert_eq!(served.get(&path(9, "")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(served.post(&path(9, "/pause"), &Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(served.get(&path(0, "?preview=61")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    close(stage, served).await;
}

async fn o18_s14_the_payment_method_is_changed_within_what_the_shop_offers(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let cash = json!({"payment_method": {"external": "代金引換"}});
    let (status, changed) = served.put(&path(1, "/payment-method"), &cash).await;
    assert_eq!((status, &changed["payment_method"]), (StatusCode::OK, &cash["payment_method"]), "{changed}");
    let bank = json!({"payment_method": {"external": "銀行振込"}});
    let (status, refused) = served.put(&path(1, "/payment-method"), &bank).await;
    assert_eq!((status, &refused["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("payment_method")), "{refused}");
    let switch = format!("/v1/shops/{}/use-for-subscriptions", teiki_tests::stage::shop());
    assert_eq!(served.put(&switch, &json!({"enabled": false})).await.0, StatusCode::OK);
    let card = json!({"payment_method": "card"});
    let (status, refused) = served.put(&path(1, "/payment-method"), &card).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "S12: {refused}");
    assert_eq!(served.put(&path(0, "/payment-method"), &card).await.0, StatusCode::OK, "what is so already is done");
    close(stage, served).await;
}

async fn subscriptions_are_listed_by_what_is_asked_a_page_at_a_time(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    served.post(&path(1, "/pause"), &Value::Null).await;
    served.put(&path(2, "/payment-method"), &json!({"payment_method": {"external": "代金引換"}})).await;
    served.put(&path(2, "/next-date"), &json!({"delivery_date": "2026-04-20"})).await;
    let listed = async |query: &str| -> Vec<String> {
        let page = served.get_json(&format!("/v1/subscriptions?{query}")).await;
        let rows = page["subscriptions"].as_array().unwrap();
        rows.iter().map(|row| row["subscription_id"].as_str().unwrap().to_owned()).collect()
    };
    let named = |numbers: &[usize]| numbers.iter().map(|i| subscription(*i).to_string()).collect::<Vec<_>>();
    for (query, found) in [
        ("limit=50", &[0, 1, 2][..]),
        ("status=running", &[0, 2]),
        ("status=paused", &[1]),
        ("member=02396-M00002", &[2]),
        ("payment_method=card", &[0, 1]),
        ("payment_method=external", &[2]),
        ("next_from=2026-04-11", &[2]),
        ("next_to=2026-04-10", &[0]),
        ("next_from=2026-04-10&next_to=2026-04-20&status=running", &[0, 2]),
    ] {
        assert_eq!(listed(query).await, named(found), "{query}");
    }
    let first = served.get_json("/v1/subscriptions?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(listed(&format!("limit=2&cursor={cursor}")).await, named(&[2]));
    for (wrong, field) in
        [("status=over", "status"), ("next_from=soon", "next_from"), ("surprise=1", "surprise"), ("status=", "status")]
    {
        let (status, problem) = served.get(&format!("/v1/subscriptions?{wrong}")).await;
        let problem: Value = serde_json::from_str(&problem).unwrap();
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{problem}");
    }
    close(stage, served).await;
}

on_both_stores!(
    r3_every_command_changes_what_is_to_come,
    o18_s14_the_payment_method_is_changed_within_what_the_shop_offers,
    subscriptions_are_listed_by_what_is_asked_a_page_at_a_time,
);

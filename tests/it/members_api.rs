//! Members and their cards over HTTP (C8, K, M1); personal data only for keys that may read it.

use paygent_simulator::TestCard;
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, enrol_with, member, open_shop};
use teiki_tests::stores::StoreKind;

async fn m1_members_and_their_cards_are_shown_to_whom_they_may_be(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    for i in 0..3 {
        enrol_with(&app, &stage.simulator, i, &TestCard::new("4900123456781111", 2026, 5)).await;
    }
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let path = format!("/v1/members/{}", member(0));
    let token = stage.simulator.issue_token(&TestCard::new("4900123456782222", 2030, 12));
    let (status, _) = served.post(&format!("{path}/cards"), &json!({"token": token})).await;
    assert_eq!(status, StatusCode::CREATED);
    let shown = served.get_json(&path).await;
    assert_eq!(shown["card"]["expiry"], "12/30", "M1: what was just done is shown");
    assert_eq!(
        (&shown["profile"]["name"], &shown["profile"]["mail"]),
        (&json!("山田 花子"), &json!("hanako@example.jp"))
    );
    assert_eq!((&shown["card"]["standing"], &shown["card"]["in_force"]), (&json!("valid"), &json!(true)), "{shown}");
    let cards = served.get_json(&format!("{path}/cards")).await;
    let expiries: Vec<_> = cards["cards"].as_array().unwrap().iter().map(|card| &card["expiry"]).collect();
    assert_eq!(expiries, [&json!("12/30"), &json!("05/26")], "newest first");
    assert_eq!((&cards["cards"][1]["standing"], &cards["cards"][1]["in_force"]), (&json!("close"), &json!(false)));
    assert_eq!(cards["cards"][1]["valid_through"], "2026-05-31");

    // Without the scope there is no word of who the member is.
    let reader = client(&stage.key(&[Scope::Reading]).await);
    for address in [path.clone(), "/v1/members".to_owned(), format!("{path}/cards")] {
        let response = reader.get(format!("{}{address}", served.base)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let text = response.text().await.unwrap();
        for personal in ["花子", "hanako", "profile"] {
            assert!(!text.contains(personal), "{address}: {text}");
        }
        assert!(text.contains("2222"), "{text}");
    }

    let first = served.get_json("/v1/members?limit=2").await;
    let rest = served.get_json(&format!("/v1/members?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let ids = |page: &Value| -> Vec<String> {
        page["members"].as_array().unwrap().iter().map(|row| row["member_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&first), [member(0).to_string(), member(1).to_string()]);
    assert_eq!((ids(&rest), &rest["next_cursor"]), (vec![member(2).to_string()], &Value::Null));
    for (address, status) in [
        ("/v1/members/02396-NOBODY", 404),
        ("/v1/members/02396-NOBODY/cards", 404),
        ("/v1/members/nobody", 422),
        ("/v1/members/02397-M1", 404),
        ("/v1/members?limit=0", 422),
        ("/v1/members?limit=2&limit=3", 422),
    ] {
        assert_eq!(served.get(address).await.0.as_u16(), status, "{address}");
    }
    served.stop().await;
    stage.close().await;
}

on_both_stores!(m1_members_and_their_cards_are_shown_to_whom_they_may_be);

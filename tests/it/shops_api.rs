//! A shop's settings over HTTP (S3-S5, S9, S12-S17): read, changed, and secrets never shown.

use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

async fn served(kind: StoreKind) -> (Stage, Served) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.settle().await.unwrap();
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    (stage, served)
}

async fn s3_to_s17_every_setting_is_changed_and_shown(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let methods = json!(["card", {"external": "代金引換"}]);
    for (setting, body, place, shown) in [
        ("sale-mode", json!({"sale_mode": "authorize_and_capture"}), "/sale_mode", json!("authorize_and_capture")),
        (
            "instalments",
            json!({"allowed": true, "note": "3回から"}),
            "/instalments",
            json!({"allowed": true, "note": "3回から"}),
        ),
        ("applicability", json!({"min": 100, "max": null}), "/applicability", json!({"min": 100, "max": null})),
        ("use-for-subscriptions", json!({"enabled": false}), "/use_for_subscriptions", json!(false)),
        ("authorize-at-generation", json!({"enabled": false}), "/authorize_at_generation", json!(false)),
        ("payment-methods", json!({"payment_methods": methods}), "/payment_methods", methods.clone()),
        ("card-expiry-mails", json!({"automatic": true}), "/card_expiry_mails", json!(true)),
        ("lead-time", json!({"days": 5}), "/lead_days", json!(5)),
        (
            "contract-period",
            json!({"start": "2026-01-01", "end": "2027-03-31"}),
            "/contract_period",
            json!({"start": "2026-01-01", "end": "2027-03-31"}),
        ),
        (
            "authorization-validity",
            json!({"days": 30, "warn_days": 5}),
            "/authorization_validity",
            json!({"days": 30, "warn_days": 5}),
        ),
        (
            "retry-policy",
            json!({"ladder": [1, 3], "on_card_change": true}),
            "/retry_policy",
            json!({"ladder": [1, 3], "on_card_change": true}),
        ),
        ("notice-key", json!({"notice_key": "n0tice"}), "/has_notice_key", json!(true)),
    ] {
        let (status, changed) = served.put(&format!("/v1/shops/02396/{setting}"), &body).await;
        assert_eq!((status, changed.pointer(place)), (StatusCode::OK, Some(&shown)), "{setting}: {changed}");
        let read = served.get_json("/v1/shops/02396").await;
        assert_eq!(read, changed, "{setting}");
        // Set again, it leaves no trace: the history is as long as before.
        let position = served.get_json("/readyz").await["position"].clone();
        assert_eq!(served.put(&format!("/v1/shops/02396/{setting}"), &body).await.0, StatusCode::OK);
        assert_eq!(served.get_json("/readyz").await["position"], position, "{setting}");
    }
    served.stop().await;
    stage.close().await;
}

async fn s3_secrets_are_written_and_never_shown(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let secrets = json!({
        "merchant_id": "020900", "connect_id": "connect01", "connect_password": "pa55word-of-test", "token_key": "t0ken-key",
    });
    let (status, changed) = served.put("/v1/shops/02396/connection", &secrets).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    let shown = json!({
        "merchant_id": "020900", "connect_id": "connect01", "has_connect_password": true, "has_token_key": true,
    });
    assert_eq!(changed["connection"], shown);
    let position = served.get_json("/readyz").await["position"].clone();
    assert_eq!(served.put("/v1/shops/02396/connection", &secrets).await.0, StatusCode::OK);
    assert_eq!(served.get_json("/readyz").await["position"], position, "the same secrets again are no change");
    for answer in [changed.to_string(), served.get("/v1/shops/02396").await.1] {
        assert!(!answer.contains("pa55word") && !answer.contains("t0ken"), "{answer}");
    }
    for (field, value) in [
        ("merchant_id", "12a"),
        ("merchant_id", "1234567890"),
        ("connect_id", "with space"),
        ("connect_password", ""),
        ("token_key", "日本語"),
    ] {
        let mut wrong = secrets.clone();
        wrong[field] = json!(value);
        let (status, problem) = served.put("/v1/shops/02396/connection", &wrong).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{problem}");
        assert!(!problem.to_string().contains("pa55word"), "{problem}");
    }
    served.stop().await;
    let bytes = stage.bytes().await;
    for secret in [&b"pa55word-of-test"[..], b"t0ken-key"] {
        assert!(
            !bytes.windows(secret.len()).any(|window| window == secret),
            "S3: a secret stands in the store in clear"
        );
    }
    stage.close().await;
}

async fn settings_that_cannot_be_are_refused_by_name(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let before = served.get_json("/v1/shops/02396").await;
    for (setting, body, field) in [
        ("sale-mode", json!({"sale_mode": "both"}), "sale_mode"),
        ("instalments", json!({"allowed": true, "note": "x".repeat(501)}), "note"),
        ("applicability", json!({"min": 5, "max": 4}), "min"),
        ("applicability", json!({"max": -1}), "max"),
        ("lead-time", json!({"days": 91}), "days"),
        ("lead-time", json!({"days": -1}), "days"),
        ("contract-period", json!({"start": "2027-01-01", "end": "2026-01-01"}), "start"),
        ("contract-period", json!({"start": "1.1.2026"}), "start"),
        ("payment-methods", json!({"payment_methods": ["card", {"external": ""}]}), "payment_methods[1]"),
        ("card-expiry-mails", json!({"enabled": true}), "enabled"),
        ("card-expiry-mails", json!({}), "automatic"),
        ("retry-policy", json!({"ladder": [3, 1], "on_card_change": false}), "ladder"),
    ] {
        let (status, problem) = served.put(&format!("/v1/shops/02396/{setting}"), &body).await;
        assert_eq!(
            (status, &problem["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)),
            "{setting}: {problem}"
        );
    }
    assert_eq!(served.get_json("/v1/shops/02396").await, before, "nothing was changed by any of it");
    for path in ["/v1/shops/02397", "/v1/shops/00000"] {
        let (status, problem) = served.get(path).await;
        assert!(status == StatusCode::NOT_FOUND || status == StatusCode::UNPROCESSABLE_ENTITY, "{path}: {problem}");
    }
    // A key that may only read changes nothing.
    let reader = client(&stage.key(&[Scope::Reading]).await);
    let request = reader.put(format!("{}/v1/shops/02396/lead-time", served.base));
    let response = request.header("content-type", "application/json").body(json!({"days": 1}).to_string()).send().await;
    assert_eq!(response.unwrap().status(), StatusCode::FORBIDDEN);
    let text = reader.get(format!("{}/v1/shops/02396", served.base)).send().await.unwrap().text().await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), before);
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    s3_to_s17_every_setting_is_changed_and_shown,
    s3_secrets_are_written_and_never_shown,
    settings_that_cannot_be_are_refused_by_name,
);

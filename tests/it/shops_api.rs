//! A shop's settings over HTTP (S1, S3-S18): read, changed, and secrets never shown.

use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::api_keys::Scope;
use teiki_tests::served::{Served, client};
use teiki_tests::stage::{Stage, enrol, open_shop, open_shop_unready};
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

async fn s1_to_s18_every_setting_is_changed_and_shown(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let methods = json!(["card", {"external": "代金引換"}]);
    let profile = json!({
        "postal_code": "100-0001", "address": "東京都千代田区1-1", "phone": "03-0000-0000", "mail": "shop@example.jp",
        "site_url": "https://shop.example.jp/", "my_page_url": "https://shop.example.jp/my?a=1&b=2",
    });
    let sender = json!({"from_name": "まるや", "copies": ["copies@example.jp"]});
    let issuer = json!({"issuer_name": "株式会社まるや", "registration_number": "T1234567890123"});
    let options = json!({"subscriptions": true, "card_vault": true, "three_d_secure": true});
    let notes = json!({"text": "1回払いです", "on_payment_page": true, "in_thanks_mail": true});
    let logo = json!({"image": "https://shop.example.jp/cards.png", "alt": "利用できるカード"});
    let cycles = json!(["months:1:31", "weeks:2:fri"]);
    let cart = json!({"cart_upper": "上", "cart_lower": "下", "steps_upper": "手順", "done": "完了"});
    let design = json!({"main_color": "#aa3300", "background_color": "#fffff0", "logo": logo});
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
        ("name", json!({"name": "菓子店 <まるや>"}), "/name", json!("菓子店 <まるや>")),
        ("profile", profile.clone(), "/profile", profile.clone()),
        ("mail-sender", sender.clone(), "/mail_sender", sender.clone()),
        ("invoice-issuer", issuer.clone(), "/invoice_issuer", issuer.clone()),
        ("waybill-carrier", json!({"carrier": "japan_post"}), "/waybill_carrier", json!("japan_post")),
        ("contract-options", options.clone(), "/contract_options", options.clone()),
        ("normal-purchase", json!({"works": false}), "/normal_purchase_works", json!(false)),
        (
            "three-d-secure",
            json!({"enabled": true, "merchant_name": "MARUYA", "hash_key": "h4sh", "attempt_control": "high"}),
            "/three_d_secure",
            json!({"enabled": true, "merchant_name": "MARUYA", "has_hash_key": true, "attempt_control": "high"}),
        ),
        ("card-linking", json!({"enabled": false}), "/card_linking", json!(false)),
        ("display-name", json!({"display_name": "カード払い"}), "/display_name", json!("カード払い")),
        ("payment-notes", notes.clone(), "/payment_notes", notes.clone()),
        ("payment-logo", json!({"logo": logo}), "/payment_logo", logo.clone()),
        ("payment-logo", json!({"logo": null}), "/payment_logo", Value::Null),
        ("legal-notice", json!({"text": "一行目\r\n二行目"}), "/texts/legal_notice", json!("一行目\n二行目")),
        ("privacy-policy", json!({"text": "方針"}), "/texts/privacy_policy", json!("方針")),
        ("member-terms", json!({"text": "規約"}), "/texts/member_terms", json!("規約")),
        ("shipping-guide", json!({"text": ""}), "/texts/shipping_guide", json!("")),
        ("delivery-cycles", json!({"delivery_cycles": cycles}), "/delivery_cycles", cycles.clone()),
        ("cart-texts", cart.clone(), "/cart_texts", cart.clone()),
        ("cart-design", design.clone(), "/cart_design", design.clone()),
        ("my-page", json!({"comment": "ようこそ"}), "/my_page", json!({"comment": "ようこそ"})),
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

async fn s6_s7_options_that_the_contract_lacks_are_refused(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let secure =
        json!({"enabled": true, "merchant_name": "MARUYA", "hash_key": "h4sh-of-test", "attempt_control": "low"});
    let (status, problem) = served.put("/v1/shops/02396/three-d-secure", &secure).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("refused")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("option is not on record"), "{problem}");
    assert!(!problem.to_string().contains("h4sh"), "{problem}");
    // The vault is in use by card linking.
    let none = json!({"subscriptions": true, "card_vault": false, "three_d_secure": false});
    assert_eq!(served.put("/v1/shops/02396/contract-options", &none).await.0, StatusCode::CONFLICT);
    assert_eq!(served.put("/v1/shops/02396/card-linking", &json!({"enabled": false})).await.0, StatusCode::OK);
    assert_eq!(served.put("/v1/shops/02396/contract-options", &none).await.0, StatusCode::OK);
    assert_eq!(served.put("/v1/shops/02396/card-linking", &json!({"enabled": true})).await.0, StatusCode::CONFLICT);
    // With the option, 3-D Secure is used; the key stays when it is left out, and is never shown.
    let all = json!({"subscriptions": true, "card_vault": true, "three_d_secure": true});
    served.put("/v1/shops/02396/contract-options", &all).await;
    let (status, changed) = served.put("/v1/shops/02396/three-d-secure", &secure).await;
    assert_eq!((status, &changed["three_d_secure"]["enabled"]), (StatusCode::OK, &json!(true)), "{changed}");
    let mut without = secure.clone();
    without.as_object_mut().unwrap().remove("hash_key");
    let (status, kept) = served.put("/v1/shops/02396/three-d-secure", &without).await;
    assert_eq!((status, &kept["three_d_secure"]["has_hash_key"]), (StatusCode::OK, &json!(true)), "{kept}");
    assert!(!kept.to_string().contains("h4sh"));
    for (path, body, field) in [
        ("profile", json!({"mail": "a@example.jp\r\nBcc: b@example.jp"}), "mail"),
        ("profile", json!({"site_url": "javascript:alert(1)"}), "site_url"),
        ("profile", json!({"postal_code": "1"}), "postal_code"),
        ("invoice-issuer", json!({"registration_number": "1234"}), "registration_number"),
        ("waybill-carrier", json!({"carrier": "pigeon"}), "carrier"),
        ("delivery-cycles", json!({"delivery_cycles": ["days:30", "fortnightly"]}), "delivery_cycles[1]"),
        ("payment-logo", json!({"logo": {"image": "/a.png", "alt": ""}}), "alt"),
        ("cart-design", json!({"main_color": "red", "background_color": "#ffffff"}), "main_color"),
        (
            "three-d-secure",
            json!({"enabled": false, "merchant_name": "マルヤ", "attempt_control": "low"}),
            "merchant_name",
        ),
        ("display-name", json!({"display_name": ""}), "display_name"),
    ] {
        let (status, problem) = served.put(&format!("/v1/shops/02396/{path}"), &body).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{path}: {problem}");
    }
    served.stop().await;
    let bytes = stage.bytes().await;
    assert!(!bytes.windows(4).any(|window| window == b"h4sh"), "S6: the key stands in the store in clear");
    stage.close().await;
}

/// S1: a shop from which something is missing starts no subscription, and says what it is.
async fn s1_no_subscription_starts_before_everything_is_there(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop_unready(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let missing = async || -> Vec<String> {
        let readiness = served.get_json("/v1/shops/02396/readiness").await;
        let missing = readiness["missing"].as_array().unwrap();
        assert_eq!(readiness["ready"], json!(missing.is_empty()));
        missing.iter().map(|item| item["item"].as_str().unwrap().to_owned()).collect()
    };
    let start = |number: &str| {
        json!({
            "subscription_id": number, "member_id": "02396-M00000", "cycle": "days:1", "first_delivery": "2026-04-02",
            "payment_method": "card", "shipping": 0,
            "lines": [{"product": "C", "name": "C", "unit_price": 1, "quantity": 1, "tax_percent": 8}],
        })
    };
    let text = json!({"text": "本文"});
    let options = json!({"subscriptions": true, "card_vault": true, "three_d_secure": false});
    let product = json!({"name": "クッキー", "unit_price": 1_980, "tax_percent": 8});
    for (items, path, body) in [
        (vec!["normal_purchase"], "shops/02396/normal-purchase", json!({"works": true})),
        (vec!["subscriptions_option", "card_vault_option"], "shops/02396/contract-options", options),
        (vec!["legal_notice"], "shops/02396/legal-notice", text.clone()),
        (vec!["privacy_policy"], "shops/02396/privacy-policy", text.clone()),
        (vec!["member_terms"], "shops/02396/member-terms", text.clone()),
        (vec!["shipping_guide"], "shops/02396/shipping-guide", text.clone()),
        (vec!["card_linking"], "shops/02396/card-linking", json!({"enabled": true})),
        (vec!["delivery_cycles"], "shops/02396/delivery-cycles", json!({"delivery_cycles": ["days:30"]})),
        (vec!["lead_time"], "shops/02396/lead-time", json!({"days": 0})),
        (vec!["cart_pages"], "shops/02396/cart-texts", json!({})),
        (vec!["my_page"], "shops/02396/my-page", json!({})),
        (vec!["product"], "products/02396-C-1", product),
    ] {
        let before = missing().await;
        assert!(items.iter().all(|item| before.iter().any(|missing| missing == item)), "{items:?} of {before:?}");
        let (status, problem) = served.post("/v1/subscriptions", &start("02396-D1")).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("shop_not_ready")), "{problem}");
        let (status, answer) = served.put(&format!("/v1/{path}"), &body).await;
        assert!(status.is_success(), "{path}: {answer}");
        let after = missing().await;
        assert_eq!(after.len(), before.len() - items.len(), "{path}: {after:?}");
    }
    assert!(missing().await.is_empty());
    assert_eq!(served.post("/v1/subscriptions", &start("02396-D1")).await.0, StatusCode::CREATED);
    // What goes away later stops new ones, names itself, and leaves alone what runs.
    served.put("/v1/shops/02396/member-terms", &json!({"text": ""})).await;
    let (status, problem) = served.post("/v1/subscriptions", &start("02396-D2")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("shop_not_ready")));
    assert!(problem["detail"].as_str().unwrap().contains("member terms"), "{problem}");
    assert_eq!(served.post("/v1/subscriptions", &start("02396-D1")).await.0, StatusCode::OK, "already started");
    stage.set_day("2026-04-02".parse().unwrap());
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let orders = served.until("/v1/orders", |page| page["orders"][0]["payment_status"] == "authorized").await;
    assert_eq!(orders["orders"].as_array().unwrap().len(), 1, "{orders}");
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
    s1_no_subscription_starts_before_everything_is_there,
    s6_s7_options_that_the_contract_lacks_are_refused,
    s1_to_s18_every_setting_is_changed_and_shown,
    s3_secrets_are_written_and_never_shown,
    settings_that_cannot_be_are_refused_by_name,
);

//! Orders that are seldom seen, in a real browser: one that was authenticated with 3-D Secure, and a payment that turned
//! out to have succeeded after nobody waited for it.

use crate::payment_life::{order, served};
use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::browser::{Browser, with_browser};
use teiki_tests::console::account;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe};
use teiki_tests::stores::StoreKind;
use teiki_tests::tamper::Intruder;

async fn narrow(browser: &Browser, name: &str) {
    browser.driver.resize(390, 844).await.unwrap();
    browser.sound().await;
    browser.picture(&format!("{name}_narrow")).await;
    let script = "return document.documentElement.scrollWidth <= window.innerWidth";
    browser.until(script).await;
    browser.driver.resize(1280, 1000).await.unwrap();
}

/// C3, O3, O8, S6: renewals are never authenticated, so the authentication of a first purchase is put into the record.
#[tokio::test(flavor = "multi_thread")]
async fn o3_o8_s6_an_order_with_3d_secure_says_so_and_where_its_amount_is_changed() {
    let (stage, before) = served(StoreKind::Sqlite, SaleMode::AuthorizeOnly, &["1111"]).await;
    account(&stage, Role::Operator).await;
    before.stop().await;
    let mut intruder = Intruder::at(&stage.url).await;
    for table in ["events", "event_log"] {
        let asked = "event_type = 'AuthorizationRequested'";
        let with = "replace(payload, '\"sale_mode\"', '\"three_d_secure\":true,\"sale_mode\"')";
        assert_eq!(intruder.execute(&format!("UPDATE {table} SET payload = {with} WHERE {asked}")).await, 1, "{table}");
    }
    drop(intruder);
    assert!(stage.teiki(&["rebuild", "order_list"]).output().await.unwrap().status.success());
    let served = Served::start(&stage, &[]).await;
    let path = format!("/orders/{}", order(0));
    with_browser(&served, async |browser| {
        browser.sign_in(Role::Operator).await;
        browser.open_page("/orders").await;
        assert!(browser.find("tbody tr").await.text().await.unwrap().contains("3D"));
        browser.open_page(&path).await;
        browser.picture("three_d_secure").await;
        let top = browser.find(".topbox").await.text().await.unwrap();
        assert!(top.contains("3Dセキュア") && top.contains("認証済"), "{top}");
        assert!(browser.text().await.contains("金額の変更はペイジェントの管理画面で"));
        narrow(browser, "three_d_secure").await;
        // Another amount is written down here, and neither sent to Paygent nor confirmed as it is (O8).
        browser.press("[data-action=edit]").await;
        browser.fill("[name='unit_price.0']", "4200").await;
        browser.press("main form button.primary").await;
        browser.sound().await;
        browser.picture("three_d_secure_changed").await;
        assert!(browser.told().await.contains("ペイジェントの管理画面でも"), "{}", browser.told().await);
        let why = browser.find("#why-update").await.text().await.unwrap();
        assert!(why.contains("3Dセキュア") && why.contains("管理画面"), "{why}");
        assert!(browser.has("button[disabled][data-action=capture]").await);
    })
    .await;
    served.stop().await;
    stage.close().await;
}

/// W8: somebody stopped waiting for the answer to a sale, and it had succeeded.
async fn surplus() -> (Stage, Served) {
    let mut stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for i in 0..2 {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 5_000).await;
    }
    app.stop().await;
    stage.timeout_ms = 500;
    stage.simulator.script(Rule::always(Fault::LoseReply).on(TelegramKind::Authorise));
    stage.simulator.script(Rule::always(Fault::Http503).on(TelegramKind::Inquiry));
    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[]).await;
    for i in 0..2 {
        served.until_status(&order(i), "unknown").await;
        let path = format!("/v1/orders/{}", order(i));
        let (status, given_up) = served.post(&format!("{path}/give-up"), &json!({"attempt": 1})).await;
        assert_eq!(status, StatusCode::OK, "{given_up}");
        let (status, cancelled) = served.post(&format!("{path}/cancel"), &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{cancelled}");
    }
    stage.simulator.clear_script();
    for i in 0..2 {
        served.until(&format!("/v1/orders/{}", order(i)), |order| !order["undecided_payment"].is_null()).await;
    }
    (stage, served)
}

#[tokio::test(flavor = "multi_thread")]
async fn w8_a_surplus_payment_is_refunded_or_accepted_from_the_page_of_its_order() {
    let (stage, served) = surplus().await;
    with_browser(&served, async |browser| {
        browser.sign_in(Role::Operator).await;
        let text = browser.text().await;
        assert!(text.contains("余分な決済"), "the page of the day tells of it: {text}");
        browser.press("a[href='/orders?undecided_only=true&once=1']").await;
        browser.sound().await;
        // One that was refunded to the buyer, and one that pays after all.
        for (i, decision, left) in [(0, "refund", "取り消しました"), (1, "accept", "充当しました")] {
            browser.open_page(&format!("/orders/{}", order(i))).await;
            browser.picture(&format!("surplus_{decision}")).await;
            let told = browser.find("#surplus-box").await.text().await.unwrap();
            assert!(told.contains("5,000円") && told.contains("売上"), "{told}");
            assert!(!browser.has("#unknown-box").await, "what became of it is known");
            if i == 0 {
                narrow(browser, "surplus").await;
            }
            browser.press(&format!("a[href$='confirm/{decision}-surplus']")).await;
            browser.sound().await;
            browser.picture(&format!("surplus_{decision}_confirm")).await;
            browser.press("#confirm").await;
            browser.sound().await;
            assert!(browser.told().await.contains(left), "{}", browser.told().await);
            assert!(!browser.has("#surplus-box").await);
            browser.picture(&format!("surplus_{decision}_done")).await;
        }
    })
    .await;
    assert_eq!(stage.simulator.ledger().summary().captured_yen, 5_000, "one of the two pays");
    served.stop().await;
    stage.close().await;
}

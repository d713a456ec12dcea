//! Today and documents in a real browser: no error on the console, nothing that stands in somebody's way.

use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::browser::with_browser;
use teiki_tests::console::account;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

#[tokio::test(flavor = "multi_thread")]
async fn o13_from_today_to_the_failed_order_and_its_documents() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for (i, card) in ["1111", "8205"].into_iter().enumerate() {
        enrol(&app, &stage.simulator, i, card).await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    }
    app.stop().await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[]).await;
    let path = format!("/orders/{}-20260401/documents", subscription(0));
    with_browser(&served, async |browser| {
        browser.open_page("/").await;
        browser.sign_in(Role::Operator).await;
        browser.open_page("/").await;
        assert!(browser.text().await.contains("対応が必要なもの"));
        browser.find("figure details summary").await.click().await.unwrap();
        browser.sound().await;
        browser.picture("today").await;
        browser.press(".needs a").await;
        assert_eq!(browser.path().await, "/retries", "failed orders, each with why it is not tried again");
        browser.sound().await;
        browser.open_page(&path).await;
        browser.press("form:has(input[value=receipt]) button").await;
        assert!(browser.told().await.contains("領収書"), "{}", browser.told().await);
        browser.sound().await;
        browser.picture("documents").await;
        browser.open_page("/waybills").await;
        browser.picture("waybills").await;
    })
    .await;
    served.stop().await;
    stage.close().await;
}

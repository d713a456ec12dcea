//! The console in a real browser: the way in, the frame around every page.

use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::browser::with_browser;
use teiki_tests::console::account;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_look_around_and_sign_out() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[]).await;
    with_browser(&served, async |browser| {
        browser.open_page("/orders").await;
        assert_eq!(browser.path().await, "/sign-in");
        browser.sign_in(Role::Operator).await;
        browser.picture("first").await;
        browser.open_page("/cards").await;
        browser.press(".who a").await;
        assert!(browser.text().await.contains("Cards"), "English by switch");
        browser.sound().await;
        browser.press(".who form button").await;
        assert_eq!(browser.path().await, "/sign-in");
    })
    .await;
    served.stop().await;
    stage.close().await;
}

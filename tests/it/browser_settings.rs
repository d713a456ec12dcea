//! Settings, products and accounts in a real browser: accessible, without complaints, and with hostile text as text.

use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::browser::with_browser;
use teiki_tests::console::account;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop_unready};
use teiki_tests::stores::StoreKind;

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_makes_the_shop_ready_and_changes_its_settings() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop_unready(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    account(&stage, Role::Manager).await;
    let served = Served::start(&stage, &[]).await;
    with_browser(&served, async |browser| {
        browser.sign_in(Role::Manager).await;
        browser.open_page("/settings").await;
        browser.picture("settings-missing").await;
        // From the missing item to its form, and back.
        browser.press(".checklist .missing a[href$='#legal_notice']").await;
        browser.fill("#legal_notice", "販売業者 <script>document.title='taken'</script>").await;
        browser.press("main form button.primary").await;
        assert!(browser.text().await.contains("変更内容の確認"), "{}", browser.text().await);
        browser.sound().await;
        browser.picture("settings-confirm").await;
        browser.press("main form button.primary").await;
        assert!(browser.text().await.contains("変更しました"));
        browser.sound().await;
        browser.until("return !document.title.includes('taken')").await;
        for group in [
            "connection",
            "contract",
            "sale",
            "method",
            "three-d-secure",
            "subscriptions",
            "retries",
            "texts",
            "design",
            "profile",
            "notices",
        ] {
            browser.open_page(&format!("/settings/{group}")).await;
        }
        browser.open_page("/new-product").await;
        browser.fill("#code", "C-1").await;
        browser.fill("#name", "クッキーの定期便 <b>12枚</b>").await;
        browser.fill("#unit_price", "1980").await;
        browser.press("main form button.primary").await;
        assert!(browser.text().await.contains("登録しました"));
        browser.sound().await;
        browser.picture("product").await;
        browser.open_page("/products").await;
        assert!(browser.text().await.contains("<b>12枚</b>"), "hostile text is shown as text");
        browser.open_page("/accounts").await;
        browser.fill("#login", "suzuki").await;
        browser.fill("#name", "鈴木 三郎").await;
        browser.press("main form button.primary").await;
        assert!(browser.has("#new-password").await);
        browser.sound().await;
        browser.open_page("/accounts").await;
        browser.picture("accounts").await;
        browser.press("tbody tr:nth-child(2) a").await;
        browser.sound().await;
        browser.open_page("/account").await;
    })
    .await;
    served.stop().await;
    stage.close().await;
}

//! Pages that say what is wrong, in a real browser: as sound as any other page, the title tells of it, the sentence has
//! the focus, and every field that is meant names where its sentence stands.

use crate::payment_life::{basket, order, served};
use reqwest::StatusCode;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::browser::with_browser;
use teiki_tests::console::account;
use teiki_tests::stage::{member, subscription};
use teiki_tests::stores::StoreKind;

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_tell_what_is_wrong_are_sound() {
    let (stage, served) = served(StoreKind::Sqlite, SaleMode::AuthorizeOnly, &["1111", "8205"]).await;
    account(&stage, Role::Manager).await;
    with_browser(&served, async |browser| {
        browser.open_page("/sign-in").await;
        browser.fill("#login", "manager").await;
        browser.fill("#password", "wrong password").await;
        browser.press_wrong("main form button", 401).await;
        browser.sign_in(Role::Manager).await;
        for (address, status) in [
            ("/subscriptions?from=nonsense&number=!", 422),
            ("/mails?order=1&member=!&subscription=!", 422),
            ("/members?member=!", 422),
            ("/orders?from=nonsense&amount_min=many&order=1", 422),
            ("/orders/nothing", 404),
            ("/nothing", 404),
            (&format!("/subscriptions/{}/cycle?choice=days&days=0&from=nonsense", subscription(0)), 422),
        ] {
            browser.open_wrong(address, status).await;
            browser.picture(&format!("wrong{}", address.split('?').next().unwrap().replace('/', "_"))).await;
        }
        // A form of each kind, with something in it that cannot be.
        browser.open_page(&format!("/orders/{}/edit", order(0))).await;
        browser.fill("[name='unit_price.0']", "many").await;
        browser.fill("#shipping", "free").await;
        browser.press_wrong("main form button.primary", 422).await;
        browser.picture("wrong_order_edit").await;
        browser.open_page(&format!("/orders/{}/payment-method", order(1))).await;
        browser.fill("#fee", "free").await;
        browser.press_wrong("main form button.primary", 422).await;
        browser.open_page(&format!("/subscriptions/{}/items", subscription(0))).await;
        browser.fill("[name=price]", "many").await;
        browser.press_wrong("button[value=save]", 422).await;
        browser.open_page("/subscriptions/new").await;
        browser.fill("#member", "!").await;
        browser.press_wrong("button[value=check]", 422).await;
        browser.open_page("/accounts").await;
        browser.fill("#login", "鈴木").await;
        browser.fill("#name", "鈴木 三郎").await;
        browser.press_wrong("main form button.primary", 422).await;
        browser.open_page("/new-product").await;
        browser.fill("#code", "??").await;
        browser.fill("#name", "クッキー").await;
        browser.fill("#unit_price", "many").await;
        browser.press_wrong("main form button.primary", 422).await;
        browser.open_page(&format!("/members/{}/erase", member(0))).await;
        browser.fill("#confirm", "somebody else").await;
        browser.press_wrong("main form button.danger", 422).await;

        // Two people at one order.
        browser.open_page(&format!("/orders/{}/edit", order(0))).await;
        let (status, changed) = served.put(&format!("/v1/orders/{}/basket", order(0)), &basket(4_200)).await;
        assert_eq!(status, StatusCode::OK, "{changed}");
        browser.press_wrong("main form button.primary", 409).await;
        browser.picture("wrong_conflict").await;
    })
    .await;
    served.stop().await;
    stage.close().await;
}

//! The order pages in a real browser: capture, amount change and 取引更新, cancel, a failed order paid otherwise, many orders
//! at once. Every page is held against the browser's own complaints and the rules of accessibility.

use crate::payment_life::{order, served};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::browser::{Browser, with_browser};
use teiki_tests::console::account;
use teiki_tests::stores::StoreKind;

fn page(i: usize) -> String {
    format!("/orders/{}", order(i))
}

async fn press(browser: &Browser, selector: &str) {
    browser.press(selector).await;
    browser.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_to_o19_an_operator_works_through_the_orders() {
    let cards = ["1111", "8205", "1111", "1111", "1111", "1111"];
    let (stage, served) = served(StoreKind::Sqlite, SaleMode::AuthorizeOnly, &cards).await;
    account(&stage, Role::Operator).await;
    with_browser(&served, async |browser| {
        browser.sign_in(Role::Operator).await;
        browser.open_page("/orders").await;
        browser.picture("orders").await;

        // Capture: one click.
        browser.open_page(&page(0)).await;
        browser.picture("order").await;
        press(browser, "[data-action=capture]").await;
        assert_eq!(browser.told().await, "売上を確定しました。");

        // A lower amount, 取引更新, then the sale.
        browser.open_page(&page(2)).await;
        press(browser, "[data-action=edit]").await;
        browser.picture("order_edit").await;
        browser.fill("input[name=\"unit_price.0\"]", "４，２００").await;
        press(browser, "main form button.primary").await;
        press(browser, "[data-action=update]").await;
        assert_eq!(browser.told().await, "取引を更新しました。");
        press(browser, "[data-action=capture]").await;
        browser.picture("order_confirmed").await;

        // Cancel is asked for once more.
        press(browser, "[data-action=cancel]").await;
        browser.picture("order_cancel").await;
        press(browser, "#confirm").await;
        assert_eq!(browser.told().await, "受注をキャンセルしました。");

        // A failed order: the red box, then another payment method.
        browser.open_page(&page(1)).await;
        browser.picture("order_failed").await;
        assert!(browser.text().await.contains("残高または限度額が不足しています"));
        press(browser, "a[href$=payment-method]").await;
        browser.find("input[value=other]").await.click().await.unwrap();
        browser.fill("input[name=other]", "代金引換").await;
        browser.fill("#fee", "330").await;
        browser.picture("order_method").await;
        press(browser, "main form button.primary").await;
        assert!(browser.text().await.contains("5,330円"));
        press(browser, "form[action$=check] button").await;
        browser.open_page(&format!("{}/why", page(1))).await;
        browser.picture("order_why").await;

        // Many at once, with the box that ticks all.
        browser.open_page("/orders?status=authorized").await;
        browser.find("[data-all=order]").await.click().await.unwrap();
        browser.picture("orders_ticked").await;
        press(browser, "button[value=capture]").await;
        assert!(browser.text().await.contains("3 件 合計 15,000円"), "{}", browser.text().await);
        press(browser, "main form button.primary").await;
        browser.until("return document.getElementById('progress').innerText.includes('完了しました')").await;
        browser.sound().await;
        browser.picture("orders_bulk").await;
        assert!(browser.text().await.contains("3/3"));

        for path in ["/orders/completed", "/orders/cancelled?clear=1", "/orders/bulk", "/orders?from=x&clear="] {
            browser.driver.goto(format!("{}{path}", served.base)).await.unwrap();
            assert!(browser.has("h1").await, "{path}");
        }
        browser.open_page("/language?to=en&back=/orders").await;
        browser.open_page(&page(0)).await;
        browser.picture("order_english").await;
        assert!(browser.text().await.contains("Operation history"));
    })
    .await;
    served.stop().await;
    stage.close().await;
}

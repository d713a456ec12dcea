//! Subscriptions, cards and members in a real browser: every page, and the ways through them.

use paygent_simulator::TestCard;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::ShopSettingsCommand as Settings;
use teiki_infrastructure::operators::Role;
use teiki_tests::browser::with_browser;
use teiki_tests::console::account;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, enrol_with, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

#[tokio::test(flavor = "multi_thread")]
async fn r3_k6_o18_the_ways_through_subscriptions_cards_and_members() {
    let stage = Stage::new(StoreKind::Sqlite, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let cash = PaymentMethod::External { name: "代金引換".to_owned() };
    let methods = Settings::ChangePaymentMethods(vec![PaymentMethod::Card, cash]);
    change_settings(&app, &app.gateway.because("test", "set up"), methods).await;
    let close = TestCard { expire_year: 26, expire_month: 5, ..TestCard::ending("1111") };
    enrol_with(&app, &stage.simulator, 0, &close).await;
    enrol(&app, &stage.simulator, 1, "8212").await;
    subscribe(&app, 0, "months:1:31", "2026-04-30".parse().unwrap(), 3_960).await;
    subscribe(&app, 1, "days:30", "2026-04-01".parse().unwrap(), 1_980).await;
    app.stop().await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    account(&stage, Role::Manager).await;
    let served = Served::start(&stage, &[]).await;
    with_browser(&served, async |browser| {
        browser.sign_in(Role::Manager).await;
        let path = format!("/subscriptions/{}", subscription(0));
        let failed = format!("/subscriptions/{}", subscription(1));
        for (i, page) in [
            "/subscriptions",
            "/subscriptions?failed=1",
            &failed,
            &format!("{path}/next-date"),
            &format!("{path}/items"),
            &format!("{path}/method"),
            &format!("{path}/end"),
            &format!("{path}/history"),
            &format!("{path}?as_of=2026-04-01T09:00"),
            "/subscriptions/new",
            "/members",
            &format!("/members/{}", member(1)),
            &format!("/members/{}/erase", member(1)),
            "/cards",
            "/upcoming",
            "/retries",
            "/set-aside",
        ]
        .into_iter()
        .enumerate()
        {
            browser.open_page(page).await;
            browser.picture(&format!("subscriptions-{i:02}")).await;
        }
        browser.open_page(&path).await;
        browser.picture("subscription").await;
        browser.press(&format!("form[action='{path}/skip'] button")).await;
        assert_eq!(browser.told().await, "次回の配送を1回お休みにしました");
        browser.press(&format!("a[href='{path}/cycle']")).await;
        browser.find("input[value=weeks]").await.click().await.unwrap();
        browser.press("form[method=get].stack button").await;
        browser.sound().await;
        browser.picture("cycle").await;
        browser.press("form[method=post].actions button").await;
        assert_eq!(browser.told().await, "配送サイクルを変更しました");
        browser.press(&format!("a[href='{path}/method']")).await;
        browser.find("input[value='external:代金引換']").await.click().await.unwrap();
        browser.press("form.stack button").await;
        assert_eq!(browser.told().await, "支払方法を変更しました");
        browser.press(&format!("form[action='{path}/pause'] button")).await;
        assert_eq!(browser.told().await, "定期購入を休止しました");
        browser.sound().await;
        browser.press(&format!("form[action='{path}/resume'] button")).await;
        browser.press(&format!("a[href='{path}/method']")).await;
        browser.find("input[value=card]").await.click().await.unwrap();
        browser.press("form.stack button").await;
        browser.sound().await;

        browser.open_page("/cards").await;
        browser.find("input[data-all]").await.click().await.unwrap();
        browser.press("fieldset button").await;
        browser.sound().await;
        browser.picture("card-mail").await;
        browser.press("button[value=preview]").await;
        browser.sound().await;
        browser.press("button[value=send]").await;
        assert_eq!(browser.told().await, "1 通のメールを送信待ちにしました");
        browser.press(".who a").await;
        browser.open_page(&path).await;
        assert!(browser.text().await.contains("What will be charged next"));
    })
    .await;
    served.stop().await;
    stage.close().await;
}

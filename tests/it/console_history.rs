//! 操作履歴 of settings, products and accounts (O12): who, when, what from what to what, why; and no change of an account
//! without it.

use reqwest::StatusCode;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account, account_named};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

async fn served(kind: StoreKind) -> (Stage, Served) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    for role in Role::ALL {
        account(&stage, role).await;
    }
    let served = Served::start(&stage, &[]).await;
    (stage, served)
}

async fn o12_settings_tell_what_became_of_what(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    let page = manager.get("/settings/retries").await;
    assert!(page.links().contains(&"/settings/history?group=retries".to_owned()), "{:?}", page.links());
    assert!(manager.get("/settings").await.links().contains(&"/settings/history".to_owned()));
    // One form is one entry, however many fields change; hostile text stays text.
    let form = manager.get("/settings/method").await.form("/settings/method");
    let form = form.set("display_name", "<b>カード</b>").set("goods_min", "1,000");
    let asked = manager.submit(form).await;
    let page = manager.submit(asked.form("/settings/method").and("confirmed", "1")).await;
    assert!(page.told().contains("変更しました"), "{}", page.html);
    // Of a secret only that it was changed.
    let form = manager.get("/settings/notices").await.form("/settings/notices");
    let page = manager.submit(form.set("notice_key", "hushhush-secret")).await;
    assert!(page.told().contains("変更しました"), "{}", page.html);

    for (role, may) in [(Role::Manager, true), (Role::Operator, true), (Role::Auditor, true)] {
        let console = Console::signed_in(&served, role).await;
        let page = console.get("/settings/history").await;
        assert_eq!(page.status == StatusCode::OK, may, "{role}");
        let rows = page.texts("tbody tr");
        assert!(rows[0].contains("差分通知") && rows[0].contains("変更(非表示)"), "{rows:?}");
        assert!(rows[0].contains("佐藤 一郎 (manager)") && rows[0].contains("管理画面での設定変更"), "{rows:?}");
        assert!(rows[1].contains("支払方法の表示と適用条件") && rows[1].contains("→ <b>カード</b>"), "{rows:?}");
        assert!(rows[1].contains("なし → 1000") || rows[1].contains("→ 1000"), "{rows:?}");
        assert!(rows.last().unwrap().contains("店舗を開設: 02396"), "{rows:?}");
        assert!(!page.html.contains("<b>カード") && !page.html.contains("hushhush"));
    }
    let one = manager.get("/settings/history?group=method").await;
    assert!(one.texts("tbody tr").iter().all(|row| !row.contains("差分通知")), "{}", one.html);
    assert!(one.texts("tbody tr")[0].contains("<b>カード</b>"));
    manager.get("/language?to=en").await;
    let english = manager.get("/settings/history").await;
    let rows = english.texts("tbody tr");
    assert!(rows[0].contains("Paygent's notices") && rows[0].contains("changed (not shown)"), "{rows:?}");
    assert!(rows[0].contains("a manager changed the shop's settings"), "{rows:?}");
    assert!(rows.last().unwrap().contains("The shop was opened"), "{rows:?}");
    served.stop().await;
    stage.close().await;
}

async fn o12_products_tell_what_became_of_what(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    let new = manager.get("/new-product").await.form("/products");
    manager.submit(new.set("code", "history").set("name", "珈琲 <i>豆</i>").set("unit_price", "1980")).await;
    let page = manager.get("/products/history").await;
    manager.submit(page.form("/products/history").set("unit_price", "2480")).await;
    let page = manager.get("/products/history").await;
    assert!(page.links().contains(&"/products/history/history".to_owned()), "{:?}", page.links());
    manager.submit(page.form("/products/history/withdraw")).await;
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    let page = auditor.get("/products/history/history").await;
    let rows = page.texts("tbody tr");
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[0].contains("商品の販売を終了") && rows[0].contains("販売中 → 販売終了"), "{rows:?}");
    assert!(rows[1].contains("1,980円 → 2,480円") && !rows[1].contains("商品名"), "only what changed: {rows:?}");
    assert!(rows[2].contains("なし → 珈琲 <i>豆</i>") && !page.html.contains("<i>"), "{rows:?}");
    assert_eq!(auditor.get("/products/nothing/history").await.status, StatusCode::NOT_FOUND);
    served.stop().await;
    stage.close().await;
}

async fn o12_accounts_tell_what_became_of_what(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    let list = manager.get("/accounts").await;
    assert!(list.links().contains(&"/accounts/history".to_owned()));
    // Made on the first of April in Tokyo, which is the last of March elsewhere.
    assert!(list.texts("tbody td").contains(&"2026-04-01".to_owned()), "{:?}", list.texts("tbody td"));
    let new = list.form("/accounts").set("login", "suzuki").set("name", "鈴木 <三郎>").set("role", "operator");
    manager.submit(new).await;
    let links = manager.get("/accounts").await.links_where("tbody a");
    let texts = manager.get("/accounts").await.texts("tbody a");
    let address = links[texts.iter().position(|text| text == "suzuki").unwrap()].clone();
    let form = manager.get(&address).await.form(&address);
    manager.submit(form.clone().set("role", "auditor")).await;
    // Two managers on one account: the second is told, and does not give back the role that the first took away.
    let late = manager.submit(form.set("name", "鈴木 四郎")).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.html);
    assert!(late.told().contains("ほかの方がこのアカウントを変更しました"), "{}", late.told());
    // Sent once more as it is, it changes nothing and leaves no trace.
    manager.submit(manager.get(&address).await.form(&address)).await;
    let page = manager.get(&address).await;
    assert!(page.links().contains(&format!("{address}/history")));
    manager.submit(page.form(&format!("{address}/password"))).await;
    manager.submit(manager.get(&address).await.form(&format!("{address}/disable"))).await;

    let page = manager.get(&format!("{address}/history")).await;
    let rows = page.texts("tbody tr");
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(rows[0].contains("アカウントを停止") && rows[0].contains("使用中 → 停止"), "{rows:?}");
    assert!(rows[1].contains("パスワードを変更") && rows[1].contains("変更(非表示)"), "{rows:?}");
    assert!(rows[2].contains("担当者") && rows[2].contains("→ 監査"), "{rows:?}");
    assert!(rows[3].contains("アカウントを作成") && rows[3].contains("佐藤 一郎 (manager)"), "{rows:?}");
    assert!(rows[3].contains("suzuki (鈴木 <三郎>)") && !page.html.contains("<三郎>"), "{rows:?}");
    assert_eq!(manager.get("/accounts/history").await.texts("tbody tr").len(), 4);
    for role in [Role::Operator, Role::Auditor] {
        let console = Console::signed_in(&served, role).await;
        for page in ["/accounts/history".to_owned(), format!("{address}/history")] {
            assert_eq!(console.get(&page).await.status, StatusCode::FORBIDDEN, "{role}");
        }
    }
    served.stop().await;
    stage.close().await;
}

/// A crash right after an account was changed: the change and the note of it were one transaction, and the next start puts
/// it into the history, once.
async fn o12_no_change_of_an_account_lacks_its_history(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    account(&stage, Role::Manager).await;
    account_named(&stage, Role::Operator, "suzuki", "鈴木 三郎").await;
    let crashed = stage.teiki(&["operators", "disable", "suzuki"]).env("TEIKI_CRASH_AT", "account:1").output().await;
    assert!(!crashed.unwrap().status.success(), "the crash point was not reached");
    let history = async || {
        let told = stage.teiki(&["history", "02396"]).output().await.unwrap();
        String::from_utf8_lossy(&told.stdout).matches("アカウントを停止").count()
    };
    assert_eq!(history().await, 0, "it ended before that");
    for _ in 0..2 {
        let served = Served::start(&stage, &[]).await;
        assert_eq!(
            Console::new(&served).sign_in("suzuki", teiki_tests::console::PASSWORD).await.status,
            401,
            "changed"
        );
        let manager = Console::signed_in(&served, Role::Manager).await;
        let rows = manager.get("/accounts/history").await.texts("tbody tr");
        assert!(rows.len() == 1 && rows[0].contains("アカウントを停止"), "{rows:?}");
        served.stop().await;
    }
    assert_eq!(history().await, 1);
    stage.close().await;
}

on_both_stores!(
    o12_settings_tell_what_became_of_what,
    o12_products_tell_what_became_of_what,
    o12_accounts_tell_what_became_of_what,
    o12_no_change_of_an_account_lacks_its_history,
);

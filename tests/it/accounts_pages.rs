//! Accounts and products in the console: made, changed, disabled; put on sale, changed, withdrawn (S2, O12).

use reqwest::StatusCode;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, PASSWORD, account, account_named};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, open_shop};
use teiki_tests::stores::StoreKind;

async fn served(kind: StoreKind) -> (Stage, Served) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    app.stop().await;
    account(&stage, Role::Manager).await;
    let served = Served::start(&stage, &[]).await;
    (stage, served)
}

/// Where the account with this login stands in the list.
fn place(page: &teiki_tests::console::Page, login: &str) -> String {
    let place = page.texts("tbody a").iter().position(|text| text == login).unwrap();
    let links = page
        .links()
        .into_iter()
        .filter(|link| link.starts_with("/accounts/") && link != "/accounts/history")
        .collect::<Vec<_>>();
    links[place].clone()
}

async fn a_manager_makes_changes_locks_out_and_lets_in(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    let new = manager.get("/accounts").await.form("/accounts");
    for (login, name, told) in
        [("a", "鈴木 三郎", "3〜60 文字"), ("suzuki", "", "1〜60 文字"), ("manager", "鈴木 三郎", "使われています")]
    {
        let page = manager.submit(new.clone().set("login", login).set("name", name)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.html);
        assert!(page.told().contains(told), "{}", page.told());
        assert_eq!(page.form("/accounts").value("name"), name, "what was typed is kept");
    }
    let made = manager.submit(new.set("login", "suzuki").set("name", "鈴木 <三郎>").set("role", "operator")).await;
    let password = made.text("#new-password");
    assert!(!made.html.contains("<三郎>"));
    let suzuki = Console::new(&served);
    assert_eq!(suzuki.sign_in("suzuki", &password).await.status, StatusCode::OK);
    assert_eq!(suzuki.get("/accounts").await.status, StatusCode::FORBIDDEN);

    // One's own password: the present one is asked for, and everybody signed in with it is signed out.
    let own = suzuki.get("/account").await.form("/account");
    for (present, new, again, told) in [
        ("wrong", "another password", "another password", "#present-error"),
        (password.as_str(), "another password", "another passwort", "#new-error"),
        (password.as_str(), "short", "short", "#new-error"),
    ] {
        let form = own.clone().set("present", present).set("new", new).set("again", again);
        let page = suzuki.submit(form).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.has(told), "{}", page.html);
        assert!(!page.html.contains("another passw") && !page.html.contains(&password));
    }
    let form = own.set("present", &password).set("new", "another password").set("again", "another password");
    let page = suzuki.submit(form).await;
    assert_eq!((page.path.as_str(), page.told().contains("パスワードを変更しました")), ("/sign-in", true));
    assert!(!suzuki.get("/sign-in").await.has("p.told"), "told once");
    assert_eq!(suzuki.sign_in("suzuki", &password).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(suzuki.sign_in("suzuki", "another password").await.status, StatusCode::OK);

    // Another role counts at once, for the session there is.
    let address = place(&manager.get("/accounts").await, "suzuki");
    let form = manager.get(&address).await.form(&address).set("role", "auditor").set("name", "鈴木 三郎");
    assert!(manager.submit(form).await.told().contains("変更しました"));
    assert!(suzuki.get("/settings").await.text(".person").contains("監査"));

    // Locked after failures, and let in again.
    for _ in 0..5 {
        Console::new(&served).sign_in("suzuki", "wrong").await;
    }
    assert_eq!(Console::new(&served).sign_in("suzuki", "another password").await.status, StatusCode::UNAUTHORIZED);
    assert!(manager.get("/accounts").await.html.contains("ロック中"));
    let page = manager.get(&address).await;
    manager.submit(page.form(&format!("{address}/enable"))).await;
    assert_eq!(Console::new(&served).sign_in("suzuki", "another password").await.status, StatusCode::OK);

    // Disabled: signed out everywhere at once; with another password and enabled again, let in.
    let page = manager.get(&address).await;
    assert!(manager.submit(page.form(&format!("{address}/disable"))).await.html.contains("停止"));
    assert_eq!(suzuki.get("/orders").await.path, "/sign-in");
    assert_eq!(suzuki.sign_in("suzuki", "another password").await.status, StatusCode::UNAUTHORIZED);
    let page = manager.get(&address).await;
    manager.submit(page.form(&format!("{address}/enable"))).await;
    let page = manager.get(&address).await;
    let password = manager.submit(page.form(&format!("{address}/password"))).await.text("#new-password");
    assert_eq!(suzuki.sign_in("suzuki", "another password").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(suzuki.sign_in("suzuki", &password).await.status, StatusCode::OK);

    // O12: who did it stands in the history of the shop; passwords stand nowhere.
    let history = stage.teiki(&["history", "02396"]).output().await.unwrap();
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    let id = address.rsplit('/').next().unwrap();
    for told in [
        format!("アカウントを作成: {id} (担当者)"),
        format!("アカウントを変更: {id} (監査)"),
        format!("アカウントを停止: {id}"),
        format!("アカウントの停止・ロックを解除: {id}"),
        format!("アカウントのパスワードを変更: {id}"),
    ] {
        assert!(history.contains(&told), "{told}: {history}");
    }
    assert!(history.contains("佐藤 一郎 (manager)"), "{history}");
    served.stop().await;
    let bytes = stage.bytes().await;
    for password in [password.as_str(), "another password", PASSWORD] {
        assert!(!bytes.windows(password.len()).any(|window| window == password.as_bytes()));
    }
    stage.close().await;
}

/// Whoever sits at somebody's open session does not get to guess the password there: it counts as it does at the door.
async fn the_present_password_cannot_be_guessed_without_limit(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    let form = manager.get("/account").await.form("/account");
    let form = form.set("new", "another password").set("again", "another password");
    for _ in 0..5 {
        let page = manager.submit(form.clone().set("present", "a guess of mine")).await;
        assert!(page.text("#present-error").contains("一致しません"), "{}", page.html);
    }
    let page = manager.submit(form.clone().set("present", PASSWORD)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text("#present-error").contains("ロック"), "the right one is not looked at either: {}", page.html);
    assert_eq!(Console::new(&served).sign_in("manager", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    served.stop().await;
    stage.close().await;
}

/// A manager can neither disable nor demote the own account, nor touch another shop's.
async fn nobody_locks_out_themselves(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    account_named(&stage, Role::Manager, "tanaka", "田中 次郎").await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    let list = manager.get("/accounts").await;
    let own = place(&list, "manager");
    let page = manager.get(&own).await;
    assert!(!page.has("select") && page.html.contains("自分の役割は変更できません"));
    let form = page.form(&own);
    for what in ["disable", "password"] {
        let fields = [("token", form.value("token")), ("key", form.value("key"))];
        let refused = manager.post(&format!("{own}/{what}"), &fields).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{what}");
        assert!(refused.told().contains("自分のアカウント"), "{}", refused.told());
    }
    manager.submit(form.set("role", "auditor").set("name", "佐藤 二郎")).await;
    assert!(manager.get("/accounts").await.text(".person").contains("管理者"));
    for path in ["/accounts/000000000000", "/accounts/x'%20OR%201=1"] {
        assert_eq!(manager.get(path).await.status, StatusCode::NOT_FOUND);
    }
    served.stop().await;
    stage.close().await;
}

/// S2: a product is put on sale, changed, withdrawn, and has its button.
async fn s2_products_and_their_cart_button(kind: StoreKind) {
    let (stage, served) = served(kind).await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    let new = manager.get("/new-product").await.form("/products");
    for (field, value) in
        [("code", "日本語"), ("name", ""), ("unit_price", "-1"), ("unit_price", "99999999"), ("tax_percent", "9")]
    {
        let form = new.clone().set("code", "C-1").set("name", "クッキー").set("unit_price", "1980").set(field, value);
        let page = manager.submit(form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(page.has(&format!("#{field}-error")), "{field}: {}", page.html);
    }
    let form = new.set("code", "C-1").set("name", "クッキー <b>12枚</b>").set("unit_price", "1,980円");
    let page = manager.submit(form.clone()).await;
    assert_eq!((page.path.as_str(), page.told().contains("登録しました")), ("/products/C-1", true), "{}", page.html);
    assert!(!page.html.contains("<b>12"), "shown as text");
    let snippet = page.text("#snippet");
    assert!(
        snippet.contains("/shop/02396/cart")
            && snippet.contains("value=\"C-1\"")
            && snippet.contains("定期購入カゴに入れる"),
        "{snippet}"
    );
    // The code is taken by what is on sale.
    let taken = manager.get("/new-product").await.form("/products");
    let taken = manager.submit(taken.set("code", "C-1").set("name", "別の品").set("unit_price", "1")).await;
    assert!(taken.text("#code-error").contains("使われています"));

    // Two people on one product: the second is told and overwrites nothing.
    let (one, two) = (page.form("/products/C-1"), page.form("/products/C-1"));
    assert!(manager.submit(one.set("unit_price", "2480")).await.told().contains("変更しました"));
    let late = manager.get("/products/C-1").await;
    let late =
        manager.submit(late.form("/products/C-1").set("version", two.value("version")).set("unit_price", "1")).await;
    assert_eq!((late.status, late.form("/products/C-1").value("unit_price")), (StatusCode::CONFLICT, "1"));
    assert_eq!(served.get_json("/v1/products/02396-C-1").await["unit_price"], serde_json::json!(2_480));

    let page = manager.get("/products/C-1").await;
    let gone = manager.submit(page.form("/products/C-1/withdraw")).await;
    assert!(gone.html.contains("販売終了") && !gone.has("#snippet"));
    let list = manager.get("/products?status=withdrawn").await;
    assert_eq!(list.texts("tbody a"), ["C-1"]);
    let again = manager.submit(gone.form("/products/C-1")).await;
    assert!(again.has("#snippet") && again.told().contains("再び販売中"), "{}", again.told());
    assert_eq!(manager.get("/products/NOTHING").await.status, StatusCode::NOT_FOUND);
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    a_manager_makes_changes_locks_out_and_lets_in,
    the_present_password_cannot_be_guessed_without_limit,
    nobody_locks_out_themselves,
    s2_products_and_their_cart_button,
);

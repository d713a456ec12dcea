//! The settings in the console (S1-S18): the checklist, what a change touches, errors beside their fields, secrets.

use reqwest::StatusCode;
use serde_json::json;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand as Settings};
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, Page, account, account_named};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, open_shop, open_shop_unready, shop, subscribe};
use teiki_tests::stores::StoreKind;

/// Every settings form.
const GROUPS: [&str; 11] = [
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
];

async fn served(kind: StoreKind, ready: bool) -> (Stage, Served) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    if ready {
        open_shop(&app, SaleMode::AuthorizeOnly).await;
    } else {
        open_shop_unready(&app, SaleMode::AuthorizeOnly).await;
    }
    app.settle().await.unwrap();
    app.stop().await;
    for role in Role::ALL {
        account(&stage, role).await;
    }
    let served = Served::start(&stage, &[]).await;
    (stage, served)
}

/// Presses the button of the page that asks for confirmation.
async fn confirmed(console: &Console, page: &Page, group: &str) -> Page {
    assert_eq!(page.text("h1"), "変更内容の確認", "{}", page.html);
    console.submit(page.form(&format!("/settings/{group}")).and("confirmed", "1")).await
}

/// S1: each missing item is named and leads to where it is put right, until nothing is missing.
async fn s1_the_checklist_names_and_links_what_is_missing(kind: StoreKind) {
    let (stage, served) = served(kind, false).await;
    let console = Console::signed_in(&served, Role::Manager).await;
    let page = console.get("/settings").await;
    let missing = page.texts(".checklist .missing a");
    assert_eq!(missing.len(), 13, "{missing:?}");
    assert!(missing.contains(&"特定商取引法に基づく表記".to_owned()) && page.html.contains("不足あり"));
    for link in page.links().iter().filter(|link| link.starts_with("/settings/") || link.starts_with("/new-")) {
        let there = console.get(link.split('#').next().unwrap()).await;
        assert_eq!(there.status, StatusCode::OK, "{link}");
        if let Some((_, field)) = link.split_once('#') {
            assert!(there.html.contains(&format!("id=\"{field}\"")), "{link}");
        }
    }
    // Everything is put right on the pages alone.
    for (group, fields) in [
        ("contract", vec![("option_subscriptions", "1"), ("card_vault", "1"), ("normal_purchase", "1")]),
        (
            "subscriptions",
            vec![("card_linking", "1"), ("cycles", "months:1:1"), ("more_cycles", "days:45"), ("lead_days", "０")],
        ),
        (
            "texts",
            vec![
                ("legal_notice", "表記"),
                ("privacy_policy", "方針"),
                ("member_terms", "規約"),
                ("shipping_guide", "送料"),
            ],
        ),
        ("design", vec![("cart_upper", "ようこそ")]),
    ] {
        let form = console.get(&format!("/settings/{group}")).await.form(&format!("/settings/{group}"));
        let form = fields.into_iter().fold(form, |form, (name, value)| form.set(name, value));
        let page = confirmed(&console, &console.submit(form).await, group).await;
        assert_eq!((page.status, page.path.as_str()), (StatusCode::OK, format!("/settings/{group}").as_str()));
        assert!(page.told().contains("変更しました"), "{}", page.told());
    }
    let form = console.get("/new-product").await.form("/products");
    let page = console.submit(form.set("code", "C-1").set("name", "クッキー").set("unit_price", "1,980")).await;
    assert!(page.told().contains("登録しました"), "{}", page.html);
    let page = console.get("/settings").await;
    assert!(
        !page.has(".checklist .missing") && page.html.contains("準備完了"),
        "{:?}",
        page.texts(".checklist .missing")
    );
    assert_eq!(served.get_json("/v1/shops/02396/readiness").await["ready"], json!(true));
    let cycles = served.get_json("/v1/shops/02396").await["delivery_cycles"].clone();
    assert_eq!(cycles, json!(["months:1:1", "days:45"]));
    served.stop().await;
    stage.close().await;
}

/// S4: what a change does and does not touch is told with numbers before it is made, and it is so.
async fn s4_a_change_tells_which_orders_it_touches(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    for i in 0..3 {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 1_000 + i as i64).await;
    }
    app.settle().await.unwrap();
    app.stop().await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    account(&stage, Role::Manager).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Manager).await;
    let form = console.get("/settings/sale").await.form("/settings/sale").set("sale_mode", "authorize_and_capture");
    let page = console.submit(form.clone()).await;
    let effects = page.texts(".effects li").join("\n");
    for told in [
        "影響あり 継続中のカード払いの定期購入 3 件は、次回の受注反映から新しい設定になります",
        "影響なし 売上未確定の受注 3 件は変更の影響を受けません",
        "影響なし 消込済の受注 0 件",
    ] {
        assert!(effects.contains(told), "{told}: {effects}");
    }
    assert_eq!(page.texts("tbody td"), ["オーソリのみ(売上確定処理が必要)", "オーソリ+売上(売上確定処理は不要)"]);
    assert_eq!(served.get_json("/v1/shops/02396").await["sale_mode"], json!("authorize_only"), "not made yet");
    // Back to the form with what was typed, and on from there.
    let edit = console.submit(page.form("/settings/sale").and("edit", "1")).await;
    assert_eq!(edit.form("/settings/sale").value("sale_mode"), "authorize_and_capture");
    let done = confirmed(&console, &console.submit(edit.form("/settings/sale")).await, "sale").await;
    assert!(done.told().contains("変更しました"));
    assert_eq!(served.get_json("/v1/shops/02396").await["sale_mode"], json!("authorize_and_capture"));
    let orders = served.get_json("/v1/orders").await;
    for order in orders["orders"].as_array().unwrap() {
        assert_eq!(
            (&order["payment_status"], &order["sale_mode"]),
            (&json!("authorized"), &json!("authorize_only")),
            "orders keep the mode they were generated under"
        );
    }
    // The same again is no change, and is said to be none.
    let same = console.get("/settings/sale").await.form("/settings/sale");
    assert!(console.submit(same).await.told().contains("変更はありません"));
    // S9: how many would not be authorised any more.
    let form = console.get("/settings/method").await.form("/settings/method").set("goods_min", "１，００１");
    let page = console.submit(form).await;
    let effects = page.texts(".effects li").join("\n");
    assert!(
        effects.contains("範囲外となる定期購入 1 件") && effects.contains("範囲内のカード払いの定期購入 2 件"),
        "{effects}"
    );
    // O12: who changed it stands in the history.
    let history = stage.teiki(&["history", "02396"]).output().await.unwrap();
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    assert!(history.contains("同時売上フラグを変更: オーソリ+売上") && history.contains("佐藤 一郎"), "{history}");
    served.stop().await;
    stage.close().await;
}

/// What cannot be is told beside its field, with everything that was typed kept and nothing changed.
async fn errors_stand_beside_their_field(kind: StoreKind) {
    let (stage, served) = served(kind, true).await;
    let console = Console::signed_in(&served, Role::Manager).await;
    let before = served.get_json("/v1/shops/02396").await;
    for (group, field, value, told) in [
        ("connection", "merchant_id", "12a", "1〜9 桁の数字"),
        ("connection", "connect_password", "日本語", "半角英数字"),
        ("contract", "contract_start", "2026-13-01", "2026/4/1"),
        ("contract", "contract_start", "2030/1/1", "開始日が終了日より後"),
        ("sale", "validity_days", "61", "1〜60"),
        ("sale", "validity_days", "many", "数字で"),
        ("sale", "sale_mode", "both", "選択してください"),
        ("method", "goods_min", "-5", "0 以上"),
        ("method", "display_name", "", "1〜60 文字"),
        ("method", "image", "javascript:alert(1)", "https://"),
        ("three-d-secure", "enabled", "1", "導入オプションの契約が記録されていません"),
        ("three-d-secure", "merchant_name", "マルヤ", "半角英数字"),
        ("subscriptions", "more_cycles", "fortnightly", "配送サイクルの書き方"),
        ("subscriptions", "lead_days", "91", "0〜90"),
        ("retries", "ladder", "7, 3", "小さい順に"),
        ("retries", "ladder", "soon", "1, 3, 7"),
        ("design", "main_color", "red", "#1f5fa8"),
        ("profile", "mail", "shop@example.jp\r\nBcc: x@example.jp", "メールアドレスを"),
        ("profile", "registration_number", "1234", "T と 13 桁"),
        ("profile", "name", "", "1〜200 文字"),
    ] {
        let path = format!("/settings/{group}");
        let mut form = console.get(&path).await.form(&path).set(field, value);
        if group == "contract" {
            form = form.set("contract_end", "2029/12/31");
        }
        let page = console.submit(form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{group} {field}: {}", page.html);
        let error = page.text(&format!("#{field}-error"));
        assert!(error.contains(told), "{group} {field}: {error}");
        if !["connect_password", "sale_mode"].contains(&field) {
            let kept = page.form(&path).value(field).replace("\r\n", "\n");
            assert_eq!(kept, value.replace("\r\n", "\n"), "{group} {field}: what was typed is kept");
        }
    }
    assert_eq!(served.get_json("/v1/shops/02396").await, before, "nothing was changed");
    // S7: what an option in use is in use for, it cannot leave the record.
    let form = console.get("/settings/contract").await.form("/settings/contract").without("card_vault");
    let page = console.submit(form).await;
    assert!(page.text("#card_vault-error").contains("先にその設定を外してください"));
    served.stop().await;
    stage.close().await;
}

/// S3, S6: secrets are written and never stand in a page, whatever is done.
async fn s3_s6_secrets_never_stand_in_a_page(kind: StoreKind) {
    let (stage, served) = served(kind, true).await;
    let console = Console::signed_in(&served, Role::Manager).await;
    let all = json!({"subscriptions": true, "card_vault": true, "three_d_secure": true});
    assert_eq!(served.put("/v1/shops/02396/contract-options", &all).await.0, StatusCode::OK);
    let secrets = ["pa55-word-of-test", "t0ken-key-of-test", "h4sh-key-of-test", "n0tice-key-of-test"];
    let mut pages = vec![];
    for (group, fields) in [
        ("connection", vec![("merchant_id", "12a"), ("connect_password", secrets[0]), ("token_key", secrets[1])]),
        ("connection", vec![("connect_password", secrets[0]), ("token_key", secrets[1])]),
        ("connection", vec![("connect_id", "another01")]),
        ("three-d-secure", vec![("enabled", "1"), ("hash_key", secrets[2])]),
        ("three-d-secure", vec![("enabled", "1"), ("merchant_name", "MARUYA"), ("hash_key", secrets[2])]),
        ("three-d-secure", vec![("attempt_control", "low")]),
        ("notices", vec![("notice_key", secrets[3])]),
    ] {
        let path = format!("/settings/{group}");
        let form = console.get(&path).await.form(&path);
        let form = fields.into_iter().fold(form, |form, (name, value)| form.set(name, value));
        pages.push(console.submit(form).await);
    }
    for group in GROUPS {
        pages.push(console.get(&format!("/settings/{group}")).await);
    }
    for page in &pages {
        assert!(secrets.iter().all(|secret| !page.html.contains(secret)), "{}: {}", page.path, page.html);
    }
    let shown = served.get_json("/v1/shops/02396").await;
    assert_eq!(shown["connection"]["connect_id"], json!("another01"), "S3: left empty, secrets stay");
    assert_eq!(shown["three_d_secure"]["attempt_control"], json!("low"));
    assert_eq!((&shown["three_d_secure"]["has_hash_key"], &shown["has_notice_key"]), (&json!(true), &json!(true)));
    assert!(console.get("/settings/connection").await.html.contains("設定済み"));
    let form = console.get("/settings/notices").await.form("/settings/notices").set("remove", "1");
    console.submit(form).await;
    assert_eq!(served.get_json("/v1/shops/02396").await["has_notice_key"], json!(false));
    served.stop().await;
    let app = stage.app().await;
    let kept = app.gateway.load::<ShopSettings>(&shop_id()).await.unwrap().aggregate;
    let (.., password, key) = kept.details().unwrap().connection.clone().unwrap();
    for (name, sealed, secret) in [("connect_password", password, secrets[0]), ("token_key", key, secrets[1])] {
        let open = app.keys.open_secret(&teiki::shops::secret_context(shop(), name), &sealed).unwrap();
        assert_eq!(*open, *secret);
    }
    app.stop().await;
    let bytes = stage.bytes().await;
    for secret in secrets {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "in the store in clear");
    }
    stage.close().await;
}

fn shop_id() -> String {
    shop().to_string()
}

/// Two managers on the same settings: the second is told, loses nothing, and overwrites nothing.
async fn two_managers_at_once_do_not_overwrite_each_other(kind: StoreKind) {
    let (stage, served) = served(kind, true).await;
    account_named(&stage, Role::Manager, "tanaka", "田中 次郎").await;
    let (first, second) =
        (Console::signed_in(&served, Role::Manager).await, Console::signed_in_as(&served, "tanaka").await);
    let path = "/settings/retries";
    let (one, two) = (first.get(path).await.form(path), second.get(path).await.form(path));
    let confirm = second.submit(two.clone().set("ladder", "2, 4")).await;
    let done = confirmed(&first, &first.submit(one.set("ladder", "1, 3, 7")).await, "retries").await;
    assert!(done.told().contains("変更しました"));
    // On the form and on the page that asks for confirmation alike.
    for late in
        [second.submit(two.set("ladder", "2, 4")).await, second.submit(confirm.form(path).and("confirmed", "1")).await]
    {
        assert_eq!(late.status, StatusCode::CONFLICT);
        assert!(late.told().contains("ほかの方が設定を変更しました"), "{}", late.told());
        assert_eq!(late.form(path).value("ladder"), "2, 4", "what was typed is kept");
        assert_eq!(late.text("#ladder-now"), "現在の設定: 1, 3, 7");
    }
    assert_eq!(served.get_json("/v1/shops/02396").await["retry_policy"]["ladder"], json!([1, 3, 7]));
    // Sent twice, the same form is one change.
    let form = first.submit(first.get(path).await.form(path).set("ladder", "5")).await.form(path).and("confirmed", "1");
    let (a, b) = tokio::join!(first.submit(form.clone()), first.submit(form));
    assert_eq!((a.status, b.status), (StatusCode::OK, StatusCode::OK), "{} {}", a.html, b.html);
    assert_eq!(served.get_json("/v1/shops/02396").await["retry_policy"]["ladder"], json!([5]));
    let history = stage.teiki(&["history", "02396"]).output().await.unwrap();
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    assert_eq!(history.matches("自動再試行 5日後").count(), 1, "{history}");
    served.stop().await;
    stage.close().await;
}

/// Managers change settings; everybody else sees them and changes nothing.
async fn only_managers_change_settings(kind: StoreKind) {
    let (stage, served) = served(kind, true).await;
    let before = served.get_json("/v1/shops/02396").await;
    for role in [Role::Operator, Role::Auditor] {
        let console = Console::signed_in(&served, role).await;
        for group in GROUPS {
            let page = console.get(&format!("/settings/{group}")).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.has("dl.facts") && !page.has(".settings"), "{role} {group}");
            let out = page.form("/sign-out");
            let fields =
                [("token", out.value("token")), ("key", out.value("key")), ("confirmed", "1"), ("ladder", "9")];
            let refused = console.post(&format!("/settings/{group}"), &fields).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role} {group}");
        }
        for path in ["/accounts", "/new-product"] {
            assert_eq!(console.get(path).await.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
        assert!(!console.get("/settings").await.links().contains(&"/accounts".to_owned()));
    }
    assert_eq!(served.get_json("/v1/shops/02396").await, before);
    let manager = Console::signed_in(&served, Role::Manager).await;
    assert_eq!(manager.get("/settings/nothing").await.status, StatusCode::NOT_FOUND);
    served.stop().await;
    stage.close().await;
}

/// Hostile text in any field is shown as text.
async fn hostile_text_is_shown_as_text(kind: StoreKind) {
    const HOSTILE: &str = "\"><script>alert('x')</script>{{7*7}}&amp;<b>";
    let (stage, served) = served(kind, true).await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "set up");
    for command in [
        Settings::Rename(HOSTILE.to_owned()),
        Settings::ChangeDisplayName(HOSTILE.to_owned()),
        Settings::ChangeInstalments { allowed: true, note: HOSTILE.to_owned() },
        Settings::ChangeText {
            page: teiki_domain::shop_settings::ShopText::LegalNotice,
            text: format!("</textarea>{HOSTILE}"),
        },
    ] {
        change_settings(&app, &because, command).await;
    }
    app.settle().await.unwrap();
    app.stop().await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    let form = manager.get("/settings/method").await.form("/settings/method");
    assert_eq!(form.value("display_name"), HOSTILE);
    let confirm = manager.submit(form.set("notes", HOSTILE)).await;
    let form = manager.get("/settings/profile").await.form("/settings/profile");
    let wrong = manager.submit(form.set("mail", HOSTILE)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut pages = vec![confirm, wrong];
    for path in ["/settings/method", "/settings/profile", "/settings/texts"] {
        pages.push(manager.get(path).await);
        pages.push(auditor.get(path).await);
    }
    for page in pages {
        assert!(!page.html.contains("<script>alert") && !page.html.contains("<b>"), "{}", page.html);
        assert!(page.html.contains("&#60;script&#62;") || page.html.contains("&lt;script&gt;"), "{}", page.path);
    }
    let texts = manager.get("/settings/texts").await.form("/settings/texts");
    assert_eq!(texts.value("legal_notice").trim_start_matches('\n'), format!("</textarea>{HOSTILE}"));
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    s1_the_checklist_names_and_links_what_is_missing,
    s4_a_change_tells_which_orders_it_touches,
    errors_stand_beside_their_field,
    s3_s6_secrets_never_stand_in_a_page,
    two_managers_at_once_do_not_overwrite_each_other,
    only_managers_change_settings,
    hostile_text_is_shown_as_text,
);

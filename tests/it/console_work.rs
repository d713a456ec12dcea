//! The console's pages of cards (K6), members, nights to come (R1, R5), failed orders (O17) and work set aside.

use paygent_simulator::TestCard;
use reqwest::StatusCode;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::ShopSettingsCommand as Settings;
use teiki_infrastructure::event_store::{Storage, StorageOptions};
use teiki_infrastructure::operators::Role;
use teiki_infrastructure::set_aside;
use teiki_tests::console::{Console, Page, account};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, enrol_with, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

/// A shop on 2026-06-01: member 0's card has expired, those of 1 and 2 end this month, 3's is refused, 4's is good.
async fn lived(kind: StoreKind) -> (Stage, Served) {
    let mut stage = Stage::new(kind, "2026-05-15").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let policy = RetryPolicy { ladder: vec![3, 7], on_card_change: true };
    change_settings(&app, &app.gateway.because("test", "set up"), Settings::ChangeRetryPolicy(policy)).await;
    let ends = |month| TestCard { expire_year: 26, expire_month: month, ..TestCard::ending("1111") };
    for (i, month) in [5, 6, 6].into_iter().enumerate() {
        enrol_with(&app, &stage.simulator, i, &ends(month)).await;
    }
    enrol(&app, &stage.simulator, 3, "8205").await;
    enrol(&app, &stage.simulator, 4, "1111").await;
    for i in 0..5 {
        let first = if i == 3 { "2026-06-01" } else { "2026-06-03" };
        subscribe(&app, i, "days:30", first.parse().unwrap(), 1_000).await;
    }
    app.stop().await;
    stage.set_day("2026-06-01".parse().unwrap());
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for role in Role::ALL {
        account(&stage, role).await;
    }
    let served = Served::start(&stage, &[]).await;
    (stage, served)
}

async fn k6_mails_go_to_all_or_to_those_chosen_with_one_text(kind: StoreKind) {
    let (stage, served) = lived(kind).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let numbers = |page: &Page| page.texts("tbody tr a[href^='/subscriptions/']");
    let page = console.get("/cards").await;
    assert_eq!(numbers(&page), [0, 1, 2].map(|i| subscription(i).to_string()), "{}", page.html);
    assert_eq!(page.texts("tbody tr td:last-child"), ["―", "―", "―"]);
    assert_eq!(numbers(&console.get("/cards?standing=expired").await), [subscription(0).to_string()]);
    assert_eq!(numbers(&console.get("/cards?standing=close").await).len(), 2);

    let nobody = console.get("/cards/mail?to=selected&form=close").await;
    assert!(nobody.text("section[aria-labelledby=to]").contains("送信先がありません"));
    assert!(!nobody.has("button[value=send]"));
    let page = console.get(&format!("/cards/mail?to=selected&form=expired&subscription={}", subscription(0))).await;
    assert!(page.text("h2#to").contains("1 名") && page.html.contains("山田 花子"), "{}", page.html);
    let form = page.form_where("form.card.stack");
    assert!(form.value("subject").contains("有効期限が切れています"));
    let hostile = "［購入者名］様 <script>alert(1)</script>";
    let wrong = console.submit(form.clone().set("subject", "").set("body", hostile).and("do", "send")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.form_where("form.card.stack").value("body"), hostile, "what was typed stays");
    let shown = console.submit(form.clone().set("body", hostile).and("do", "preview")).await;
    assert!(
        shown.text("pre.letter").contains("山田 花子様") && !shown.html.contains("<script>alert"),
        "{}",
        shown.html
    );
    let send = shown.form_where("form.card.stack").and("do", "send");
    let sent = console.submit(send.clone()).await;
    assert_eq!((sent.path.as_str(), sent.told().as_str()), ("/cards", "1 通のメールを送信待ちにしました"));
    assert_eq!(sent.texts("tbody tr td:last-child")[0], "2026-06-01 00:00");
    console.submit(send).await;
    let listed = console.get(&format!("/members/{}", member(0))).await;
    let mails = listed.texts("section[aria-labelledby=mails] tbody tr");
    let of_card = mails.iter().filter(|mail| mail.contains("カード有効期限メール(期限切れ)"));
    assert_eq!(of_card.count(), 1, "sent twice, it is one mail: {mails:?}");

    let page = console.get("/cards/mail?to=all&form=close").await;
    assert!(page.text("h2#to").contains("2 名"), "{}", page.html);
    let sent = console.submit(page.form_where("form.card.stack").and("do", "send")).await;
    assert_eq!(sent.told(), "2 通のメールを送信待ちにしました");
    assert!(sent.texts("tbody tr td:last-child").iter().all(|at| at != "―"), "{}", sent.html);

    // K4: the notice on the subscription leads to the mail.
    let page = console.get(&format!("/subscriptions/{}", subscription(0))).await;
    assert!(page.text("h2#card-notice").contains("期限切れ"), "{}", page.html);
    assert!(page.text("section[aria-labelledby=charge]").contains("カードの有効期限が切れています"));
    let link = page.links().into_iter().find(|link| link.ends_with("/card-mail")).unwrap();
    assert_eq!(console.get(&link).await.status, StatusCode::OK);
    assert!(!console.get(&format!("/subscriptions/{}", subscription(4))).await.has("#card-notice"));

    let auditor = Console::signed_in(&served, Role::Auditor).await;
    let page = auditor.get("/cards").await;
    assert!(!page.has("input[type=checkbox]") && !page.html.contains("山田"), "{}", page.html);
    served.stop().await;
    stage.close().await;
}

async fn members_are_shown_and_erased_by_managers_alone(kind: StoreKind) {
    let (stage, served) = lived(kind).await;
    let operator = Console::signed_in(&served, Role::Operator).await;
    let list = operator.get("/members").await;
    assert_eq!(list.texts("tbody tr").len(), 5);
    assert_eq!(operator.get("/members?member=m99").await.text("#error-member"), "この会員IDの会員はいません");
    let path = format!("/members/{}", member(4));
    let page = operator.get("/members?member=M00004").await;
    assert_eq!((page.path.as_str(), page.status), (path.as_str(), StatusCode::OK));
    assert!(page.html.contains("hanako@example.jp") && !page.has(&format!("a[href='{path}/erase']")));
    assert_eq!(operator.get(&format!("{path}/erase")).await.status, StatusCode::FORBIDDEN);
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    for address in ["/members", path.as_str(), &format!("{path}/history")] {
        let page = auditor.get(address).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.html.contains("山田") && !page.html.contains("hanako"), "{address}: {}", page.html);
    }

    let manager = Console::signed_in(&served, Role::Manager).await;
    let erase = format!("{path}/erase");
    let ask = manager.get(&erase).await;
    let wrong = manager.submit(ask.form(&erase).set("confirm", "yes")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let refused = manager.submit(wrong.form(&erase).set("confirm", member(4).as_str())).await;
    assert!(refused.told().contains("先に終了してください") && refused.told().contains(subscription(4).as_str()));
    let end = format!("/subscriptions/{}/end", subscription(4));
    manager.submit(manager.get(&end).await.form(&end)).await;
    let page = manager.submit(manager.get(&erase).await.form(&erase).set("confirm", member(4).as_str())).await;
    assert_eq!(page.told().split(" / ").next(), Some("会員の個人情報を削除しました"), "{}", page.html);
    assert!(page.html.contains("(削除済み)") && !page.html.contains("hanako"), "{}", page.html);
    for address in [path.clone(), format!("/subscriptions/{}", subscription(4)), format!("{path}/history")] {
        let page = manager.get(&address).await;
        assert!(page.status == StatusCode::OK && !page.html.contains("山田"), "{address}");
    }
    served.stop().await;
    stage.close().await;
}

async fn r5_nights_to_come_failed_orders_and_work_set_aside_are_shown(kind: StoreKind) {
    let (stage, served) = lived(kind).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let page = console.get("/upcoming?nights=2").await;
    assert_eq!(page.texts("section h2").len(), 2, "{}", page.html);
    assert!(page.texts("section h2")[1].starts_with("2026-06-03(水) 4 件"), "{:?}", page.texts("section h2"));
    assert_eq!(page.texts("tr.failed").len(), 1);
    assert!(page.text("tr.failed").contains("カードの有効期限が切れています"));

    let page = console.get("/retries").await;
    assert!(
        page.text("tbody tr").contains("2001 残高または限度額が不足しています")
            && page.text("tbody tr strong").starts_with("2026-06-04"),
        "{}",
        page.html
    );
    assert!(page.html.contains("最初のオーソリから 3、7 日後"), "{}", page.html);

    let storage = Storage::open(&stage.url, &StorageOptions::default()).await.unwrap();
    let number = subscription(0);
    for subject in [number.as_str(), "00007-D00001"] {
        let hostile = "<img src=x onerror=alert(1)> is not right";
        set_aside::put(&storage, "renewal", subject, None, hostile, stage.now, "run").await.unwrap();
    }
    storage.close().await;
    let page = console.get("/set-aside").await;
    assert_eq!(page.texts("tbody tr").len(), 1, "another shop's is not shown: {}", page.html);
    assert!(page.text("td [lang=en]").starts_with("<img") && !page.html.contains("<img"), "{}", page.html);
    assert!(page.text("tbody tr").contains("処理を続けられませんでした"), "{}", page.html);
    let form = page.form("/set-aside/release");
    let other = console.submit(form.clone().set("subject", "00007-D00001")).await;
    assert_eq!((other.told().as_str(), other.texts("tbody tr").len()), ("この保留はすでに解除されています", 1));
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    assert!(!auditor.get("/set-aside").await.has("td button"));
    let page = console.submit(form.clone()).await;
    assert_eq!(page.told(), "保留を解除しました。次の回で処理します");
    assert_eq!(page.texts("tbody tr").len(), 0);
    assert_eq!(console.submit(form).await.told(), "この保留はすでに解除されています");
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    k6_mails_go_to_all_or_to_those_chosen_with_one_text,
    members_are_shown_and_erased_by_managers_alone,
    r5_nights_to_come_failed_orders_and_work_set_aside_are_shown,
);

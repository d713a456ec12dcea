//! The console's pages of subscriptions (R1-R6, O18, K4): list, detail, every change, two people at one subscription.

use reqwest::StatusCode;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::ShopSettingsCommand as Settings;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, Page, account, account_named};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

/// A shop with three subscriptions, the second of a card that is refused; one night is over.
async fn lived(kind: StoreKind) -> (Stage, Served) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let cash = PaymentMethod::External { name: "代金引換".to_owned() };
    let methods = Settings::ChangePaymentMethods(vec![PaymentMethod::Card, cash]);
    change_settings(&app, &app.gateway.because("test", "set up"), methods).await;
    for (i, card) in ["1111", "8212", "1111"].into_iter().enumerate() {
        enrol(&app, &stage.simulator, i, card).await;
    }
    subscribe(&app, 0, "months:1:31", "2026-04-30".parse().unwrap(), 3_960).await;
    subscribe(&app, 1, "days:30", "2026-04-01".parse().unwrap(), 1_980).await;
    subscribe(&app, 2, "weeks:2:fri", "2026-05-08".parse().unwrap(), 540).await;
    app.stop().await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for role in Role::ALL {
        account(&stage, role).await;
    }
    account_named(&stage, Role::Operator, "suzuki", "鈴木 花子").await;
    let served = Served::start(&stage, &[]).await;
    (stage, served)
}

fn path(i: usize) -> String {
    format!("/subscriptions/{}", subscription(i))
}

/// Delivery dates of the preview.
fn dates(page: &Page) -> Vec<String> {
    page.texts("section[aria-labelledby=dates] li")
        .iter()
        .map(|text| text.split("配送 ").nth(1).unwrap().to_owned())
        .collect()
}

async fn r3_everything_can_be_changed_and_shows_at_once(kind: StoreKind) {
    let (stage, served) = lived(kind).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let (path, act) = (path(0), |page: &Page, what: &str| page.form(&format!("{}/{what}", path(0))));
    let page = console.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    let ten = dates(&page);
    assert_eq!((ten.len(), &ten[0][..], &ten[1][..]), (10, "2026-04-30(木)", "2026-05-31(日)"));
    assert!(
        page.texts("dd").contains(&"毎月31日(末日調整) (起点 2026-04-30(木))".to_owned()),
        "{:?}",
        page.texts("dd")
    );
    assert!(page.text("section[aria-labelledby=charge]").contains("3,960円"), "{}", page.html);

    let skip = act(&page, "skip");
    let page = console.submit(skip.clone()).await;
    assert_eq!((page.path.as_str(), page.told().as_str()), (path.as_str(), "次回の配送を1回お休みにしました"));
    assert_eq!(dates(&page)[0], "2026-05-31(日)");
    // A form that does not say which delivery it means leaves out none.
    let unsaid = console.submit(skip.clone().set("delivery_date", "soon")).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unsaid.html);
    assert_eq!(dates(&console.get(&path).await)[0], "2026-05-31(日)");
    // The same form again, by a nervous finger, leaves out no second one.
    assert_eq!(dates(&console.submit(skip).await)[0], "2026-05-31(日)");

    let form = console.get(&format!("{path}/next-date")).await.form(&format!("{path}/next-date"));
    assert_eq!(form.value("date"), "2026-05-31");
    for (typed, part) in [
        ("never", "日付は"),
        ("2026-03-31", "2026-05-01 以降の日付"),
        ("9999-12-31", "2028-04-01 以前の日付"),
        ("", "日付は"),
    ] {
        let wrong = console.submit(form.clone().set("date", typed)).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(wrong.told().is_empty() && wrong.text("div.told").contains(part), "{typed}: {}", wrong.html);
        assert_eq!(wrong.form(&format!("{path}/next-date")).value("date"), typed, "what was typed stays");
    }
    let shown = console.get(&format!("{path}/next-date")).await;
    assert!(shown.has("input[name=date][min='2026-05-01'][max='2028-04-01']"), "the bounds stand at the field");
    let page = console.submit(form.set("date", "５／２９")).await;
    assert_eq!(page.told(), "次回配送日を 2026-05-29(金) に変更しました");
    assert_eq!(dates(&page)[..2], ["2026-05-29(金)", "2026-06-30(火)"]);

    // The dates of another rhythm are looked at before it is made so.
    let odd = console.get(&format!("{path}/cycle?choice=days&days=999&from=2026-06-01")).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    let preview =
        console.get(&format!("{path}/cycle?choice=weekday&weekday_months=1&place=2nd&weekday=tue&from=6/1")).await;
    assert!(preview.text("h2#preview").contains("毎月第2火曜日"), "{}", preview.html);
    assert!(preview.text("section[aria-labelledby=preview] li:first-child").contains("2026-06-09(火)"));
    assert_eq!(dates(&console.get(&path).await)[0], "2026-05-29(金)", "nothing has changed yet");
    let page = console.submit(preview.form_where("form[method=post].actions")).await;
    assert_eq!((page.told().as_str(), dates(&page)[0].as_str()), ("配送サイクルを変更しました", "2026-06-09(火)"));

    let form = console.get(&format!("{path}/items")).await.form(&format!("{path}/items"));
    let added = console.submit(form.and("do", "add")).await;
    assert_eq!(added.texts("input[name=product]").len(), 2, "{}", added.html);
    let form = added.form(&format!("{path}/items")).set("shipping", "６６０");
    let wrong = console.submit(form.clone().set("fee", "many").and("do", "save")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.form(&format!("{path}/items")).value("fee"), "many");
    let page = console.submit(form.and("do", "save")).await;
    assert_eq!(page.told(), "次回からの内容を変更しました", "{}", page.html);
    assert!(page.text("section[aria-labelledby=items]").contains("660円"));

    let form = console.get(&format!("{path}/method")).await.form(&format!("{path}/method"));
    assert_eq!(form.value("method"), "card");
    assert_eq!(console.submit(form.clone().set("method", "external:x")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = console.submit(form.set("method", "external:代金引換")).await;
    assert_eq!(page.told(), "支払方法を変更しました");
    assert!(page.text("section[aria-labelledby=charge]").contains("ペイジェント以外でのお支払い"));

    let page = console.submit(act(&page, "pause")).await;
    assert_eq!((page.told().as_str(), page.text("h1 .badge").as_str()), ("定期購入を休止しました", "休止中"));
    assert!(dates(&page).is_empty());
    let page = console.submit(act(&page, "resume")).await;
    assert_eq!((page.told().as_str(), dates(&page)[0].as_str()), ("定期購入を再開しました", "2026-06-09(火)"));
    let ask = console.get(&format!("{path}/end")).await;
    assert!(ask.html.contains("2026-06-09(火)"));
    let page = console.submit(ask.form(&format!("{path}/end"))).await;
    assert_eq!((page.told().as_str(), page.text("h1 .badge").as_str()), ("定期購入を終了しました", "終了"));
    // Who did what stands in the history (O12).
    let history = page.texts("section[aria-labelledby=history] tbody tr");
    assert!(history[0].contains("定期購入を終了") && history[0].contains("佐藤 一郎 (operator)"), "{history:?}");
    assert_eq!(console.get(&format!("{path}/history")).await.status, StatusCode::OK);
    // As it stood before all this, and before it was.
    let then = console.get(&format!("{path}?as_of=2026/4/1+0:00")).await;
    assert_eq!(then.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", then.html);
    let then = console.get(&format!("{path}?as_of=2026-04-01T00:05")).await;
    assert!(then.text(".told.notice").contains("時点の内容です") && !then.has("#acts"), "{}", then.html);
    served.stop().await;
    stage.close().await;
}

async fn o18_buttons_are_enabled_exactly_when_the_domain_accepts(kind: StoreKind) {
    let (stage, served) = lived(kind).await;
    let operator = Console::signed_in(&served, Role::Operator).await;
    let enabled = |page: &Page| -> Vec<String> { page.texts("ul.acts li .button, ul.acts li button:not([disabled])") };
    let running = operator.get(&path(2)).await;
    let all = [
        "次回を1回お休み",
        "次回配送日を変更",
        "配送サイクルを変更",
        "商品・金額を変更",
        "支払方法を変更",
        "休止",
        "定期購入終了",
    ];
    assert_eq!(enabled(&running), all);
    let paused = operator.submit(running.form(&format!("{}/pause", path(2)))).await;
    let some = ["配送サイクルを変更", "商品・金額を変更", "支払方法を変更", "再開", "定期購入終了"];
    assert_eq!(enabled(&paused), some);
    assert_eq!(paused.text("#why-skip"), "休止中です。先に再開してください");
    // Sent all the same, from a page drawn before, the domain refuses and says why.
    let refused = operator.submit(running.form(&format!("{}/skip", path(2)))).await;
    assert!(refused.told().contains("変更されたため"), "{}", refused.told());
    let end = operator.get(&format!("{}/end", path(2))).await.form(&format!("{}/end", path(2)));
    let ended = operator.submit(end).await;
    assert_eq!(enabled(&ended), Vec::<String>::new());
    assert_eq!(ended.text("#why-cycle"), "この定期購入は終了しています");

    // An auditor sees everything but whose it is, and changes nothing.
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    let page = auditor.get(&path(0)).await;
    assert_eq!(enabled(&page), Vec::<String>::new());
    assert!(page.html.contains("山＊＊＊") && !page.html.contains("山田") && !page.html.contains("hanako"));
    let history = auditor.get(&format!("/members/{}/history", member(0))).await;
    assert!(history.status == StatusCode::OK && !history.html.contains("山田"));
    let csv = auditor.get("/subscriptions.csv").await;
    assert!(csv.html.contains("山＊＊＊") && !csv.html.contains("山田"), "{}", csv.html);
    // The operator's form under the auditor's name is not the auditor's.
    let form = operator.get(&path(0)).await.form(&format!("{}/pause", path(0)));
    assert_eq!(auditor.submit(form).await.status, StatusCode::FORBIDDEN);
    let own = page.form("/sign-out");
    let mut forged = operator.get(&path(0)).await.form(&format!("{}/pause", path(0)));
    forged = forged.set("token", own.value("token"));
    let refused = auditor.submit(forged).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.told().contains("権限がありません"), "{}", refused.html);
    served.stop().await;
    stage.close().await;
}

async fn two_people_at_one_subscription_lose_nothing(kind: StoreKind) {
    let (stage, served) = lived(kind).await;
    let (first, second) =
        (Console::signed_in(&served, Role::Operator).await, Console::signed_in_as(&served, "suzuki").await);
    let items = format!("{}/items", path(0));
    let form = second.get(&items).await.form(&items).set("shipping", "770").and("do", "save");
    let preview = format!("{}/cycle?choice=days&days=14&from=2026-05-01", path(0));
    let cycle = second.get(&preview).await.form_where("form[method=post].actions");
    let page = first.get(&path(0)).await;
    first.submit(page.form(&format!("{}/skip", path(0)))).await;

    let told = second.submit(form).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    let since = told.text("div.told li");
    assert!(since.contains("佐藤 一郎 (operator)") && since.contains("1回お休み"), "{since}");
    assert_eq!(told.form(&items).value("shipping"), "770", "what was typed stays");
    assert!(!second.get(&path(0)).await.html.contains("770円"), "nothing was done");
    // Having seen it, they send it again.
    let page = second.submit(told.form(&items).and("do", "save")).await;
    assert_eq!(page.told(), "次回からの内容を変更しました");
    assert_eq!(dates(&page)[0], "2026-05-31(日)", "the other's change is still there");

    let told = second.submit(cycle).await;
    assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.html);
    assert!(told.has("h2#preview") && told.texts("div.told li").len() == 2, "{}", told.html);
    let page = second.submit(told.form_where("form[method=post].actions")).await;
    assert_eq!(page.told(), "配送サイクルを変更しました");

    // Really at the same time: one is done, the other is told.
    let page = first.get(&path(0)).await;
    let (pause, skip) = (page.form(&format!("{}/pause", path(0))), page.form(&format!("{}/skip", path(0))));
    let (a, b) = tokio::join!(
        first.submit(pause),
        second.submit(skip.set("token", second.get(&path(0)).await.form("/sign-out").value("token")))
    );
    let told = [a.told(), b.told()];
    assert_eq!(told.iter().filter(|text| text.contains("変更されたため")).count(), 1, "{told:?}");
    served.stop().await;
    stage.close().await;
}

async fn the_list_is_searched_remembered_and_taken_away_as_a_file(kind: StoreKind) {
    let (stage, served) = lived(kind).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let found = |page: &Page| page.texts("tbody tr td:first-child");
    assert_eq!(found(&console.get("/subscriptions").await).len(), 3);
    for (search, rows) in [
        ("status=running", vec![0, 1, 2]),
        ("status=ended", vec![]),
        ("failed=1", vec![1]),
        ("number=D00002", vec![2]),
        ("number=０２３９６-D00002", vec![2]),
        ("member=M00001", vec![1]),
        ("method=external", vec![]),
        ("from=2026%2F4%2F30&to=5%2F1", vec![0, 1]),
    ] {
        let page = console.get(&format!("/subscriptions?{search}")).await;
        let wanted: Vec<String> = rows.into_iter().map(|i| subscription(i).to_string()).collect();
        assert_eq!(found(&page), wanted, "{search}: {}", page.html);
    }
    let odd = console.get("/subscriptions?from=soon&member=%3Cb%3E").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["from", "member"] {
        assert!(odd.text(&format!("#error-{field}")).contains("入力してください"), "{}", odd.html);
        assert!(odd.has(&format!("input[name={field}][aria-invalid=true][aria-describedby=error-{field}]")));
    }
    let form = odd.form("/subscriptions");
    assert_eq!((form.value("from"), form.value("member"), odd.html.contains("<b>")), ("soon", "<b>", false));
    // Without the digits of the shop, in whatever width.
    let short = console.get("/subscriptions?number=d00001").await;
    assert_eq!(short.status, StatusCode::OK);
    let short = console.get("/subscriptions?number=%EF%BC%A400001").await;
    assert_eq!(found(&short), [subscription(1).to_string()]);

    // A search is there again until it is cleared, for this person alone.
    console.get("/subscriptions?failed=1&status=").await;
    let again = console.get("/subscriptions").await;
    assert_eq!((found(&again).len(), again.has("input[name=failed][checked]")), (1, true));
    assert_eq!(found(&console.get("/subscriptions?clear=1").await).len(), 3);
    assert_eq!(found(&console.get("/subscriptions").await).len(), 3);

    let csv = console.get("/subscriptions.csv?failed=1").await;
    let lines: Vec<&str> = csv.html.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].starts_with(&format!("{},継続中,{},山田 花子,30日ごと", subscription(1), member(1))), "{lines:?}");
    // Another shop's, and what does not exist, look the same.
    for other in
        ["/subscriptions/00007-D00001", "/subscriptions/02396-D99999", "/subscriptions/x%00", "/members/02396-M99999"]
    {
        let page = console.get(other).await;
        assert_eq!(
            (page.status, page.told()),
            (StatusCode::NOT_FOUND, "お探しのものは見つかりません。番号やアドレスを確認してください。".to_owned()),
            "{other}"
        );
    }
    served.stop().await;
    stage.close().await;
}

async fn a_subscription_is_started_for_an_order_by_phone(kind: StoreKind) {
    let (stage, served) = lived(kind).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let form = console.get(&format!("/subscriptions/new?member={}", member(2))).await.form("/subscriptions/new");
    let empty = console.submit(form.clone().and("do", "check")).await;
    assert_eq!(
        (empty.status, empty.told()),
        (StatusCode::UNPROCESSABLE_ENTITY, "商品を1つ以上入力してください".to_owned())
    );
    let page = console.submit(form.and("do", "add")).await;
    let form = page.form("/subscriptions/new").set("choice", "days").set("days", "14").set("first", "2026/5/1");
    let hostile = "<script>alert(1)</script>";
    let form = form.set("name", hostile).set("quantity", "2");
    let unsaid = console.submit(form.clone().set("shipping", "").and("do", "check")).await;
    assert_eq!(unsaid.told(), "送料を円単位の数字で入力してください", "left empty is not 0 yen");
    let form = form.set("shipping", "0");
    let nobody = console.submit(form.set("member", "M99999").and("do", "check")).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nobody.told().contains("登録されていません"), "{}", nobody.html);
    assert!(!nobody.html.contains(hostile), "hostile text is shown as text");
    let form = nobody.form("/subscriptions/new").set("member", "M00002");
    let looked = console.submit(form.and("do", "check")).await;
    let start = looked.form("/subscriptions/new").and("do", "save");
    assert!(!start.value("number").is_empty(), "{}", looked.html);
    assert!(looked.text("ol.dates li:first-child").contains("2026-05-01(金)"), "{}", looked.html);
    let page = console.submit(start.clone()).await;
    assert!(page.told().contains("を登録しました"), "{}", page.html);
    assert_eq!(dates(&page)[..2], ["2026-05-01(金)", "2026-05-15(金)"]);
    assert!(page.text("section[aria-labelledby=items]").contains(hostile) && !page.html.contains(hostile));
    // Sent twice, it is one.
    assert_eq!(console.submit(start).await.path, page.path);
    let listed = console.get("/subscriptions?member=M00002").await;
    assert_eq!(listed.texts("tbody tr").len(), 2, "{}", listed.html);
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    r3_everything_can_be_changed_and_shows_at_once,
    o18_buttons_are_enabled_exactly_when_the_domain_accepts,
    two_people_at_one_subscription_lose_nothing,
    the_list_is_searched_remembered_and_taken_away_as_a_file,
    a_subscription_is_started_for_an_order_by_phone,
);

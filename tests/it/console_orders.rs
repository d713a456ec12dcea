//! The order pages: lists, one order, its buttons, editing, other payment methods, two people at once (O1-O19).

use crate::payment_life::{basket, order, served};
use paygent_simulator::{Fault, Rule, TelegramKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, Page, account, account_named};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, member, subscription};
use teiki_tests::stores::StoreKind;

/// A shop whose members have these cards, each with one order, and an operator at its console.
async fn console(kind: StoreKind, mode: SaleMode, cards: &[&str]) -> (Stage, Served, Console) {
    let (stage, served) = served(kind, mode, cards).await;
    account(&stage, Role::Operator).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    (stage, served, console)
}

fn page(i: usize) -> String {
    format!("/orders/{}", order(i))
}

async fn press(console: &Console, i: usize, action: &str) -> Page {
    let shown = console.get(&page(i)).await;
    let direct = format!("form[action=\"{}/act/{action}\"]", page(i));
    if shown.has(&direct) {
        return console.submit(shown.form_where(&direct)).await;
    }
    let asked = console.get(&format!("{}/confirm/{action}", page(i))).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.html);
    console.submit(asked.form(&format!("{}/act/{action}", page(i)))).await
}

/// The buttons that can be pressed.
fn enabled(shown: &Page) -> Vec<String> {
    ["update", "capture", "authorize", "complete", "cancel", "give-up", "edit"]
        .into_iter()
        .filter(|action| {
            let all = shown.has(&format!("[data-action=\"{action}\"]"));
            let disabled = shown.has(&format!("button[disabled][data-action=\"{action}\"]"));
            if disabled {
                assert!(!shown.text(&format!("#why-{action}")).is_empty(), "{action} says why not");
            }
            all && !disabled
        })
        .map(str::to_owned)
        .collect()
}

/// Every address of ours on the page leads somewhere.
async fn no_broken_links(console: &Console, shown: &Page) {
    for link in shown.links().into_iter().filter(|link| link.starts_with('/') && !link.starts_with("/language")) {
        let (status, _, _) = console.download(&link).await;
        assert!(status.is_success() || status.is_redirection(), "{link} on {}: {status}", shown.path);
    }
}

async fn close(stage: Stage, served: Served) {
    served.stop().await;
    stage.close().await;
}

async fn o1_o2_lists_show_search_and_remember(kind: StoreKind) {
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &["1111", "8205", "1111"]).await;
    let all = console.get("/orders").await;
    assert_eq!(all.texts("tbody tr").len(), 3);
    let id = served.get_json(&format!("/v1/orders/{}", order(0))).await["transaction_id"].as_str().unwrap().to_owned();
    assert!(all.text(&format!("tbody tr:has(a[href=\"{}\"])", page(0))).contains(&format!("[{id}]")), "O1");
    let failed = all.text("tbody tr.failed");
    assert!(failed.contains("オーソリ失敗") && !failed.contains('['), "{failed}");
    no_broken_links(&console, &all).await;

    let search = |name: &str, value: &str| all.form("/orders").set(name, value);
    for (name, value, rows) in [
        ("failed_only", "1", 1),
        ("status", "authorized", 2),
        ("member", member(1).as_str(), 1),
        ("subscription", subscription(2).as_str(), 1),
        ("order", &order(2), 1),
        ("transaction_id", &format!("[{id}]"), 1),
        ("transaction_id", "02396000000000999999", 0),
        ("from", "2026/4/2", 0),
        ("from", "4/1", 3),
        ("to", "２０２６０３３１", 0),
        ("amount_min", "5,000円", 3),
        ("amount_max", "4999", 0),
    ] {
        let form = search(name, value);
        let address = format!("/orders?{}={}", name, percent(form.value(name)));
        let found = console.get(&address).await;
        assert_eq!(found.texts("tbody tr").len(), rows, "{name}={value}");
        // The search remembers itself, for this person and this list.
        let again = console.get("/orders").await;
        assert_eq!(again.texts("tbody tr").len(), rows, "{name}={value} remembered");
        assert_eq!(again.form("/orders").value(name), value);
    }
    assert_eq!(console.get("/orders/completed").await.texts("tbody tr").len(), 0);
    assert_eq!(console.get("/orders?clear=1").await.texts("tbody tr").len(), 3);
    assert_eq!(console.get("/orders").await.texts("tbody tr").len(), 3);
    // What cannot be a date is said at its field, and kept.
    let wrong = console.get("/orders?from=4%2F31&amount_min=%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.form("/orders").value("from"), "4/31");
    assert!(wrong.text("#error-from").contains("2026/4/1") && wrong.has("#error-amount_min"));
    assert!(!wrong.html.contains("<script>alert"));

    // The search as a file, in both encodings.
    let (status, kind, bytes) = console.download("/orders/csv?list=open&failed_only=1").await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/csv; charset=utf-8"));
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with('\u{feff}') && text.lines().count() == 2, "{text}");
    assert!(text.contains("山田 花子") && text.contains("オーソリ失敗") && text.contains("残高または限度額"), "{text}");
    let (_, kind, bytes) = console.download("/orders/csv?encoding=windows-31j").await;
    let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(
        kind.contains("Windows-31J") && !broken && text.contains("受注番号") && text.lines().count() == 4,
        "{text}"
    );
    assert!(text.contains(&format!("[{id}]")));
    close(stage, served).await;
}

fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn o2_pages_lead_forth_and_back(kind: StoreKind) {
    let cards = vec!["1111"; 43];
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &cards).await;
    let first = console.get("/orders?limit=20").await;
    let numbers = |page: &Page| page.texts("tbody td a");
    let follow = async |page: &Page, rel: &str| {
        let link = page.links_where(&format!("a[rel={rel}]")).remove(0);
        console.get(&link).await
    };
    assert_eq!(numbers(&first).len(), 20);
    assert!(!first.has("a[rel=prev]"));
    let second = follow(&first, "next").await;
    let third = follow(&second, "next").await;
    assert_eq!((numbers(&second).len(), numbers(&third).len(), third.has("a[rel=next]")), (20, 3, false));
    let back = follow(&third, "prev").await;
    assert_eq!(numbers(&back), numbers(&second));
    let begin = follow(&back, "prev").await;
    assert_eq!((numbers(&begin), begin.has("a[rel=prev]")), (numbers(&first), false));
    let mut all: Vec<_> = [first, second, third].iter().flat_map(numbers).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 43, "each order stands on one page");
    close(stage, served).await;
}

async fn o4_to_o11_buttons_are_enabled_exactly_when_the_order_accepts_them(kind: StoreKind) {
    let cards = ["1111", "8205", "1111", "1111", "1111"];
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &cards).await;
    account(&stage, Role::Auditor).await;
    account(&stage, Role::Manager).await;
    let path = |i: usize, what: &str| format!("/v1/orders/{}/{what}", order(i));
    served.put(&path(2, "basket"), &basket(4_200)).await;
    served.post(&path(3, "capture"), &Value::Null).await;
    served.post(&path(4, "capture"), &Value::Null).await;
    served.post(&path(4, "complete"), &Value::Null).await;
    let table: [(usize, &str, &[&str]); 5] = [
        (0, "オーソリOK", &["capture", "cancel", "edit"]),
        (1, "オーソリ失敗", &["authorize", "cancel", "edit"]),
        (2, "オーソリOK", &["update", "cancel", "edit"]),
        (3, "売上確定", &["complete", "cancel"]),
        (4, "売上確定", &["cancel"]),
    ];
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    let manager = Console::signed_in(&served, Role::Manager).await;
    for (i, status, buttons) in table {
        let shown = console.get(&page(i)).await;
        assert_eq!(
            (shown.text("#status"), enabled(&shown)),
            (status.to_owned(), buttons.iter().map(|b| (*b).to_owned()).collect()),
            "{i}"
        );
        assert_eq!(enabled(&manager.get(&page(i)).await), buttons, "{i}: manager");
        assert_eq!(shown.has("#mail-buttons"), i != 4, "O11: no mails from completed orders");
        no_broken_links(&console, &shown).await;
        // Auditors see, and have nothing to press.
        let seen = auditor.get(&page(i)).await;
        assert_eq!(
            (seen.status, seen.has("main form[method=post]"), seen.has("[data-action]")),
            (StatusCode::OK, false, false)
        );
        assert!(!seen.html.contains("山田"), "auditors do not read names");
        assert!(seen.has("#history"));
        for action in ["capture", "cancel"] {
            let forged = auditor.post(&format!("{}/act/{action}", page(i)), &[("token", "x")]).await;
            assert_eq!(forged.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(auditor.get(&format!("{}/edit", page(i))).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(console.get(&page(4)).await.text("h1"), format!("受注完了明細 {}", order(4)));
    assert!(console.get("/orders/completed").await.html.contains(&order(4)));

    // O7: captured with its authorisation, an order can be cancelled or completed, and nothing else.
    close(stage, served).await;
    let (stage, served, console) = self::console(kind, SaleMode::AuthorizeAndCapture, &["1111"]).await;
    let shown = console.get(&page(0)).await;
    assert_eq!(
        (shown.text("#status").as_str(), enabled(&shown)),
        ("消込済", vec!["complete".to_owned(), "cancel".to_owned()])
    );
    assert!(shown.text("#why-capture").contains("同時に売上"));
    // Nothing of another shop, and nothing that is not there.
    for path in [
        "/orders/02397-D00000-20260401",
        "/orders/nonsense",
        "/orders/02396-X-20260401",
        "/orders/02397-D1-20260401/why",
    ] {
        assert_eq!(console.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    close(stage, served).await;
}

async fn o5_o6_an_amount_is_changed_updated_and_confirmed_once(kind: StoreKind) {
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let edit = format!("{}/edit", page(0));
    let form = console.get(&edit).await.form(&edit);
    assert_eq!((form.value("unit_price.0"), form.value("quantity.0")), ("5000", "1"));
    // What is wrong is said at its field; what was entered is kept.
    let wrong = console.submit(form.clone().set("unit_price.0", "<b>much</b>").set("shipping", "６６０")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let kept = wrong.form(&edit);
    assert_eq!((kept.value("unit_price.0"), kept.value("shipping")), ("<b>much</b>", "６６０"));
    assert!(wrong.has("p.field-error") && !wrong.html.contains("<b>much"));
    let none = console.submit(form.clone().set("quantity.0", "0")).await;
    assert!(none.text("#error-lines").contains("1点以上"), "{}", none.html);

    let changed = console.submit(form.set("unit_price.0", "３，５４０円").set("shipping", "660")).await;
    assert!(changed.told().contains("取引更新"), "{}", changed.told());
    assert_eq!(
        (changed.text("#total").as_str(), enabled(&changed)),
        ("4,200円", vec!["update".into(), "cancel".into(), "edit".into()])
    );
    assert!(changed.text("#why-capture").contains("取引更新"));
    let updated = press(&console, 0, "update").await;
    assert_eq!(updated.told(), "取引を更新しました。");
    // Pressed twice: confirmed once, and both times the person reads that it is.
    let capture = updated.form(&format!("{}/act/capture", page(0)));
    let first = console.submit(capture.clone()).await;
    let second = console.submit(capture).await;
    assert_eq!((first.told().as_str(), second.told().as_str()), ("売上を確定しました。", "売上を確定しました。"));
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Capture), 1);
    assert_eq!(stage.simulator.ledger().summary().captured_yen, 4_200);
    // O12: who did it.
    assert!(first.text("#history").contains("佐藤 一郎 (operator)"), "{}", first.text("#history"));
    // Cancel is asked for once more, with what follows from it.
    let asked = console.get(&format!("{}/confirm/cancel", page(0))).await;
    assert!(asked.text("main").contains("4,200円を取り消し"), "{}", asked.html);
    let cancelled = press(&console, 0, "cancel").await;
    assert_eq!((cancelled.text("#status").as_str(), enabled(&cancelled).len()), ("キャンセル(売上取消)", 0));
    assert_eq!(stage.simulator.ledger().summary().captured_yen, 0);
    assert!(console.get("/orders/cancelled").await.html.contains(&order(0)));
    close(stage, served).await;
}

async fn o17_o19_a_failed_order_is_tried_again_or_paid_otherwise(kind: StoreKind) {
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &["8205", "8205"]).await;
    let shown = console.get(&page(0)).await;
    let error = shown.text("#error-box");
    for part in [subscription(0).as_str(), "2001", "1G05", "残高または限度額が不足しています"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(shown.text("#transaction-id"), "—", "R2");
    // Tried again on the same card: Paygent's refusal is shown with its code.
    let again = press(&console, 0, "authorize").await;
    assert!(again.told().contains("コード 2001") && again.has("p.told.failed"), "{}", again.told());

    let method = format!("{}/payment-method", page(0));
    let form = console.get(&method).await.form(&method);
    let wrong = console.submit(form.clone().set("method", "other").set("other", "").set("fee", "330")).await;
    assert_eq!((wrong.status, wrong.form(&method).value("fee")), (StatusCode::UNPROCESSABLE_ENTITY, "330"));
    let hostile = "<img src=x onerror=alert(1)>";
    let changed = console.submit(form.clone().set("method", "other").set("other", hostile).set("fee", "330")).await;
    assert!(changed.told().contains("支払方法を変更しました"), "{}", changed.html);
    assert!(!changed.html.contains("<img src=x") && changed.text("main").contains(hostile));
    assert_eq!((changed.text("#total").as_str(), changed.text("#status").as_str()), ("5,330円", "ペイジェント以外"));
    assert!(!changed.has("#error-box"));
    // The same form again changes nothing.
    let told = console.submit(form.set("method", "other").set("other", hostile).set("fee", "330")).await;
    assert_eq!(told.text("#total"), "5,330円");
    let history = served.get_json(&format!("/v1/history/{}", order(0))).await;
    let changes =
        |name: &str| history["events"].as_array().unwrap().iter().filter(|event| event["event_type"] == name).count();
    assert_eq!((changes("OrderPaymentMethodChanged"), changes("OrderBasketChanged")), (1, 1));
    let completed = press(&console, 0, "complete").await;
    assert_eq!(completed.told(), "受注完了一覧へ移動しました。");
    // Not wanted any more: to the cancelled list.
    assert_eq!(press(&console, 1, "cancel").await.told(), "受注をキャンセルしました。");
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::CancelSale), 0);
    close(stage, served).await;
}

async fn o16_the_payment_check_is_toggled_and_nothing_else(kind: StoreKind) {
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let before = served.get_json(&format!("/v1/orders/{}", order(0))).await;
    let checked = press(&console, 0, "check").await;
    assert_eq!(checked.text("#checked"), "済");
    assert!(console.get("/orders").await.text("tbody .badge").contains('済'));
    let path = format!("/v1/orders/{}/payment-check", order(0));
    let (status, order_now) = served.put(&path, &json!({"checked": true})).await;
    assert_eq!((status, &order_now["payment_checked"]), (StatusCode::OK, &json!(true)));
    let (_, mut after) = served.put(&path, &json!({"checked": false})).await;
    after["position"] = before["position"].clone();
    assert_eq!(after, before, "nothing else has changed");
    let history = served.get_json(&format!("/v1/history/{}", order(0))).await;
    let texts =
        history["events"].as_array().unwrap().iter().filter(|event| event["event_type"] == "PaymentCheckChanged");
    assert_eq!(texts.count(), 2);
    close(stage, served).await;
}

async fn w2_w8_an_unknown_outcome_says_what_happens_next(kind: StoreKind) {
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Capture));
    let lost = press(&console, 0, "capture").await;
    assert!(lost.told().contains("結果を待っています") && lost.has("p.told.notice"), "{}", lost.told());
    assert!(lost.text("#unknown-box").contains("自動で照会") || lost.text("#status") == "売上確定", "{}", lost.html);
    served.until_status(&order(0), "sales_confirmed").await;
    assert_eq!(console.get(&page(0)).await.text("#status"), "売上確定");
    // Refused by Paygent: the code is told, and the order stays as it was.
    stage.simulator.script(Rule::once(Fault::decline("2007", "past the deadline")).on(TelegramKind::CancelSale));
    let refused = press(&console, 0, "cancel").await;
    assert!(refused.told().contains("コード 2007"), "{}", refused.told());
    assert!(refused.text("#error-box").contains("2007"));
    assert_eq!(refused.text("#status"), "売上確定");
    close(stage, served).await;
}

async fn two_people_at_one_order_lose_nothing(kind: StoreKind) {
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &["1111", "1111", "1111", "1111"]).await;
    account_named(&stage, Role::Operator, "suzuki", "鈴木 次郎").await;
    let other = Console::signed_in_as(&served, "suzuki").await;
    let edit = format!("{}/edit", page(0));
    let capture = other.get(&page(0)).await.form(&format!("{}/act/capture", page(0)));
    let theirs = other.get(&edit).await.form(&edit).set("unit_price.0", "1234").set("fee", "99");
    console.submit(console.get(&edit).await.form(&edit).set("unit_price.0", "4200")).await;

    // The second reads what the first did, and nothing was sent.
    let late = other.submit(capture).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let conflict = late.text(".conflict");
    assert!(
        conflict.contains("佐藤 一郎") && conflict.contains("4,200円") && conflict.contains("売上確定"),
        "{conflict}"
    );
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Capture), 0);
    // What they had entered is kept, beside how it stands now; sent again, knowingly, it is done.
    let kept = other.submit(theirs).await;
    assert_eq!(kept.status, StatusCode::CONFLICT);
    assert!(kept.text(".conflict").contains("4,200円") && kept.text("dl.facts").contains("4,200円"));
    let form = kept.form(&edit);
    assert_eq!((form.value("unit_price.0"), form.value("fee")), ("1234", "99"));
    let saved = other.submit(form).await;
    assert_eq!(saved.text("#total"), "1,333円", "{}", saved.told());

    // At the very same time: one is carried out, the other reads so.
    for i in 1..4 {
        let edit = format!("{}/edit", page(i));
        let mine = console.get(&edit).await.form(&edit).set("unit_price.0", "1001");
        let theirs = other.get(&edit).await.form(&edit).set("unit_price.0", "2002");
        let (mine, theirs) = tokio::join!(console.submit(mine), other.submit(theirs));
        let won = [&mine, &theirs].into_iter().filter(|page| page.status == StatusCode::OK).count();
        assert_eq!(won, 1, "{} {}", mine.html, theirs.html);
        let lost = if mine.status == StatusCode::OK { &theirs } else { &mine };
        assert_eq!(lost.status, StatusCode::CONFLICT);
        assert!(
            lost.has(".conflict")
                && lost.form(&edit).value("unit_price.0").ends_with('1') == (mine.status != StatusCode::OK)
        );
        let history = served.get_json(&format!("/v1/history/{}", order(i))).await;
        let changes =
            history["events"].as_array().unwrap().iter().filter(|event| event["event_type"] == "OrderBasketChanged");
        assert_eq!(changes.count(), 1);
    }
    close(stage, served).await;
}

async fn o12_why_and_as_of_tell_the_order_from_its_beginning(kind: StoreKind) {
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    press(&console, 0, "capture").await;
    let why = console.get(&format!("{}/why", page(0))).await;
    let chain = why.texts(".chain .step");
    let at =
        |part: &str| chain.iter().position(|step| step.contains(part)).unwrap_or_else(|| panic!("{part}: {chain:#?}"));
    assert!(at("30日ごと") < at("受注を作成"));
    assert!(at("受注を作成") < at("オーソリを依頼") && at("オーソリを依頼") < at("オーソリOK"));
    assert!(at("売上確定を依頼") < at("売上確定(1回目)"));
    assert!(chain[at("受注を作成")].contains("同時売上フラグ: オーソリのみ"), "S4: the settings in force");
    assert!(chain[at("売上確定を依頼")].contains("佐藤 一郎"));
    assert!(chain.iter().all(|step| step.contains("位置")));
    no_broken_links(&console, &why).await;

    // Before the order was there, and before its sale was confirmed.
    let early = console.get(&format!("{}?as_of=2026%2F3%2F31", page(0))).await;
    assert_eq!(early.status, StatusCode::NOT_FOUND, "{}", early.html);
    let then = console.get(&format!("{}?as_of=2026-04-01T23:00", page(0))).await;
    assert!(then.told().contains("2026-04-01 23:00 時点"), "{}", then.told());
    assert!(!then.has("[data-action]") && !then.has("main form[method=post]"), "only to be looked at");
    let wrong = console.get(&format!("{}?as_of=yesterday", page(0))).await;
    assert_eq!((wrong.status, wrong.has("#as_of-error")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    close(stage, served).await;
}

async fn o5_o11_many_orders_are_done_as_a_job(kind: StoreKind) {
    let cards = ["1111", "8205", "1111", "1111"];
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &cards).await;
    stage.simulator.script(Rule::once(Fault::decline("2007", "past the deadline")).on(TelegramKind::Capture));
    let list = console.get("/orders").await;
    let nothing = console.submit(list.form("/orders/bulk").and("action", "capture")).await;
    assert!(nothing.told().contains("選ばれていません"), "{}", nothing.told());
    let mut form = list.form("/orders/bulk").and("action", "capture");
    for i in 0..4 {
        form = form.and("order", &order(i));
    }
    let asked = console.submit(form).await;
    assert!(asked.text("strong").contains("3 件") && asked.text("strong").contains("15,000円"), "{}", asked.html);
    assert!(asked.texts("li .problem").len() == 1, "the failed one says why not");
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Capture), 0, "nothing is done before");
    let start = asked.form("/orders/bulk/start");
    let (mut shown, again) = tokio::join!(console.submit(start.clone()), console.submit(start));
    assert_eq!(shown.path, again.path, "sent twice, it is one job");
    for _ in 0..500 {
        if shown.text("#progress").contains("完了しました") {
            break;
        }
        assert!(shown.has("#progress[data-refresh]") && shown.html.contains("http-equiv=\"refresh\""));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        shown = console.get(&shown.path).await;
    }
    assert_eq!(shown.text(".count"), "3/3");
    assert_eq!(shown.text(".done-count"), "2 件");
    let failures = shown.texts(".failures li");
    assert!(failures.len() == 1 && failures[0].contains("コード 2007"), "{failures:?}");
    assert!(!shown.html.contains("http-equiv"), "finished pages stand still");
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Capture), 3);
    no_broken_links(&console, &shown).await;
    assert!(console.get("/orders/bulk").await.text("tbody").contains("一括売上確定"));

    // Completed together; a forged order of another shop is not touched.
    let list = console.get("/orders?status=sales_confirmed").await;
    let mut form = list.form("/orders/bulk").and("action", "complete").and("order", "02397-D00000-20260401");
    for number in list.texts("tbody td a") {
        form = form.and("order", &number);
    }
    let asked = console.submit(form).await;
    let mut shown = console.submit(asked.form("/orders/bulk/start")).await;
    while !shown.text("#progress").contains("完了しました") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        shown = console.get(&shown.path).await;
    }
    assert_eq!(shown.text(".done-count"), "2 件");
    assert_eq!(console.get("/orders/completed").await.texts("tbody tr").len(), 2);
    close(stage, served).await;
}

/// A job that was interrupted is taken up at the next start; what was done before is not done again.
async fn a_job_goes_on_after_a_crash(kind: StoreKind) {
    let cards = ["1111"; 12];
    let (stage, served, console) = console(kind, SaleMode::AuthorizeOnly, &cards).await;
    stage.simulator.script(Rule::always(Fault::DelayBefore { milliseconds: 150 }).on(TelegramKind::Capture));
    let list = console.get("/orders").await;
    let mut form = list.form("/orders/bulk").and("action", "capture");
    for i in 0..cards.len() {
        form = form.and("order", &order(i));
    }
    let asked = console.submit(form).await;
    let shown = console.submit(asked.form("/orders/bulk/start")).await;
    served.kill().await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let mut confirmed = 0;
    for i in 0..cards.len() {
        // Whether a capture that was never sent is found out by asking Paygent, which then holds the order authorised.
        let settled = |order: &Value| {
            order["open_request"].is_null()
                && (order["payment_status"] == "sales_confirmed" || !order["failure"].is_null())
        };
        let now = served.until(&format!("/v1/orders/{}", order(i)), settled).await;
        confirmed += u64::from(now["payment_status"] == "sales_confirmed");
    }
    let mut again = console.get(&shown.path).await;
    while !again.text("#progress").contains("完了しました") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        again = console.get(&shown.path).await;
    }
    assert_eq!(again.text(".count"), "12/12");
    let captured = stage.simulator.ledger().summary().captured_yen;
    assert_eq!(captured, confirmed * 5_000, "each once");
    assert!(confirmed > 0, "those that were not begun are done by the next start");
    close(stage, served).await;
}

on_both_stores!(
    o1_o2_lists_show_search_and_remember,
    o2_pages_lead_forth_and_back,
    o4_to_o11_buttons_are_enabled_exactly_when_the_order_accepts_them,
    o5_o6_an_amount_is_changed_updated_and_confirmed_once,
    o17_o19_a_failed_order_is_tried_again_or_paid_otherwise,
    o16_the_payment_check_is_toggled_and_nothing_else,
    w2_w8_an_unknown_outcome_says_what_happens_next,
    two_people_at_one_order_lose_nothing,
    o12_why_and_as_of_tell_the_order_from_its_beginning,
    o5_o11_many_orders_are_done_as_a_job,
    a_job_goes_on_after_a_crash,
);

//! Page 1: what last night did, what needs somebody, each with one way to it; and the pages of documents (O13) and
//! waybills (O14).

use reqwest::StatusCode;
use serde_json::{Value, json};
use teiki_domain::payment_method::SaleMode;
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::{ShopSettingsCommand as Settings, WaybillCarrier};
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, enrol_with, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

fn order(i: usize) -> String {
    format!("{}-20260401", subscription(i))
}

/// One order authorised, one refused as over the limit, one on a card that ends next month.
async fn lived(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    enrol(&app, &stage.simulator, 1, "8205").await;
    enrol_with(&app, &stage.simulator, 2, &paygent_simulator::TestCard::new("4900123456781111", 2026, 5)).await;
    for i in 0..3 {
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    }
    app.stop().await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    account(&stage, Role::Operator).await;
    stage
}

async fn today_tells_the_night_and_what_needs_somebody(kind: StoreKind) {
    let stage = lived(kind).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let page = console.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    let figures = page.texts(".figures div");
    for figure in
        ["受注の作成3件", "オーソリOK2件", "売上(この日)0件", "オーソリ失敗1件", "未実行0件", "結果待ち・結果不明0件"]
    {
        assert!(figures.iter().any(|it| it == figure), "{figure} in {figures:?}");
    }
    let code = served.get_json(&format!("/v1/orders/{}", order(1))).await["failure"]["code"].clone();
    assert_eq!(page.texts(".tags li"), [format!("{} 1件", code.as_str().unwrap())]);
    let needs = page.texts(".needs li");
    assert_eq!(needs, ["1件 オーソリ失敗(自動の再オーソリなし)", "1件 カードの有効期限間近"]);
    // Each leads to its list.
    for link in page.links().iter().filter(|link| link.starts_with("/orders?") || *link == "/cards") {
        assert_eq!(console.get(link).await.status, StatusCode::OK, "{link}");
    }
    let failed = page.links().into_iter().find(|link| link.contains("status=failed"));
    for list in [failed.unwrap().as_str(), "/retries"] {
        let list = console.get(list).await.html;
        assert!(list.contains(&order(1)) && !list.contains(&order(0)), "{list}");
    }
    assert!(console.get("/orders").await.html.contains(&order(0)), "the person's own search is as it was");
    // Two of three at the first attempt; nothing sold yet.
    assert_eq!(page.texts("figure svg.rate rect"), ["2026-04-01 66.6%"]);
    assert!(!page.has("figure svg.sales rect"));
    assert_eq!(page.texts("figure tbody tr").len(), 60, "every day is in the tables too");

    let (status, _) = served.post(&format!("/v1/orders/{}/capture", order(0)), &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let page = console.get("/").await;
    assert_eq!(page.texts("figure svg.sales rect"), ["2026-04-01 3,960円"], "what was just done is shown");
    served.stop().await;

    // What the shop's rule tries again by itself needs nobody; an authorisation that lapses does.
    let mut stage = stage;
    stage.set_day("2026-05-28".parse().unwrap());
    let app = stage.app().await;
    let policy = RetryPolicy { ladder: vec![58, 59], on_card_change: false };
    change_settings(&app, &app.gateway.because("test", "try again"), Settings::ChangeRetryPolicy(policy)).await;
    app.settle().await.unwrap();
    app.stop().await;
    // Nights pass by hand here, so that the server's own run does not retry before the page is read.
    let app = stage.app().await;
    let rows = teiki_projections::failed_orders::list(&app.storage, None, None, 10).await.unwrap().rows;
    assert_eq!(rows.len(), 1);
    app.stop().await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let page = console.get("/").await;
    let needs = page.texts(".needs li").join("\n");
    assert!(needs.contains("オーソリの期限が近い受注"), "{needs}");
    let english = console.get("/language?to=en&back=/").await;
    assert!(english.text("h1").starts_with("Today"), "{}", english.html);
    served.stop().await;
    stage.close().await;
}

async fn o13_documents_are_issued_and_printed_from_a_page(kind: StoreKind) {
    let stage = lived(kind).await;
    account(&stage, Role::Auditor).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let path = format!("/orders/{}/documents", order(0));
    let page = console.get(&path).await;
    assert_eq!(page.texts("form[action$='/documents'] button[disabled]"), ["領収書を発行"], "not paid: no receipt");
    assert!(page.text("ul.hint").contains("領収書: まだ支払が確認できていません"));
    let form = page.form(&path).set("kind", "delivery_note");
    let page = console.submit(form).await;
    assert!(page.told().contains("を発行しました"), "{}", page.told());
    let number = format!("{}-D1", order(0));
    assert!(page.links().contains(&format!("{path}/{number}")), "{:?}", page.links());
    let (status, kind, bytes) = console.download(&format!("{path}/{number}")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/pdf"));
    assert!(bytes.starts_with(b"%PDF-"));
    let page = console.submit(page.form(&path).set("kind", "delivery_note")).await;
    assert!(page.told().contains("は発行済みです"), "{}", page.told());
    let page = console.submit(page.form(&path).set("kind", "receipt")).await;
    assert!(page.told().contains("まだ支払が確認できていません"), "{}", page.told());
    for (path, expected) in [
        (format!("{path}/{}-D9", order(0)), StatusCode::NOT_FOUND),
        (format!("/orders/{}/documents/{number}", order(1)), StatusCode::NOT_FOUND),
        ("/orders/02397-D1-20260401/documents".to_owned(), StatusCode::NOT_FOUND),
        ("/orders/x/documents".to_owned(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(console.get(&path).await.status, expected, "{path}");
    }
    // An auditor sees that it was issued, not whom it is for.
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    let page = auditor.get(&path).await;
    assert!(page.html.contains(&number) && !page.links().contains(&format!("{path}/{number}")));
    assert!(!page.has("form[action$='/documents']"), "and has nothing to press");
    assert_eq!(auditor.get(&format!("{path}/{number}")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(auditor.get("/waybills").await.status, StatusCode::FORBIDDEN);
    assert_eq!(auditor.get("/waybills/file").await.status, StatusCode::FORBIDDEN);
    served.stop().await;
    stage.close().await;
}

async fn o14_waybill_data_is_downloaded_from_a_page(kind: StoreKind) {
    let stage = lived(kind).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let page = console.get("/waybills").await;
    assert!(page.text("form[action='/waybills/file'] select").contains("選択してください"));
    assert_eq!(console.get("/waybills/file?carrier=").await.status, StatusCode::CONFLICT, "none is chosen");
    let body = json!({"carrier": "yamato"});
    let (status, said) = served.put("/v1/shops/02396/waybill-carrier", &body).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(said["waybill_carrier"], WaybillCarrier::Yamato.as_str());
    let page = console.get("/waybills").await;
    let form = page.form("/waybills/file");
    let file = |name: &str| form.value(name).to_owned();
    let query = format!("/waybills/file?from={}&to={}&carrier={}", file("from"), file("to"), file("carrier"));
    let (status, kind, bytes) = console.download(&query).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/csv; charset=windows-31j"));
    let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(!broken && text.contains(&order(0)) && !text.contains(&order(1)), "{text}");
    for wrong in ["from=soon", "from=2026-04-02&to=2026-04-01"] {
        for page in ["/waybills", "/waybills/file"] {
            let page = console.get(&format!("{page}?{wrong}")).await;
            assert_eq!(
                (page.status, page.has("#from-error")),
                (StatusCode::UNPROCESSABLE_ENTITY, true),
                "{}",
                page.html
            );
        }
    }

    // What is not paid is left out and said so, unless somebody wants it; what is not there to be sent is listed too.
    let chosen = format!("orders={},{},02396-D09999-20260401&carrier=yamato", order(0), order(1));
    let page = console.get(&format!("/waybills?{chosen}")).await;
    let rows = page.texts("section[aria-labelledby=left-out] tbody tr");
    assert_eq!((page.text("#parcels strong").as_str(), rows.len()), ("1", 2), "{}", page.html);
    assert!(rows.iter().any(|row| row.contains(&order(1)) && row.contains("未決済")), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("02396-D09999-20260401") && row.contains("受注一覧にない")), "{rows:?}");
    let (_, _, bytes) = console.download(&format!("/waybills/file?{chosen}")).await;
    assert!(!encoding_rs::SHIFT_JIS.decode(&bytes).0.contains(&order(1)));
    let page = console.get(&format!("/waybills?{chosen}&unpaid=1")).await;
    assert!(page.text("#parcels strong") == "2" && page.has("input[name=unpaid][checked]"), "{}", page.html);
    let (_, _, bytes) = console.download(&format!("/waybills/file?{chosen}&unpaid=1")).await;
    assert!(encoding_rs::SHIFT_JIS.decode(&bytes).0.contains(&order(1)));
    assert!(!page.has("#late"));
    let late = console.get(&format!("/waybills?{chosen}&ship_on=2026-05-02")).await;
    assert!(late.text("#late").starts_with("1 件"), "what was to arrive before is told: {}", late.html);
    let hostile = console.get("/waybills?orders=%3Cscript%3E").await;
    assert!(
        hostile.status == StatusCode::UNPROCESSABLE_ENTITY && !hostile.html.contains("<script>"),
        "{}",
        hostile.html
    );

    // Nothing ticked: said so, on the list.
    let list = console.get("/orders").await;
    let nothing = list.form_where("form[action='/orders/bulk']").and("action", "waybills");
    let told = console.submit(nothing).await;
    assert_eq!(
        (told.path.as_str(), told.told().contains("受注が選ばれていません")),
        ("/orders", true),
        "{}",
        told.html
    );
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    today_tells_the_night_and_what_needs_somebody,
    o13_documents_are_issued_and_printed_from_a_page,
    o14_waybill_data_is_downloaded_from_a_page,
);

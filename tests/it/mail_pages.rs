//! The console's pages about mails: the list, a mail, the form before it is sent (O11, O15, K3, K4).

use paygent_simulator::TestCard;
use reqwest::StatusCode;
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::operators::Role;
use teiki_tests::console::{Console, account};
use teiki_tests::mail_server::{FROM, MailServer};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, enrol_with, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

/// A shop with one order, by a card that ends next month, and accounts of every role.
async fn lived(kind: StoreKind) -> (Stage, String) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let card = TestCard { expire_year: 26, expire_month: 5, ..TestCard::ending("1111") };
    enrol_with(&app, &stage.simulator, 0, &card).await;
    subscribe(&app, 0, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    app.stop().await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for role in [Role::Operator, Role::Auditor] {
        account(&stage, role).await;
    }
    (stage, format!("{}-20260401", subscription(0)))
}

async fn o15_an_operator_changes_the_text_and_sends_it(kind: StoreKind) {
    let (stage, order) = lived(kind).await;
    let server = MailServer::start(stage.folder()).await;
    let served = Served::start(&stage, &[("TEIKI_MAIL_URL", &server.url()), ("TEIKI_MAIL_FROM", FROM)]).await;
    let thanks = server.until(2).await.len();
    let console = Console::signed_in(&served, Role::Operator).await;
    let address = format!("/orders/{order}/mails/new");
    let page = console.get(&format!("{address}?kind=delivery_notice&carrier=ヤマト運輸&slip_number=1234")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    let form = page.form_where("form.stack");
    assert!(form.value("body").contains("お問い合わせ伝票番号: 1234"), "{}", form.value("body"));
    assert!(form.value("subject").contains("商品発送のお知らせ"));

    // Which mail it is, is said and not guessed.
    for kind in ["", "poem"] {
        let unsaid = console.submit(form.clone().set("kind", kind).set("body", "<i>本文</i>")).await;
        assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            unsaid.text("#kind-error").contains("どのメール") && unsaid.has("select[name=kind]"),
            "{}",
            unsaid.html
        );
        assert!(unsaid.form_where("form.stack").value("body").contains("<i>本文</i>") && !unsaid.html.contains("<i>"));
    }
    assert_eq!(server.until(thanks).await.len(), thanks, "nothing was sent");

    // What cannot be sent stays as it was typed, with the reason at its field.
    let body = "<script>alert(1)</script>\r\n本文";
    let wrong = console.submit(form.clone().set("subject", "").set("body", body)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text("#subject-error").contains("件名"), "{}", wrong.html);
    assert!(wrong.form_where("form.stack").value("body").contains("<script>alert(1)</script>"));
    assert!(!wrong.html.contains("<script>alert"), "hostile text is shown as text");

    let form = form.set("subject", "発送しました & <b>").set("body", body);
    let sent = console.submit(form.clone()).await;
    assert_eq!(sent.told(), "メールを送信します。", "{}", sent.html);
    assert!(sent.path.starts_with("/mails/02396-") && sent.text("h2") == "発送しました & <b>", "{}", sent.path);
    let received = server.until(thanks + 1).await;
    assert_eq!(received[thanks]["subject"], "発送しました & <b>");
    assert_eq!(received[thanks]["body"].as_str().unwrap().trim_end(), body.replace('\r', ""));
    // Sent twice by a nervous finger, it is one mail.
    assert_eq!(console.submit(form).await.path, sent.path);
    let listed = console.get(&format!("/mails?order={order}")).await;
    assert_eq!(listed.texts("tbody tr").len(), 1, "{}", listed.html);
    let mail = listed.links().into_iter().find(|link| link.starts_with("/mails/")).unwrap();
    served.until("/v1/mails?status=sent", |page| page["mails"].as_array().unwrap().len() == 3).await;
    let mail = console.get(&mail).await;
    assert_eq!(mail.text("h1"), "配送通知メール 送信済み");
    assert_eq!(mail.text("h2"), "発送しました & <b>");
    assert!(mail.text("pre.letter").contains("<script>alert(1)</script>") && !mail.html.contains("<script>alert"));

    // K3, K4: the card's end, from the order and from the subscription; the form is chosen.
    for address in [format!("{address}?kind=card_expiry"), format!("/subscriptions/{}/card-mail", subscription(0))] {
        let page = console.get(&address).await;
        assert!(page.form_where("form.stack").value("subject").contains("有効期限が近づいています"), "{}", page.html);
        let expired =
            console.get(&format!("{address}{}form=expired", if address.contains('?') { "&" } else { "?" })).await;
        let form = expired.form_where("form.stack");
        assert!(form.value("subject").contains("有効期限が切れています") && form.value("body").contains("山田 花子様"));
        let sent = console.submit(form).await;
        assert_eq!(sent.told(), "メールを送信します。", "{}", sent.html);
    }
    server.until(thanks + 3).await;

    // O11: a completed order gets none; an auditor reads and sends nothing.
    let (status, _) = served.post(&format!("/v1/orders/{order}/capture"), &serde_json::Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = served.post(&format!("/v1/orders/{order}/complete"), &serde_json::Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let page = console.get(&format!("{address}?kind=free")).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.html);
    let auditor = Console::signed_in(&served, Role::Auditor).await;
    let page = auditor.get(&format!("/subscriptions/{}/card-mail", subscription(0))).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.html);
    for page in [auditor.get("/mails").await, auditor.get(&sent.path).await] {
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.html.contains("山＊＊＊") && !page.html.contains("花子") && !page.html.contains("本文</pre>"));
        assert!(!page.has("pre.letter"), "{}", page.html);
    }
    assert_eq!(console.get("/orders/02397-D00001-20260401/mails/new").await.status, StatusCode::NOT_FOUND);
    served.stop().await;
    stage.close().await;
}

async fn k1_a_mail_that_was_refused_is_listed_with_its_reason_and_tried_again(kind: StoreKind) {
    let (stage, _) = lived(kind).await;
    let server = MailServer::start(stage.folder()).await;
    server.rules("hanako@example.jp 550 5.1.1 no such user\n");
    let served = Served::start(&stage, &[("TEIKI_MAIL_URL", &server.url()), ("TEIKI_MAIL_FROM", FROM)]).await;
    served.until("/v1/mails?status=given_up", |page| page["mails"].as_array().unwrap().len() == 1).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    let listed = console.get("/mails?status=given_up").await;
    let row = listed.text("tbody tr");
    assert!(row.contains("サンクスメール") && row.contains("送信できず"), "{row}");
    assert!(row.contains("メールサーバーに拒否されました(550)") && row.contains("山田 花子"), "{row}");
    let mail = listed.links().into_iter().find(|link| link.starts_with("/mails/")).unwrap();
    server.rules("");
    let page = console.get(&mail).await;
    let released = console.submit(page.form(&format!("{mail}/release"))).await;
    assert_eq!(released.told(), "もう一度送信します。", "{}", released.html);
    served.until("/v1/mails?status=sent", |page| page["mails"].as_array().unwrap().len() == 2).await;
    let page = console.get(&mail).await;
    assert!(page.text("h1").contains("送信済み") && !page.html.contains("/release"));
    let english = console.get(&format!("/language?to=en&back={mail}")).await;
    assert!(english.text("h1").contains("thanks mail"), "{}", english.html);
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    o15_an_operator_changes_the_text_and_sends_it,
    k1_a_mail_that_was_refused_is_listed_with_its_reason_and_tried_again,
);

//! Mails over a real mail server: what buyers and the shop get, once each, whole (C5 b, C6, K1, K2, K5, S8, S10, S15).

use chrono::NaiveDate;
use paygent_simulator::TestCard;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki::app::App;
use teiki::mails;
use teiki::workers::mails::round;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::{MailSender, PaymentNotes, ShopSettingsCommand as Settings};
use teiki_domain::subscription::{Subscription, SubscriptionCommand};
use teiki_infrastructure::clock::Clock;
use teiki_projections::mail_list::{self, MailFilter, MailRow};
use teiki_tests::mail_server::{FROM, MailServer};
use teiki_tests::stage::{
    Stage, change_settings, enrol, enrol_with, enrol_with_token, just_after_midnight, member, open_shop, shop,
    subscribe, subscription,
};
use teiki_tests::stores::StoreKind;

/// The engine of the stage, with this mail server.
pub(crate) async fn app_with(stage: &Stage, server: &MailServer) -> Arc<App> {
    App::start(server.in_config(stage.config()), Clock::manual(stage.now)).await.unwrap()
}

/// Every mail of the shop, newest first.
pub(crate) async fn listed(app: &App) -> Vec<MailRow> {
    app.settle().await.unwrap();
    let filter = MailFilter { shop: Some(shop()), ..MailFilter::default() };
    mail_list::list(&app.storage, &filter, None, 1_000).await.unwrap().rows
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Moves the engine's clock and the simulator's.
fn on(app: &App, stage: &mut Stage, date: &str) {
    stage.set_day(day(date));
    app.clock.set(just_after_midnight(day(date)));
}

fn subjects(mails: &[Value]) -> Vec<&str> {
    mails.iter().map(|mail| mail["subject"].as_str().unwrap()).collect()
}

async fn c5_c6_the_thanks_mail_reaches_the_buyer_and_its_copy_the_shop(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let server = MailServer::start(stage.folder()).await;
    let app = app_with(&stage, &server).await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    let note = "ご請求名は「テストノミセ」となります。".to_owned();
    let notes = PaymentNotes { text: note.clone(), on_payment_page: false, in_thanks_mail: true };
    let copies = vec!["juchu@shop.example".to_owned(), "soko@shop.example".to_owned()];
    let sender = MailSender { from_name: Some("テストの店 受付".to_owned()), copies };
    for command in [
        Settings::ChangePaymentNotes(notes),
        Settings::ChangeDisplayName("カードでお支払い".to_owned()),
        Settings::ChangeMailSender(sender),
    ] {
        change_settings(&app, &because, command).await;
    }
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "months:1:31", day("2026-04-30"), 3_960).await;
    let sent = round(&app).await.unwrap();
    assert_eq!((sent.tried, sent.sent), (2, 2));
    let mails = server.received();
    assert_eq!(mails.len(), 2, "{mails:?}");
    let copy = mails.iter().position(|mail| mail["envelope_to"] == json!(["juchu@shop.example", "soko@shop.example"]));
    let copy = &mails[copy.expect("the shop gets its copy at its own addresses")];
    let thanks = mails.iter().find(|mail| mail["envelope_to"] == json!(["hanako@example.jp"])).unwrap();

    // What arrived is what was written, read by somebody else's reader.
    let rows = listed(&app).await;
    let row = rows.iter().find(|row| row.kind == "thanks").unwrap();
    let (details, letter) = mails::read(&app, &row.mail_id.parse().unwrap()).await.unwrap().unwrap();
    let letter = letter.unwrap();
    assert_eq!(thanks["subject"], json!(letter.subject));
    assert_eq!(thanks["mime_version"], "1.0", "or else base64 is text to a strict reader");
    assert_eq!(thanks["body"].as_str().unwrap().trim_end(), letter.body.trim_end());
    for part in
        ["山田 花子様", "02396-D00000", "クッキーの定期便", "3,960円", "カードでお支払い", &note, "完了をお知らせ"]
    {
        assert!(letter.body.contains(part), "{part} in {}", letter.body);
    }
    assert_eq!(thanks["from"], json!([["テストの店 受付", FROM]]));
    assert_eq!(thanks["to"], json!([["山田 花子", "hanako@example.jp"]]));
    assert_eq!(thanks["reply_to"], json!([["テストの店", "shop@example.jp"]]));
    assert_eq!(thanks["message_id"], json!(format!("<{}@teiki.example>", row.mail_id)));
    assert_eq!(details.message_id.as_deref(), Some(format!("{}@teiki.example", row.mail_id).as_str()));
    assert_eq!(thanks["date"], json!("2026-03-31T15:00:30+00:00"), "the clock is ours");
    assert_eq!(thanks["ascii_head"], json!(true));
    assert!(thanks["longest_line"].as_u64().unwrap() <= 998 && thanks["envelope_from"] == json!(FROM), "{thanks}");
    assert!(copy["subject"].as_str().unwrap().starts_with("【定期購入受注通知メール】"), "{copy}");
    assert!(copy["body"].as_str().unwrap().contains(letter.body.trim_end()), "it is a copy");

    // Nothing is sent again: not by the next round, not by tables built anew, not by the next start.
    assert_eq!(round(&app).await.unwrap().tried, 0);
    app.stop().await;
    let rebuilt = stage.teiki(&["rebuild", "--all"]).output().await.unwrap();
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    let app = app_with(&stage, &server).await;
    assert_eq!(round(&app).await.unwrap().tried, 0);
    assert_eq!(server.received().len(), 2);
    app.stop().await;

    // The history tells of the mails and of their cause.
    let told = stage.teiki(&["history", subscription(0).as_str(), "--json"]).output().await.unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let entries: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let started = entries.iter().find(|entry| entry["event_type"] == "SubscriptionStarted").unwrap();
    let asked = entries.iter().find(|entry| entry["event_type"] == "MailRequested").unwrap();
    assert_eq!(asked["caused_by"], started["position"], "{asked}");
    assert_eq!(asked["data"]["MailRequested"]["letter"], json!("(sealed)"));
    let sent = entries.iter().filter(|entry| entry["event_type"] == "MailSent").count();
    assert_eq!(sent, 2);
    stage.close().await;
}

async fn k1_k2_cards_near_their_end_are_written_about_once_for_each_form_and_month(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-03-31").await;
    let server = MailServer::start(stage.folder()).await;
    let app = app_with(&stage, &server).await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let june = TestCard { expire_year: 26, expire_month: 6, ..TestCard::ending("1111") };
    // A card that ends in June, one that is good for long; a paused subscription and one that has ended.
    for i in 0..4 {
        let card = if i == 1 { TestCard::ending("1111") } else { june.clone() };
        enrol_with(&app, &stage.simulator, i, &card).await;
        subscribe(&app, i, "months:1:31", day("2026-12-31"), 1_000).await;
    }
    let because = app.gateway.because("test", "set up");
    for (i, command) in [(2, SubscriptionCommand::Pause), (3, SubscriptionCommand::End)] {
        app.gateway.execute::<Subscription>(subscription(i).as_str(), &because, command).await.unwrap();
    }
    round(&app).await.unwrap();
    let before = server.received().len();
    assert_eq!(before, 8, "thanks mails and copies; nothing about cards");

    // S15 off: close, and nobody is written to.
    on(&app, &mut stage, "2026-04-01");
    assert_eq!(round(&app).await.unwrap().tried, 0);
    change_settings(&app, &because, Settings::ChangeCardExpiryMails(true)).await;
    on(&app, &mut stage, "2026-04-02");
    assert_eq!(round(&app).await.unwrap().sent, 2);
    let close = &server.received()[before..];
    let buyer = close.iter().find(|mail| mail["envelope_to"] == json!(["hanako@example.jp"])).unwrap();
    assert_eq!(buyer["subject"], "《クレジットカード変更のお願い》有効期限が近づいています テストの店");
    for part in ["山田 花子様", member(0).as_str(), "https://shop.example.jp/my", "shop@example.jp", "03-0000-0000"]
    {
        assert!(buyer["body"].as_str().unwrap().contains(part), "{part}: {buyer}");
    }
    let list = close.iter().find(|mail| mail["envelope_to"] == json!(["shop@example.jp"])).unwrap();
    assert!(list["subject"].as_str().unwrap().contains("2026年4月 該当 1 件"), "{list}");
    assert!(list["body"].as_str().unwrap().contains(subscription(0).as_str()), "{list}");

    // Every further day of that month nothing; every further month the list alone.
    for date in ["2026-04-03", "2026-04-30"] {
        on(&app, &mut stage, date);
        assert_eq!(round(&app).await.unwrap().tried, 0, "{date}");
    }
    on(&app, &mut stage, "2026-05-01");
    assert_eq!(round(&app).await.unwrap().sent, 1, "the list of May");
    // The last day of its month is a good day; the day after it is past, for buyer and shop.
    on(&app, &mut stage, "2026-06-30");
    assert_eq!(round(&app).await.unwrap().sent, 1, "the list of June");
    on(&app, &mut stage, "2026-07-01");
    assert_eq!(round(&app).await.unwrap().sent, 2, "the expired form and the list of July");
    let last = server.received();
    let past = last.iter().filter(|mail| mail["subject"].as_str().unwrap().contains("有効期限が切れています")).count();
    assert_eq!((past, last.len()), (1, before + 6), "{:?}", subjects(&last));

    // K5: the member changes the card, the shop hears of it, and nobody is affected any more.
    let token = stage.simulator.issue_token(&TestCard::ending("1111"));
    enrol_with_token(&app, 0, token).await;
    on(&app, &mut stage, "2026-08-01");
    assert_eq!(round(&app).await.unwrap().sent, 1);
    let changed = server.received().pop().unwrap();
    assert_eq!(changed["envelope_to"], json!(["shop@example.jp"]));
    assert!(changed["subject"].as_str().unwrap().starts_with("【カード変更のお知らせ】"), "{changed}");
    let body = changed["body"].as_str().unwrap();
    assert!(body.contains("12/35") && body.contains(subscription(0).as_str()) && body.contains("山田 花子"), "{body}");
    app.stop().await;
    stage.close().await;
}

on_both_stores!(
    c5_c6_the_thanks_mail_reaches_the_buyer_and_its_copy_the_shop,
    k1_k2_cards_near_their_end_are_written_about_once_for_each_form_and_month,
);

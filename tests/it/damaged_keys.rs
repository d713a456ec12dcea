//! One member whose key no longer opens what was sealed with it: that member is marked, and everybody else is served as
//! ever (O1, O2, O14, K1).

use crate::mails::{app_with, listed};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use teiki::members::{self, Profile, UNREADABLE};
use teiki::subscriptions::{self, Start};
use teiki::workers::mails::round;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::{ShopSettingsCommand as Settings, WaybillCarrier};
use teiki_infrastructure::operators::Role;
use teiki_projections::mail_list::MailRow;
use teiki_tests::console::{Console, account};
use teiki_tests::mail_server::MailServer;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, basket, change_settings, enrol_with, member, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;
use teiki_tests::tamper::Intruder;

/// The member that nothing is wrong with.
const NAME: &str = "鈴木 次郎";

/// Two members with a subscription each, whose cards end next month.
async fn shop_with_two(kind: StoreKind) -> Stage {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let because = app.gateway.because("test", "set up");
    change_settings(&app, &because, Settings::ChangeWaybillCarrier(WaybillCarrier::Sagawa)).await;
    for (i, name) in ["秘密野 花子", NAME].into_iter().enumerate() {
        let (mail, address) = (format!("m{i}@example.jp"), format!("東京都架空区{i}-1"));
        let profile = Profile { name: name.into(), mail, address, ..Profile::default() };
        members::register(&app, &member(i), &profile, &because).await.unwrap();
        enrol_with(&app, &stage.simulator, i, &paygent_simulator::TestCard::new("4900123456781111", 2026, 5)).await;
        subscribe(&app, i, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    }
    app.stop().await;
    stage
}

/// The first member's key becomes one that opens nothing.
async fn damage(stage: &Stage) {
    let mut intruder = Intruder::at(&stage.url).await;
    let (first, second) = (member(0), member(1));
    let sql = format!(
        "UPDATE member_keys SET wrapped_key = (SELECT wrapped_key FROM member_keys WHERE member_id = '{second}') \
         WHERE member_id = '{first}'"
    );
    assert_eq!(intruder.execute(&sql).await, 1);
}

async fn lists_show_everybody_else_and_mark_the_one(kind: StoreKind) {
    let stage = shop_with_two(kind).await;
    assert!(stage.teiki(&["renew"]).output().await.unwrap().status.success());
    let order = |i: usize| format!("{}-20260401", subscription(i));
    let served = Served::start(&stage, &[]).await;
    let issue = json!({"kind": "delivery_note"});
    let (status, document) = served.post(&format!("/v1/orders/{}/documents", order(0)), &issue).await;
    assert_eq!(status, StatusCode::CREATED, "{document}");
    let number = document["number"].as_str().unwrap();
    served.stop().await;
    damage(&stage).await;

    account(&stage, Role::Operator).await;
    let served = Served::start(&stage, &[]).await;
    let console = Console::signed_in(&served, Role::Operator).await;
    for path in ["/orders", "/members", "/subscriptions", "/cards", "/mails"] {
        let page = console.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.html);
        assert!(page.html.contains(UNREADABLE) && page.html.contains(NAME), "{path}: {}", page.html);
    }
    for path in [
        format!("/members/{}", member(0)),
        format!("/members/{}/history", member(0)),
        format!("/subscriptions/{}", subscription(0)),
        format!("/orders/{}", order(0)),
    ] {
        let page = console.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.html);
        assert!(page.html.contains(UNREADABLE), "{path}: {}", page.html);
    }
    let (status, _, bytes) = console.download("/orders/csv").await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(status == StatusCode::OK && text.contains(UNREADABLE) && text.contains(NAME), "{text}");

    // The API: every row, and the one marked.
    let page = served.get_json("/v1/members").await;
    let (one, other) = (&page["members"][0], &page["members"][1]);
    assert_eq!((&one["profile"], &one["profile_unreadable"]), (&Value::Null, &json!(true)), "{page}");
    assert_eq!((&other["profile"]["name"], other.get("profile_unreadable")), (&json!(NAME), None), "{page}");
    let response = served.client.get(format!("{}/v1/waybills", served.base)).send().await.unwrap();
    assert_eq!((response.status(), &response.headers()["teiki-parcels"]), (StatusCode::OK, &"2".parse().unwrap()));
    let bytes = response.bytes().await.unwrap();
    let (text, _, _) = encoding_rs::SHIFT_JIS.decode(&bytes);
    assert!(text.contains(UNREADABLE) && text.contains(NAME), "O14: {text}");

    // What is about that member alone says what is wrong: the keys, not the store.
    for path in [format!("/v1/orders/{}/documents/{number}", order(0)), "/v1/events?types=member.*".to_owned()] {
        let (status, problem) = served.send("GET", &path, &Value::Null).await;
        let answered = (status, &problem["code"], &problem["retryable"]);
        assert_eq!(answered, (StatusCode::SERVICE_UNAVAILABLE, &json!("keys_unusable"), &json!(false)), "{problem}");
        assert!(problem["title"].as_str().unwrap().starts_with("The keys of this store"), "{problem}");
    }
    let page = console.get(&format!("/orders/{}/documents/{number}", order(0))).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.html.contains("鍵をバックアップから") && !page.html.contains("データベース"), "{}", page.html);
    served.stop().await;
    stage.close().await;
}

async fn k1_mails_reach_everybody_else(kind: StoreKind) {
    let stage = shop_with_two(kind).await;
    // Mails are written while the member's key is still whole, and wait for a mail server.
    let app = stage.app().await;
    round(&app).await.unwrap();
    let waiting = listed(&app).await.len();
    app.stop().await;
    damage(&stage).await;

    let server = MailServer::start(stage.folder()).await;
    let app = app_with(&stage, &server).await;
    let because = app.gateway.because("test", "set up");
    for (number, member_id) in [(7, member(0)), (8, member(1))] {
        let start = Start {
            subscription_id: Some(subscription(number)),
            member_id,
            basket: basket(1_000),
            payment_method: PaymentMethod::Card,
            cycle: "days:30".parse().unwrap(),
            first_delivery: "2026-04-10".parse().unwrap(),
        };
        subscriptions::start(&app, start, &because).await.unwrap();
    }
    app.settle().await.unwrap();
    let sent = round(&app).await.unwrap();
    assert!(sent.sent > 0 && waiting > 0, "{sent:?}");
    let rows = listed(&app).await;
    let of = |i: usize, status: &str| -> BTreeSet<(String, String)> {
        let member = member(i).to_string();
        let rows = rows.iter().filter(|row| row.member_id.as_deref() == Some(&member) && row.status == status);
        rows.map(|row| (row.kind.clone(), row.recipient.clone())).collect()
    };
    let to_members = |mails: BTreeSet<(String, String)>| -> Vec<String> {
        mails.into_iter().filter(|(_, to)| to == "member").map(|(kind, _)| kind).collect()
    };
    assert_eq!(to_members(of(1, "given_up")), [""; 0], "nothing is kept from the other");
    assert!(to_members(of(1, "sent")).contains(&"thanks".to_owned()), "{rows:?}");
    let later = |row: &&MailRow| row.subscription_id.as_deref() == Some(subscription(8).as_str());
    assert!(
        rows.iter().filter(later).all(|row| row.status == "sent") && rows.iter().any(|row| later(&row)),
        "{rows:?}"
    );
    assert_eq!(to_members(of(0, "sent")), [""; 0], "{rows:?}");
    assert!(to_members(of(0, "given_up")).contains(&"thanks".to_owned()), "{rows:?}");
    let reason = rows.iter().find(|row| row.status == "given_up").unwrap().reason.clone().unwrap();
    assert!(reason.contains("cannot be opened with the keys of this store"), "{reason}");
    assert!(server.received().iter().all(|mail| mail["envelope_to"] != json!(["m0@example.jp"])));
    // Another subscription of the one: what could not even be written is listed for people.
    let aside = teiki_infrastructure::set_aside::list(&app.storage, 100).await.unwrap();
    assert!(aside.iter().any(|row| row.kind == "mail" && row.subject == subscription(7).as_str()), "{aside:?}");
    app.stop().await;
    stage.close().await;
}

on_both_stores!(lists_show_everybody_else_and_mark_the_one, k1_mails_reach_everybody_else);

//! The history of things (O12): what happened, who, when, why, and what followed from what.

use reqwest::StatusCode;
use serde_json::Value;
use std::collections::HashMap;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::ShopSettingsCommand;
use teiki_projections::mail_list::{self, MailFilter};
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, enrol_with, member, open_shop, shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

/// Two nights of a member whose card is refused (E4) and replaced before the second.
async fn lived(kind: StoreKind) -> Stage {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "8205").await;
    subscribe(&app, 0, "days:30", "2026-04-01".parse().unwrap(), 3_960).await;
    app.stop().await;
    renew(&stage).await;
    stage.set_day("2026-05-01".parse().unwrap());
    let app = stage.app().await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    app.stop().await;
    renew(&stage).await;
    stage
}

async fn renew(stage: &Stage) {
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `teiki history`, as text.
async fn told(stage: &Stage, id: &str) -> String {
    let output = stage.teiki(&["history", id]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `teiki history --json`, by event type.
async fn entries(stage: &Stage, id: &str) -> Vec<Value> {
    let output = stage.teiki(&["history", id, "--json"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["event_type"].as_str().unwrap()).collect()
}

async fn an_order_is_told_from_the_delivery_cycle_to_paygents_answer(kind: StoreKind) {
    let stage = lived(kind).await;
    let first = format!("{}-20260401", subscription(0));
    let events = entries(&stage, &first).await;
    assert_eq!(
        types(&events),
        [
            "CardRegistered",
            "SubscriptionStarted",
            "OrderGenerationStarted",
            "OrderGenerated",
            "AuthorizationRequested",
            "AuthorizationFailed"
        ],
        "the card it was tried on, the cycle, the call, the order, the attempt, the answer"
    );
    let positions: Vec<i64> = events.iter().map(|event| event["position"].as_i64().unwrap()).collect();
    assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "{positions:?}");
    // Each is the effect of the one before it, across the streams.
    for (cause, effect) in [(1, 2), (2, 3), (3, 4), (4, 5)] {
        assert_eq!(events[effect]["caused_by"], events[cause]["position"], "{}", events[effect]);
    }
    assert_eq!(events[3]["causation_id"], events[2]["command_id"]);
    for event in &events[2..] {
        assert_eq!(event["correlation_id"], events[2]["correlation_id"], "one story: {event}");
        assert_eq!(event["actor"], "worker:night-run");
    }

    let text = told(&stage, &first).await;
    for words in [
        "30日ごと",
        "受注を作成",
        "反映日 2026-04-01",
        "3,960円",
        "オーソリ失敗(1回目): 残高または限度額が不足しています(コード 2001 \"1G05\")",
        "夜間処理: 反映日になったため",
        "2026-04-01 00:00:30",
        "************8205",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }

    // By the transaction ID, the same story.
    let transaction = events[4]["data"]["AuthorizationRequested"]["transaction_id"].as_str().unwrap();
    assert_eq!(entries(&stage, transaction).await, events);
    let nothing = stage.teiki(&["history", "02396-NOBODY"]).output().await.unwrap();
    assert!(!nothing.status.success() && String::from_utf8_lossy(&nothing.stderr).contains("there is nothing under"));
    stage.close().await;
}

async fn members_subscriptions_and_shops_have_their_whole_story(kind: StoreKind) {
    let stage = lived(kind).await;
    let of_member = entries(&stage, member(0).as_str()).await;
    let mut count: HashMap<&str, usize> = HashMap::new();
    for name in types(&of_member) {
        *count.entry(name).or_default() += 1;
    }
    for (name, times) in [
        ("MemberRegistered", 1),
        ("CardRegistrationRequested", 2),
        ("CardRegistered", 2),
        ("SubscriptionStarted", 1),
        ("OrderGenerationStarted", 2),
        ("OrderGenerated", 2),
        ("AuthorizationFailed", 1),
        ("AuthorizationSucceeded", 1),
    ] {
        assert_eq!(count.get(name), Some(&times), "{name}: {count:?}");
    }
    let of_subscription = entries(&stage, subscription(0).as_str()).await;
    assert!(of_subscription.iter().all(|entry| of_member.contains(entry)));
    assert!(types(&of_subscription).iter().all(|name| !name.starts_with("Card")), "a member's cards are the member's");
    // The second order was tried on the second card.
    let second = told(&stage, &format!("{}-20260501", subscription(0))).await;
    assert!(second.contains("************1111") && !second.contains("************8205"), "{second}");
    assert!(second.contains("オーソリOK"), "{second}");

    let shop = told(&stage, "02396").await;
    assert!(shop.contains("接続設定を変更") && shop.contains("(非表示)"), "{shop}");
    let shop = serde_json::to_string(&entries(&stage, "02396").await).unwrap();
    assert!(shop.contains("\"connect_password\":\"(sealed)\""), "{shop}");
    // The profile is the member's; erased, a placeholder stands in its place.
    let profile = &of_member[0]["data"]["MemberRegistered"]["profile"];
    assert_eq!(profile, "(sealed)");
    assert!(of_member[0]["text"].as_str().unwrap().contains("山田 花子"));
    let app = stage.app().await;
    let because = app.gateway.because("test", "the member asked for it");
    let end = teiki_domain::subscription::SubscriptionCommand::End;
    app.gateway
        .execute::<teiki_domain::subscription::Subscription>(subscription(0).as_str(), &because, end)
        .await
        .unwrap();
    teiki::erasure::erase(&app, &member(0), &because).await.unwrap();
    app.stop().await;
    let text = told(&stage, member(0).as_str()).await;
    assert!(text.contains("削除済み") && !text.contains("山田"), "{text}");
    stage.close().await;
}

async fn over_http_it_comes_in_pages_to_whoever_may_audit(kind: StoreKind) {
    let stage = lived(kind).await;
    let served = Served::start(&stage, &[]).await;
    let whole = entries(&stage, member(0).as_str()).await;
    let path = format!("/v1/history/{}", member(0));
    let mut read = vec![];
    let mut next = String::new();
    loop {
        let page = served.get_json(&format!("{path}?limit=5{next}")).await;
        assert_eq!(page["total"], whole.len());
        let events = page["events"].as_array().unwrap();
        assert!((1..=5).contains(&events.len()), "{page}");
        read.extend(events.clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(read, whole);
    // A mail has its own.
    let mail = whole.iter().find(|entry| entry["aggregate_type"] == "mail").unwrap();
    let alone = served.get_json(&format!("/v1/history/{}", mail["aggregate_id"].as_str().unwrap())).await;
    assert_eq!(alone["events"][0]["event_type"], "MailRequested", "{alone}");
    let (status, _) = served.get("/v1/history/02396-NOBODY").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, text) = served.get("/v1/history/00777-M1").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{text}");
    for bad in ["/v1/history/x", "/v1/history/02396?cursor=x", "/v1/history/02396?limit=0"] {
        assert_eq!(served.get(bad).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }

    // A key for audits alone reads the history, without names, and nothing else; one for reading does not.
    for (scope, status) in [("audit", 200), ("reading", 403)] {
        let made = stage
            .teiki(&["keys", "create", "--shop", "02396", "--name", scope, "--scopes", scope, "--json"])
            .output()
            .await
            .unwrap();
        let made: Value = serde_json::from_slice(&made.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&made.stderr)));
        let key = made["key"].as_str().unwrap();
        let get = |path: &str| served.client.get(format!("{}{path}", served.base)).bearer_auth(key).send();
        let response = get(&path).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{scope}");
        let text = response.text().await.unwrap();
        assert!(!text.contains("山田"), "{text}");
        assert_eq!(get("/v1/orders").await.unwrap().status().is_success(), scope == "reading");
    }
    served.stop().await;
    stage.close().await;
}

/// K2: the month's list of cards is about no order, subscription or member; it stands in the shop's history, and under its
/// own id.
async fn k2_a_mail_that_is_about_nothing_else_is_in_the_shops_history(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    let card = paygent_simulator::TestCard::new("4900123456781111", 2026, 5);
    enrol_with(&app, &stage.simulator, 0, &card).await;
    subscribe(&app, 0, "days:30", "2026-12-31".parse().unwrap(), 3_960).await;
    let because = app.gateway.because("test", "set up");
    change_settings(&app, &because, ShopSettingsCommand::ChangeCardExpiryMails(true)).await;
    teiki::workers::mails::round(&app).await.unwrap();
    app.settle().await.unwrap();
    app.stop().await;
    stage.set_day("2026-04-02".parse().unwrap());
    let app = stage.app().await;
    teiki::workers::mails::round(&app).await.unwrap();
    app.settle().await.unwrap();
    let filter = MailFilter { shop: Some(shop()), ..MailFilter::default() };
    let mails = mail_list::list(&app.storage, &filter, None, 100).await.unwrap().rows;
    app.stop().await;
    let id_of = |kind: &str| mails.iter().find(|mail| mail.kind == kind).map(|mail| mail.mail_id.clone());
    let (list, thanks) = (id_of("card_expiry_list").unwrap(), id_of("thanks").unwrap());

    let of_shop = entries(&stage, "02396").await;
    let of_mail = |id: &str| of_shop.iter().filter(|entry| entry["aggregate_id"] == id).count();
    assert!(of_mail(&list) >= 1, "{of_shop:?}");
    assert_eq!(of_mail(&thanks), 0, "that one is in the subscription's history");
    for id in [&list, &thanks] {
        let alone = entries(&stage, id).await;
        assert_eq!(types(&alone)[0], "MailRequested");
        assert!(alone.iter().all(|entry| entry["aggregate_id"] == id.as_str()), "{alone:?}");
    }
    let served = Served::start(&stage, &[]).await;
    let page = served.get_json(&format!("/v1/history/{list}")).await;
    assert_eq!(page["events"][0]["aggregate_type"], "mail", "{page}");
    let (status, text) = served.get(&format!("/v1/history/02396-{}", "0".repeat(32))).await;
    assert!(status == StatusCode::NOT_FOUND && text.contains("a mail"), "{text}");
    served.stop().await;
    stage.close().await;
}

on_both_stores!(
    k2_a_mail_that_is_about_nothing_else_is_in_the_shops_history,
    an_order_is_told_from_the_delivery_cycle_to_paygents_answer,
    members_subscriptions_and_shops_have_their_whole_story,
    over_http_it_comes_in_pages_to_whoever_may_audit,
);

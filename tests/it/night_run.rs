//! The night run as the manual tells it (R1-R6), with the real binary.

use chrono::NaiveDate;
use paygent_simulator::{TelegramKind, TestCard};
use serde_json::Value;
use teiki_domain::ids::OrderId;
use teiki_domain::money::Yen;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::ShopSettingsCommand as Settings;
use teiki_domain::subscription::{Subscription, SubscriptionCommand};
use teiki_projections::{card_expiry_table, order_list};
use teiki_tests::judge;
use teiki_tests::stage::{Stage, change_settings, enrol, enrol_with, open_shop, subscribe, subscription};
use teiki_tests::stores::StoreKind;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Runs `teiki renew --json` and returns its summary.
async fn renew(stage: &Stage) -> Value {
    let output = stage.teiki(&["renew", "--json"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn order(stage: &Stage, i: usize, date: &str) -> order_list::OrderRow {
    let app = stage.app().await;
    app.settle().await.unwrap();
    let id = OrderId::for_generation(&subscription(i), day(date));
    let row = order_list::get(&app.storage, &id).await.unwrap();
    app.stop().await;
    row.unwrap_or_else(|| panic!("order {id} is on the list"))
}

/// R1, R2, O1, O4, E4: success carries the 20-digit transaction ID, failure the code and no transaction ID.
async fn orders_appear_whatever_the_payment(kind: StoreKind) {
    let stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for (i, last_four) in ["1111", "8205", "9000"].into_iter().enumerate() {
        enrol(&app, &stage.simulator, i, last_four).await;
        subscribe(&app, i, "days:30", day("2026-04-01"), 3_960).await;
    }
    app.stop().await;

    let summary = renew(&stage).await;
    assert_eq!(summary["generated"], 3, "{summary}");
    assert_eq!(summary["captured"], 1, "{summary}");
    assert_eq!(summary["failed"].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>(), 2, "{summary}");

    let good = order(&stage, 0, "2026-04-01").await;
    assert_eq!((good.payment_status.as_str(), good.amount), ("captured", Some(3_960)));
    let transaction_id = good.transaction_id.unwrap();
    assert!(transaction_id.len() == 20 && transaction_id.starts_with("02396"), "{transaction_id}");
    assert_eq!(stage.simulator.ledger().authorisations(&transaction_id), 1);

    let over_the_limit = order(&stage, 1, "2026-04-01").await;
    assert_eq!(over_the_limit.payment_status, "failed");
    assert_eq!(over_the_limit.transaction_id, None, "no transaction ID is shown for a failure");
    assert!(over_the_limit.failure_detail.unwrap().contains("1G05"));
    let timed_out = order(&stage, 2, "2026-04-01").await;
    assert_eq!((timed_out.payment_status.as_str(), timed_out.failure_code.as_deref()), ("failed", Some("2008")));

    // The same night again: nothing is due, nothing is sent.
    let before = stage.simulator.ledger().telegram_count(TelegramKind::Authorise);
    assert_eq!(renew(&stage).await["generated"], 0);
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Authorise), before);
    let app = stage.app().await;
    judge::judge(&stage, &app).await;
    app.stop().await;
    stage.close().await;
}

/// R3, R4: the cycle goes on after a failure. R6: missed nights are caught up one by one, each with its own date.
async fn missed_nights_are_caught_up(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    enrol(&app, &stage.simulator, 0, "8205").await;
    enrol(&app, &stage.simulator, 1, "1111").await;
    subscribe(&app, 0, "days:1", day("2026-04-01"), 1_000).await;
    subscribe(&app, 1, "weeks:1:wed", day("2026-04-01"), 1_000).await;
    app.stop().await;

    stage.set_day(day("2026-04-09"));
    let summary = renew(&stage).await;
    assert_eq!(summary["generated"], 9 + 2, "{summary}");
    for date in 1..=9 {
        order(&stage, 0, &format!("2026-04-0{date}")).await;
    }
    order(&stage, 1, "2026-04-01").await;
    order(&stage, 1, "2026-04-08").await;
    stage.close().await;
}

/// R5: the order is generated, shows which reason applied, and no call reaches Paygent.
async fn reasons_not_to_authorise(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "settings");
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:1", day("2026-04-01"), 5_000).await;
    app.stop().await;
    let yen = |yen| Some(Yen::new(yen).unwrap());
    for (date, set, unset, reason) in [
        (
            "2026-04-01",
            Settings::ChangeAuthorizeAtGeneration(false),
            Settings::ChangeAuthorizeAtGeneration(true),
            "authorize_at_generation_off",
        ),
        (
            "2026-04-02",
            Settings::ChangeApplicability { min: yen(5_001), max: None },
            Settings::ChangeApplicability { min: yen(5_000), max: yen(5_000) },
            "goods_amount_out_of_range",
        ),
        (
            "2026-04-03",
            Settings::ChangeContractPeriod { start: None, end: Some(day("2026-04-02")) },
            Settings::ChangeContractPeriod { start: Some(day("2026-04-01")), end: Some(day("2026-04-30")) },
            "outside_contract_period",
        ),
    ] {
        stage.set_day(day(date));
        let app = stage.app().await;
        change_settings(&app, &because, set).await;
        app.stop().await;
        let summary = renew(&stage).await;
        assert_eq!(summary["not_executed"][reason], 1, "{summary}");
        let row = order(&stage, 0, date).await;
        assert_eq!((row.payment_status.as_str(), row.not_executed_reason.as_deref()), ("not_executed", Some(reason)));
        let app = stage.app().await;
        change_settings(&app, &because, unset).await;
        app.stop().await;
    }
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Authorise), 0);
    // With every reason gone, the next night authorises, within bounds that include both ends (S9, S17).
    stage.set_day(day("2026-04-04"));
    assert_eq!(renew(&stage).await["authorized"], 1);
    stage.close().await;
}

/// S4: each order keeps the flag that was in force when it was generated.
async fn the_sale_mode_is_kept_per_order(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "settings");
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:1", day("2026-04-01"), 5_000).await;
    app.stop().await;
    assert_eq!(renew(&stage).await["authorized"], 1);
    let app = stage.app().await;
    change_settings(&app, &because, Settings::ChangeSaleMode(SaleMode::AuthorizeAndCapture)).await;
    app.stop().await;
    stage.set_day(day("2026-04-02"));
    assert_eq!(renew(&stage).await["captured"], 1);

    let app = stage.app().await;
    let first = OrderId::for_generation(&subscription(0), day("2026-04-01"));
    let second = OrderId::for_generation(&subscription(0), day("2026-04-02"));
    app.payments.capture(&first, &because).await.unwrap();
    let refused = app.payments.capture(&second, &because).await.err().unwrap().to_string();
    assert!(refused.contains("captured together with its authorisation"), "{refused}");
    app.stop().await;
    assert_eq!(order(&stage, 0, "2026-04-01").await.payment_status, "sales_confirmed");
    assert_eq!(order(&stage, 0, "2026-04-02").await.payment_status, "captured");
    stage.close().await;
}

/// E3, M1, K6: an expired card fails with P010 and stands in the table; the card registered next is charged.
async fn an_expired_card_fails_until_it_is_changed(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-30").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    enrol_with(&app, &stage.simulator, 0, &TestCard::new("4900123456781111", 2026, 4)).await;
    subscribe(&app, 0, "days:1", day("2026-04-30"), 1_000).await;
    app.stop().await;
    assert_eq!(renew(&stage).await["captured"], 1, "valid to the last day of its month");
    stage.set_day(day("2026-05-01"));
    assert_eq!(renew(&stage).await["failed"]["P010"], 1);
    assert_eq!(order(&stage, 0, "2026-05-01").await.failure_code.as_deref(), Some("P010"));

    let app = stage.app().await;
    app.settle().await.unwrap();
    let affected = card_expiry_table::affected(&app.storage, app.clock.today(), None, None, 10).await.unwrap();
    assert_eq!(affected.rows.len(), 1);
    assert_eq!(affected.rows[0].subscription_id, subscription(0).to_string());
    enrol(&app, &stage.simulator, 0, "1111").await;
    app.settle().await.unwrap();
    let affected = card_expiry_table::affected(&app.storage, app.clock.today(), None, None, 10).await.unwrap();
    assert_eq!(affected.rows, vec![]);
    app.stop().await;
    stage.set_day(day("2026-05-02"));
    assert_eq!(renew(&stage).await["captured"], 1);
    stage.close().await;
}

/// A subscription that cannot go on is set aside with its reason while all others go on, and the run succeeds.
async fn one_broken_subscription_stops_nobody_else(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for i in 0..3 {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:1", day("2026-04-01"), 1_000).await;
    }
    // What no command can do: a stored event that no program can read.
    let stream = subscription(1).to_string();
    app.settle().await.unwrap();
    app.stop().await;
    damage(&stage, &stream).await;
    let output = stage.teiki(&["renew"]).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("受注生成 2 件") && text.contains("保留 1 件") && text.contains(&stream), "{text}");
    stage.set_day(day("2026-04-02"));
    let summary = renew(&stage).await;
    assert_eq!((&summary["generated"], &summary["set_aside"]), (&2.into(), &1.into()), "{summary}");
    stage.close().await;
}

/// Makes the first event of a subscription unreadable, in the table that aggregates are loaded from.
async fn damage(stage: &Stage, stream: &str) {
    const SQL: &str = "UPDATE events SET payload = '{\"Nonsense\":1}' WHERE aggregate_id = $1 AND sequence = 1";
    if let Some(path) = stage.url.strip_prefix("sqlite:") {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(SQL).bind(stream).execute(&pool).await.unwrap();
        pool.close().await;
    } else {
        let pool = sqlx::PgPool::connect(&stage.url).await.unwrap();
        sqlx::query(&SQL.replace("1}'", "1}'::jsonb")).bind(stream).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

/// Skipped, paused and ended subscriptions generate nothing; resumed ones go on without making up for it.
async fn skip_pause_resume_end(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    let because = app.gateway.because("test", "the member asked for it");
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    for i in 0..3 {
        enrol(&app, &stage.simulator, i, "1111").await;
        subscribe(&app, i, "days:1", day("2026-04-01"), 1_000).await;
    }
    let today = day("2026-04-01");
    for (i, command) in [
        (0, SubscriptionCommand::SkipNext { delivery_date: None, today, lead_days: 0 }),
        (1, SubscriptionCommand::Pause),
        (2, SubscriptionCommand::End),
    ] {
        app.gateway.execute::<Subscription>(subscription(i).as_str(), &because, command).await.unwrap();
    }
    app.stop().await;
    assert_eq!(renew(&stage).await["generated"], 0);
    stage.set_day(day("2026-04-02"));
    assert_eq!(renew(&stage).await["generated"], 1, "only the skipped one goes on");
    stage.set_day(day("2026-04-05"));
    let app = stage.app().await;
    let resume = SubscriptionCommand::Resume { today: day("2026-04-05"), lead_days: 0 };
    app.gateway.execute::<Subscription>(subscription(1).as_str(), &because, resume).await.unwrap();
    app.stop().await;
    let summary = renew(&stage).await;
    assert_eq!(summary["generated"], 3 + 1, "three missed nights of the first, today of the resumed: {summary}");
    stage.close().await;
}

on_both_stores!(
    orders_appear_whatever_the_payment,
    missed_nights_are_caught_up,
    reasons_not_to_authorise,
    the_sale_mode_is_kept_per_order,
    an_expired_card_fails_until_it_is_changed,
    one_broken_subscription_stops_nobody_else,
    skip_pause_resume_end,
);

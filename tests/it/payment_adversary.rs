//! What somebody does who wants a hold to be forgotten, a notice to be swallowed, or work to stand still unseen.

use crate::payment_life::{day, order};
use paygent_simulator::{ConsoleAction, Fault, Rule, TelegramKind, TestCard};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki::app::App;
use teiki::payments::FirstSeen;
use teiki::shops::secret_context;
use teiki::workers::{night_run, notices, reconcile, recovery_round, retries};
use teiki::{members, subscriptions};
use teiki_domain::business_day::tokyo_midnight;
use teiki_domain::ids::{MemberId, OrderId, ShopId, SubscriptionId};
use teiki_domain::member::Member;
use teiki_domain::order::{Cause, Order, Stands};
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::{Connection, ShopSettings, ShopSettingsCommand as Settings};
use teiki_infrastructure::notice_inbox::{self, CameBy};
use teiki_infrastructure::paygent::{AuthoriseStoredCard, Notice, Outcome, PaymentStatus};
use teiki_infrastructure::redacted::Redacted;
use teiki_infrastructure::{paygent_binding, set_aside};
use teiki_projections::payment_work;
use teiki_tests::served::Served;
use teiki_tests::stage::{Stage, change_settings, enrol, member, open_shop, shop, subscribe};
use teiki_tests::stores::StoreKind;
use tokio::sync::Mutex;

/// A shop whose members have these cards and each one order of 5,000 yen, in the engine inside this process.
async fn prepared(kind: StoreKind, mode: SaleMode, cards: &[&str]) -> (Stage, Arc<App>) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    // Room for a busy machine, and the waits of recovery count from it.
    stage.timeout_ms = 1_000;
    let app = stage.app().await;
    open_shop(&app, mode).await;
    for (i, last_four) in cards.iter().enumerate() {
        enrol(&app, &stage.simulator, i, last_four).await;
        subscribe(&app, i, "days:60", day("2026-04-01"), 5_000).await;
    }
    night_run::run(&app, day("2026-04-01"), Arc::new(|_, _| {})).await.unwrap();
    app.settle().await.unwrap();
    (stage, app)
}

fn id(i: usize) -> OrderId {
    order(i).parse().unwrap()
}

async fn state(app: &App, i: usize) -> teiki_domain::order::Details {
    app.gateway.load::<Order>(&order(i)).await.unwrap().aggregate.details().unwrap().clone()
}

async fn recover(app: &App) {
    app.settle().await.unwrap();
    recovery_round::run(app, &Arc::new(Mutex::new(FirstSeen::default()))).await.unwrap();
    app.settle().await.unwrap();
}

async fn aside(app: &App) -> Vec<(String, String, String)> {
    let rows = set_aside::list(&app.storage, 100).await.unwrap();
    rows.into_iter().map(|row| (row.kind, row.subject, row.reason)).collect()
}

async fn close(stage: Stage, app: Arc<App>) {
    app.stop().await;
    stage.close().await;
}

/// W12: a replaced hold that Paygent keeps refusing to cancel is never forgotten: people see it, and once they let it
/// go on it is asked for again.
async fn w12_a_hold_that_cannot_be_cancelled_is_set_aside_and_goes_on_when_released(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let because = app.gateway.because("test", "the amount is higher");
    let former = state(&app, 0).await.paying().unwrap().payment_id.clone();
    stage.simulator.script(Rule::always(Fault::decline("2004", "")).on(TelegramKind::CancelAuthorisation));
    app.payments.change_basket(&id(0), teiki_tests::stage::basket(6_000), &because).await.unwrap();
    app.payments.update_transaction(&id(0), &because).await.unwrap();
    // The last of the tries that are made by themselves; the gaps between them grow, so people ask here.
    for _ in 1..8 {
        app.payments.release_surplus(&id(0), former.clone(), &because).await.unwrap();
    }
    assert_eq!(stage.simulator.ledger().summary().held_yen, 11_000, "two holds are left");
    recover(&app).await;
    let rows = aside(&app).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0].0.as_str(), rows[0].1.as_str()), ("release", order(0).as_str()));
    assert!(rows[0].2.contains(former.as_str()) && rows[0].2.contains("2004"), "{rows:?}");
    let asked = || stage.simulator.ledger().telegram_count(TelegramKind::CancelAuthorisation);
    let before = asked();
    recover(&app).await;
    assert_eq!(asked(), before, "what people must look at is not asked for again");

    // Released too early it comes back to the list; released in time it goes on.
    assert!(set_aside::release(&app.storage, "release", &order(0)).await.unwrap());
    recover(&app).await;
    assert_eq!((asked(), aside(&app).await.len()), (before + 1, 1));
    stage.simulator.clear_script();
    assert!(set_aside::release(&app.storage, "release", &order(0)).await.unwrap());
    recover(&app).await;
    assert_eq!((aside(&app).await, stage.simulator.ledger().summary().held_yen), (vec![], 6_000));
    close(stage, app).await;
}

/// The row goes with its cause, whoever removed it.
async fn w12_a_hold_that_was_cancelled_otherwise_leaves_the_list(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let because = app.gateway.because("test", "the amount is higher");
    let former = state(&app, 0).await.paying().unwrap().payment_id.clone();
    stage.simulator.script(Rule::always(Fault::decline("2004", "")).on(TelegramKind::CancelAuthorisation));
    app.payments.change_basket(&id(0), teiki_tests::stage::basket(6_000), &because).await.unwrap();
    app.payments.update_transaction(&id(0), &because).await.unwrap();
    for _ in 1..8 {
        app.payments.release_surplus(&id(0), former.clone(), &because).await.unwrap();
    }
    recover(&app).await;
    assert_eq!(aside(&app).await.len(), 1);
    stage.simulator.clear_script();
    assert!(stage.simulator.console(former.as_str(), ConsoleAction::Cancel));
    app.settle().await.unwrap();
    notices::run(&app, true).await.unwrap();
    recover(&app).await;
    assert_eq!(aside(&app).await, vec![]);
    close(stage, app).await;
}

fn notice(number: u64, payment_id: &str, trading_id: &str, yen: i64) -> Notice {
    Notice {
        notice_id: number,
        changed_at: None,
        payment_id: payment_id.parse().unwrap(),
        trading_id: Some(trading_id.to_owned()),
        payment_type: "02".to_owned(),
        status: PaymentStatus::Authorised,
        amount: teiki_domain::money::Yen::new(yen).unwrap(),
        initiated_at: None,
        cancel_date: None,
        payment_date: None,
        card: Default::default(),
        customer_id: None,
        card_id: None,
    }
}

/// W14: a notice about a payment that Paygent says it does not hold is not asked about for ever: people see it.
async fn w14_a_notice_that_leads_nowhere_is_set_aside(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    notices::run(&app, true).await.unwrap();
    let ours = state(&app, 0).await.attempts[0].transaction_id.to_string();
    let merchant = paygent_simulator::Merchant::demonstration().merchant_id;
    let lie = notice(2, "987654321", &ours, 5_000);
    notice_inbox::receive(&app.storage, &merchant, &lie, app.clock.now(), CameBy::Notice).await.unwrap();
    notices::run(&app, false).await.unwrap();
    let rows = aside(&app).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0].0.as_str(), rows[0].1.as_str()), ("notice", format!("{merchant}:2").as_str()));
    assert!(rows[0].2.contains("987654321"), "{rows:?}");
    let asked = || stage.simulator.ledger().telegram_count(TelegramKind::Inquiry);
    let before = asked();
    notices::run(&app, false).await.unwrap();
    assert_eq!(asked(), before, "set aside, it is not asked about again");
    assert!(set_aside::release(&app.storage, "notice", &format!("{merchant}:2")).await.unwrap());
    notices::run(&app, false).await.unwrap();
    assert_eq!((asked(), aside(&app).await.len()), (before + 1, 1), "released, it is asked about once more");
    close(stage, app).await;
}

/// W14: `result=0` tells Paygent that the fact is durable, so a second fact under a number that is taken is kept too.
async fn w14_another_notice_under_a_number_that_is_taken_is_not_swallowed(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let merchant = paygent_simulator::Merchant::demonstration().merchant_id;
    notices::take(&app, &merchant, &notice(7, "111", "ELSEWHERE1", 1_000)).await.unwrap();
    notices::take(&app, &merchant, &notice(7, "111", "ELSEWHERE1", 1_000)).await.unwrap();
    assert_eq!(aside(&app).await, vec![], "the same twice is the same");
    notices::take(&app, &merchant, &notice(7, "222", "ELSEWHERE2", 2_000)).await.unwrap();
    let rows = aside(&app).await;
    assert!(rows.len() == 1 && rows[0].2.contains("222"), "{rows:?}");
    close(stage, app).await;
}

/// An order whose outcome is open cannot go on while the store belongs to another environment: people see why, and it
/// goes on by itself once the shop is bound.
async fn what_cannot_be_asked_about_elsewhere_is_on_the_list(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let because = app.gateway.because("test", "confirm it");
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Capture));
    app.payments.capture(&id(0), &because).await.unwrap();
    let binding = paygent_binding::of(&app.storage, shop()).await.unwrap().unwrap();
    let elsewhere = paygent_binding::Binding { host: "elsewhere.example".to_owned(), ..binding.clone() };
    paygent_binding::rebind(&app.storage, &elsewhere).await.unwrap();
    app.shops.forget(shop());
    let asked = || stage.simulator.ledger().telegram_count(TelegramKind::Inquiry);
    let before = asked();
    recover(&app).await;
    assert_eq!(asked(), before);
    let rows = aside(&app).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].2.contains("elsewhere.example") && rows[0].2.contains("teiki bind"), "{rows:?}");
    app.shops.bind(shop(), "test").await.unwrap();
    recover(&app).await;
    assert_eq!((aside(&app).await, state(&app, 0).await.payment.code()), (vec![], "sales_confirmed"));
    close(stage, app).await;
}

/// A second shop of the same merchant, with one order of its own.
async fn another_shop(stage: &Stage, app: &App) -> ShopId {
    let (other, because) = (ShopId::new(2397).unwrap(), app.gateway.because("test", "set up"));
    let merchant = paygent_simulator::Merchant::demonstration();
    let seal = |name: &str, secret: &str| app.keys.seal_secret(&secret_context(other, name), secret).unwrap();
    let connection = Connection {
        merchant_id: merchant.merchant_id.clone(),
        connect_id: merchant.connect_id.clone(),
        connect_password: seal("connect_password", &merchant.connect_password),
        token_key: seal("token_key", &merchant.token_key),
    };
    for command in [
        Settings::Open { shop_id: other, name: "別の店".to_owned() },
        Settings::ChangeConnection(connection),
        Settings::ChangeUseForSubscriptions(true),
        Settings::ChangeAuthorizeAtGeneration(true),
        Settings::ChangePaymentMethods(vec![PaymentMethod::Card]),
    ] {
        app.gateway.execute::<ShopSettings>(&other.to_string(), &because, command).await.unwrap();
    }
    app.shops.forget(other);
    teiki::demo::make_ready(app, other, 0, &because).await.unwrap();
    let member_id = MemberId::new(other, "M00000").unwrap();
    let profile =
        members::Profile {
            name: "山田 花子".into(), mail: "hanako@example.jp".into(), ..members::Profile::default()
        };
    members::register(app, &member_id, &profile, &because).await.unwrap();
    let token = Redacted::new(stage.simulator.issue_token(&TestCard::ending("1111")));
    app.payments.register_card(&member_id, token, &because).await.unwrap();
    let start = subscriptions::Start {
        subscription_id: Some(SubscriptionId::new(other, "D00000").unwrap()),
        member_id,
        basket: teiki_tests::stage::basket(5_000),
        payment_method: PaymentMethod::Card,
        cycle: "days:60".parse().unwrap(),
        first_delivery: day("2026-04-01"),
    };
    subscriptions::start(app, start, &because).await.unwrap();
    night_run::run(app, day("2026-04-01"), Arc::new(|_, _| {})).await.unwrap();
    app.settle().await.unwrap();
    other
}

/// A shop that cannot be compared is told of, and stops the comparison of no other.
async fn o9_one_shop_does_not_stop_the_reconciliation_of_the_others(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let other = another_shop(&stage, &app).await;
    let binding = paygent_binding::of(&app.storage, other).await.unwrap().unwrap();
    let elsewhere = paygent_binding::Binding { host: "elsewhere.example".to_owned(), ..binding };
    paygent_binding::rebind(&app.storage, &elsewhere).await.unwrap();
    app.shops.forget(other);
    let payment = state(&app, 0).await.paying().unwrap().payment_id.clone();
    assert!(stage.simulator.console(payment.as_str(), ConsoleAction::Cancel));
    let compared = reconcile::run(&app, tokyo_midnight(day("2026-04-01")), true, |_, _| {}).await.unwrap();
    assert_eq!(compared.differences.len(), 1, "{compared:?}");
    assert!(compared.differences[0].recorded, "{compared:?}");
    assert_eq!(compared.unanswered.len(), 1, "{compared:?}");
    assert!(compared.unanswered[0].0.starts_with("02397") && compared.unanswered[0].1.contains("teiki bind"));
    close(stage, app).await;
}

/// A store restored from a backup: under the transaction ID of an attempt Paygent holds the payment of another member.
/// It is listed, and never becomes a payment of this order that somebody could give back.
async fn o9_the_payment_of_another_member_is_not_taken_for_ours(kind: StoreKind) {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    stage.timeout_ms = 1_000;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeOnly).await;
    for i in 0..2 {
        enrol(&app, &stage.simulator, i, "1111").await;
    }
    subscribe(&app, 0, "days:60", day("2026-04-01"), 5_000).await;
    // Refused without a trace at Paygent.
    stage.simulator.script(Rule::once(Fault::decline("P010", "")).on(TelegramKind::Authorise));
    night_run::run(&app, day("2026-04-01"), Arc::new(|_, _| {})).await.unwrap();
    app.settle().await.unwrap();
    let stranger = app.gateway.load::<Member>(member(1).as_str()).await.unwrap().aggregate;
    let request = AuthoriseStoredCard {
        transaction_id: state(&app, 0).await.attempts[0].transaction_id.clone(),
        amount: teiki_domain::money::Yen::new(7_777).unwrap(),
        member: member(1),
        card_id: stranger.card().unwrap().card_id.clone(),
        sale_mode: SaleMode::AuthorizeOnly,
    };
    let paygent = app.shops.paygent(shop()).await.unwrap();
    assert!(matches!(paygent.authorise_stored_card(&request).await, Outcome::Approved(_)));
    let compared = reconcile::run(&app, tokyo_midnight(day("2026-04-01")), true, |_, _| {}).await.unwrap();
    assert_eq!(compared.differences.len(), 1, "{compared:?}");
    assert!(!compared.differences[0].recorded && compared.differences[0].theirs.contains("another member"));
    assert_eq!(state(&app, 0).await.payments, vec![]);
    close(stage, app).await;
}

/// O5: an answer that comes after midnight in Tokyo does not lengthen the life of an authorisation asked for before it.
async fn validity_counts_from_the_day_of_the_call(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["8260"]).await;
    let because = app.gateway.because("test", "another card");
    let token = Redacted::new(stage.simulator.issue_token(&TestCard::ending("1111")));
    app.payments.register_card(&member(0), token, &because).await.unwrap();
    app.clock.set(tokyo_midnight(day("2026-04-02")) - chrono::Duration::milliseconds(100));
    stage.simulator.script(Rule::once(Fault::DelayAfter { milliseconds: 400 }).on(TelegramKind::Authorise));
    let (engine, order_id) = (app.clone(), id(0));
    let attempt =
        tokio::spawn(
            async move { engine.payments.authorize(&order_id, None, Cause::Operator, &because).await.map(|_| ()) },
        );
    // The second authorisation is in Paygent's books; its answer is still to come.
    while stage.simulator.ledger().all_payments().iter().filter(|payment| payment.status == 20).count() < 1 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    app.clock.set(tokyo_midnight(day("2026-04-02")) + chrono::Duration::milliseconds(100));
    attempt.await.unwrap().unwrap();
    let details = state(&app, 0).await;
    assert_eq!(details.attempts[1].requested_on, Some(day("2026-04-01")));
    assert_eq!(details.paying().unwrap().until, Some(day("2026-05-31")), "60 days from the first of April");
    close(stage, app).await;
}

/// `teiki retries` names a day only where the order would be tried on it.
async fn retries_to_come_are_only_those_that_come(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["8205"]).await;
    let because = app.gateway.because("test", "set up");
    let policy = RetryPolicy { ladder: vec![3], on_card_change: false };
    change_settings(&app, &because, Settings::ChangeRetryPolicy(policy)).await;
    let next = async || {
        let (plans, _) = retries::plans(&app, None, None, 10).await.unwrap();
        plans[0].next.clone().map(|day| day.to_string()).map_err(|why| why.to_string())
    };
    assert_eq!(next().await, Ok("2026-04-04".to_owned()));
    change_settings(&app, &because, Settings::ChangeContractPeriod { start: None, end: Some(day("2026-04-03")) }).await;
    assert!(next().await.unwrap_err().contains("契約期間外"), "R5-4 on the day of the attempt");
    change_settings(&app, &because, Settings::ChangeContractPeriod { start: None, end: Some(day("2026-04-04")) }).await;
    assert_eq!(next().await, Ok("2026-04-04".to_owned()));
    change_settings(&app, &because, Settings::ChangeAuthorizeAtGeneration(false)).await;
    assert!(next().await.unwrap_err().contains("与信の同時実行"), "S13");
    change_settings(&app, &because, Settings::ChangeAuthorizeAtGeneration(true)).await;
    // Missed for long.
    app.clock.set(tokyo_midnight(day("2026-06-01")));
    change_settings(&app, &because, Settings::ChangeContractPeriod { start: None, end: None }).await;
    assert!(next().await.unwrap_err().contains("60 days"));
    let before = stage.simulator.ledger().telegram_count(TelegramKind::Authorise);
    retries::run(&app, app.clock.today()).await.unwrap();
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Authorise), before);
    close(stage, app).await;
}

/// A shop sees all of its own work set aside, however much older work of other shops there is.
async fn the_list_of_a_shop_is_its_own(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    for (number, subject) in ["02397-D00000-20260401", "02397", "99999:1", "02396-D00000-20260401", "02396", "12345:1"]
        .into_iter()
        .enumerate()
    {
        let since = app.clock.now() + chrono::Duration::seconds(number as i64);
        let work = if subject.contains(':') { "notice" } else { "payment" };
        set_aside::put(&app.storage, work, subject, None, "a reason", since, "run").await.unwrap();
    }
    let merchant = paygent_simulator::Merchant::demonstration().merchant_id;
    assert_eq!(merchant, "12345");
    let rows = set_aside::list_of(&app.storage, shop(), Some(&merchant), 3).await.unwrap();
    let subjects: Vec<&str> = rows.iter().map(|row| row.subject.as_str()).collect();
    assert_eq!(subjects, ["02396-D00000-20260401", "02396", "12345:1"]);
    close(stage, app).await;
}

/// What waits at another environment is told over HTTP too, and the warning list follows the shop's own days.
async fn work_that_waits_is_told_to_the_shop(kind: StoreKind) {
    let (mut stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let because = app.gateway.because("test", "confirm it");
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Capture));
    app.payments.capture(&id(0), &because).await.unwrap();
    change_settings(&app, &because, Settings::ChangeAuthorizationValidity { days: 30, warn_days: 5 }).await;
    app.stop().await;
    stage.timeout_ms = 300;
    let elsewhere = stage.simulator.base_url().replace("127.0.0.1", "localhost");
    let served = Served::start(&stage, &[("TEIKI_PAYGENT_URL", &elsewhere)]).await;
    let listed =
        served.until("/v1/set-aside", |list| list["set_aside"].as_array().is_some_and(|r| !r.is_empty())).await;
    assert_eq!(
        (&listed["set_aside"][0]["kind"], &listed["set_aside"][0]["subject"]),
        (&json!("shop"), &json!("02396"))
    );
    let (status, _) = served.post("/v1/set-aside/shop/02396/release", &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let expiring = served.get_json("/v1/orders/expiring-authorizations").await;
    assert_eq!(expiring["through"], "2026-04-06", "five days, as the shop set it");
    served.stop().await;
    let served = Served::start(&stage, &[]).await;
    served.until_status(&order(0), "sales_confirmed").await;
    served.until("/v1/set-aside", |list| list["set_aside"] == json!([])).await;
    served.stop().await;
    stage.close().await;
}

/// W2: asked at another merchant or host, "none" would be true and wrong, and the card would be charged there again. So
/// an attempt without a known outcome is resolved or given up before its shop is bound to something else.
async fn a_shop_with_an_open_attempt_is_not_bound_elsewhere(kind: StoreKind) {
    let (mut stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["8260"]).await;
    let because = app.gateway.because("test", "another card");
    let token = Redacted::new(stage.simulator.issue_token(&TestCard::ending("1111")));
    app.payments.register_card(&member(0), token, &because).await.unwrap();
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Authorise));
    app.payments.authorize(&id(0), None, Cause::Operator, &because).await.unwrap();
    app.stop().await;
    stage.timeout_ms = 300;
    let elsewhere = stage.simulator.base_url().replace("127.0.0.1", "localhost");
    let replace = async || {
        let mut command = stage.teiki(&["bind", "02396", "--replace"]);
        let output = command.env("TEIKI_PAYGENT_URL", &elsewhere).output().await.unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (bound, told) = replace().await;
    assert!(!bound && told.contains(&order(0)) && told.contains("give"), "{told}");
    let app = stage.app().await;
    app.payments.give_up(&id(0), 2, &because).await.unwrap();
    app.stop().await;
    let (bound, told) = replace().await;
    assert!(bound, "given up, somebody has decided: {told}");
    stage.close().await;
}

/// Where shops share a merchant, one that cannot call does not keep the notices from the others.
async fn w14_notices_of_a_merchant_are_fetched_by_any_of_its_shops(kind: StoreKind) {
    let (stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"]).await;
    let other = another_shop(&stage, &app).await;
    let binding = paygent_binding::of(&app.storage, shop()).await.unwrap().unwrap();
    let elsewhere = paygent_binding::Binding { host: "elsewhere.example".to_owned(), ..binding };
    paygent_binding::rebind(&app.storage, &elsewhere).await.unwrap();
    app.shops.forget(shop());
    let order_id = OrderId::for_generation(&SubscriptionId::new(other, "D00000").unwrap(), day("2026-04-01"));
    let status = async || {
        let order = app.gateway.load::<Order>(order_id.as_str()).await.unwrap().aggregate;
        (order.details().unwrap().payment.code(), order.details().unwrap().paying().unwrap().payment_id.clone())
    };
    let (before, payment) = status().await;
    assert_eq!(before, "authorized");
    assert!(stage.simulator.console(payment.as_str(), ConsoleAction::Cancel));
    notices::run(&app, true).await.unwrap();
    assert_eq!(status().await.0, "voided");
    close(stage, app).await;
}

/// One engine's part: commands on one order, one after the other, the last round with those that end it.
async fn command(app: &App, i: usize, engine: usize, round: usize) {
    let (order, payments) = (id(i), &app.payments);
    let because = app.gateway.because("test", "at once");
    for step in 0..6 {
        // Refusals are part of it; what must hold is judged at the end.
        let _ = match (step + i + 3 * engine + round) % 6 {
            0 => payments.change_basket(&order, teiki_tests::stage::basket(6_000), &because).await,
            2 => payments.change_basket(&order, teiki_tests::stage::basket(4_000), &because).await,
            1 | 3 => payments.update_transaction(&order, &because).await,
            _ if round < RACES => payments.authorize(&order, None, Cause::Operator, &because).await,
            _ if (i + engine).is_multiple_of(2) => payments.capture(&order, &because).await,
            _ => payments.cancel(&order, &because).await,
        };
    }
}

/// Lets both engines' commands race this many times before they end the orders.
const RACES: usize = 3;

/// Two engines, every command at once on the same orders, replies lost: each order ends with at most one payment, and
/// with the one that Paygent holds.
async fn commands_that_race_leave_one_payment_an_order(kind: StoreKind) {
    const ORDERS: usize = 6;
    let (mut stage, app) = prepared(kind, SaleMode::AuthorizeOnly, &["1111"; ORDERS]).await;
    app.stop().await;
    stage.timeout_ms = 400;
    let engines = [stage.app().await, stage.app().await];
    for round in 0..=RACES {
        for telegram in [
            TelegramKind::Authorise,
            TelegramKind::CancelAuthorisation,
            TelegramKind::Capture,
            TelegramKind::ReviseAuthorisation,
        ] {
            stage.simulator.script(Rule::once(Fault::LoseReply).on(telegram));
        }
        let work = (0..ORDERS).flat_map(|i| engines.iter().enumerate().map(move |(e, app)| (i, e, app.clone())));
        let work = work.map(|(i, e, app)| tokio::spawn(async move { command(&app, i, e, round).await }));
        for task in work.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        until_nothing_is_open(&engines[0]).await;
        for i in 0..ORDERS {
            let details = state(&engines[0], i).await;
            let customer = member(i).customer_id();
            let held: Vec<(String, u8, u32)> = (stage.simulator.ledger().all_payments().into_iter())
                .filter(|payment| payment.customer_id.as_deref() == Some(customer.as_str()))
                .filter(|payment| [20, 40].contains(&payment.status))
                .map(|payment| (payment.payment_id, payment.status, payment.amount))
                .collect();
            assert!(held.len() <= 1, "{held:?} {details:?}");
            let paying = details.paying().filter(|paying| paying.stands.holds_money());
            let ours = paying.map(|paying| {
                let status = if paying.stands == Stands::Captured { 40 } else { 20 };
                (paying.payment_id.to_string(), status, u32::try_from(paying.amount.get()).unwrap())
            });
            assert_eq!(ours, held.first().cloned(), "{details:?}");
            assert!(!details.cancelled || held.is_empty(), "{details:?}");
        }
    }
    let telegrams = |kind| stage.simulator.ledger().telegram_count(kind);
    assert!(telegrams(TelegramKind::ReviseAuthorisation) > 0 && telegrams(TelegramKind::CancelAuthorisation) > 0);
    assert_eq!(aside(&engines[0]).await, vec![]);
    let [app, other] = engines;
    other.stop().await;
    close(stage, app).await;
}

/// Asks about everything open until nothing is; the deadline only ends a test that has failed.
async fn until_nothing_is_open(app: &App) {
    let seen = Arc::new(Mutex::new(FirstSeen::default()));
    let begun = std::time::Instant::now();
    loop {
        app.settle().await.unwrap();
        notices::run(app, true).await.unwrap();
        app.settle().await.unwrap();
        if payment_work::list(&app.storage, None, 100).await.unwrap().rows.is_empty() {
            return;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(90), "{:?}", aside(app).await);
        recovery_round::run(app, &seen).await.unwrap();
    }
}

on_both_stores!(
    commands_that_race_leave_one_payment_an_order,
    a_shop_with_an_open_attempt_is_not_bound_elsewhere,
    w14_notices_of_a_merchant_are_fetched_by_any_of_its_shops,
    the_list_of_a_shop_is_its_own,
    work_that_waits_is_told_to_the_shop,
    o9_one_shop_does_not_stop_the_reconciliation_of_the_others,
    o9_the_payment_of_another_member_is_not_taken_for_ours,
    validity_counts_from_the_day_of_the_call,
    retries_to_come_are_only_those_that_come,
    w12_a_hold_that_cannot_be_cancelled_is_set_aside_and_goes_on_when_released,
    w12_a_hold_that_was_cancelled_otherwise_leaves_the_list,
    w14_a_notice_that_leads_nowhere_is_set_aside,
    w14_another_notice_under_a_number_that_is_taken_is_not_swallowed,
    what_cannot_be_asked_about_elsewhere_is_on_the_list,
);

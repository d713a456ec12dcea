//! Unknown outcomes: the reply is lost, comes late, is garbage. Paygent is asked, and nobody is charged twice.

use paygent_simulator::{Fault, Rule, TelegramKind};
use serde_json::Value;
use teiki_domain::payment_method::SaleMode;
use teiki_tests::judge;
use teiki_tests::stage::{Stage, enrol, open_shop, subscribe};
use teiki_tests::stores::StoreKind;

async fn prepared(kind: StoreKind) -> Stage {
    let mut stage = Stage::new(kind, "2026-04-01").await;
    let app = stage.app().await;
    open_shop(&app, SaleMode::AuthorizeAndCapture).await;
    enrol(&app, &stage.simulator, 0, "1111").await;
    subscribe(&app, 0, "days:1", "2026-04-01".parse().unwrap(), 1_980).await;
    app.stop().await;
    // Short only from here on: setting up on a busy machine must not fail for it.
    stage.timeout_ms = 400;
    stage
}

async fn renew(stage: &Stage) -> Value {
    let output = stage.teiki(&["renew", "--json"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// W2, W3: every way an answer can fail to arrive ends in exactly one payment that both sides know of.
async fn one_payment(kind: StoreKind, faults: &[Fault]) {
    let mut stage = prepared(kind).await;
    let mut day: chrono::NaiveDate = "2026-04-01".parse().unwrap();
    for fault in faults {
        stage.set_day(day);
        stage.simulator.script(Rule::once(fault.clone()).on(TelegramKind::Authorise));
        let summary = renew(&stage).await;
        assert_eq!((&summary["generated"], &summary["unknown"]), (&1.into(), &0.into()), "{fault:?}: {summary}");
        let app = stage.app().await;
        judge::judge(&stage, &app).await;
        let stories = judge::stories(&app).await;
        app.stop().await;
        let story = &stories[&format!("02396-D00000-{}", day.format("%Y%m%d"))];
        assert_eq!(story.succeeded.len(), 1, "{fault:?}: {story:?}");
        day = day.succ_opt().unwrap();
    }
    stage.close().await;
}

/// Booked, and the answer lost: asking finds it.
async fn booked_and_lost(kind: StoreKind) {
    let slow = Fault::DelayAfter { milliseconds: 700 };
    one_payment(kind, &[Fault::LoseReply, Fault::HalfReply, Fault::Garbage, Fault::WrongEncoding, slow]).await;
}

/// Never booked: asking twice finds none, and it is sent again under the same transaction ID.
async fn never_booked(kind: StoreKind) {
    one_payment(kind, &[Fault::DropBeforeBooking, Fault::Http503, Fault::locked(), Fault::access_limit()]).await;
}

/// W11: the first call is booked while it is already being asked about.
async fn booked_late(kind: StoreKind) {
    one_payment(kind, &[Fault::BookLate { milliseconds: 900 }]).await;
}

/// While the outcome is unknown it is a visible state, and nothing else is sent for the order.
async fn unknown_is_a_state(kind: StoreKind) {
    let stage = prepared(kind).await;
    stage.simulator.script(Rule::once(Fault::LoseReply).on(TelegramKind::Authorise));
    stage.simulator.script(Rule::always(Fault::Http503).on(TelegramKind::Inquiry));
    let summary = renew(&stage).await;
    assert_eq!(summary["unknown"], 1, "{summary}");
    let sent = stage.simulator.ledger().telegram_count(TelegramKind::Authorise);
    let summary = renew(&stage).await;
    assert_eq!((&summary["generated"], &summary["unknown"]), (&0.into(), &1.into()), "{summary}");
    assert_eq!(stage.simulator.ledger().telegram_count(TelegramKind::Authorise), sent, "nothing is sent unasked");
    stage.simulator.clear_script();
    let summary = renew(&stage).await;
    assert_eq!((&summary["resolved"], &summary["unknown"]), (&1.into(), &0.into()), "{summary}");
    let app = stage.app().await;
    judge::judge(&stage, &app).await;
    app.stop().await;
    stage.close().await;
}

on_both_stores!(booked_and_lost, never_booked, booked_late, unknown_is_a_state);

//! Holds our log against the simulator's ledger: no yen lost, none taken twice.

use crate::stage::Stage;
use std::collections::BTreeMap;
use teiki::app::App;
use teiki_domain::order::OrderEvent;
use teiki_domain::recorded::RecordedEvent;

/// What the log says of one order.
#[derive(Debug, Default, Clone)]
pub struct Story {
    /// How often it was generated.
    pub generated: u32,
    /// Authorisations on record, by transaction ID, with whether captured.
    pub succeeded: Vec<(String, bool)>,
    /// Failed authorisations by code.
    pub failed: Vec<String>,
    /// Transaction ID of each attempt.
    pub attempts: BTreeMap<u32, String>,
    /// Amounts of each attempt in yen.
    pub amounts: BTreeMap<u32, i64>,
    /// Attempts without an outcome.
    pub open: u32,
    /// Not tried, with the reason.
    pub not_executed: Vec<String>,
}

/// Reads the whole log and tells the story of each order.
pub async fn stories(app: &App) -> BTreeMap<String, Story> {
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = app.log.page(after, 1_000).await.unwrap();
        let Some(last) = page.last() else { return stories };
        after = last.position;
        for event in &page {
            let RecordedEvent::Order(order) = RecordedEvent::decode(&event.aggregate_type, &event.payload).unwrap()
            else {
                continue;
            };
            let story = stories.entry(event.aggregate_id.clone()).or_default();
            match order {
                OrderEvent::OrderGenerated { .. } => story.generated += 1,
                OrderEvent::AuthorizationNotExecuted { reason } => story.not_executed.push(reason.code().to_owned()),
                OrderEvent::AuthorizationRequested { attempt, transaction_id, amount, .. } => {
                    story.open += 1;
                    story.amounts.insert(attempt, amount.get());
                    story.attempts.insert(attempt, transaction_id.to_string());
                }
                OrderEvent::AuthorizationSucceeded { attempt, captured, .. } => {
                    story.open -= 1;
                    story.succeeded.push((story.attempts[&attempt].clone(), captured));
                }
                OrderEvent::AuthorizationFailed { code, .. } => {
                    story.open -= 1;
                    story.failed.push(code);
                }
                _ => {}
            }
        }
    }
}

/// The verdict after a run: every order stands once, every attempt has its outcome, and our log and the simulator's
/// ledger name the same payments with the same amounts. Returns how many orders were looked at.
pub async fn judge(stage: &Stage, app: &App) -> usize {
    app.settle().await.unwrap();
    let stories = stories(app).await;
    let ledger = stage.simulator.ledger();
    assert!(ledger.doubled_trading_ids().is_empty(), "charged twice: {:?}", ledger.doubled_trading_ids());
    let mut ours: BTreeMap<String, i64> = BTreeMap::new();
    for (id, story) in &stories {
        assert_eq!(story.generated, 1, "{id} was generated {} times", story.generated);
        assert_eq!(story.open, 0, "{id} has an attempt without an outcome: {story:?}");
        assert!(story.succeeded.len() <= 1, "{id} was authorised more than once: {story:?}");
        for (transaction_id, _) in &story.succeeded {
            let attempt = story.attempts.iter().find(|(_, known)| *known == transaction_id).unwrap().0;
            ours.insert(transaction_id.clone(), story.amounts[attempt]);
        }
    }
    let theirs: BTreeMap<String, i64> = ledger
        .all_payments()
        .into_iter()
        .filter(paygent_simulator::PaymentRecord::is_booked_authorisation)
        .map(|payment| (payment.trading_id, i64::from(payment.amount)))
        .collect();
    assert_eq!(ours, theirs, "our log and Paygent's ledger name different payments");
    stories.len()
}

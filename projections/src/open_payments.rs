//! Payments without a known outcome: what recovery asks Paygent about, and what blocks every other attempt.

use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, by_key};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use teiki_domain::ids::{OrderId, ShopId};
use teiki_domain::order::OrderEvent as Event;
use teiki_domain::recorded::RecordedEvent;
use teiki_infrastructure::event_store::Storage;

row! {
    /// The newest attempt of an order, from its request until nothing can come of it any more.
    PaymentRow in "open_payments" {
        /// The order.
        key order_id,
        /// Shop, five digits.
        shop_id: String,
        /// What was asked: `authorization` or `capture`.
        kind: String,
        /// Number of the attempt, from 1.
        attempt: i64,
        /// The transaction ID it travels under.
        transaction_id: String,
        /// Amount in yen.
        amount: i64,
        /// `requested`, `unknown`, or `settled` for an authorisation that succeeded and waits to be captured.
        state: String,
        /// Whether the outcome is not known yet.
        open: bool,
        /// Why it is not known.
        why: Option<String>,
        /// When it was last about to be sent, RFC 3339.
        since: String,
        /// Position of the last event that changed the row.
        position: i64,
    }
    indexes {
        by_since: "open, since, order_id",
        by_shop: "shop_id, open, since, order_id",
    }
}

/// The projection.
#[derive(Debug)]
pub struct OpenPayments;

impl Projection for OpenPayments {
    fn name(&self) -> &'static str {
        "open_payments"
    }

    fn version(&self) -> i64 {
        1
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["order"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![PaymentRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        match fact.event {
            RecordedEvent::Order(Event::OrderGenerated { .. } | Event::AuthorizationNotExecuted { .. }) => {}
            RecordedEvent::Order(_) => rows.want::<PaymentRow>(fact.aggregate_id),
            _ => {}
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Order(event) = fact.event else { return Ok(()) };
        let id = fact.aggregate_id;
        match event {
            Event::OrderGenerated { .. } | Event::AuthorizationNotExecuted { .. } => Ok(()),
            Event::AuthorizationRequested { attempt, transaction_id, amount, .. } => rows.put(PaymentRow {
                order_id: id.to_owned(),
                shop_id: shop_of(id)?,
                kind: "authorization".to_owned(),
                attempt: i64::from(*attempt),
                transaction_id: transaction_id.to_string(),
                amount: amount.get(),
                state: "requested".to_owned(),
                open: true,
                why: None,
                since: fact.recorded_at.to_owned(),
                position: fact.position,
            }),
            Event::AuthorizationSentAgain { attempt } => update(rows, fact, *attempt, |row| row.ask(fact)),
            Event::AuthorizationOutcomeUnknown { attempt, why } | Event::CaptureOutcomeUnknown { attempt, why } => {
                update(rows, fact, *attempt, |row| {
                    row.state = "unknown".to_owned();
                    row.open = true;
                    row.why = Some(why.clone());
                })
            }
            // Kept while it can still be captured, because a capture is asked for without the transaction ID.
            Event::AuthorizationSucceeded { attempt, captured: false, .. } | Event::CaptureFailed { attempt, .. } => {
                update(rows, fact, *attempt, PaymentRow::settle)
            }
            Event::CaptureRequested { attempt, amount } => update(rows, fact, *attempt, |row| {
                row.kind = "capture".to_owned();
                row.amount = amount.get();
                row.ask(fact);
            }),
            Event::AuthorizationSucceeded { attempt, captured: true, .. }
            | Event::AuthorizationFailed { attempt, .. }
            | Event::SalesConfirmed { attempt, .. } => {
                // Something late about an older attempt leaves the newest one open.
                match rows.get::<PaymentRow>(id)? {
                    Some(row) if row.attempt == i64::from(*attempt) => rows.remove::<PaymentRow>(id),
                    _ => Ok(()),
                }
            }
        }
    }
}

fn shop_of(order_id: &str) -> Result<String, FoldError> {
    let id: OrderId = order_id.parse().map_err(|error| FoldError::Content(format!("{error}")))?;
    Ok(id.shop().to_string())
}

/// Changes the row if it is about this attempt; it must exist.
fn update(
    rows: &mut WorkingSet,
    fact: &Fact<'_>,
    attempt: u32,
    change: impl FnOnce(&mut PaymentRow),
) -> Result<(), FoldError> {
    rows.update(fact.aggregate_id, |row: &mut PaymentRow| {
        if row.attempt == i64::from(attempt) {
            change(row);
            row.position = fact.position;
        }
    })
}

impl PaymentRow {
    fn ask(&mut self, fact: &Fact<'_>) {
        self.state = "requested".to_owned();
        self.open = true;
        self.why = None;
        self.since = fact.recorded_at.to_owned();
    }

    fn settle(&mut self) {
        self.kind = "authorization".to_owned();
        self.state = "settled".to_owned();
        self.open = false;
        self.why = None;
    }
}

pub(crate) fn select(shop: Option<ShopId>, after: Option<&Cursor>, limit: u32) -> Select {
    let mut select = Select::of::<PaymentRow>();
    select.and_some("shop_id = ", shop.map(|id| id.to_string()).as_ref());
    select.and("open = 1").page(("since", "order_id"), false, after, limit);
    select
}

/// Payments whose outcome is not known, longest waiting first. `limit` is 1 to 1,000.
pub async fn list(
    storage: &Storage,
    shop: Option<ShopId>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<PaymentRow, Cursor>, QueryError> {
    let cursor = |row: &PaymentRow| Cursor::new(&row.since, &row.order_id);
    select(shop, after, limit).paged(storage, limit, cursor).await
}

/// How many payments have no known outcome.
pub async fn count(storage: &Storage) -> Result<u64, QueryError> {
    let mut select = Select::new("SELECT COUNT(*) FROM open_payments");
    select.and("open = 1");
    let counts = select.fetch(storage, "open_payments", |row| row.get::<i64>(0)).await?;
    Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
}

/// The open payment of one order.
pub async fn get(storage: &Storage, order_id: &OrderId) -> Result<Option<PaymentRow>, QueryError> {
    Ok(by_key::<PaymentRow>(storage, order_id.as_str()).await?.filter(|row| row.open))
}

#[cfg(test)]
#[path = "open_payments_tests.rs"]
mod tests;

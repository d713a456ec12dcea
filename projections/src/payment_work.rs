//! Orders that workers have to look at: something is open at Paygent, an attempt was given up, or a replaced
//! authorisation is still to be cancelled (W1-W3, W8, W12).

use crate::failed_orders::FailedOrderRow;
use crate::order_list::request_text;
use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, by_key};
use crate::table::{Row as _, Table, row};
use crate::transactions::{self, BookedPaymentRow, TransactionRow};
use crate::working_set::{FoldError, WorkingSet};
use teiki_domain::cqrs::Decide as _;
use teiki_domain::ids::{OrderId, ShopId};
use teiki_domain::order::{Details, Operation, Order, OrderEvent as Event};
use teiki_domain::recorded::RecordedEvent;
use teiki_infrastructure::event_store::Storage;

row! {
    /// One order that is to be looked at.
    WorkRow in "payment_work" {
        /// The order.
        key order_id,
        /// Shop, five digits.
        shop_id: String,
        /// What was asked: `authorization`, `capture`, `revise`, `void` or `refund`; `release` for a replaced
        /// authorisation that is still to be cancelled.
        kind: String,
        /// `requested`, `unknown`, `given_up` or `release`.
        state: String,
        /// Whether it blocks every other request on the order.
        open: bool,
        /// Number of the attempt, from 1.
        attempt: i64,
        /// The transaction ID it travels under.
        transaction_id: String,
        /// Paygent's id of the payment, where there is one.
        payment_id: Option<String>,
        /// Amount in yen.
        amount: i64,
        /// How often a cancel was refused.
        tries: i64,
        /// Why it is not known.
        why: Option<String>,
        /// Since when it stands so, RFC 3339.
        since: String,
        /// Position of the last event that changed the row.
        position: i64,
    }
    indexes {
        by_since: "since, order_id",
        by_open: "open, since, order_id",
        by_shop: "shop_id, open, since, order_id",
    }
}

row! {
    /// One order as the aggregate folds it.
    StateRow in "order_states" {
        /// The order.
        key order_id,
        /// The order itself.
        state: Order,
    }
    indexes {}
}

/// The projection: everything workers take their work on payments from, in one fold by the aggregate itself. Apart from
/// the order list, which may stand still without stopping the work.
#[derive(Debug)]
pub struct PaymentWork;

impl Projection for PaymentWork {
    fn name(&self) -> &'static str {
        "payment_work"
    }

    fn version(&self) -> i64 {
        1
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["order"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![
            StateRow::table(),
            WorkRow::table(),
            FailedOrderRow::table(),
            TransactionRow::table(),
            BookedPaymentRow::table(),
        ]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        let RecordedEvent::Order(event) = fact.event else { return };
        rows.want::<StateRow>(fact.aggregate_id);
        rows.want::<WorkRow>(fact.aggregate_id);
        rows.want::<FailedOrderRow>(fact.aggregate_id);
        transactions::touches(event, rows);
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Order(event) = fact.event else { return Ok(()) };
        let id = fact.aggregate_id;
        if let Event::OrderGenerated { .. } = event {
            rows.put(StateRow { order_id: id.to_owned(), state: Order::default() })?;
        }
        rows.update(id, |row: &mut StateRow| row.state.apply(event))?;
        let details = rows.get::<StateRow>(id)?.and_then(|row| row.state.details());
        let Some(details) = details else {
            return Err(FoldError::Content("an order must begin with OrderGenerated".to_owned()));
        };
        let (work, failed) = (WorkRow::of(details, fact), FailedOrderRow::of(details, fact));
        let found = transactions::rows_of(details, event, fact);
        keep(work, id, rows)?;
        match failed {
            Some(failed) => rows.put(failed)?,
            None => rows.remove::<FailedOrderRow>(id)?,
        }
        found.keep(rows)
    }
}

impl WorkRow {
    /// What is to be looked at on an order, if anything.
    fn of(details: &Details, fact: &Fact<'_>) -> Option<Self> {
        let row = |kind: &str, state: &str, attempt: u32| WorkRow {
            order_id: details.order_id.to_string(),
            shop_id: details.order_id.shop().to_string(),
            kind: kind.to_owned(),
            state: state.to_owned(),
            open: false,
            attempt: i64::from(attempt),
            transaction_id: details.attempt(attempt).map(|known| known.transaction_id.to_string()).unwrap_or_default(),
            payment_id: None,
            amount: details.attempt(attempt).map_or(0, |known| known.amount.get()),
            tries: 0,
            why: why(fact),
            since: fact.recorded_at.to_owned(),
            position: fact.position,
        };
        if let Some(operation) = &details.operation {
            let state = |unknown: bool| if unknown { "unknown" } else { "requested" };
            return Some(match operation {
                Operation::Authorize { attempt, unknown } => {
                    WorkRow { open: true, ..row("authorization", state(*unknown), *attempt) }
                }
                Operation::Call { attempt, payment_id, amount, unknown, asked, .. } => WorkRow {
                    open: true,
                    payment_id: Some(payment_id.to_string()),
                    amount: amount.get(),
                    tries: i64::from(*asked) - 1,
                    ..row(request_text(operation), state(*unknown), *attempt)
                },
            });
        }
        if let Some(attempt) = details.attempts.iter().find(|attempt| attempt.given_up && !attempt.is_decided()) {
            return Some(row("authorization", "given_up", attempt.number));
        }
        let booked = details.to_release()?;
        Some(WorkRow {
            payment_id: Some(booked.payment_id.to_string()),
            amount: booked.amount.get(),
            tries: i64::from(booked.release_failed),
            ..row("release", "release", booked.attempt)
        })
    }

    /// Whether it says the same as `before`, so that it has stood so since then.
    fn continues(&self, before: &WorkRow) -> bool {
        (&self.kind, &self.state, self.attempt, self.tries)
            == (&before.kind, &before.state, before.attempt, before.tries)
    }
}

fn why(fact: &Fact<'_>) -> Option<String> {
    match fact.event {
        RecordedEvent::Order(
            Event::AuthorizationOutcomeUnknown { why, .. }
            | Event::CaptureOutcomeUnknown { why, .. }
            | Event::RevisionOutcomeUnknown { why, .. }
            | Event::VoidOutcomeUnknown { why, .. }
            | Event::RefundOutcomeUnknown { why, .. },
        ) => Some(why.clone()),
        RecordedEvent::Order(Event::VoidFailed { code, detail, .. } | Event::RefundFailed { code, detail, .. }) => {
            Some(format!("{code} {detail}"))
        }
        _ => None,
    }
}

/// Writes the row, or takes it away.
fn keep(row: Option<WorkRow>, order_id: &str, rows: &mut WorkingSet) -> Result<(), FoldError> {
    let Some(mut row) = row else { return rows.remove::<WorkRow>(order_id) };
    if let Some(before) = rows.get::<WorkRow>(order_id)?
        && row.continues(before)
    {
        row.since.clone_from(&before.since);
        row.why = row.why.or_else(|| before.why.clone());
    }
    rows.put(row)
}

pub(crate) fn select(shop: Option<ShopId>, open_only: bool, after: Option<&Cursor>, limit: u32) -> Select {
    let mut select = Select::of::<WorkRow>();
    select.and_some("shop_id = ", shop.map(|id| id.to_string()).as_ref());
    if open_only {
        select.and("open = 1");
    }
    select.page(("since", "order_id"), false, after, limit);
    select
}

/// Everything workers have to look at, longest waiting first. `limit` is 1 to 1,000.
pub async fn list(storage: &Storage, after: Option<&Cursor>, limit: u32) -> Result<Page<WorkRow, Cursor>, QueryError> {
    let cursor = |row: &WorkRow| Cursor::new(&row.since, &row.order_id);
    select(None, false, after, limit).paged(storage, limit, cursor).await
}

/// What is open at Paygent and blocks everything else on its order, longest waiting first. `limit` is 1 to 1,000.
pub async fn open(
    storage: &Storage,
    shop: Option<ShopId>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<WorkRow, Cursor>, QueryError> {
    let cursor = |row: &WorkRow| Cursor::new(&row.since, &row.order_id);
    select(shop, true, after, limit).paged(storage, limit, cursor).await
}

/// How many requests have no known outcome.
pub async fn count_open(storage: &Storage) -> Result<u64, QueryError> {
    let mut select = Select::new("SELECT COUNT(*) FROM payment_work");
    select.and("open = 1");
    let counts = select.fetch(storage, "payment_work", |row| row.get::<i64>(0)).await?;
    Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
}

/// What is to be looked at on one order.
pub async fn get(storage: &Storage, order_id: &OrderId) -> Result<Option<WorkRow>, QueryError> {
    by_key(storage, order_id.as_str()).await
}

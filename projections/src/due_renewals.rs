//! What the night run has to do (R1, R6): the next generation date of every running subscription, and the orders
//! that were called for but do not exist yet.

use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, into_page};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::ids::{ShopId, SubscriptionId};
use teiki_domain::order::OrderEvent;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::subscription::{NextDates, SubscriptionEvent as Event};
use teiki_infrastructure::event_store::Storage;

row! {
    /// When a running subscription generates its next order.
    DueRow in "due_renewals" {
        /// The subscription.
        key subscription_id,
        /// Shop, five digits.
        shop_id: String,
        /// The day the next order is generated.
        generation_date: NaiveDate,
    }
    indexes { by_date: "generation_date, subscription_id", }
}

row! {
    /// An order that was called for and is not generated yet: whatever crashed, it will exist.
    PendingRow in "pending_orders" {
        /// The order.
        key order_id,
        /// The subscription it comes from.
        subscription_id: String,
        /// Shop, five digits.
        shop_id: String,
        /// The generation date it stands for.
        generation_date: NaiveDate,
        /// The stored JSON of the event that called for it (`OrderGenerationStarted`).
        payload: String,
    }
    indexes { by_date: "generation_date, order_id", }
}

/// The projection.
#[derive(Debug)]
pub struct DueRenewals;

impl Projection for DueRenewals {
    fn name(&self) -> &'static str {
        "due_renewals"
    }

    fn version(&self) -> i64 {
        1
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["subscription", "order"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![DueRow::table(), PendingRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        match fact.event {
            RecordedEvent::Subscription(event) => {
                rows.want::<DueRow>(fact.aggregate_id);
                if let Event::OrderGenerationStarted { order_id, .. } = event {
                    rows.want::<PendingRow>(order_id.as_str());
                }
            }
            RecordedEvent::Order(OrderEvent::OrderGenerated { .. }) => rows.want::<PendingRow>(fact.aggregate_id),
            _ => {}
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        match fact.event {
            RecordedEvent::Subscription(event) => {
                if let Event::OrderGenerationStarted { order_id, dates, .. } = event {
                    rows.put(PendingRow {
                        order_id: order_id.to_string(),
                        subscription_id: fact.aggregate_id.to_owned(),
                        shop_id: order_id.shop().to_string(),
                        generation_date: dates.generation_date,
                        payload: fact.payload.to_owned(),
                    })?;
                }
                match next_after(event) {
                    None => Ok(()),
                    Some(None) => rows.remove::<DueRow>(fact.aggregate_id),
                    Some(Some(next)) => rows.put(DueRow {
                        subscription_id: fact.aggregate_id.to_owned(),
                        shop_id: shop_of(fact.aggregate_id)?,
                        generation_date: next.generation_date,
                    }),
                }
            }
            RecordedEvent::Order(OrderEvent::OrderGenerated { .. }) => rows.remove::<PendingRow>(fact.aggregate_id),
            _ => Ok(()),
        }
    }
}

/// What comes next after this event: `None` when the event does not change it, `Some(None)` when nothing comes.
fn next_after(event: &Event) -> Option<Option<NextDates>> {
    match event {
        Event::SubscriptionStarted { next, .. }
        | Event::NextDateChanged { next }
        | Event::SubscriptionResumed { next } => Some(Some(*next)),
        Event::OrderGenerationStarted { next, .. }
        | Event::DeliverySkipped { next, .. }
        | Event::CycleChanged { next, .. } => Some(*next),
        Event::SubscriptionPaused {} | Event::SubscriptionEnded {} => Some(None),
        Event::BasketChanged { .. }
        | Event::PaymentMethodChanged { .. }
        | Event::SubscriptionStartPrevented {}
        | Event::SubscriptionWorkReleased { .. } => None,
    }
}

/// The shop a stored subscription belongs to.
pub(crate) fn shop_of(subscription_id: &str) -> Result<String, FoldError> {
    let id: SubscriptionId = subscription_id.parse().map_err(|error| FoldError::Content(format!("{error}")))?;
    Ok(id.shop().to_string())
}

/// The kind under which the night run sets subscriptions aside.
pub const SET_ASIDE_KIND: &str = "renewal";

pub(crate) fn select_due(through: NaiveDate, run_id: &str, after: Option<(NaiveDate, &str)>, limit: u32) -> Select {
    let mut select = Select::of::<DueRow>();
    select.and("generation_date <= ").bind(&through);
    select
        .and("NOT EXISTS (SELECT 1 FROM set_aside s WHERE s.kind = ")
        .bind(&SET_ASIDE_KIND.to_owned())
        .push(" AND s.subject = due_renewals.subscription_id AND s.run_id = ")
        .bind(&run_id.to_owned())
        .push(")");
    let after = after.map(|(date, subscription_id)| Cursor::new(date, subscription_id));
    select.page(("generation_date", "subscription_id"), false, after.as_ref(), limit);
    select
}

/// Subscriptions whose next order is due on `through` or earlier, oldest first (R1, R6), without those that the run
/// `run_id` has set aside. `after` is the last row of the page before. `limit` is 1 to 1,000.
pub async fn due(
    storage: &Storage,
    through: NaiveDate,
    run_id: &str,
    after: Option<(NaiveDate, &str)>,
    limit: u32,
) -> Result<Vec<DueRow>, QueryError> {
    let rows = select_due(through, run_id, after, limit).rows(storage).await?;
    Ok(into_page(rows, limit, |row: &DueRow| Cursor::new(row.generation_date, &row.subscription_id)).rows)
}

/// A shop's subscriptions whose next order is generated on `through` or earlier, oldest first. `limit` is 1 to 1,000.
pub async fn of_shop(
    storage: &Storage,
    shop: ShopId,
    through: NaiveDate,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<DueRow, Cursor>, QueryError> {
    let mut select = Select::of::<DueRow>();
    select.and("generation_date <= ").bind(&through).and("shop_id = ").bind(&shop.to_string());
    select.page(("generation_date", "subscription_id"), false, after, limit);
    select.paged(storage, limit, |row: &DueRow| Cursor::new(row.generation_date, &row.subscription_id)).await
}

/// How many subscriptions are due on `through` or earlier.
pub async fn count_due(storage: &Storage, through: NaiveDate) -> Result<u64, QueryError> {
    let mut select = Select::new("SELECT COUNT(*) FROM due_renewals");
    select.and("generation_date <= ").bind(&through);
    let counts = select.fetch(storage, "due_renewals", |row| row.get::<i64>(0)).await?;
    Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
}

/// How many orders come up on each day from `from` to `to`, both inclusive; days without any are left out.
pub async fn upcoming_by_day(
    storage: &Storage,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(NaiveDate, i64)>, QueryError> {
    let mut select = Select::new("SELECT generation_date, COUNT(*) FROM due_renewals");
    select.and("generation_date >= ").bind(&from).and("generation_date <= ").bind(&to);
    select.push(" GROUP BY generation_date ORDER BY generation_date");
    select.fetch(storage, "due_renewals", |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Orders called for and not generated yet, oldest generation date first. `limit` is 1 to 1,000.
pub async fn pending(
    storage: &Storage,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<PendingRow, Cursor>, QueryError> {
    let mut select = Select::of::<PendingRow>();
    select.page(("generation_date", "order_id"), false, after, limit);
    select.paged(storage, limit, |row: &PendingRow| Cursor::new(row.generation_date, &row.order_id)).await
}

#[cfg(test)]
#[path = "due_renewals_tests.rs"]
mod tests;

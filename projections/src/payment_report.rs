//! What reporting tools read about payments: every attempt, sales a day, refusals a code, and what became of renewals.
//!
//! One fold by the aggregate itself, apart from the order list and from the workers' tables: a report that cannot go on
//! must not stop them.

use crate::daily_sales::{self, DailyFailureRow, DailySalesRow, Figures};
use crate::payment_attempts::{self, AttemptRow};
use crate::projection::{Fact, Projection};
use crate::renewal_outcomes::{self, RenewalRow};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::{DateTime, NaiveDate};
use teiki_domain::business_day::tokyo_date;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::order::{Order, OrderEvent as Event};
use teiki_domain::recorded::RecordedEvent;

row! {
    /// One order as the aggregate folds it.
    ReportedOrderRow in "payment_report_orders" {
        /// The order.
        key order_id,
        /// The order itself.
        state: Order,
    }
    indexes {}
}

/// The projection.
#[derive(Debug)]
pub struct PaymentReport;

impl Projection for PaymentReport {
    fn name(&self) -> &'static str {
        "payment_report"
    }

    fn version(&self) -> i64 {
        1
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["order"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![
            ReportedOrderRow::table(),
            AttemptRow::table(),
            DailySalesRow::table(),
            DailyFailureRow::table(),
            RenewalRow::table(),
        ]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        let RecordedEvent::Order(event) = fact.event else { return };
        rows.want::<ReportedOrderRow>(fact.aggregate_id);
        rows.want::<RenewalRow>(fact.aggregate_id);
        payment_attempts::touches(fact, event, rows);
        // A day that cannot be read is said by the fold.
        if let Ok(day) = business_day(fact) {
            daily_sales::touches(fact, event, day, rows);
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Order(event) = fact.event else { return Ok(()) };
        let (id, day) = (fact.aggregate_id, business_day(fact)?);
        if let Event::OrderGenerated { .. } = event {
            rows.put(ReportedOrderRow { order_id: id.to_owned(), state: Order::default() })?;
        }
        let mut before = Figures::default();
        rows.update(id, |row: &mut ReportedOrderRow| {
            before = row.state.details().map(Figures::of).unwrap_or_default();
            row.state.apply(event);
        })?;
        let state = rows.get::<ReportedOrderRow>(id)?.map(|row| row.state.clone()).unwrap_or_default();
        let details =
            state.details().ok_or_else(|| FoldError::Content("an order must begin with OrderGenerated".to_owned()))?;
        payment_attempts::fold(fact, event, details, day, rows)?;
        daily_sales::fold(fact, event, details, (before, day), rows)?;
        renewal_outcomes::fold(fact, event, details, day, rows)
    }
}

/// The business day in Tokyo on which the event was recorded.
pub(crate) fn business_day(fact: &Fact<'_>) -> Result<NaiveDate, FoldError> {
    let instant = DateTime::parse_from_rfc3339(fact.recorded_at)
        .map_err(|error| FoldError::Content(format!("when the event was recorded cannot be read ({error})")))?;
    Ok(tokyo_date(instant.to_utc()))
}

/// The shop an order belongs to: the five digits its id begins with.
pub(crate) fn shop_of_order(order_id: &str) -> &str {
    order_id.split('-').next().unwrap_or(order_id)
}

#[cfg(test)]
#[path = "payment_report_tests.rs"]
mod tests;

//! What became of each renewal: authorised at the first attempt, failed and perhaps recovered later, or not executed.

use crate::payment_attempts::cause_code;
use crate::projection::Fact;
use crate::table::row;
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::order::{Details, OrderEvent as Event};

row! {
    /// One generated order.
    RenewalRow in "renewal_outcomes" {
        /// The order.
        key order_id,
        /// Shop, five digits.
        shop_id: String,
        /// The generation date it stands for.
        generation_date: NaiveDate,
        /// What came of it first: `external`, `open`, `authorized`, `failed` or `not_executed`.
        outcome: String,
        /// Why no authorisation was tried first (R5).
        not_executed_reason: Option<String>,
        /// What led to a payment after that: `ladder`, `card_changed`, `operator`, `amount_update`, or `found_late` for
        /// a payment that had been made after all.
        recovered_by: Option<String>,
        /// The business day in Tokyo it was paid after that.
        recovered_on: Option<NaiveDate>,
    }
    indexes { by_shop: "shop_id, generation_date, outcome, recovered_by, not_executed_reason", }
}

pub(crate) fn fold(
    fact: &Fact<'_>,
    event: &Event,
    details: &Details,
    day: NaiveDate,
    rows: &mut WorkingSet,
) -> Result<(), FoldError> {
    let id = fact.aggregate_id;
    match event {
        Event::OrderGenerated { payment_method, .. } => rows.put(RenewalRow {
            order_id: id.to_owned(),
            shop_id: details.order_id.shop().to_string(),
            generation_date: details.generation_date,
            outcome: if payment_method.is_card() { "open" } else { "external" }.to_owned(),
            not_executed_reason: None,
            recovered_by: None,
            recovered_on: None,
        }),
        Event::AuthorizationNotExecuted { reason } => first(rows, id, "not_executed", |row| {
            row.not_executed_reason = Some(reason.code().to_owned());
        }),
        Event::AuthorizationFailed { attempt: 1, .. } => first(rows, id, "failed", |_| {}),
        Event::AuthorizationSucceeded { attempt, .. } => {
            let by = details.attempt(*attempt).map_or("operator", |attempt| cause_code(attempt.cause));
            if *attempt == 1 && by == "generation" {
                first(rows, id, "authorized", |_| {})
            } else {
                recovered(rows, id, by, day)
            }
        }
        Event::SurplusPaymentAccepted { .. } => recovered(rows, id, "found_late", day),
        _ => Ok(()),
    }
}

/// Decides what came of it first, if that is still open.
fn first(rows: &mut WorkingSet, id: &str, outcome: &str, more: impl FnOnce(&mut RenewalRow)) -> Result<(), FoldError> {
    rows.update(id, |row: &mut RenewalRow| {
        if row.outcome == "open" {
            outcome.clone_into(&mut row.outcome);
            more(row);
        }
    })
}

/// Something was paid although it had not been at first; the first time counts.
fn recovered(rows: &mut WorkingSet, id: &str, by: &str, day: NaiveDate) -> Result<(), FoldError> {
    rows.update(id, |row: &mut RenewalRow| {
        if row.outcome != "authorized" && row.recovered_by.is_none() {
            row.recovered_by = Some(by.to_owned());
            row.recovered_on = Some(day);
        }
    })
}

//! Every attempt to authorise, by the transaction ID it travels under, and what became of its payment.

use crate::projection::Fact;
use crate::table::row;
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::order::{Cause, Details, Operation, OrderEvent as Event};

row! {
    /// One attempt.
    AttemptRow in "payment_attempts" {
        /// The order and the number of the attempt: `ORDER/NUMBER`.
        key payment_key,
        /// Shop, five digits.
        shop_id: String,
        /// The order.
        order_id: String,
        /// The subscription it came from.
        subscription_id: String,
        /// Whose it is.
        member_id: String,
        /// Number of the attempt, from 1.
        attempt: i64,
        /// Transaction ID, 20 digits.
        transaction_id: String,
        /// Why it was tried, as [`cause_code`] names it.
        cause: String,
        /// When it was asked for, RFC 3339.
        requested_at: String,
        /// The business day in Tokyo it was asked for on.
        requested_on: NaiveDate,
        /// Yen asked for.
        requested_yen: i64,
        /// `requested`, `unknown`, `given_up`, `failed`, `authorized`, `captured`, `voided`, `expired` or `refunded`.
        state: String,
        /// Paygent's id of the payment, once there is one.
        payment_id: Option<String>,
        /// Yen of the payment as it stands, once there is one.
        payment_yen: Option<i64>,
        /// The business day it was authorised on.
        authorized_on: Option<NaiveDate>,
        /// The business day it was captured on.
        captured_on: Option<NaiveDate>,
        /// The business day it was voided, expired or was refunded on.
        closed_on: Option<NaiveDate>,
        /// Last day on which it can be captured or, captured, refunded.
        valid_until: Option<NaiveDate>,
        /// Paygent's code of the refusal (E4).
        failure_code: Option<String>,
        /// Paygent's text of the refusal, whole.
        failure_detail: Option<String>,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    indexes {
        by_shop: "shop_id, requested_on, payment_key",
        by_state: "shop_id, state, authorized_on, valid_until, payment_yen",
    }
}

/// Why an attempt was made, as tables and interfaces name it.
pub(crate) fn cause_code(cause: Cause) -> &'static str {
    match cause {
        Cause::Generation => "generation",
        Cause::Operator => "operator",
        Cause::Ladder => "ladder",
        Cause::CardChanged => "card_changed",
        Cause::AmountUpdate => "amount_update",
    }
}

/// The attempt an event belongs to.
fn attempt_of(event: &Event) -> Option<u32> {
    match event {
        Event::OrderGenerated { .. }
        | Event::AuthorizationNotExecuted { .. }
        | Event::OrderBasketChanged { .. }
        | Event::OrderPaymentMethodChanged { .. }
        | Event::OrderCancelled {}
        | Event::OrderCompleted {}
        | Event::DocumentIssued { .. }
        | Event::PaymentCheckChanged { .. }
        | Event::OrderWorkReleased { .. } => None,
        Event::AuthorizationRequested { attempt, .. }
        | Event::AuthorizationSucceeded { attempt, .. }
        | Event::AuthorizationFailed { attempt, .. }
        | Event::AuthorizationOutcomeUnknown { attempt, .. }
        | Event::AuthorizationSentAgain { attempt }
        | Event::AttemptGivenUp { attempt }
        | Event::SurplusPaymentFound { attempt, .. }
        | Event::SurplusPaymentAccepted { attempt, .. }
        | Event::AuthorizationExpired { attempt, .. }
        | Event::CaptureRequested { attempt, .. }
        | Event::SalesConfirmed { attempt, .. }
        | Event::CaptureFailed { attempt, .. }
        | Event::CaptureOutcomeUnknown { attempt, .. }
        | Event::RevisionRequested { attempt, .. }
        | Event::AmountRevised { attempt, .. }
        | Event::RevisionFailed { attempt, .. }
        | Event::RevisionOutcomeUnknown { attempt, .. }
        | Event::VoidRequested { attempt, .. }
        | Event::AuthorizationVoided { attempt, .. }
        | Event::VoidFailed { attempt, .. }
        | Event::VoidOutcomeUnknown { attempt, .. }
        | Event::RefundRequested { attempt, .. }
        | Event::SaleRefunded { attempt, .. }
        | Event::RefundFailed { attempt, .. }
        | Event::RefundOutcomeUnknown { attempt, .. } => Some(*attempt),
    }
}

fn key(order_id: &str, attempt: u32) -> String {
    format!("{order_id}/{attempt}")
}

pub(crate) fn touches(fact: &Fact<'_>, event: &Event, rows: &mut WorkingSet) {
    if let Some(attempt) = attempt_of(event) {
        rows.want::<AttemptRow>(&key(fact.aggregate_id, attempt));
    }
}

pub(crate) fn fold(
    fact: &Fact<'_>,
    event: &Event,
    details: &Details,
    day: NaiveDate,
    rows: &mut WorkingSet,
) -> Result<(), FoldError> {
    let Some(number) = attempt_of(event) else { return Ok(()) };
    let key = key(fact.aggregate_id, number);
    if let Event::AuthorizationRequested { transaction_id, amount, cause, .. } = event {
        rows.put(AttemptRow {
            payment_key: key.clone(),
            shop_id: details.order_id.shop().to_string(),
            order_id: details.order_id.to_string(),
            subscription_id: details.subscription_id.to_string(),
            member_id: details.member_id.to_string(),
            attempt: i64::from(number),
            transaction_id: transaction_id.to_string(),
            cause: cause_code(*cause).to_owned(),
            requested_at: fact.recorded_at.to_owned(),
            requested_on: day,
            requested_yen: amount.get(),
            state: String::new(),
            payment_id: None,
            payment_yen: None,
            authorized_on: None,
            captured_on: None,
            closed_on: None,
            valid_until: None,
            failure_code: None,
            failure_detail: None,
            updated_position: fact.position,
        })?;
    }
    rows.update(&key, |row: &mut AttemptRow| {
        row.show(details, number, day);
        row.updated_position = fact.position;
    })
}

impl AttemptRow {
    fn show(&mut self, details: &Details, number: u32, day: NaiveDate) {
        // Of several payments of one attempt, the one that pays the order, otherwise the newest that stands by itself.
        let of = |lowered: bool| details.payments.iter().rev().find(|p| p.attempt == number && p.lowered == lowered);
        let paying = details.paying().filter(|payment| payment.attempt == number);
        let payment = paying.or_else(|| of(false)).or_else(|| of(true));
        let attempt = details.attempt(number);
        let unknown = matches!(details.operation,
            Some(Operation::Authorize { attempt, unknown: true }) if attempt == number);
        let state = match (payment, attempt) {
            (Some(payment), _) => payment.stands.code(),
            (None, Some(attempt)) if attempt.failure.is_some() => "failed",
            (None, Some(attempt)) if attempt.given_up => "given_up",
            _ if unknown => "unknown",
            _ => "requested",
        };
        state.clone_into(&mut self.state);
        self.payment_id = payment.map(|payment| payment.payment_id.to_string());
        self.payment_yen = payment.map(|payment| payment.amount.get());
        self.valid_until = payment.and_then(|payment| payment.until);
        let (code, detail) = attempt.and_then(|attempt| attempt.failure.clone()).unzip();
        (self.failure_code, self.failure_detail) = (code, detail);
        if payment.is_some() {
            self.authorized_on = self.authorized_on.or(Some(day));
        }
        if matches!(state, "captured" | "refunded") {
            self.captured_on = self.captured_on.or(Some(day));
        }
        let closed = matches!(state, "voided" | "expired" | "refunded");
        self.closed_on = closed.then(|| self.closed_on.unwrap_or(day));
    }
}

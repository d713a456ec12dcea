//! Which order a transaction ID or a payment of Paygent belongs to, and which orders were charged since when.

use crate::projection::Fact;
use crate::query::{Cursor, Page, QueryError, Select, by_key};
use crate::table::row;
use crate::working_set::{FoldError, WorkingSet};
use chrono::{DateTime, Utc};
use teiki_domain::ids::{PaymentId, TransactionId};
use teiki_domain::order::{Details, OrderEvent as Event};
use teiki_infrastructure::event_store::Storage;

row! {
    /// One attempt, by the transaction ID it travels under (O1).
    TransactionRow in "transactions" {
        /// Transaction ID, 20 digits.
        key transaction_id,
        /// The order.
        order_id: String,
        /// Shop, five digits.
        shop_id: String,
        /// Number of the attempt, from 1.
        attempt: i64,
        /// Amount in yen.
        amount: i64,
        /// When it was asked for, RFC 3339.
        requested_at: String,
    }
    indexes { by_time: "requested_at, transaction_id", }
}

row! {
    /// One payment that Paygent booked.
    BookedPaymentRow in "booked_payments" {
        /// Paygent's id.
        key payment_id,
        /// The order.
        order_id: String,
        /// Number of the attempt, from 1.
        attempt: i64,
        /// Transaction ID, 20 digits.
        transaction_id: String,
        /// When it became known, RFC 3339.
        known_at: String,
    }
    indexes {}
}

fn payment_of(event: &Event) -> Option<&PaymentId> {
    match event {
        Event::AuthorizationSucceeded { payment_id, .. }
        | Event::SurplusPaymentFound { payment_id, .. }
        | Event::AmountRevised { payment_id, .. } => Some(payment_id),
        _ => None,
    }
}

pub(crate) fn touches(event: &Event, rows: &mut WorkingSet) {
    if let Event::AuthorizationRequested { transaction_id, .. } = event {
        rows.want::<TransactionRow>(transaction_id.as_str());
    }
    if let Some(payment_id) = payment_of(event) {
        rows.want::<BookedPaymentRow>(payment_id.as_str());
    }
}

/// What one event adds.
pub(crate) struct Found {
    transaction: Option<TransactionRow>,
    payment: Option<BookedPaymentRow>,
}

pub(crate) fn rows_of(details: &Details, event: &Event, fact: &Fact<'_>) -> Found {
    let order_id = details.order_id.to_string();
    let transaction = match event {
        Event::AuthorizationRequested { attempt, transaction_id, amount, .. } => Some(TransactionRow {
            transaction_id: transaction_id.to_string(),
            order_id: order_id.clone(),
            shop_id: details.order_id.shop().to_string(),
            attempt: i64::from(*attempt),
            amount: amount.get(),
            requested_at: fact.recorded_at.to_owned(),
        }),
        _ => None,
    };
    let booked = payment_of(event).and_then(|id| details.booked(id));
    let payment = booked.map(|booked| BookedPaymentRow {
        payment_id: booked.payment_id.to_string(),
        order_id,
        attempt: i64::from(booked.attempt),
        transaction_id: details.attempt(booked.attempt).map(|a| a.transaction_id.to_string()).unwrap_or_default(),
        known_at: fact.recorded_at.to_owned(),
    });
    Found { transaction, payment }
}

impl Found {
    pub(crate) fn keep(self, rows: &mut WorkingSet) -> Result<(), FoldError> {
        if let Some(transaction) = self.transaction {
            rows.put(transaction)?;
        }
        match self.payment {
            Some(payment) => rows.put(payment),
            None => Ok(()),
        }
    }
}

/// The attempt under a transaction ID.
pub async fn order_of_transaction(storage: &Storage, id: &TransactionId) -> Result<Option<TransactionRow>, QueryError> {
    by_key(storage, id.as_str()).await
}

/// The payment with Paygent's id.
pub async fn order_of_payment(storage: &Storage, id: &PaymentId) -> Result<Option<BookedPaymentRow>, QueryError> {
    by_key(storage, id.as_str()).await
}

pub(crate) fn select_since(since: &str, after: Option<&Cursor>, limit: u32) -> Select {
    let mut select = Select::of::<TransactionRow>();
    select.and_some("requested_at >= ", Some(&since.to_owned())).page(
        ("requested_at", "transaction_id"),
        false,
        after,
        limit,
    );
    select
}

/// Attempts asked for at `since` or later, oldest first. `limit` is 1 to 1,000.
pub async fn since(
    storage: &Storage,
    since: DateTime<Utc>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<TransactionRow, Cursor>, QueryError> {
    // Without an end, so that it sorts before every time that begins with it.
    let since = since.format("%Y-%m-%dT%H:%M:%S").to_string();
    let cursor = |row: &TransactionRow| Cursor::new(&row.requested_at, &row.transaction_id);
    select_since(&since, after, limit).paged(storage, limit, cursor).await
}

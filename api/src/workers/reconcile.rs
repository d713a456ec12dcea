//! Reconciliation: our log held against Paygent's books, payment by payment.

use crate::app::App;
use crate::payments::{Compared, PaymentError};
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use std::collections::HashSet;
use teiki_projections::{QueryError, transactions};

/// Orders read at once.
const PAGE: u32 = 500;
/// The actor in the history.
const ACTOR: &str = "worker:reconciliation";

/// Why a reconciliation ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// The tables do not follow.
    #[error(transparent)]
    App(#[from] crate::app::AppError),
    /// An order could not be compared.
    #[error("order {order} cannot be compared: {error}")]
    Order {
        /// Which order.
        order: String,
        /// Why.
        error: PaymentError,
    },
}

/// Compares every order with an attempt since `since`, and tells `progress` how many are done of how many known. With
/// `record`, what Paygent says goes on record, so that tables and operators see it.
pub async fn run(
    app: &App,
    since: DateTime<Utc>,
    record: bool,
    progress: impl Fn(u64, u64),
) -> Result<Compared, ReconcileError> {
    app.settle_work().await?;
    let mut total = Compared::default();
    let (mut done, mut known) = (0, 0);
    // An order with several attempts is compared once, as a whole.
    let mut compared = HashSet::new();
    let mut after = None;
    loop {
        let page = transactions::since(&app.storage, since, after.as_ref(), PAGE).await?;
        let orders: Vec<String> =
            page.rows.into_iter().map(|row| row.order_id).filter(|order| compared.insert(order.clone())).collect();
        known += orders.len() as u64;
        let work = orders.into_iter().map(|order| async move {
            let because = app.gateway.because(ACTOR, "held against Paygent's books");
            let compared = app.payments.compare(&order, record, &because).await;
            (order, compared)
        });
        let mut work = futures::stream::iter(work).buffer_unordered(app.config.concurrency);
        let mut failed = None;
        while let Some((order, compared)) = work.next().await {
            done += 1;
            progress(done, known);
            match compared {
                Ok(compared) => {
                    total.asked += compared.asked;
                    total.open += compared.open;
                    total.unanswered.extend(compared.unanswered);
                    total.differences.extend(compared.differences);
                }
                // One order, or one shop, that cannot be compared stops no other.
                Err(error) if !error.is_unavailable() => total.unanswered.push((order, error.to_string())),
                // Calls under way are waited for.
                Err(error) => failed = failed.or(Some(ReconcileError::Order { order, error })),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        after = page.next;
        if after.is_none() || app.stopping().is_cancelled() {
            total.differences.sort_by(|a, b| a.order_id.cmp(&b.order_id));
            return Ok(total);
        }
    }
}

//! One round over everything whose outcome at Paygent is not known.

use crate::app::App;
use crate::payments::{FirstSeen, PaymentError, RecoveryReport, Resolution};
use futures::StreamExt as _;
use std::collections::HashSet;
use std::sync::Arc;
use teiki_infrastructure::set_aside;
use teiki_projections::{QueryError, open_payments};
use tokio::sync::Mutex;

/// Orders looked at in one page.
const PAGE: u32 = 500;
/// Orders waited for at once; how many are asked about at once is bounded by the payments.
const WAITING_MAX: usize = 500;
/// The actor in the history.
const ACTOR: &str = "worker:recovery";

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// Work could not be set aside.
    #[error(transparent)]
    SetAside(#[from] set_aside::SetAsideError),
    /// The store is out of reach.
    #[error(transparent)]
    Payment(PaymentError),
}

/// Asks about every order that is open now, each once. Memory: one page and one entry an open order.
pub async fn run(app: &App, seen: &Arc<Mutex<FirstSeen>>) -> Result<RecoveryReport, RecoveryError> {
    let mut report = RecoveryReport::default();
    let mut after = None;
    let mut asked: HashSet<String> = HashSet::new();
    loop {
        let page = open_payments::list(&app.storage, None, after.as_ref(), PAGE).await?;
        let orders: Vec<String> =
            page.rows.into_iter().map(|row| row.order_id).filter(|id| asked.insert(id.clone())).collect();
        let answers = futures::stream::iter(orders.into_iter().map(|order| async move {
            let because = app.gateway.because(ACTOR, "the outcome at Paygent is not known");
            let result = app.payments.resolve(&order, seen, &because).await;
            (order, result)
        }));
        let mut answers = answers.buffer_unordered(WAITING_MAX);
        while let Some((order, result)) = answers.next().await {
            match result {
                Ok(Resolution::Resolved) => report.resolved += 1,
                Ok(Resolution::NothingOpen) => {}
                Ok(Resolution::StillOpen(why)) => {
                    tracing::info!(order, why, "the outcome at Paygent is still not known");
                    report.still_open += 1;
                }
                Ok(Resolution::Contradiction(why)) => {
                    set_aside::put(&app.storage, "payment", &order, None, &why, app.clock.now(), "recovery").await?;
                    report.still_open += 1;
                    report.contradictions.push((order, why));
                }
                Err(error) if error.is_unavailable() => return Err(RecoveryError::Payment(error)),
                Err(error) => {
                    tracing::warn!(order, %error, "the outcome at Paygent could not be asked for");
                    report.still_open += 1;
                }
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(report);
        }
    }
}

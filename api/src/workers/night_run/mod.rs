//! The night run: every due subscription gets its order (R1-R6), whatever happens to the payment.
//!
//! Each step is an intention on record before its effect: the subscription calls for the order, the order intends its
//! authorisation, Paygent is called, the outcome is recorded. A run that is killed anywhere is continued by the next.

mod summary;
mod unit;

pub use summary::Summary;

use crate::app::App;
use crate::payments::{FirstSeen, Generated, RecoveryReport};
use crate::set_aside::Reason;
use crate::workers::recovery_round::{self, RecoveryError};
use chrono::NaiveDate;
use futures::StreamExt as _;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use teiki_infrastructure::set_aside::{self, SetAsideError};
use teiki_projections::{QueryError, due_renewals};
use tokio::sync::Mutex;
use tracing::Instrument as _;
use unit::Unit;

/// Due subscriptions read at once; bounds the memory of a run.
const PAGE: u32 = 1_000;
/// Rounds of asking about unknown outcomes at the end of a run; the worker of `teiki serve` goes on afterwards.
const RECOVERY_ROUNDS: u32 = 4;
/// Rounds over the due list without any effect after which the list is taken to be broken.
const IDLE_ROUNDS_MAX: u32 = 3;
/// The actor in the history.
const ACTOR: &str = "worker:night-run";

/// Why a run ended early. What happens to one subscription is never among these.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A table could not be read or written.
    #[error("the night run stopped because the store failed: {0}; run it again when the store is back")]
    Store(String),
    /// The projections do not follow.
    #[error("the night run stopped because the due list does not follow the log: {0}")]
    Projections(String),
    /// The engine is being stopped; what is under way was finished.
    #[error("the night run was stopped with the engine; the next one goes on where it ended")]
    Stopped,
}

impl From<SetAsideError> for RunError {
    fn from(error: SetAsideError) -> Self {
        RunError::Store(error.to_string())
    }
}

impl From<QueryError> for RunError {
    fn from(error: QueryError) -> Self {
        RunError::Store(error.to_string())
    }
}

impl From<RecoveryError> for RunError {
    fn from(error: RecoveryError) -> Self {
        RunError::Store(error.to_string())
    }
}

/// Where a run tells how far it is: orders done, orders known to be due.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Generates every order due on or before `through`, then asks about what is not known.
pub async fn run(app: &App, through: NaiveDate, progress: Progress) -> Result<Summary, RunError> {
    let span = tracing::info_span!(target: "spans", "night run", teiki.through = %through);
    go(app, through, progress).instrument(span).await
}

async fn go(app: &App, through: NaiveDate, progress: Progress) -> Result<Summary, RunError> {
    let run = Run {
        app,
        through,
        run_id: app.gateway.because(ACTOR, "").command_id.to_string(),
        done: AtomicU64::new(0),
        due: AtomicU64::new(0),
        failed: AtomicBool::new(false),
        aside: Mutex::default(),
        summary: Mutex::default(),
        progress,
    };
    // The figures are of this run from here on, also where nothing is due.
    crate::metrics::night_run(0, 0, 0);
    let seen = Arc::new(Mutex::new(FirstSeen::default()));
    run.settle().await?;
    // What an earlier run left open is asked about while new orders are generated, since asking must wait first.
    let (early, worked) = tokio::join!(recovery_round::run(app, &seen), async {
        run.pending().await?;
        run.due().await?;
        // What was called for during this run and got no order, because the answer to a commit was lost or another
        // engine died: the next run would make it, but that is a day later.
        run.settle().await?;
        run.pending().await
    });
    worked?;
    let early = early?;
    set_aside::clear_older(&app.storage, due_renewals::SET_ASIDE_KIND, through, &run.run_id).await?;
    let recovered = run.recover(&seen).await?;
    run.settle().await?;
    let mut summary = run.summary.into_inner();
    summary.resolved = early.resolved + recovered.resolved;
    summary.unknown = recovered.still_open;
    crate::metrics::night_run_done(app.clock.now());
    Ok(summary)
}

struct Run<'a> {
    app: &'a App,
    through: NaiveDate,
    run_id: String,
    done: AtomicU64,
    due: AtomicU64,
    /// Set when the run itself fails: no new unit is begun.
    failed: AtomicBool,
    /// Subscriptions this run has set aside and does not try again. The table alone would not do: another engine that
    /// meets the same trouble puts its own run there, and both would go on for ever.
    aside: Mutex<HashSet<String>>,
    summary: Mutex<Summary>,
    progress: Progress,
}

impl Run<'_> {
    /// Waits until the tables of work show everything that was committed so far.
    async fn settle(&self) -> Result<(), RunError> {
        self.app.settle_work().await.map_err(|error| RunError::Projections(error.to_string()))
    }

    /// Orders that were called for before a crash.
    async fn pending(&self) -> Result<(), RunError> {
        let mut after = None;
        loop {
            let page = due_renewals::pending(&self.app.storage, after.as_ref(), PAGE).await?;
            let rows = self.untried(page.rows, |row| &row.subscription_id).await;
            self.due.fetch_add(rows.len() as u64, Ordering::Relaxed);
            let units = rows.into_iter().map(|row| Unit::Pending {
                subscription_id: row.subscription_id,
                generation_date: row.generation_date,
                call: row.payload,
            });
            self.work(units).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// All due subscriptions, oldest date first; rounds go on until none is left, since catching up makes the next
    /// missed night of a subscription due.
    async fn due(&self) -> Result<(), RunError> {
        let mut idle_rounds = 0;
        loop {
            let before = self.effects().await;
            let due = due_renewals::count_due(&self.app.storage, self.through).await?;
            self.due.store(self.done.load(Ordering::Relaxed) + due, Ordering::Relaxed);
            let mut after: Option<(NaiveDate, String)> = None;
            let mut any = false;
            loop {
                let place = after.as_ref().map(|(date, id)| (*date, id.as_str()));
                let page = due_renewals::due(&self.app.storage, self.through, &self.run_id, place, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some((last.generation_date, last.subscription_id.clone()));
                let rows = self.untried(page, |row| &row.subscription_id).await;
                any |= !rows.is_empty();
                let units = rows.into_iter().map(|row| Unit::Due {
                    subscription_id: row.subscription_id,
                    generation_date: row.generation_date,
                });
                self.work(units).await?;
            }
            if !any {
                return Ok(());
            }
            self.settle().await?;
            // The list may be a moment behind others who write; but a list that stays while nothing comes of it is
            // broken, and going on would never end.
            idle_rounds = if self.effects().await == before { idle_rounds + 1 } else { 0 };
            if idle_rounds >= IDLE_ROUNDS_MAX {
                return Err(RunError::Projections(
                    "subscriptions stay listed as due though nothing is due in their history; run `teiki rebuild \
                     due_renewals`"
                        .to_owned(),
                ));
            }
        }
    }

    /// The rows whose subscription this run has not set aside.
    async fn untried<R>(&self, mut rows: Vec<R>, subscription: impl Fn(&R) -> &String) -> Vec<R> {
        let aside = self.aside.lock().await;
        rows.retain(|row| !aside.contains(subscription(row)));
        rows
    }

    /// Orders generated and units set aside so far.
    async fn effects(&self) -> u64 {
        let summary = self.summary.lock().await;
        summary.generated + summary.set_aside
    }

    async fn work(&self, units: impl Iterator<Item = Unit>) -> Result<(), RunError> {
        let work = futures::stream::iter(units.map(|unit| self.one(unit)));
        let mut work = work.buffer_unordered(self.app.config.concurrency);
        let mut failed = None;
        while let Some(result) = work.next().await {
            if let Err(error) = result {
                // Calls under way are waited for, so that their outcomes are on record.
                self.failed.store(true, Ordering::Relaxed);
                failed.get_or_insert(error);
                continue;
            }
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            let due = self.due.load(Ordering::Relaxed).max(done);
            crate::metrics::night_run(done, due, self.summary.lock().await.set_aside);
            (self.progress)(done, due);
        }
        failed.map_or(Ok(()), Err)
    }

    /// One unit; what is wrong with it alone sets it aside and lets the others go on.
    async fn one(&self, unit: Unit) -> Result<(), RunError> {
        if self.app.stopping().is_cancelled() {
            return Err(RunError::Stopped);
        }
        if self.failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (subject, date) = match &unit {
            Unit::Due { subscription_id, generation_date } | Unit::Pending { subscription_id, generation_date, .. } => {
                (subscription_id.clone(), *generation_date)
            }
        };
        let span = tracing::info_span!(
            target: "spans",
            "renewal",
            teiki.subscription_id = subject,
            teiki.generation_date = %date,
            teiki.shop = subject.get(..5),
        );
        match unit::generate(self.app, self.through, unit).instrument(span).await {
            Ok(Some(Generated { new: true, authorised })) => self.summary.lock().await.count(authorised),
            // Another engine was faster.
            Ok(Some(Generated { new: false, .. }) | None) => {}
            Err(error) if error.is_unavailable() => return Err(RunError::Store(error.to_string())),
            Err(error) => {
                let reason = error.to_string();
                tracing::warn!(subscription = subject, %date, reason, "a renewal was set aside");
                let (kind, reason) = (due_renewals::SET_ASIDE_KIND, Reason::RenewalFailed { error: reason });
                crate::set_aside::put(self.app, kind, &subject, Some(date), &reason, &self.run_id).await?;
                // Orders of one subscription, called for before, may be tried side by side.
                if self.aside.lock().await.insert(subject) {
                    self.summary.lock().await.set_aside += 1;
                }
            }
        }
        Ok(())
    }

    async fn recover(&self, seen: &Arc<Mutex<FirstSeen>>) -> Result<RecoveryReport, RunError> {
        let mut total = RecoveryReport::default();
        for _ in 0..RECOVERY_ROUNDS {
            self.settle().await?;
            let round = recovery_round::run(self.app, seen).await?;
            total.resolved += round.resolved;
            total.still_open = round.still_open;
            total.contradictions = round.contradictions;
            if total.still_open == total.contradictions.len() as u64 {
                break;
            }
        }
        Ok(total)
    }
}

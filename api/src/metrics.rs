//! Figures for operators, as Prometheus reads them. What each means and when it should ring a bell stands in
//! docs/OPERATING.md. No label holds an id or anything of a person.

use crate::app::App;
use chrono::{DateTime, Utc};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use teiki_domain::business_day::tokyo_midnight;
use teiki_infrastructure::event_store::{LogError, SequencerError, SequencerStatus};
use teiki_infrastructure::set_aside::{self, SetAsideError};
use teiki_infrastructure::webhooks::{WebhookError, deliveries, endpoints};
use teiki_projections::{ProjectionError, QueryError, due_renewals, payment_work};

/// Borders of the times of calls to Paygent, in seconds; the last is near the time-out.
const CALL_SECONDS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 35.0];
/// Borders of the times of requests to us, in seconds.
const REQUEST_SECONDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Every figure: its kind, its unit, what it says.
const GAUGES: [(&str, Unit, &str); 19] = [
    (
        "teiki_night_run_due",
        Unit::Count,
        "Orders known to be due in this process's night run that runs now or ran last.",
    ),
    ("teiki_night_run_done", Unit::Count, "Orders that run has dealt with."),
    ("teiki_night_run_set_aside", Unit::Count, "Subscriptions that run has set aside."),
    ("teiki_night_run_finished_timestamp_seconds", Unit::Seconds, "When a night run last went through, Unix time."),
    ("teiki_renewals_due", Unit::Count, "Subscriptions whose next order is due today or was due before."),
    (
        "teiki_renewals_oldest_due_age_seconds",
        Unit::Seconds,
        "Time since the generation date of the oldest of them began.",
    ),
    ("teiki_open_outcomes", Unit::Count, "Requests to Paygent whose outcome is not known."),
    ("teiki_open_outcomes_oldest_age_seconds", Unit::Seconds, "For how long the oldest of them is open."),
    ("teiki_log_position", Unit::Count, "The last position of the event log."),
    ("teiki_sequencer_lag_events", Unit::Count, "Committed events without a place in the log, about."),
    ("teiki_sequencer_failing", Unit::Count, "1 while the log cannot be continued."),
    ("teiki_projection_lag_positions", Unit::Count, "Positions a table is behind the log."),
    ("teiki_projection_stopped", Unit::Count, "1 while a table cannot follow the log."),
    ("teiki_set_aside", Unit::Count, "Units of work that cannot go on, by kind."),
    ("teiki_webhook_deliveries", Unit::Count, "Deliveries of webhooks that wait (pending) or were given up (dead)."),
    ("teiki_webhook_lag_positions", Unit::Count, "Positions the slowest active webhook is behind the log."),
    ("teiki_webhook_endpoints", Unit::Count, "Webhooks that are sent to."),
    ("teiki_clock_timestamp_seconds", Unit::Seconds, "What the engine takes for the time, Unix time."),
    ("teiki_up", Unit::Count, "Always 1."),
];

/// Why the figures cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// A table.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// The projections.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The sequencer.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// Work set aside.
    #[error(transparent)]
    SetAside(#[from] SetAsideError),
    /// The webhooks.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// They are not kept in this process.
    #[error("figures are not kept in this process, because something else keeps them already")]
    NotKept,
}

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to keep figures, once in a process.
pub(crate) fn install() {
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Full("teiki_paygent_call_seconds".into()), &CALL_SECONDS);
        let builder = builder.and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full("teiki_http_request_seconds".into()), &REQUEST_SECONDS)
        });
        let kept = builder.ok().and_then(|builder| {
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).ok().map(|()| handle)
        });
        if kept.is_none() {
            tracing::warn!("no figures are kept in this process");
        }
        for (name, unit, says) in GAUGES {
            describe_gauge!(name, unit, says);
        }
        describe_histogram!("teiki_paygent_call_seconds", Unit::Seconds, "Calls to Paygent by telegram and outcome.");
        describe_counter!("teiki_paygent_refusals_total", Unit::Count, "Refusals of Paygent by telegram and code.");
        describe_counter!("teiki_http_requests_total", Unit::Count, "Requests by method, route and status.");
        describe_histogram!("teiki_http_request_seconds", Unit::Seconds, "Time to answer requests by route.");
        kept
    });
}

/// How far the night run is.
pub(crate) fn night_run(done: u64, due: u64, set_aside: u64) {
    gauge!("teiki_night_run_due").set(due as f64);
    gauge!("teiki_night_run_done").set(done as f64);
    gauge!("teiki_night_run_set_aside").set(set_aside as f64);
}

/// A night run went through.
pub(crate) fn night_run_done(at: DateTime<Utc>) {
    gauge!("teiki_night_run_finished_timestamp_seconds").set(at.timestamp() as f64);
}

/// A request was answered.
pub(crate) fn http_request(method: &'static str, route: String, status: u16, took: Duration) {
    histogram!("teiki_http_request_seconds", "route" => route.clone()).record(took.as_secs_f64());
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.to_string())];
    counter!("teiki_http_requests_total", &labels).increment(1);
}

/// Keeps the memory of what nobody asks for small; called now and then.
pub(crate) fn tidy() {
    if let Some(Some(handle)) = HANDLE.get() {
        handle.run_upkeep();
    }
}

/// Reads what stands in the store, and gives out everything in the text form of Prometheus.
pub(crate) async fn render(app: &App) -> Result<String, MetricsError> {
    let Some(Some(handle)) = HANDLE.get() else { return Err(MetricsError::NotKept) };
    let now = app.clock.now();
    gauge!("teiki_up").set(1.0);
    gauge!("teiki_clock_timestamp_seconds").set(now.timestamp() as f64);
    renewals(app).await?;
    log_and_tables(app).await?;
    set_aside_by_kind(app).await?;
    webhooks(app).await?;
    Ok(handle.render())
}

async fn renewals(app: &App) -> Result<(), MetricsError> {
    let (now, today) = (app.clock.now(), app.clock.today());
    gauge!("teiki_renewals_due").set(due_renewals::count_due(&app.storage, today).await? as f64);
    let oldest = due_renewals::due(&app.storage, today, "", None, 1).await?;
    let age = oldest.first().map_or(0, |row| (now - tokyo_midnight(row.generation_date)).num_seconds());
    gauge!("teiki_renewals_oldest_due_age_seconds").set(age.max(0) as f64);
    gauge!("teiki_open_outcomes").set(payment_work::count_open(&app.storage).await? as f64);
    let oldest = payment_work::open(&app.storage, None, None, 1).await?;
    let since = oldest.rows.first().and_then(|row| row.since.parse::<DateTime<Utc>>().ok());
    let age = since.map_or(0, |since| (now - since).num_seconds());
    gauge!("teiki_open_outcomes_oldest_age_seconds").set(age.max(0) as f64);
    Ok(())
}

async fn log_and_tables(app: &App) -> Result<(), MetricsError> {
    gauge!("teiki_sequencer_lag_events").set(app.sequencer.lag().await? as f64);
    let failing = matches!(*app.sequencer.status().borrow(), SequencerStatus::Failing { .. });
    gauge!("teiki_sequencer_failing").set(f64::from(u8::from(failing)));
    // The tables first: they may pass the head that was read before.
    let tables = app.projections.status().await?;
    let head = app.log.head().await?;
    gauge!("teiki_log_position").set(head as f64);
    for name in app.projections.names() {
        let Some(table) = tables.iter().find(|table| table.name == name) else { continue };
        gauge!("teiki_projection_lag_positions", "projection" => name).set((head - table.position).max(0) as f64);
        let stopped = f64::from(u8::from(table.error.is_some()));
        gauge!("teiki_projection_stopped", "projection" => name).set(stopped);
    }
    Ok(())
}

async fn set_aside_by_kind(app: &App) -> Result<(), MetricsError> {
    /// A kind that is empty again must not keep its last figure.
    static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let counts = set_aside::counts(&app.storage).await?;
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.insert(due_renewals::SET_ASIDE_KIND.to_owned());
    seen.extend(counts.iter().map(|(kind, _)| kind.clone()));
    for kind in seen.iter() {
        let count = counts.iter().find(|(known, _)| known == kind).map_or(0, |(_, count)| *count);
        gauge!("teiki_set_aside", "kind" => kind.clone()).set(count as f64);
    }
    Ok(())
}

async fn webhooks(app: &App) -> Result<(), MetricsError> {
    let (pending, dead) = deliveries::backlog(&app.storage).await?;
    gauge!("teiki_webhook_deliveries", "status" => deliveries::PENDING).set(pending as f64);
    gauge!("teiki_webhook_deliveries", "status" => deliveries::DEAD).set(dead as f64);
    let active = endpoints::active(&app.storage).await?;
    let head = app.log.head().await?;
    let behind = active.iter().map(|endpoint| (head - endpoint.position).max(0)).max().unwrap_or(0);
    gauge!("teiki_webhook_lag_positions").set(behind as f64);
    gauge!("teiki_webhook_endpoints").set(active.len() as f64);
    Ok(())
}

//! Whether the process lives, and whether it can work.

use super::problem::Problem;
use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use teiki_infrastructure::event_store::SequencerStatus;
use utoipa::ToSchema;

/// The state of the engine.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// The state of the engine, its log and its tables.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    #[schema(example = "ok")]
    status: &'static str,
    /// Position of the last event of the log.
    position: i64,
    /// The position each table shows.
    tables: BTreeMap<String, i64>,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = "engine", responses((status = 200, body = Health)))]
pub(super) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The store answers, the log goes on and every table follows it.
#[utoipa::path(get, path = "/readyz", operation_id = "readiness", tag = "engine", responses(
    (status = 200, body = Readiness),
    (status = 503, body = Problem, content_type = "application/problem+json",
        description = "The store is out of reach, the log stands still or a table does not follow it.")))]
pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Readiness>, Problem> {
    let head = app.log.head().await.map_err(|error| super::problem::unavailable(&error))?;
    let status = app.projections.status().await.map_err(|error| super::problem::unavailable(&error))?;
    let stopped: Vec<String> = status
        .iter()
        .filter(|row| row.error.is_some())
        .map(|row| format!("{} at {}", row.name, row.position))
        .collect();
    let log = app.sequencer.status().borrow().clone();
    if let SequencerStatus::Failing { error, .. } = log {
        let title = "The event log stands still, so no table shows what happens now";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "log_stopped", title);
        return Err(problem.detail(error.to_string()));
    }
    if stopped.is_empty() {
        let tables = status.iter().map(|row| (row.name.to_string(), row.position)).collect();
        Ok(Json(Readiness { status: "ok", position: head, tables }))
    } else {
        let title = "A table does not follow the log; `teiki rebuild` it or run a newer version";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "table_stopped", title);
        Err(problem.detail(stopped.join(", ")))
    }
}

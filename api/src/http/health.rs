//! Whether the process lives, and whether it can work.

use super::problem::Problem;
use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use teiki_infrastructure::event_store::SequencerStatus;

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// The store answers, the log goes on and every table follows it.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
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
        let tables: Value = status.iter().map(|row| (row.name.to_string(), json!(row.position))).collect();
        Ok(Json(json!({"status": "ok", "position": head, "tables": tables})))
    } else {
        let title = "A table does not follow the log; `teiki rebuild` it or run a newer version";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "table_stopped", title);
        Err(problem.detail(stopped.join(", ")))
    }
}

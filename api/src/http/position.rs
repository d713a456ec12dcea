//! Up to which position of the log an answer reaches, and waiting for one (`min_position`).

use super::problem::{Problem, unavailable};
use super::query::optional;
use crate::app::App;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use std::time::Duration;
use teiki_projections::ProjectionError;

/// What stands before an answer that says how far it reaches.
pub(super) type Position = [(HeaderName, HeaderValue); 1];

/// The header that says how far an answer reaches.
const POSITION: HeaderName = HeaderName::from_static("teiki-position");
/// Longest time a request waits for the tables.
const WITHIN: Duration = Duration::from_secs(5);

/// The position that all of these projections have passed, at least `min_position` if that is given: the tables are
/// waited for, for a while. What is read after this shows every event up to it.
pub(super) async fn reached(app: &App, min_position: Option<&str>, projections: &[&str]) -> Result<i64, Problem> {
    if let Some(position) = optional::<i64>("min_position", min_position)? {
        if position < 0 {
            return Err(Problem::validation("min_position", "a position is 0 or more"));
        }
        // Every position that was ever told is in the log; one beyond its end is a mistake, and waiting brings nothing.
        let end = app.log.head().await.map_err(|error| unavailable(&error))?;
        if position > end {
            return Err(Problem::validation("min_position", format!("the log ends at position {end}")));
        }
        app.projections.wait_for_these(projections, position, WITHIN).await.map_err(problem)?;
    }
    app.projections.position_of(projections).await.map_err(problem)
}

fn problem(error: ProjectionError) -> Problem {
    let not_reached = |title: &str| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "position_not_reached", title).detail(error.to_string())
    };
    match &error {
        ProjectionError::NotInTime { .. } => not_reached("The tables are not there yet; ask again").retryable(),
        ProjectionError::Stopped { .. } | ProjectionError::OtherVersion { .. } => {
            tracing::error!(%error, "a reader waits for tables that stand still");
            not_reached("The tables stand still; the engine's log says why")
        }
        _ => unavailable(&error),
    }
}

/// The header for an answer that reaches this position.
pub(super) fn header(position: i64) -> Position {
    [(POSITION, HeaderValue::from(position))]
}

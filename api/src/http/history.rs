//! The history of things, for auditors (O12).

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::query::{Params, limit};
use crate::app::App;
use crate::history::{self, Entry, HistoryError};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_infrastructure::api_keys::Scope;
use utoipa::{IntoParams, ToSchema};

/// What an address of a history names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct HistoryPath {
    /// An order, a subscription, a transaction ID (取引ID), a member, a product, a mail, a webhook or a shop.
    #[param(pattern = "^([0-9]{5}(-[A-Za-z0-9_-]{1,40})?|[0-9]{20})$", example = "02396-D0001-20260401")]
    id: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>, pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// Events of the page; 50 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A page of a history, oldest event first.
#[derive(Serialize, ToSchema)]
pub(super) struct History {
    /// What was asked for.
    id: String,
    /// All events of the history.
    total: usize,
    events: Vec<Entry>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Nothing(_) => {
                Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing").detail(error.to_string())
            }
            HistoryError::Key(error) => error.into(),
            error => unavailable(&error),
        }
    }
}

/// `GET /v1/history/{id}`: everything that happened to it, with who, when, why, and what followed from what. Names of
/// members are shown to keys that also have the scope personal_data. Takes the scope audit.
#[utoipa::path(get, path = "/v1/history/{id}", operation_id = "get_history", tag = "history",
    params(HistoryPath, Filters), responses((status = 200, body = History)))]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    Params(filters): Params<Filters>,
) -> Result<Json<History>, Problem> {
    let Path(id) = id?;
    caller.may(Scope::Audit)?;
    // Every id begins with its shop's digits.
    let shop = id.get(..5).ok_or_else(|| Problem::validation("id", "an id begins with the shop's five digits"))?;
    caller.owns(super::query::parse("id", shop)?)?;
    let limit = usize::try_from(limit(filters.limit)?).unwrap_or(usize::MAX);
    let after: i64 = filters.cursor.as_deref().map_or(Ok(0), |text| super::query::parse("cursor", text))?;
    let entries = history::of(&app, &id, caller.has(Scope::PersonalData)).await?;
    let total = entries.len();
    let mut events: Vec<Entry> =
        entries.into_iter().filter(|entry| entry.position > after).take(limit.saturating_add(1)).collect();
    let more = events.len() > limit;
    events.truncate(limit);
    let next_cursor = events.last().filter(|_| more).map(|last| last.position.to_string());
    Ok(Json(History { id, total, events, next_cursor }))
}

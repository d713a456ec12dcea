//! `as_of`: the same resource as it stood at another moment.

use super::problem::{Problem, unavailable};
use super::query::parse;
use crate::app::App;
use crate::as_of::{self, Moment, ThenError};
use serde::Deserialize;
use utoipa::IntoParams;

/// As of when.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Then {
    /// A position of the log, or an instant (RFC 3339) that is over: as it stood then. Left out: as it stands now.
    #[param(
        pattern = "^([0-9]|[1-9][0-9]{1,17}|20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)$",
        example = "2026-04-01T00:00:00Z"
    )]
    pub(super) as_of: Option<String>,
}

/// The moment asked for, if one is.
pub(super) async fn moment(app: &App, text: Option<&str>) -> Result<Option<Moment>, Problem> {
    match text {
        Some(text) => Ok(Some(as_of::find(app, parse("as_of", text)?).await?)),
        None => Ok(None),
    }
}

impl From<ThenError> for Problem {
    fn from(error: ThenError) -> Self {
        match error {
            ThenError::Beyond { .. } | ThenError::Future { .. } => Problem::validation("as_of", error.to_string()),
            error => unavailable(&error),
        }
    }
}

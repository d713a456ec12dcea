//! Query parameters shared by lists, and pages of tables.

use super::problem::Problem;
use teiki_projections::QueryError;
use teiki_projections::query::Cursor;

/// Rows of a page when nothing is said.
const LIMIT: u32 = 50;
/// Most rows of a page.
const LIMIT_MAX: u32 = 500;

/// How many rows are wanted.
pub(crate) fn limit(given: Option<u32>) -> Result<u32, Problem> {
    match given.unwrap_or(LIMIT) {
        limit @ 1..=LIMIT_MAX => Ok(limit),
        _ => Err(Problem::validation("limit", format!("it is 1 to {LIMIT_MAX}"))),
    }
}

/// Where the page begins.
pub(crate) fn cursor(given: Option<&str>) -> Result<Option<Cursor>, Problem> {
    given.map(|text| parse("cursor", text)).transpose()
}

/// A parameter with a form of its own.
pub(crate) fn parse<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, Problem>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| Problem::validation(field, error.to_string()))
}

/// As [`parse`], for a parameter that may be missing or empty, as forms send it.
pub(crate) fn optional<T: std::str::FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>, Problem>
where
    T::Err: std::fmt::Display,
{
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| parse(field, text)).transpose()
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        super::problem::unavailable(&error)
    }
}

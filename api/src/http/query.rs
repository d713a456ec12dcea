//! Query parameters shared by lists, and pages of tables.

use super::problem::Problem;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use teiki_projections::QueryError;
use teiki_projections::query::Cursor;

/// The parameters of an address, as programs write them: each at most once, none empty. Forms send empty ones; their
/// pages read them by themselves.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut seen: Vec<String> = vec![];
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes()) {
            let name: String = name.chars().take(64).collect();
            if value.is_empty() || value.trim() != value || seen.contains(&name) {
                return Err(Problem::validation(&name, "a parameter is given once and not empty, or left out"));
            }
            seen.push(name);
        }
        let Query(params) = Query::try_from_uri(&parts.uri)?;
        Ok(Self(params))
    }
}

/// Rows of a page when nothing is said.
const LIMIT: u32 = 50;
/// Most rows of a page.
const LIMIT_MAX: u32 = 500;

/// No parameters at all: one that is given is refused rather than ignored.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoParams {}

/// A civil date, `YYYY-MM-DD` and nothing else.
pub(crate) fn date(name: &str, text: &str) -> Result<NaiveDate, Problem> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = plain.then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| Problem::validation(name, "a date is written as YYYY-MM-DD"))
}

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

//! Reports for reporting tools (A7): pages of JSON, and whole reports as CSV or Parquet.

use super::caller::Caller;
use super::position::{self, Position};
use super::problem::{Problem, internal};
use super::query::{self, NoParams, Params, cursor, limit};
use crate::app::App;
use crate::reports::{ExportError, Form, cells, export};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use teiki_projections::reports::{self, Report, read::Ask};
use utoipa::{IntoParams, ToSchema};

/// Which rows, and in which form.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// Of this date, or the month it is in, or later.
    #[param(value_type = Option<NaiveDate>)]
    from: Option<String>,
    /// Of this date, or the month it is in, or earlier.
    #[param(value_type = Option<NaiveDate>)]
    to: Option<String>,
    /// `next_cursor` of the page before. Only for JSON.
    #[param(max_length = 128)]
    cursor: Option<String>,
    /// Rows of the page; 50 if left out. Only for JSON; a file is whole.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// JSON if left out.
    #[param(schema_with = super::schema::report_format)]
    format: Option<String>,
    /// Of CSV; UTF-8 with byte order mark if left out.
    #[param(schema_with = super::schema::csv_encoding)]
    encoding: Option<String>,
    /// Waits, for a few seconds at most, until the answer reaches this position of the log.
    #[param(value_type = Option<i64>, minimum = 0)]
    min_position: Option<String>,
}

/// A report in an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) struct ReportPath {
    /// Name of the report.
    #[param(schema_with = super::schema::report_name)]
    name: String,
}

/// A column of a report.
#[derive(Serialize, ToSchema)]
pub(super) struct ColumnView {
    name: &'static str,
    /// Its heading where people read it.
    heading: &'static str,
    /// What its values are.
    unit: &'static str,
    /// Whether it may be null.
    optional: bool,
    meaning: &'static str,
}

/// What a report is.
#[derive(Serialize, ToSchema)]
pub(super) struct ReportView {
    name: &'static str,
    title: &'static str,
    /// What a row is.
    row: &'static str,
    notes: &'static str,
    /// The column that `from` and `to` are held against; null where they are not taken.
    by: Option<&'static str>,
    columns: Vec<ColumnView>,
}

/// All reports.
#[derive(Serialize, ToSchema)]
pub(super) struct Reports {
    reports: Vec<ReportView>,
}

/// A page of a report.
#[derive(Serialize, ToSchema)]
pub(super) struct ReportRows {
    report: &'static str,
    title: &'static str,
    /// The business day in Tokyo.
    as_of: NaiveDate,
    /// Each row by the names of its columns.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Map<String, Value>>,
    /// Where the next page begins; null on the last page.
    next_cursor: Option<String>,
    /// Every event up to this position of the log is in the answer.
    position: i64,
}

/// `GET /v1/reports`: every report with its columns.
#[utoipa::path(get, path = "/v1/reports", operation_id = "list_reports", tag = "reports",
    responses((status = 200, body = Reports)))]
pub(super) async fn list(_: Params<NoParams>) -> Json<Reports> {
    let view = |report: &'static Report| ReportView {
        name: report.name,
        title: report.title,
        row: report.row,
        notes: report.notes,
        by: report.by,
        columns: report
            .columns
            .iter()
            .map(|column| ColumnView {
                name: column.name,
                heading: column.heading,
                unit: column.unit.words(),
                optional: column.optional,
                meaning: column.meaning,
            })
            .collect(),
    };
    Json(Reports { reports: reports::listed().into_iter().map(view).collect() })
}

/// `GET /v1/reports/{name}`: rows of a report of the caller's shop, a page as JSON or all of them as a file.
#[utoipa::path(get, path = "/v1/reports/{name}", operation_id = "read_report", tag = "reports",
    params(ReportPath, Filters),
    responses((status = 200, content(
        (ReportRows = "application/json"), (String = "text/csv"), (String = "application/vnd.apache.parquet")
    ), headers(("Teiki-Position" = i64, description = "As `position`.")))))]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
    Params(filters): Params<Filters>,
) -> Result<(Position, Response), Problem> {
    let Path(name) = name?;
    let report = reports::find(&name).ok_or_else(|| {
        let known: Vec<_> = reports::listed().iter().map(|report| report.name).collect();
        Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such report")
            .detail(format!("the reports are {}", known.join(", ")))
    })?;
    caller.shop_asked_for(filters.shop.as_deref())?;
    let ask = filters.ask(&app, &caller, report)?;
    let form = filters.form()?;
    let (after, limit) = (cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    let position = position::reached(&app, filters.min_position.as_deref(), &[report.projection]).await?;
    if let Some(form) = form {
        return Ok((position::header(position), file(&app, report, ask, form).await?));
    }
    let page = report.page(&app.storage, &ask, after.as_ref(), limit).await?;
    let body = ReportRows {
        report: report.name,
        title: report.title,
        as_of: ask.today,
        rows: page.rows.iter().map(|row| cells::object(report, row)).collect(),
        next_cursor: page.next.map(|next| next.to_string()),
        position,
    };
    Ok((position::header(position), Json(body).into_response()))
}

impl Filters {
    fn ask(&self, app: &App, caller: &Caller, report: &Report) -> Result<Ask, Problem> {
        let date = |field: &str, text: Option<&str>| match text {
            Some(_) if report.by.is_none() => {
                Err(Problem::validation(field, format!("{} is not held against dates", report.name)))
            }
            text => text.map(|text| query::date(field, text)).transpose(),
        };
        let (from, to) = (date("from", self.from.as_deref())?, date("to", self.to.as_deref())?);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(Problem::validation("to", "it is before from"));
        }
        Ok(Ask { shop: caller.shop, from, to, today: app.clock.today() })
    }

    /// The form of the file that is asked for; none for a page of JSON.
    fn form(&self) -> Result<Option<Form>, Problem> {
        let form = match (self.format.as_deref().unwrap_or("json"), self.encoding.as_deref()) {
            ("json", None) => return Ok(None),
            ("csv", None | Some("utf-8")) => Form::Csv,
            ("csv", Some("windows-31j")) => Form::CsvWindows31J,
            ("csv", Some(_)) => return Err(Problem::validation("encoding", "it is utf-8 or windows-31j")),
            ("parquet", None) => Form::Parquet,
            ("json" | "parquet", Some(_)) => return Err(Problem::validation("encoding", "only CSV has one")),
            _ => return Err(Problem::validation("format", "it is json, csv or parquet")),
        };
        if self.cursor.is_some() || self.limit.is_some() {
            return Err(Problem::validation("format", "a file is whole; leave out cursor and limit"));
        }
        Ok(Some(form))
    }
}

/// The whole report as a file, sent as it is read. Its first page is read before the answer begins, so that a store out
/// of reach is said with a status; what goes wrong later ends the connection before the file does.
async fn file(app: &App, report: &'static Report, ask: Ask, form: Form) -> Result<Response, Problem> {
    let mut rows = Box::pin(export(app.storage.clone(), report, vec![ask], form).map_err(failed)?);
    let first = rows.next().await.transpose().map_err(failed)?.unwrap_or_default();
    let rest = rows.inspect(move |chunk| {
        if let Err(error) = chunk {
            tracing::error!(%error, report = report.name, "an export ended early");
        }
    });
    let body = Body::from_stream(futures::stream::iter([Ok(first)]).chain(rest));
    let name = format!("attachment; filename=\"{}-{}.{}\"", report.name, ask.shop, form.ending());
    Ok(([(header::CONTENT_TYPE, form.content_type()), (header::CONTENT_DISPOSITION, &name)], body).into_response())
}

fn failed(error: ExportError) -> Problem {
    match error {
        ExportError::Query(error) => error.into(),
        error @ ExportError::Form(_) => {
            tracing::error!(%error, "an export failed");
            internal()
        }
    }
}

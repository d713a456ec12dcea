//! Reports as files: CSV, Parquet and lines of JSON, written as they are read, a page of the table at a time.

pub(crate) mod cells;
pub(crate) mod csv_sheet;
mod json_sheet;
mod parquet_sheet;
pub(crate) mod windows_31j;

pub(crate) use csv_sheet::csv_lines;

use bytes::Bytes;
use futures::{Stream, stream};
use std::collections::VecDeque;
use teiki_infrastructure::event_store::Storage;
use teiki_projections::QueryError;
use teiki_projections::cell::Cell;
use teiki_projections::query::{Cursor, LARGEST_PAGE};
use teiki_projections::reports::Report;
use teiki_projections::reports::read::Ask;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// CSV in UTF-8 with byte order mark.
    Csv,
    /// CSV in Windows-31J.
    CsvWindows31J,
    /// Parquet.
    Parquet,
    /// A JSON object a line.
    JsonLines,
}

impl Form {
    /// The media type.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Form::Csv => "text/csv; charset=utf-8",
            Form::CsvWindows31J => "text/csv; charset=windows-31j",
            Form::Parquet => "application/vnd.apache.parquet",
            Form::JsonLines => "application/jsonl",
        }
    }

    /// What such a file's name ends with.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Form::Csv | Form::CsvWindows31J => "csv",
            Form::Parquet => "parquet",
            Form::JsonLines => "jsonl",
        }
    }

    fn sheet(self, report: &'static Report) -> Result<Box<dyn Sheet>, ExportError> {
        Ok(match self {
            Form::Csv => Box::new(csv_sheet::CsvSheet::utf_8(report)),
            Form::CsvWindows31J => Box::new(csv_sheet::CsvSheet::windows_31j(report)),
            Form::Parquet => Box::new(parquet_sheet::ParquetSheet::new(report)?),
            Form::JsonLines => Box::new(json_sheet::JsonSheet::new(report)),
        })
    }
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// The store.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A row does not fit the form.
    #[error("the rows cannot be written ({0}); this is a fault of the program")]
    Form(String),
}

/// A file under way: takes rows, gives bytes.
trait Sheet: Send {
    /// What stands before the first row.
    fn begin(&mut self) -> Result<Vec<u8>, ExportError>;
    /// The next rows; what is given back may belong to earlier ones.
    fn rows(&mut self, rows: Vec<Vec<Cell>>) -> Result<Vec<u8>, ExportError>;
    /// What stands behind the last row.
    fn end(&mut self) -> Result<Vec<u8>, ExportError>;
}

/// An export under way.
struct Export {
    storage: Storage,
    report: &'static Report,
    sheet: Box<dyn Sheet>,
    /// What is still to be read, the first of it from `after` on.
    asks: VecDeque<Ask>,
    after: Option<Cursor>,
    begun: bool,
    ended: bool,
}

/// All rows of these asks, one after the other, as one file. Nothing is read before it is drawn, and no more than a page
/// of the table and what the form gathers is held in memory.
pub(crate) fn export(
    storage: Storage,
    report: &'static Report,
    asks: Vec<Ask>,
    form: Form,
) -> Result<impl Stream<Item = Result<Bytes, ExportError>> + Send, ExportError> {
    let sheet = form.sheet(report)?;
    let export = Export { storage, report, sheet, asks: asks.into(), after: None, begun: false, ended: false };
    Ok(stream::try_unfold(export, |mut export| async move {
        while !export.ended {
            let bytes = export.step().await?;
            if !bytes.is_empty() {
                return Ok(Some((Bytes::from(bytes), export)));
            }
        }
        Ok(None)
    }))
}

impl Export {
    async fn step(&mut self) -> Result<Vec<u8>, ExportError> {
        let mut bytes = if self.begun { vec![] } else { self.sheet.begin()? };
        self.begun = true;
        let Some(ask) = self.asks.front() else {
            self.ended = true;
            bytes.extend(self.sheet.end()?);
            return Ok(bytes);
        };
        let page = self.report.page(&self.storage, ask, self.after.as_ref(), LARGEST_PAGE).await?;
        bytes.extend(self.sheet.rows(page.rows)?);
        self.after = page.next;
        if self.after.is_none() {
            self.asks.pop_front();
        }
        Ok(bytes)
    }
}

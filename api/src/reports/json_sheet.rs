//! A JSON object a line.

use super::{ExportError, Sheet, cells};
use teiki_projections::cell::Cell;
use teiki_projections::reports::Report;

pub(super) struct JsonSheet(&'static Report);

impl JsonSheet {
    pub(super) fn new(report: &'static Report) -> Self {
        Self(report)
    }
}

impl Sheet for JsonSheet {
    fn begin(&mut self) -> Result<Vec<u8>, ExportError> {
        Ok(vec![])
    }

    fn rows(&mut self, rows: Vec<Vec<Cell>>) -> Result<Vec<u8>, ExportError> {
        let mut bytes = vec![];
        for row in rows {
            serde_json::to_writer(&mut bytes, &cells::object(self.0, &row))
                .map_err(|error| ExportError::Form(error.to_string()))?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    fn end(&mut self) -> Result<Vec<u8>, ExportError> {
        Ok(vec![])
    }
}

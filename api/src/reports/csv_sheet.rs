//! CSV as RFC 4180 has it: a line of names, lines end with CR LF, quotes where they are needed.

use super::{ExportError, Sheet, windows_31j};
use std::borrow::Cow;
use teiki_projections::cell::Cell;
use teiki_projections::reports::Report;

/// Tells a spreadsheet that the text is UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) struct CsvSheet {
    report: &'static Report,
    windows_31j: bool,
}

impl CsvSheet {
    pub(super) fn utf_8(report: &'static Report) -> Self {
        Self { report, windows_31j: false }
    }

    pub(super) fn windows_31j(report: &'static Report) -> Self {
        Self { report, windows_31j: true }
    }

    fn write<'r>(&self, rows: impl Iterator<Item = Vec<Cow<'r, str>>>) -> Result<Vec<u8>, ExportError> {
        write(rows, self.windows_31j)
    }
}

fn write<'r>(rows: impl Iterator<Item = Vec<Cow<'r, str>>>, windows_31j: bool) -> Result<Vec<u8>, ExportError> {
    let failed = |error: String| ExportError::Form(error);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    for row in rows {
        writer.write_record(row.iter().map(|cell| cell.as_bytes())).map_err(|error| failed(error.to_string()))?;
    }
    let utf_8 = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    if !windows_31j {
        return Ok(utf_8);
    }
    let text = String::from_utf8(utf_8).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::with_capacity(text.len());
    windows_31j::append(&text, &mut bytes);
    Ok(bytes)
}

/// Lines of a file of texts, none of which a spreadsheet carries out. The first lines of a file in UTF-8 begin with the
/// mark that tells a spreadsheet so.
pub(crate) fn csv_lines<'r>(
    rows: impl Iterator<Item = Vec<Cow<'r, str>>>,
    windows_31j: bool,
    first: bool,
) -> Result<Vec<u8>, ExportError> {
    let harmless = rows.map(|row| row.into_iter().map(made_harmless).collect());
    let mut bytes = if first && !windows_31j { BYTE_ORDER_MARK.to_vec() } else { vec![] };
    bytes.extend(write(harmless, windows_31j)?);
    Ok(bytes)
}

fn made_harmless(text: Cow<'_, str>) -> Cow<'_, str> {
    match harmless(&text) {
        Cow::Owned(made) => Cow::Owned(made),
        Cow::Borrowed(_) => text,
    }
}

/// A text that a spreadsheet would carry out is made a text. Numbers are left alone.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '−', '＠']);
    if formula { format!("'{text}").into() } else { text.into() }
}

impl Sheet for CsvSheet {
    fn begin(&mut self) -> Result<Vec<u8>, ExportError> {
        let names = self.report.columns.iter().map(|column| column.name.into()).collect();
        let mut bytes = if self.windows_31j { vec![] } else { BYTE_ORDER_MARK.to_vec() };
        bytes.extend(self.write(std::iter::once(names))?);
        Ok(bytes)
    }

    fn rows(&mut self, rows: Vec<Vec<Cell>>) -> Result<Vec<u8>, ExportError> {
        self.write(rows.iter().map(|row| {
            let cell = |cell| match cell {
                &Cell::Null => "".into(),
                Cell::Int(number) => number.to_string().into(),
                Cell::Text(text) => harmless(text),
            };
            row.iter().map(cell).collect()
        }))
    }

    fn end(&mut self) -> Result<Vec<u8>, ExportError> {
        Ok(vec![])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use teiki_projections::reports::find;

    fn sheet(mut sheet: CsvSheet, rows: Vec<Vec<Cell>>) -> Vec<u8> {
        let mut bytes = sheet.begin().unwrap();
        bytes.extend(sheet.rows(rows).unwrap());
        bytes.extend(sheet.end().unwrap());
        bytes
    }

    fn row(code: &str) -> Vec<Cell> {
        let text = |text: &str| Cell::Text(text.to_owned());
        vec![text("02396"), text("2026-04-01"), text(code), Cell::Int(-1), Cell::Null]
    }

    #[test]
    fn cells_come_back_as_they_went() {
        let report = find("daily_failures").unwrap();
        for code in ["P010", "a,b", "say \"no\"", "two\r\nlines", "カード会社エラー", " ", ""] {
            let bytes = sheet(CsvSheet::utf_8(report), vec![row(code), row("x")]);
            let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap();
            let mut reader = csv::Reader::from_reader(bytes);
            let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            assert_eq!(names, ["shop_id", "business_day", "code", "failed_count", "failed_yen"]);
            let first = reader.records().next().unwrap().unwrap();
            assert_eq!(first.iter().collect::<Vec<_>>(), ["02396", "2026-04-01", code, "-1", ""]);
        }
    }

    #[test]
    fn texts_that_look_like_formulas_are_texts_and_numbers_stay_numbers() {
        let report = find("daily_failures").unwrap();
        for code in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=HYPERLINK(\"x\",\"y\")"] {
            let bytes = sheet(CsvSheet::utf_8(report), vec![row(code)]);
            let mut reader = csv::Reader::from_reader(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap());
            let first = reader.records().next().unwrap().unwrap();
            assert_eq!(first.get(2), Some(format!("'{code}").as_str()));
            assert_eq!(first.get(3), Some("-1"));
        }
    }

    #[test]
    fn windows_31j_is_written_without_a_mark_and_without_entities() {
        let report = find("daily_failures").unwrap();
        let bytes = sheet(CsvSheet::windows_31j(report), vec![row("波〜線 𠮷 ー")]);
        let (text, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
        assert!(!broken && text.starts_with("shop_id,") && text.contains("波～線 〓 ー"), "{text}");
        assert!(!text.contains("&#"), "{text}");
    }
}

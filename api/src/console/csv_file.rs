//! A list as a CSV file for spreadsheets: UTF-8 with a mark, sent while it is read, so that a long list needs no memory.

use crate::http::Problem;
use crate::reports::csv_sheet::{BYTE_ORDER_MARK, harmless};
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _};

/// One line of cells.
pub(crate) type Line = Vec<String>;

/// The file `name`.csv: the names of the columns, and the lines page by page. What cannot be read breaks the transfer
/// off, so that nobody takes half a list for the whole.
pub(crate) fn csv_file(
    name: &str,
    columns: Line,
    pages: impl Stream<Item = Result<Vec<Line>, Problem>> + Send + 'static,
) -> Response {
    let first = written(vec![columns]).map(|lines| [BYTE_ORDER_MARK, &lines].concat());
    let rest = pages.map(|page| page.map_err(|problem| std::io::Error::other(problem.sentence())).and_then(written));
    let body = Body::from_stream(futures::stream::once(async { first }).chain(rest));
    let named = format!("attachment; filename=\"{name}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, named),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, body).into_response()
}

fn written(lines: Vec<Line>) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    for line in lines {
        writer.write_record(line.iter().map(|cell| harmless(cell).into_owned()))?;
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let line = vec!["a,b".to_owned(), "=1+1".to_owned(), "say \"no\"".to_owned()];
        assert_eq!(written(vec![line]).unwrap(), b"\"a,b\",'=1+1,\"say \"\"no\"\"\"\r\n");
    }
}

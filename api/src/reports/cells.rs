//! Cells of reports as programs and as people read them.

use serde_json::{Map, Value};
use teiki_domain::money::Yen;
use teiki_projections::cell::Cell;
use teiki_projections::reports::{Report, ReportColumn, Unit};

/// One row as a JSON object.
pub(crate) fn object(report: &Report, row: &[Cell]) -> Map<String, Value> {
    let value = |cell: &Cell| match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::from(*number),
        Cell::Text(text) => Value::from(text.as_str()),
    };
    report.columns.iter().zip(row).map(|(column, cell)| (column.name.to_owned(), value(cell))).collect()
}

/// One cell as people read it.
pub(crate) fn shown(column: &ReportColumn, cell: &Cell) -> String {
    match (cell, column.unit) {
        (Cell::Null, _) => "-".to_owned(),
        (Cell::Text(text), _) => text.replace(char::is_control, " "),
        (Cell::Int(yen), Unit::Yen) => Yen::new(*yen).map_or_else(|_| format!("{yen}円"), |yen| yen.to_string()),
        (Cell::Int(rate), Unit::BasisPoints) => format!("{}.{:02}%", rate / 100, rate % 100),
        (Cell::Int(flag), Unit::Flag) => if *flag == 0 { "-" } else { "○" }.to_owned(),
        (Cell::Int(number), _) => number.to_string(),
    }
}

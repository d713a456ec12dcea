//! Values of table columns: text and 64-bit numbers, nothing else, so that one SQL text serves both stores.

use chrono::NaiveDate;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use teiki_domain::order::Order;
use teiki_domain::sealed::Sealed;

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text; dates as `YYYY-MM-DD`, instants as RFC 3339.
    Text,
    /// A 64-bit number; money in yen, booleans as 0 and 1.
    BigInt,
}

/// One value of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Null,
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

/// A Rust type that a column can hold.
pub trait CellValue: Sized {
    /// Which kind of column it needs.
    const KIND: Kind;
    /// Whether the column may be NULL.
    const NULLABLE: bool = false;
    /// The value as a cell.
    fn to_cell(&self) -> Cell;
    /// The value of a cell; `None` when the cell does not hold one.
    fn from_cell(cell: Cell) -> Option<Self>;
}

impl CellValue for String {
    const KIND: Kind = Kind::Text;
    fn to_cell(&self) -> Cell {
        Cell::Text(self.clone())
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl CellValue for i64 {
    const KIND: Kind = Kind::BigInt;
    fn to_cell(&self) -> Cell {
        Cell::Int(*self)
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Int(number) => Some(number),
            _ => None,
        }
    }
}

impl CellValue for bool {
    const KIND: Kind = Kind::BigInt;
    fn to_cell(&self) -> Cell {
        Cell::Int(i64::from(*self))
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Int(0) => Some(false),
            Cell::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl CellValue for NaiveDate {
    const KIND: Kind = Kind::Text;
    fn to_cell(&self) -> Cell {
        Cell::Text(self.to_string())
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        String::from_cell(cell)?.parse().ok()
    }
}

impl CellValue for Sealed {
    const KIND: Kind = Kind::Text;
    fn to_cell(&self) -> Cell {
        Cell::Text(self.ciphertext().to_owned())
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        String::from_cell(cell).map(Sealed::from_ciphertext)
    }
}

/// An order's whole state as JSON: a table whose rows are folded by the aggregate itself cannot differ from it. In
/// memory it stays what it is, so only rows that are read or written pay for the JSON.
impl CellValue for Order {
    const KIND: Kind = Kind::Text;
    fn to_cell(&self) -> Cell {
        // Every state can be written as JSON; one that could not would be refused when it is read.
        Cell::Text(serde_json::to_string(self).unwrap_or_default())
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        serde_json::from_str(&String::from_cell(cell)?).ok()
    }
}

impl<T: CellValue> CellValue for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
    fn to_cell(&self) -> Cell {
        self.as_ref().map_or(Cell::Null, T::to_cell)
    }
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

/// A row as it comes from either store.
#[derive(Clone, Copy)]
pub enum RowRef<'r> {
    /// From SQLite.
    Sqlite(&'r SqliteRow),
    /// From PostgreSQL.
    Postgres(&'r PgRow),
}

impl RowRef<'_> {
    /// The cell of column `index`, counted from 0, which is of the given kind.
    pub fn cell(self, index: usize, kind: Kind) -> Result<Cell, sqlx::Error> {
        match kind {
            Kind::Text => {
                let text: Option<String> = match self {
                    RowRef::Sqlite(row) => row.try_get(index)?,
                    RowRef::Postgres(row) => row.try_get(index)?,
                };
                Ok(text.map_or(Cell::Null, Cell::Text))
            }
            Kind::BigInt => {
                let number: Option<i64> = match self {
                    RowRef::Sqlite(row) => row.try_get(index)?,
                    RowRef::Postgres(row) => row.try_get(index)?,
                };
                Ok(number.map_or(Cell::Null, Cell::Int))
            }
        }
    }

    /// The value of column `index`, counted from 0.
    pub fn get<T: CellValue>(self, index: usize) -> Result<T, sqlx::Error> {
        let cell = self.cell(index, T::KIND)?;
        T::from_cell(cell).ok_or_else(|| sqlx::Error::ColumnDecode {
            index: index.to_string(),
            source: format!("it does not hold a {}", std::any::type_name::<T>()).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_way_into_a_cell_and_back() {
        fn round<T: CellValue + PartialEq + std::fmt::Debug>(value: T) {
            assert_eq!(T::from_cell(value.to_cell()), Some(value));
        }
        round("text".to_owned());
        round(-7_i64);
        round(true);
        round(false);
        round(NaiveDate::from_ymd_opt(2028, 2, 29).unwrap());
        round(Some(3_i64));
        round(None::<i64>);
        round(None::<String>);
        assert_eq!(bool::from_cell(Cell::Int(2)), None);
        assert_eq!(NaiveDate::from_cell(Cell::Text("2027-02-29".into())), None);
        assert_eq!(i64::from_cell(Cell::Null), None);
    }
}

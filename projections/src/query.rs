//! Reading projection tables: one SQL text for both stores, every value bound, pages by key.

use crate::cell::{Cell, CellValue, RowRef};
use crate::connection::{Reading, dialect};
use crate::table::{Dialect, Row};
use teiki_infrastructure::event_store::Storage;

/// Most rows of one page.
pub const LARGEST_PAGE: u32 = 1_000;

/// Why a projection table could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the table {table} could not be read ({source}); try again, and rebuild the projection if it stays so")]
pub struct QueryError {
    /// Table.
    pub table: &'static str,
    /// What the store said.
    pub source: sqlx::Error,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Page<T, C> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; none on the last page.
    pub next: Option<C>,
}

/// A place in a list: the last row seen. Written as `SORT~KEY`, where SORT is the sorted column's text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// The sorted column of that row; empty where the key alone sorts.
    pub sort: String,
    /// The key of that row.
    pub key: String,
}

/// A text that is not a place in a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in a list; leave it out to begin at the first page")]
pub struct CursorError;

impl Cursor {
    /// The place behind a row.
    pub fn new(sort: impl ToString, key: &str) -> Self {
        Self { sort: sort.to_string(), key: key.to_owned() }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}", self.sort, self.key)
    }
}

impl std::str::FromStr for Cursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        // The longest ids have 34 characters, the longest instants 35; U+0000 cannot be bound on PostgreSQL.
        let sound = text.len() <= 128 && !text.contains(char::is_control);
        let parts = text.split_once('~').filter(|(_, key)| sound && !key.is_empty());
        parts.map(|(sort, key)| Self::new(sort, key)).ok_or(CursorError)
    }
}

impl TryFrom<String> for Cursor {
    type Error = CursorError;
    fn try_from(text: String) -> Result<Self, CursorError> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> String {
        cursor.to_string()
    }
}

/// A query under construction. Conditions are text of ours; values are always bound.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    sql: String,
    cells: Vec<Cell>,
    conditions: usize,
}

impl Select {
    /// Begins with everything before WHERE.
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), cells: vec![], conditions: 0 }
    }

    /// All columns of a row's table.
    pub(crate) fn of<R: Row>() -> Self {
        Self::new(format!("SELECT {} FROM {}", R::table().column_list(), R::table().name))
    }

    /// Adds text as it is.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a bound value.
    pub(crate) fn bind(&mut self, value: &impl CellValue) -> &mut Self {
        self.cells.push(value.to_cell());
        self.sql.push_str(&format!("${}", self.cells.len()));
        self
    }

    /// Begins another condition.
    pub(crate) fn and(&mut self, condition: &str) -> &mut Self {
        self.sql.push_str(if self.conditions == 0 { " WHERE " } else { " AND " });
        self.conditions += 1;
        self.push(condition)
    }

    /// Adds a condition when there is a value for it; `condition` ends where the value stands.
    pub(crate) fn and_some(&mut self, condition: &str, value: Option<&impl CellValue>) -> &mut Self {
        if let Some(value) = value {
            self.and(condition).bind(value);
        }
        self
    }

    /// Sorts by `sort` and `key`, both in the same direction, and begins behind `after`.
    pub(crate) fn page(
        &mut self,
        (sort, key): (&str, &str),
        descending: bool,
        after: Option<&Cursor>,
        limit: u32,
    ) -> &mut Self {
        let (sign, direction) = if descending { ("<", " DESC") } else { (">", "") };
        if let Some(after) = after {
            self.and(&format!("({sort}, {key}) {sign} (")).bind(&after.sort).push(", ").bind(&after.key).push(")");
        }
        self.push(&format!(" ORDER BY {sort}{direction}, {key}{direction}")).limit(limit)
    }

    /// Sorts by `key`, and begins behind `after`.
    pub(crate) fn page_by_key(&mut self, key: &str, after: Option<&str>, limit: u32) -> &mut Self {
        if let Some(after) = after {
            self.and(&format!("{key} > ")).bind(&after.to_owned());
        }
        self.push(&format!(" ORDER BY {key}")).limit(limit)
    }

    /// One row more than asked for, which tells whether there is another page.
    fn limit(&mut self, limit: u32) -> &mut Self {
        self.push(&format!(" LIMIT {}", limit.clamp(1, LARGEST_PAGE) + 1))
    }

    /// Runs it.
    pub(crate) async fn fetch<T>(
        &self,
        storage: &Storage,
        table: &'static str,
        read: impl FnMut(RowRef<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, QueryError> {
        let failed = |source| QueryError { table, source };
        let mut reading = Reading::from(storage).await.map_err(failed)?;
        reading.conn().fetch(&self.sql, &self.cells, read).await.map_err(failed)
    }

    /// Runs it for whole rows.
    pub(crate) async fn rows<R: Row>(&self, storage: &Storage) -> Result<Vec<R>, QueryError> {
        self.fetch(storage, R::table().name, R::read).await
    }

    /// Runs it for whole rows as one page of at most `limit`.
    pub(crate) async fn paged<R: Row>(
        &self,
        storage: &Storage,
        limit: u32,
        cursor: impl FnOnce(&R) -> Cursor,
    ) -> Result<Page<R, Cursor>, QueryError> {
        Ok(into_page(self.rows(storage).await?, limit, cursor))
    }

    #[cfg(test)]
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    #[cfg(test)]
    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

/// Cuts the extra row off and says where the next page begins.
pub(crate) fn into_page<T>(mut rows: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> Cursor) -> Page<T, Cursor> {
    let limit = usize::try_from(limit.clamp(1, LARGEST_PAGE)).unwrap_or(1);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    Page { rows, next }
}

/// A row by its key.
pub(crate) async fn by_key<R: Row>(storage: &Storage, key: &str) -> Result<Option<R>, QueryError> {
    let mut select = Select::of::<R>();
    select.and(&format!("{} = ", R::table().key())).bind(&key.to_owned());
    Ok(select.rows(storage).await?.pop())
}

/// Rows by their keys, in the order of the keys; those that do not exist are left out.
pub(crate) async fn by_keys<R: Row>(storage: &Storage, keys: &[String]) -> Result<Vec<R>, QueryError> {
    let failed = |source| QueryError { table: R::table().name, source };
    let (open, close) = match dialect(storage) {
        Dialect::Sqlite => ("IN (SELECT value FROM json_each(", "))"),
        // Bound as JSON text too, so that every value is a text or a number.
        Dialect::Postgres => ("IN (SELECT json_array_elements_text(", "::json))"),
    };
    let keys = serde_json::to_string(keys).map_err(|error| failed(sqlx::Error::Encode(Box::new(error))))?;
    let key = R::table().key();
    let mut select = Select::of::<R>();
    select.and(&format!("{key} {open}")).bind(&keys).push(close).push(&format!(" ORDER BY {key}"));
    select.rows(storage).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_list_survives_as_text() {
        let cursor = Cursor::new("2026-04-01", "02396-S00000012-20260401");
        assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
        for bad in ["", "~", "2026-04-01~", "x", "a~\u{0}", &format!("a~{}", "k".repeat(200))] {
            assert_eq!(bad.parse::<Cursor>(), Err(CursorError), "{bad:?}");
        }
    }

    #[test]
    fn o2_values_are_bound_never_written_into_the_text() {
        let mut select = Select::new("SELECT x FROM t");
        select.and_some("a = ", Some(&"'; DROP TABLE t; --".to_owned())).and_some("b = ", None::<&String>);
        select.page(("d", "k"), true, Some(&Cursor::new("s", "k'")), 10);
        assert_eq!(select.sql(), "SELECT x FROM t WHERE a = $1 AND (d, k) < ($2, $3) ORDER BY d DESC, k DESC LIMIT 11");
        assert_eq!(select.cells().len(), 3);
    }

    #[test]
    fn the_last_page_says_that_it_is_the_last() {
        let cursor = |n: &u8| Cursor::new("", &n.to_string());
        assert_eq!(into_page(vec![1_u8, 2, 3], 2, cursor).next, Some(Cursor::new("", "2")));
        assert_eq!(into_page(vec![1_u8, 2], 2, cursor).next, None);
        assert_eq!(into_page(Vec::<u8>::new(), 2, cursor).next, None);
    }
}

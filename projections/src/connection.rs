//! One connection or transaction of either store, and the set-wise reads and writes of projection tables.

use crate::cell::{Cell, Kind, RowRef};
use crate::table::{Dialect, Table};
use crate::working_set::{ErasedRows, TableWrites};
use futures::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};
use teiki_infrastructure::event_store::Storage;

/// How many rows one INSERT carries on SQLite: a few fixed sizes, so that each is prepared once and then reused.
const SQLITE_CHUNKS: [usize; 3] = [128, 16, 1];

/// Changes nothing, and makes a SQLite transaction the writer.
const BECOME_WRITER: &str = "UPDATE projection_checkpoints SET position = position WHERE name = ''";

/// Behind the name of a table that is about to be dropped.
const ASIDE: &str = "__old";

/// Which store this is.
pub(crate) fn dialect(storage: &Storage) -> Dialect {
    match storage {
        Storage::Sqlite(_) => Dialect::Sqlite,
        Storage::Postgres(_) => Dialect::Postgres,
    }
}

/// A connection for reading, out of the pool.
pub(crate) enum Reading {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Reading {
    pub(crate) async fn from(storage: &Storage) -> Result<Self, sqlx::Error> {
        Ok(match storage {
            Storage::Sqlite(sqlite) => Self::Sqlite(sqlite.readers.acquire().await?),
            Storage::Postgres(pool) => Self::Postgres(pool.acquire().await?),
        })
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(connection) => Conn::Sqlite(connection),
            Self::Postgres(connection) => Conn::Postgres(connection),
        }
    }
}

/// A transaction; rolled back when dropped.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Begins a transaction that writes. On SQLite it takes its place as the writer at once.
    pub(crate) async fn write(storage: &Storage) -> Result<Self, sqlx::Error> {
        Ok(match storage {
            Storage::Sqlite(sqlite) => {
                // Not `begin_with("BEGIN IMMEDIATE")`: sqlx looks at the connection once more after a BEGIN of our
                // own, and when the caller is dropped right there the only writer goes back to the pool with a
                // transaction open that nobody will ever commit. A first statement that writes does the same.
                let mut transaction = sqlite.writer.begin().await?;
                sqlx::query(BECOME_WRITER).execute(&mut *transaction).await?;
                Self::Sqlite(transaction)
            }
            Storage::Postgres(pool) => Self::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that sees one state of the store throughout, and writes nothing.
    pub(crate) async fn snapshot(storage: &Storage) -> Result<Self, sqlx::Error> {
        Ok(match storage {
            Storage::Sqlite(sqlite) => Self::Sqlite(sqlite.readers.begin().await?),
            Storage::Postgres(pool) => {
                Self::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(transaction) => Conn::Sqlite(transaction),
            Self::Postgres(transaction) => Conn::Postgres(transaction),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}

/// A borrowed connection.
pub(crate) enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

macro_rules! bind_cells {
    ($query:expr, $cells:expr) => {{
        let mut query = $query;
        for cell in $cells {
            query = match cell {
                Cell::Null => query.bind(None::<String>),
                Cell::Int(number) => query.bind(*number),
                Cell::Text(text) => query.bind(text.as_str()),
            };
        }
        query
    }};
}

impl Conn<'_> {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Conn::Sqlite(_) => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement with bound values; returns how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, cells: &[Cell]) -> Result<u64, sqlx::Error> {
        Ok(match self {
            Conn::Sqlite(c) => bind_cells!(sqlx::query(sql), cells).execute(&mut **c).await?.rows_affected(),
            Conn::Postgres(c) => bind_cells!(sqlx::query(sql), cells).execute(&mut **c).await?.rows_affected(),
        })
    }

    /// Runs a statement that changes tables.
    pub(crate) async fn define(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        match self {
            Conn::Sqlite(c) => sqlx::query(sql).persistent(false).execute(&mut **c).await.map(drop),
            Conn::Postgres(c) => sqlx::query(sql).persistent(false).execute(&mut **c).await.map(drop),
        }
    }

    /// Takes a table that is to be replaced out of the way. On PostgreSQL it stays under another name until the views
    /// over it have been pointed at the new one; [`drop_aside`](Self::drop_aside) ends it.
    pub(crate) async fn take_aside(&mut self, table: &str) -> Result<(), sqlx::Error> {
        match self.dialect() {
            Dialect::Sqlite => self.define(&format!("DROP TABLE IF EXISTS {table}")).await,
            Dialect::Postgres => self.define(&format!("ALTER TABLE IF EXISTS {table} RENAME TO {table}{ASIDE}")).await,
        }
    }

    /// Drops what [`take_aside`](Self::take_aside) left.
    pub(crate) async fn drop_aside(&mut self, table: &str) -> Result<(), sqlx::Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => self.define(&format!("DROP TABLE IF EXISTS {table}{ASIDE}")).await,
        }
    }

    /// Runs a query with bound values, giving each row to `take`.
    pub(crate) async fn each(
        &mut self,
        sql: &str,
        cells: &[Cell],
        mut take: impl FnMut(RowRef<'_>) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        match self {
            Conn::Sqlite(c) => {
                let mut rows = bind_cells!(sqlx::query(sql), cells).fetch(&mut **c);
                while let Some(row) = rows.try_next().await? {
                    take(RowRef::Sqlite(&row))?;
                }
            }
            Conn::Postgres(c) => {
                let mut rows = bind_cells!(sqlx::query(sql), cells).fetch(&mut **c);
                while let Some(row) = rows.try_next().await? {
                    take(RowRef::Postgres(&row))?;
                }
            }
        }
        Ok(())
    }

    /// Runs a query with bound values and collects its rows.
    pub(crate) async fn fetch<T>(
        &mut self,
        sql: &str,
        cells: &[Cell],
        mut read: impl FnMut(RowRef<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, sqlx::Error> {
        let mut all = vec![];
        self.each(sql, cells, |row| {
            all.push(read(row)?);
            Ok(())
        })
        .await?;
        Ok(all)
    }

    /// Whether a table of this name exists where this program's tables are.
    pub(crate) async fn has_table(&mut self, name: &str) -> Result<bool, sqlx::Error> {
        let sql = match self.dialect() {
            Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
            Dialect::Postgres => "SELECT COUNT(to_regclass($1))",
        };
        let found = self.fetch(sql, &[Cell::Text(name.to_owned())], |row| row.get::<i64>(0)).await?;
        Ok(found.first() == Some(&1))
    }

    /// Loads the announced rows of a table stored as `stored_name`.
    pub(crate) async fn load(&mut self, rows: &mut dyn ErasedRows, stored_name: &str) -> Result<(), sqlx::Error> {
        let keys = rows.wanted();
        if keys.is_empty() {
            return Ok(());
        }
        let table = rows.table();
        let select = format!("SELECT {} FROM {stored_name} WHERE {} ", table.column_list(), table.key());
        match self {
            Conn::Sqlite(c) => {
                let sql = format!("{select} IN (SELECT value FROM json_each($1))");
                let keys = json(&keys)?;
                let mut found = sqlx::query(&sql).bind(&keys).fetch(&mut **c);
                while let Some(row) = found.try_next().await? {
                    rows.load(RowRef::Sqlite(&row))?;
                }
            }
            Conn::Postgres(c) => {
                let sql = format!("{select} = ANY($1)");
                let mut found = sqlx::query(&sql).bind(&keys).fetch(&mut **c);
                while let Some(row) = found.try_next().await? {
                    rows.load(RowRef::Postgres(&row))?;
                }
            }
        }
        Ok(())
    }

    /// Writes the changed rows of one table stored as `stored_name`.
    pub(crate) async fn write(&mut self, writes: &TableWrites, stored_name: &str) -> Result<(), sqlx::Error> {
        let table = writes.table;
        if !writes.deletes.is_empty() {
            let delete = format!("DELETE FROM {stored_name} WHERE {} ", table.key());
            match self {
                Conn::Sqlite(c) => {
                    let sql = format!("{delete} IN (SELECT value FROM json_each($1))");
                    sqlx::query(&sql).bind(json(&writes.deletes)?).execute(&mut **c).await?;
                }
                Conn::Postgres(c) => {
                    let sql = format!("{delete} = ANY($1)");
                    sqlx::query(&sql).bind(&writes.deletes).execute(&mut **c).await?;
                }
            }
        }
        if writes.upserts.is_empty() {
            return Ok(());
        }
        match self {
            Conn::Sqlite(c) => upsert_sqlite(c, table, stored_name, &writes.upserts).await,
            Conn::Postgres(c) => upsert_postgres(c, table, stored_name, &writes.upserts).await,
        }
    }
}

fn json(keys: &[String]) -> Result<String, sqlx::Error> {
    serde_json::to_string(keys).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

async fn upsert_sqlite(
    connection: &mut SqliteConnection,
    table: &'static Table,
    stored_name: &str,
    rows: &[Vec<Cell>],
) -> Result<(), sqlx::Error> {
    let one = format!("({})", vec!["?"; table.columns.len()].join(","));
    let mut rest = rows;
    for size in SQLITE_CHUNKS {
        if rest.len() < size {
            continue;
        }
        let values = vec![one.as_str(); size].join(",");
        let sql = format!("{} VALUES {values}{}", table.insert_head(stored_name), table.conflict_tail());
        while let Some((chunk, after)) = rest.split_at_checked(size) {
            bind_cells!(sqlx::query(&sql), chunk.iter().flatten()).execute(&mut *connection).await?;
            rest = after;
        }
    }
    Ok(())
}

async fn upsert_postgres(
    connection: &mut PgConnection,
    table: &'static Table,
    stored_name: &str,
    rows: &[Vec<Cell>],
) -> Result<(), sqlx::Error> {
    let arrays: Vec<_> = table
        .columns
        .iter()
        .enumerate()
        .map(|(i, column)| match column.kind {
            Kind::Text => format!("${}::text[]", i + 1),
            Kind::BigInt => format!("${}::bigint[]", i + 1),
        })
        .collect();
    let sql = format!(
        "{} SELECT * FROM UNNEST({}){}",
        table.insert_head(stored_name),
        arrays.join(", "),
        table.conflict_tail()
    );
    let mut query = sqlx::query(&sql);
    for (i, column) in table.columns.iter().enumerate() {
        query = match column.kind {
            Kind::Text => query.bind(
                rows.iter()
                    .map(|row| match row.get(i) {
                        Some(Cell::Text(text)) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect::<Vec<_>>(),
            ),
            Kind::BigInt => query.bind(
                rows.iter()
                    .map(|row| match row.get(i) {
                        Some(Cell::Int(number)) => Some(*number),
                        _ => None,
                    })
                    .collect::<Vec<_>>(),
            ),
        };
    }
    query.execute(connection).await.map(drop)
}

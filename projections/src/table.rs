//! Tables described in code: their columns, key and indexes, and the DDL that follows.

use crate::cell::{Cell, Kind, RowRef};
use crate::working_set::ErasedRows;
use std::fmt::Write as _;

/// One column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// One index.
#[derive(Debug)]
pub struct Index {
    /// Its name inside the table; in the store it is `TABLE_NAME_gGENERATION`.
    pub name: &'static str,
    /// Its columns, separated by commas.
    pub columns: &'static str,
    /// Which rows are in it; empty for all.
    pub only: &'static str,
}

/// A table of a projection. The first column is the primary key and holds text.
pub struct Table {
    /// Its name in the store.
    pub name: &'static str,
    /// Its columns, the key first.
    pub columns: &'static [Column],
    /// Its indexes beside the key.
    pub indexes: &'static [Index],
    /// An empty working set of its rows.
    pub new_rows: fn() -> Box<dyn ErasedRows>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The two ways of writing what the stores do not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Byte order for text on both stores, so that lists have the same order wherever they are kept.
    pub(crate) fn byte_order(self) -> &'static str {
        match self {
            Dialect::Sqlite => "",
            Dialect::Postgres => " COLLATE \"C\"",
        }
    }
}

impl Table {
    /// The key column's name.
    pub fn key(&self) -> &'static str {
        self.columns.first().map_or("", |column| column.name)
    }

    /// All columns, separated by commas.
    pub fn column_list(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// The statement that creates the table under `stored_name`.
    pub fn create_sql(&self, stored_name: &str, generation: i64, dialect: Dialect) -> String {
        let mut sql = format!("CREATE TABLE {stored_name} (");
        for column in self.columns {
            let kind = match column.kind {
                Kind::Text => format!("TEXT{}", dialect.byte_order()),
                Kind::BigInt => "BIGINT".to_owned(),
            };
            let null = if column.nullable { "" } else { " NOT NULL" };
            // Writing to a String cannot fail.
            let _ = write!(sql, "{} {kind}{null}, ", column.name);
        }
        let _ = write!(sql, "CONSTRAINT {}_key_g{generation} PRIMARY KEY ({}))", self.name, self.key());
        if dialect == Dialect::Sqlite {
            // The key is the row's place: one tree to write instead of two.
            sql.push_str(" WITHOUT ROWID");
        }
        sql
    }

    /// The statements that create the indexes of the table stored under `stored_name`. Index names carry the
    /// generation because the table of the next generation stands beside this one until they are switched.
    pub fn index_sql(&self, stored_name: &str, generation: i64) -> Vec<String> {
        self.indexes
            .iter()
            .map(|index| {
                let only = if index.only.is_empty() { String::new() } else { format!(" WHERE {}", index.only) };
                let (table, name, columns) = (self.name, index.name, index.columns);
                format!("CREATE INDEX {table}_{name}_g{generation} ON {stored_name} ({columns}){only}")
            })
            .collect()
    }

    /// The statement that inserts or replaces rows, up to the place where the rows themselves follow.
    pub(crate) fn insert_head(&self, stored_name: &str) -> String {
        format!("INSERT INTO {stored_name} ({}) ", self.column_list())
    }

    /// What an insert does with rows that are there already.
    pub(crate) fn conflict_tail(&self) -> String {
        let sets: Vec<_> =
            self.columns.iter().skip(1).map(|column| format!("{0} = excluded.{0}", column.name)).collect();
        format!(" ON CONFLICT ({}) DO UPDATE SET {}", self.key(), sets.join(", "))
    }
}

/// A row of a table, typed.
pub trait Row: Clone + Send + 'static {
    /// The table it belongs to.
    fn table() -> &'static Table;
    /// Its key.
    fn key(&self) -> &str;
    /// Its values, in the order of the columns.
    fn to_cells(&self) -> Vec<Cell>;
    /// Reads a row selected as [`Table::column_list`].
    fn read(row: RowRef<'_>) -> Result<Self, sqlx::Error>;
}

/// Defines a row struct and its table in one go, so that they cannot differ.
#[macro_export]
macro_rules! row {
    (
        $(#[$meta:meta])* $name:ident in $table:literal {
            $(#[$key_doc:meta])* key $key:ident,
            $($(#[$doc:meta])* $field:ident: $type:ty,)+
        }
        indexes { $($index:ident: $columns:literal $(where $only:literal)?,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        pub struct $name {
            $(#[$key_doc])* pub $key: String,
            $($(#[$doc])* pub $field: $type,)+
        }

        impl $crate::table::Row for $name {
            fn table() -> &'static $crate::table::Table {
                static TABLE: $crate::table::Table = $crate::table::Table {
                    name: $table,
                    columns: &[
                        $crate::table::Column {
                            name: stringify!($key),
                            kind: $crate::cell::Kind::Text,
                            nullable: false,
                        },
                        $($crate::table::Column {
                            name: stringify!($field),
                            kind: <$type as $crate::cell::CellValue>::KIND,
                            nullable: <$type as $crate::cell::CellValue>::NULLABLE,
                        },)+
                    ],
                    indexes: &[$($crate::table::Index {
                        name: stringify!($index),
                        columns: $columns,
                        only: concat!("", $($only)?),
                    },)*],
                    new_rows: || Box::new($crate::working_set::Rows::<$name>::default()),
                };
                &TABLE
            }

            fn key(&self) -> &str {
                &self.$key
            }

            fn to_cells(&self) -> Vec<$crate::cell::Cell> {
                vec![
                    $crate::cell::CellValue::to_cell(&self.$key),
                    $($crate::cell::CellValue::to_cell(&self.$field),)+
                ]
            }

            fn read(row: $crate::cell::RowRef<'_>) -> Result<Self, sqlx::Error> {
                let mut column = 0..;
                let mut next = || column.next().unwrap_or_default();
                Ok(Self {
                    $key: row.get(next())?,
                    $($field: row.get(next())?,)+
                })
            }
        }
    };
}
pub use row;

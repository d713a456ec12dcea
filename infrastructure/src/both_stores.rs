//! One statement for both stores, for the small tables beside the log.

/// How many rows a statement changed, on either store.
pub(crate) struct Changed(pub(crate) u64);

impl From<sqlx::sqlite::SqliteQueryResult> for Changed {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl From<sqlx::postgres::PgQueryResult> for Changed {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

/// Executes a statement with its values on the store's connection for writing; the result is a
/// `Result<Changed, sqlx::Error>`.
macro_rules! execute {
    ($storage:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        match $storage {
            $crate::event_store::Storage::Sqlite(sqlite) => sqlx::query($sql)
                $(.bind($value))*
                .execute(&sqlite.writer)
                .await
                .map($crate::both_stores::Changed::from),
            $crate::event_store::Storage::Postgres(pool) => sqlx::query($sql)
                $(.bind($value))*
                .execute(pool)
                .await
                .map($crate::both_stores::Changed::from),
        }
    };
}

/// Reads all rows of a statement with its values; the result is a `Result<Vec<_>, sqlx::Error>`.
macro_rules! fetch {
    ($storage:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        match $storage {
            $crate::event_store::Storage::Sqlite(sqlite) => {
                sqlx::query_as($sql)$(.bind($value))*.fetch_all(&sqlite.readers).await
            }
            $crate::event_store::Storage::Postgres(pool) => {
                sqlx::query_as($sql)$(.bind($value))*.fetch_all(pool).await
            }
        }
    };
}

pub(crate) use {execute, fetch};

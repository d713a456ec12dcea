//! Looks at a place before touching it, then brings its tables up to date.

use super::classify::describe;
use super::storage::{StorageError, look_only};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{ConnectOptions as _, Connection as _, PgPool, SqlitePool};
use std::path::Path;

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// SQLite's code for a file that is none of its own.
const SQLITE_NOTADB: &str = "26";
/// The first version with xid8 and pg_current_snapshot.
const POSTGRES_NEEDED: i64 = 130_000;

/// Refuses a file that is no store, or one of a newer program, without changing a byte of it.
pub(super) async fn examine_sqlite(path: &Path) -> Result<(), StorageError> {
    let file_error = |reason: String| StorageError::File { path: path.to_owned(), reason };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file_error(error.to_string())),
        Ok(found) if !found.is_file() => return Err(file_error("it is not a file".to_owned())),
        Ok(found) if found.len() == 0 => return Ok(()),
        Ok(_) => {}
    }
    // Only SQLite itself may open the file: closing any other handle of it would drop the locks that other connections
    // of this process hold, and with them what keeps two processes from spoiling it.
    let unreadable = |error: sqlx::Error| {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let no_sqlite = code.is_some_and(|code| code == SQLITE_NOTADB);
        not_a_store(path, &if no_sqlite { "it is not a SQLite file".to_owned() } else { describe(&error) })
    };
    let mut connection = look_only(path).connect().await.map_err(unreadable)?;
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut connection)
        .await
        .map_err(unreadable)?;
    let mut versions = Vec::new();
    let versioned = tables.iter().any(|table| table == "_sqlx_migrations");
    if versioned {
        versions = sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(&mut connection)
            .await
            .map_err(unreadable)?;
    }
    connection.close().await.map_err(unreadable)?;
    judge(&SQLITE, &path.display().to_string(), versioned, !tables.is_empty(), &versions)
}

/// Refuses a schema that holds other tables, or a newer store, without changing anything in it.
pub(super) async fn examine_postgres(pool: &PgPool, place: &str) -> Result<(), StorageError> {
    let unreachable = |error: sqlx::Error| StorageError::Unreachable { place: place.into(), reason: describe(&error) };
    let version: i64 = sqlx::query_scalar("SELECT current_setting('server_version_num')::bigint")
        .fetch_one(pool)
        .await
        .map_err(unreachable)?;
    if version < POSTGRES_NEEDED {
        let reason = format!("its server is PostgreSQL {}, and at least 13 is needed", version / 10_000);
        return Err(StorageError::Migration { place: place.into(), reason });
    }
    let (versioned, taken): (bool, bool) = sqlx::query_as(
        "SELECT to_regclass('_sqlx_migrations') IS NOT NULL, \
         to_regclass('events') IS NOT NULL OR to_regclass('event_log') IS NOT NULL",
    )
    .fetch_one(pool)
    .await
    .map_err(unreachable)?;
    let mut versions = Vec::new();
    if versioned {
        versions = sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(pool)
            .await
            .map_err(unreachable)?;
    }
    judge(&POSTGRES, place, versioned, taken, &versions)
}

/// Whether a place with these tables and versions may be brought up to date by this program.
fn judge(
    ours: &Migrator,
    place: &str,
    versioned: bool,
    taken: bool,
    versions: &[(i64, Vec<u8>)],
) -> Result<(), StorageError> {
    let place = place.to_owned();
    if !versioned && taken {
        return Err(StorageError::NotAStore { place, reason: "it holds tables of something else".to_owned() });
    }
    let foreign = versions.iter().any(|(version, checksum)| {
        ours.iter().any(|migration| migration.version == *version && *migration.checksum != **checksum)
    });
    if foreign {
        return Err(StorageError::NotAStore { place, reason: "its tables were made by another program".to_owned() });
    }
    let known = ours.iter().map(|migration| migration.version).max().unwrap_or_default();
    match versions.iter().map(|(version, _)| *version).max() {
        Some(found) if found > known => Err(StorageError::Newer { place, found, known }),
        _ => Ok(()),
    }
}

fn not_a_store(path: &Path, reason: &str) -> StorageError {
    StorageError::NotAStore { place: path.display().to_string(), reason: reason.to_owned() }
}

/// Brings a file up to date; each step is one transaction with the note that it was made.
pub(super) async fn run_sqlite(pool: &SqlitePool, path: &Path) -> Result<(), StorageError> {
    SQLITE.run(pool).await.map_err(|error| failed(path.display().to_string(), &error))
}

/// Brings a schema up to date; several engines that start at once wait for each other.
pub(super) async fn run_postgres(pool: &PgPool, place: &str) -> Result<(), StorageError> {
    POSTGRES.run(pool).await.map_err(|error| failed(place.to_owned(), &error))
}

fn failed(place: String, error: &MigrateError) -> StorageError {
    let reason = match error {
        MigrateError::Execute(error) => describe(error),
        MigrateError::ExecuteMigration(error, version) => format!("step {version} failed, {}", describe(error)),
        other => other.to_string(),
    };
    StorageError::Migration { place, reason }
}

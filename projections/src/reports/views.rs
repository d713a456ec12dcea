//! The views in the store. They are made in the transaction that makes or switches the tables they read, so that whoever
//! reads a view always finds it.
//!
//! On PostgreSQL a view stays the same object when its tables are switched: what was granted on it, and what others built
//! upon it, stays. SQLite refuses to rename a table while a view names one that is missing, so there the views are
//! dropped and made again, inside the transaction.

use super::report::Report;
use crate::cell::Cell;
use crate::connection::Conn;
use crate::table::Dialect;
use sha2::{Digest as _, Sha256};

/// How long a switch of tables waits for whoever reads a view; meanwhile new readers wait too.
const PATIENCE: &str = "SET LOCAL lock_timeout = '2s'";
const NO_MORE_PATIENCE: &str = "SET LOCAL lock_timeout = 0";
/// PostgreSQL's code for a lock that was not got in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// And for a view that cannot be replaced by one with other columns.
const INVALID_DEFINITION: &str = "42P16";

/// The views that read tables of this projection, by name.
fn of(projection: &str) -> Vec<&'static Report> {
    let mut reports: Vec<_> = super::all().into_iter().filter(|report| report.projection == projection).collect();
    reports.sort_by_key(|report| report.name);
    reports
}

/// Gets the views out of the way of a switch of tables. False when somebody reads one for so long that the switch must
/// be tried again in a new transaction.
///
/// Readers lock a view before its tables, so the switch does the same: all views first, then the tables.
pub(crate) async fn hold(conn: &mut Conn<'_>, projection: &str) -> Result<bool, sqlx::Error> {
    let reports = of(projection);
    if conn.dialect() == Dialect::Sqlite {
        take_away(conn, projection).await?;
        return Ok(true);
    }
    conn.define(PATIENCE).await?;
    for report in reports {
        // Changes nothing, and takes the lock on the view alone; LOCK TABLE would take those on its tables with it.
        let held = conn.define(&format!("ALTER VIEW IF EXISTS {} RESET (security_barrier)", report.view())).await;
        match held {
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == LOCK_NOT_AVAILABLE) => {
                return Ok(false);
            }
            held => held?,
        }
    }
    conn.define(NO_MORE_PATIENCE).await?;
    Ok(true)
}

/// Drops the views of a projection.
pub(crate) async fn take_away(conn: &mut Conn<'_>, projection: &str) -> Result<(), sqlx::Error> {
    for report in of(projection) {
        conn.define(&format!("DROP VIEW IF EXISTS {}", report.view())).await?;
    }
    Ok(())
}

/// Makes the views of a projection over the tables it has now, and describes them in the store where it can.
pub(crate) async fn place(conn: &mut Conn<'_>, projection: &str) -> Result<(), sqlx::Error> {
    let reports = of(projection);
    for report in &reports {
        match conn.dialect() {
            Dialect::Sqlite => {
                conn.define(&format!("DROP VIEW IF EXISTS {}", report.view())).await?;
                conn.define(&on_sqlite(report)).await?;
            }
            Dialect::Postgres => place_on_postgres(conn, report).await?,
        }
    }
    if reports.is_empty() {
        return Ok(());
    }
    const KEEP: &str = "INSERT INTO store_identity (name, value) VALUES ($1, $2) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    conn.execute(KEEP, &[Cell::Text(mark(projection)), Cell::Text(fingerprint(&reports))]).await.map(drop)
}

/// Whether the views in the store are those of this program.
pub(crate) async fn are_current(conn: &mut Conn<'_>, projection: &str) -> Result<bool, sqlx::Error> {
    let reports = of(projection);
    const KEPT: &str = "SELECT value FROM store_identity WHERE name = $1";
    let kept = conn.fetch(KEPT, &[Cell::Text(mark(projection))], |row| row.get::<String>(0)).await?;
    if reports.is_empty() {
        return Ok(true);
    }
    if kept.first() != Some(&fingerprint(&reports)) {
        return Ok(false);
    }
    let sql = match conn.dialect() {
        Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'view' AND name = $1",
        Dialect::Postgres => "SELECT COUNT(to_regclass($1))",
    };
    for report in reports {
        let found = conn.fetch(sql, &[Cell::Text(report.view())], |row| row.get::<i64>(0)).await?;
        if found.first() != Some(&1) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Behind the name of a view that is made to be held against the one in the store.
const CHECK: &str = "__check";

/// What is wrong with the views of a projection, whose tables must be there: they are missing, or are not what this
/// program makes. On PostgreSQL it makes them once more, so `conn` must be in a transaction that is rolled back.
pub(crate) async fn faults(conn: &mut Conn<'_>, projection: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut faults = vec![];
    for report in of(projection) {
        let view = report.view();
        let (stored, ours) = match conn.dialect() {
            Dialect::Sqlite => {
                const STORED: &str = "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = $1";
                let stored = conn.fetch(STORED, &[Cell::Text(view.clone())], |row| row.get::<String>(0)).await?;
                (stored.first().cloned(), on_sqlite(report))
            }
            Dialect::Postgres => {
                const STORED: &str = "SELECT coalesce(pg_get_viewdef(to_regclass($1)), '')";
                let made = format!("{view}{CHECK}");
                conn.define(&format!("CREATE VIEW {made} AS {}", report.select())).await?;
                let stored = conn.fetch(STORED, &[Cell::Text(view.clone())], |row| row.get::<String>(0)).await?;
                let ours = conn.fetch(STORED, &[Cell::Text(made)], |row| row.get::<String>(0)).await?;
                (stored.into_iter().find(|text| !text.is_empty()), ours.concat())
            }
        };
        match stored {
            None => faults.push(format!("the view {view} is missing")),
            Some(stored) if stored != ours => {
                faults.push(format!("the view {view} is not what this program makes of its table"));
            }
            Some(_) => {}
        }
    }
    Ok(faults)
}

fn on_sqlite(report: &Report) -> String {
    format!("CREATE VIEW {} AS {}", report.view(), report.select())
}

fn mark(projection: &str) -> String {
    format!("reports of {projection}")
}

/// Changes whenever something of the views does.
fn fingerprint(reports: &[&Report]) -> String {
    let mut hash = Sha256::new();
    for report in reports {
        for text in [report.view(), report.select(), comment(report)] {
            hash.update(text);
            hash.update([0]);
        }
        for column in report.columns {
            hash.update(column_comment(column));
            hash.update([0]);
        }
    }
    hex::encode(hash.finalize())
}

async fn place_on_postgres(conn: &mut Conn<'_>, report: &Report) -> Result<(), sqlx::Error> {
    let view = report.view();
    let create = format!("CREATE OR REPLACE VIEW {view} AS {}", report.select());
    let stored = columns(conn, &view).await?;
    let ours: Vec<_> = report.columns.iter().map(|column| column.name.to_owned()).collect();
    let alike = stored.is_empty() || ours.starts_with(&stored);
    if !alike || !replace(conn, &create).await? {
        // Another list of columns is another view. Who was let in stays let in.
        let readers = readers(conn, &view).await?;
        conn.define(&format!("DROP VIEW {view}")).await?;
        conn.define(&create).await?;
        for reader in readers {
            conn.define(&format!("GRANT SELECT ON {view} TO {reader}")).await?;
        }
    }
    conn.define(&format!("COMMENT ON VIEW {view} IS {}", quoted(&comment(report)))).await?;
    for column in report.columns {
        let comment = quoted(&column_comment(column));
        conn.define(&format!("COMMENT ON COLUMN {view}.{} IS {comment}", column.name)).await?;
    }
    Ok(())
}

/// False when the view in the store has columns of other types, so that it must be dropped first.
async fn replace(conn: &mut Conn<'_>, create: &str) -> Result<bool, sqlx::Error> {
    conn.define("SAVEPOINT replaced").await?;
    match conn.define(create).await {
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == INVALID_DEFINITION) => {
            conn.define("ROLLBACK TO SAVEPOINT replaced").await?;
            Ok(false)
        }
        made => made.map(|()| true),
    }
}

async fn columns(conn: &mut Conn<'_>, view: &str) -> Result<Vec<String>, sqlx::Error> {
    const SQL: &str = "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 \
        AND NOT attisdropped ORDER BY attnum";
    conn.fetch(SQL, &[Cell::Text(view.to_owned())], |row| row.get(0)).await
}

/// The roles that may read a view, quoted, without its owner.
async fn readers(conn: &mut Conn<'_>, view: &str) -> Result<Vec<String>, sqlx::Error> {
    const SQL: &str = "SELECT CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END \
        FROM pg_class c, aclexplode(c.relacl) acl \
        WHERE c.oid = to_regclass($1) AND acl.privilege_type = 'SELECT' AND acl.grantee <> c.relowner";
    conn.fetch(SQL, &[Cell::Text(view.to_owned())], |row| row.get(0)).await
}

/// What the store says of a view.
pub(crate) fn comment(report: &Report) -> String {
    let notes = if report.notes.is_empty() { String::new() } else { format!(" {}", report.notes) };
    format!("{}: {}{notes}", report.title, report.row)
}

/// What the store says of a column.
pub(crate) fn column_comment(column: &super::ReportColumn) -> String {
    format!("{} ({}): {}", column.heading, column.unit.words(), column.meaning)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

//! What the tables say, in a form that can be held against another time, store or way of making them.

use crate::cell::{Cell, RowRef};
use crate::checkpoints;
use crate::connection::{Conn, Tx, dialect};
use crate::error::{Doing as _, ProjectionError};
use crate::rebuild::{CHECK, Progress};
use crate::reports::views;
use crate::runner::Projections;
use crate::table::{Dialect, Table};
use sha2::{Digest as _, Sha256};

/// Most differences reported of one table.
const MOST: i64 = 1_000;

/// What a projection's tables hold at a position.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProjectionDigest {
    /// The position folded.
    pub position: i64,
    /// Every table.
    pub tables: Vec<TableDigest>,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableDigest {
    /// Table.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// SHA-256 over all rows in the order of their keys, hexadecimal; the same on both stores.
    pub sha256: String,
}

/// A row that is not what the log says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Table.
    pub table: String,
    /// The row's key.
    pub key: String,
    /// How it differs.
    pub what: What,
}

/// How a row differs from what the log says. Values are not repeated.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The live table lacks it.
    Missing,
    /// The live table has it, the log does not.
    Surplus,
    /// These columns differ.
    Columns(Vec<String>),
}

impl Projections {
    /// A digest of what the live tables hold, read as one state of the store.
    pub async fn digest(&self, name: &str) -> Result<ProjectionDigest, ProjectionError> {
        const DOING: &str = "reading the tables of a projection";
        let projection = self.find(name)?;
        let mut tx = Tx::snapshot(&self.inner.storage).await.doing(DOING)?;
        let checkpoint = checkpoints::get(&mut tx.conn(), name).await.doing(DOING)?;
        let position = checkpoint.map_or(0, |checkpoint| checkpoint.position);
        let mut tables = vec![];
        for table in projection.tables() {
            tables.push(digest_table(&mut tx.conn(), table).await.doing(DOING)?);
        }
        Ok(ProjectionDigest { position, tables })
    }

    /// Why the live tables cannot be what the log says, before any row is looked at: they are missing, of another
    /// version, or stopped. None when they can be compared.
    pub async fn unsound(&self, name: &str) -> Result<Option<String>, ProjectionError> {
        let projection = self.find(name)?;
        let Some(checkpoint) = self.checkpoint(name).await? else {
            return Ok(Some("its tables were never made".to_owned()));
        };
        if !self.is_sound(projection.as_ref()).await? {
            let (stored, ours) = (checkpoint.version, projection.version());
            return Ok(Some(format!("a table is missing, or not of version {ours} but of version {stored}")));
        }
        let head = self.inner.reader.head().await?;
        if checkpoint.position > head {
            return Ok(Some(format!("it has folded position {}, and the log ends at {head}", checkpoint.position)));
        }
        let stopped = checkpoint.status == checkpoints::STOPPED;
        let why = checkpoint.error.unwrap_or_default();
        Ok(stopped.then(|| format!("it stopped behind position {}: {why}", checkpoint.position)))
    }

    /// What is wrong with the report views over the live tables, which must be [sound](Self::unsound): they are missing,
    /// or show something else than this program makes them show. Changes nothing.
    pub async fn view_faults(&self, name: &str) -> Result<Vec<String>, ProjectionError> {
        const DOING: &str = "comparing the views of a projection";
        let projection = self.find(name)?;
        // On SQLite they are read, on PostgreSQL made beside the others and never committed.
        let mut tx = match dialect(&self.inner.storage) {
            Dialect::Sqlite => Tx::snapshot(&self.inner.storage).await.doing(DOING)?,
            Dialect::Postgres => Tx::write(&self.inner.storage).await.doing(DOING)?,
        };
        views::faults(&mut tx.conn(), projection.name()).await.doing(DOING)
    }

    /// Folds the whole log once more beside the live tables and compares row by row at the same position. An empty
    /// list says that the tables are what the log says; at most 1,000 differences a table are listed.
    ///
    /// While the tables are compared the projection does not move, and on SQLite nobody writes.
    pub async fn compare(&self, name: &str) -> Result<Vec<Difference>, ProjectionError> {
        self.compare_with(name, &|_, _| {}).await
    }

    /// As [`compare`](Self::compare); `progress` hears position and head after every batch.
    pub async fn compare_with(&self, name: &str, progress: Progress<'_>) -> Result<Vec<Difference>, ProjectionError> {
        const DOING: &str = "comparing the tables of a projection";
        let projection = self.find(name)?;
        self.wait_turn(projection, CHECK).await?;
        let mut side = self.begin(projection, CHECK).await?;
        let not_registered = || ProjectionError::NotRegistered { name: name.to_owned() };
        let live = self.checkpoint(name).await?.ok_or_else(not_registered)?;
        self.fill(&mut side, live.position, progress).await?;
        let mut tx = Tx::write(&self.inner.storage).await.doing(DOING)?;
        let live = checkpoints::lock(&mut tx.conn(), name).await.doing(DOING)?.ok_or_else(not_registered)?;
        self.finish_in(&mut tx, &mut side, live.position).await?;
        let mut differences = vec![];
        for table in projection.tables() {
            differences.extend(compare_table(&mut tx.conn(), table).await.doing(DOING)?);
            tx.conn().define(&format!("DROP TABLE {}{CHECK}", table.name)).await.doing(DOING)?;
        }
        tx.commit().await.doing(DOING)?;
        Ok(differences)
    }
}

async fn digest_table(conn: &mut Conn<'_>, table: &'static Table) -> Result<TableDigest, sqlx::Error> {
    let sql = format!("SELECT {} FROM {} ORDER BY {}", table.column_list(), table.name, table.key());
    let mut hash = Sha256::new();
    let mut rows = 0_u64;
    conn.each(&sql, &[], |row| {
        rows += 1;
        for (i, column) in table.columns.iter().enumerate() {
            // Kind and length before each value: no two different rows give the same bytes.
            match row.cell(i, column.kind)? {
                Cell::Null => hash.update([0]),
                Cell::Int(number) => {
                    hash.update([1]);
                    hash.update(number.to_be_bytes());
                }
                Cell::Text(text) => {
                    hash.update([2]);
                    hash.update((text.len() as u64).to_be_bytes());
                    hash.update(text.as_bytes());
                }
            }
        }
        Ok(())
    })
    .await?;
    Ok(TableDigest { table: table.name.to_owned(), rows, sha256: hex::encode(hash.finalize()) })
}

async fn compare_table(conn: &mut Conn<'_>, table: &'static Table) -> Result<Vec<Difference>, sqlx::Error> {
    let (name, key) = (table.name, table.key());
    let side = format!("{name}{CHECK}");
    let difference = |key: String, what| Difference { table: name.to_owned(), key, what };
    let mut all = vec![];
    for (there, not_there, what) in [(side.as_str(), name, What::Missing), (name, side.as_str(), What::Surplus)] {
        let sql = format!(
            "SELECT a.{key} FROM {there} a LEFT JOIN {not_there} b ON b.{key} = a.{key} \
             WHERE b.{key} IS NULL ORDER BY a.{key} LIMIT {MOST}"
        );
        all.extend(conn.fetch(&sql, &[], |row| Ok(difference(row.get(0)?, what.clone()))).await?);
    }
    let rest = table.columns.get(1..).unwrap_or_default();
    let differs: Vec<_> = rest.iter().map(|column| format!("a.{0} IS DISTINCT FROM b.{0}", column.name)).collect();
    let flags: Vec<_> =
        differs.iter().map(|differs| format!("CAST(CASE WHEN {differs} THEN 1 ELSE 0 END AS BIGINT)")).collect();
    let sql = format!(
        "SELECT a.{key}, {} FROM {name} a JOIN {side} b ON b.{key} = a.{key} WHERE {} ORDER BY a.{key} LIMIT {MOST}",
        flags.join(", "),
        differs.join(" OR ")
    );
    let read = |row: RowRef<'_>| {
        let mut columns = vec![];
        for (i, column) in rest.iter().enumerate() {
            if row.get::<bool>(i + 1)? {
                columns.push(column.name.to_owned());
            }
        }
        Ok(difference(row.get(0)?, What::Columns(columns)))
    };
    all.extend(conn.fetch(&sql, &[], read).await?);
    Ok(all)
}

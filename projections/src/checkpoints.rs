//! How far each projection has come: one row a projection, moved by compare-and-set.

use crate::cell::{Cell, RowRef};
use crate::connection::Conn;
use crate::table::Dialect;

pub(crate) const RUNNING: &str = "running";
pub(crate) const STOPPED: &str = "stopped";
pub(crate) const REBUILDING: &str = "rebuilding";

const SELECT: &str = "SELECT name, version, position, generation, status, error FROM projection_checkpoints";

/// A projection's checkpoint as stored. Version, generation and position together say which rows the tables hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) position: i64,
    pub(crate) generation: i64,
    pub(crate) status: String,
    pub(crate) error: Option<String>,
}

impl Checkpoint {
    fn read(row: RowRef<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: row.get(0)?,
            version: row.get(1)?,
            position: row.get(2)?,
            generation: row.get(3)?,
            status: row.get(4)?,
            error: row.get::<Option<String>>(5)?.filter(|error| !error.is_empty()),
        })
    }

    fn cells(&self) -> [Cell; 6] {
        [
            Cell::Text(self.name.clone()),
            Cell::Int(self.version),
            Cell::Int(self.position),
            Cell::Int(self.generation),
            Cell::Text(self.status.clone()),
            self.error.clone().map_or(Cell::Null, Cell::Text),
        ]
    }

    fn identity(&self) -> [Cell; 4] {
        [Cell::Text(self.name.clone()), Cell::Int(self.version), Cell::Int(self.generation), Cell::Int(self.position)]
    }
}

/// All checkpoints, also those of rebuilds under way.
pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Vec<Checkpoint>, sqlx::Error> {
    conn.fetch(&format!("{SELECT} ORDER BY name"), &[], Checkpoint::read).await
}

/// One checkpoint.
pub(crate) async fn get(conn: &mut Conn<'_>, name: &str) -> Result<Option<Checkpoint>, sqlx::Error> {
    let sql = format!("{SELECT} WHERE name = $1");
    Ok(conn.fetch(&sql, &[Cell::Text(name.to_owned())], Checkpoint::read).await?.pop())
}

/// One checkpoint, held fast until the transaction ends. (On SQLite the writer holds everything fast.)
pub(crate) async fn lock(conn: &mut Conn<'_>, name: &str) -> Result<Option<Checkpoint>, sqlx::Error> {
    let lock = match conn.dialect() {
        Dialect::Sqlite => "",
        Dialect::Postgres => " FOR UPDATE",
    };
    let sql = format!("{SELECT} WHERE name = $1{lock}");
    Ok(conn.fetch(&sql, &[Cell::Text(name.to_owned())], Checkpoint::read).await?.pop())
}

/// Adds a checkpoint; false when there is one of this name.
pub(crate) async fn insert(conn: &mut Conn<'_>, new: &Checkpoint) -> Result<bool, sqlx::Error> {
    const SQL: &str = "INSERT INTO projection_checkpoints (name, version, position, generation, status, error) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING";
    Ok(conn.execute(SQL, &new.cells()).await? == 1)
}

/// Sets a checkpoint whatever it was.
pub(crate) async fn put(conn: &mut Conn<'_>, new: &Checkpoint) -> Result<(), sqlx::Error> {
    const SQL: &str = "INSERT INTO projection_checkpoints (name, version, position, generation, status, error) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET version = excluded.version, \
        position = excluded.position, generation = excluded.generation, status = excluded.status, \
        error = excluded.error";
    conn.execute(SQL, &new.cells()).await.map(drop)
}

/// Moves a checkpoint from `old` to a new position and status; false when it is no longer where it was, because
/// somebody else moved it. The rows it stands for may be written only when this returns true, in the same transaction.
pub(crate) async fn advance(
    conn: &mut Conn<'_>,
    old: &Checkpoint,
    position: i64,
    status: &str,
    error: Option<&str>,
) -> Result<bool, sqlx::Error> {
    const SQL: &str = "UPDATE projection_checkpoints SET position = $5, status = $6, error = $7 \
        WHERE name = $1 AND version = $2 AND generation = $3 AND position = $4";
    let error = error.map_or(Cell::Null, |error| Cell::Text(error.to_owned()));
    let [name, version, generation, from] = old.identity();
    let cells = [name, version, generation, from, Cell::Int(position), Cell::Text(status.to_owned()), error];
    Ok(conn.execute(SQL, &cells).await? == 1)
}

/// Takes a checkpoint away if it is still where it was.
pub(crate) async fn delete(conn: &mut Conn<'_>, old: &Checkpoint) -> Result<bool, sqlx::Error> {
    const SQL: &str = "DELETE FROM projection_checkpoints \
        WHERE name = $1 AND version = $2 AND generation = $3 AND position = $4";
    Ok(conn.execute(SQL, &old.identity()).await? == 1)
}

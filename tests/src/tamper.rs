//! What somebody with full access to the database could do to it, the chain made anew by their own reading included.

use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Connection as _, Row as _};

/// Somebody with full access.
pub struct Intruder {
    connection: AnyConnection,
    sqlite: bool,
}

/// A row of the log.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its position.
    pub position: i64,
    /// Type and id of its stream.
    pub stream: (String, String),
    /// Its place there.
    pub sequence: i64,
    /// Its type.
    pub event_type: String,
    /// Its version.
    pub event_version: String,
    /// Its payload.
    pub payload: String,
    /// Its metadata.
    pub metadata: String,
    /// Its time.
    pub recorded_at: String,
}

impl Intruder {
    /// Opens the store behind everybody's back.
    pub async fn at(url: &str) -> Self {
        sqlx::any::install_default_drivers();
        let connection = AnyConnection::connect(url).await.expect("the store can be opened");
        Self { connection, sqlite: url.starts_with("sqlite:") }
    }

    /// Changes it; returns how many rows.
    pub async fn execute(&mut self, sql: &str) -> u64 {
        sqlx::raw_sql(sql).execute(&mut self.connection).await.expect(sql).rows_affected()
    }

    /// The log.
    pub async fn log(&mut self) -> Vec<Row> {
        let sql = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
                   metadata, recorded_at FROM event_log ORDER BY position";
        let rows = sqlx::query(sql).fetch_all(&mut self.connection).await.unwrap();
        let row = |row: &sqlx::any::AnyRow| Row {
            position: row.get(0),
            stream: (row.get(1), row.get(2)),
            sequence: row.get(3),
            event_type: row.get(4),
            event_version: row.get(5),
            payload: row.get(6),
            metadata: row.get(7),
            recorded_at: row.get(8),
        };
        rows.iter().map(row).collect()
    }

    /// Numbers the log anew and chains it anew, so that it is whole in itself, and leaves it where it ends.
    pub async fn chain_anew(&mut self) {
        let rows = self.log().await;
        let mut hash = [0_u8; 32];
        let mut position = 0_i64;
        for row in rows {
            position += 1;
            let mut bytes = vec![];
            let fields: [&[u8]; 9] = [
                &position.to_be_bytes(),
                row.stream.0.as_bytes(),
                row.stream.1.as_bytes(),
                &row.sequence.to_be_bytes(),
                row.event_type.as_bytes(),
                row.event_version.as_bytes(),
                row.payload.as_bytes(),
                row.metadata.as_bytes(),
                row.recorded_at.as_bytes(),
            ];
            for field in fields {
                bytes.extend((field.len() as u64).to_be_bytes());
                bytes.extend(field);
            }
            let digest: [u8; 32] = Sha256::digest(&bytes).into();
            hash = Sha256::digest([hash, digest].concat()).into();
            let hash = self.bytes(&hash);
            let sql =
                format!("UPDATE event_log SET position = {position}, hash = {hash} WHERE position = {}", row.position);
            assert_eq!(self.execute(&sql).await, 1);
        }
        let hash = self.bytes(&hash);
        self.execute(&format!("UPDATE sequencer_state SET position = {position}, hash = {hash}")).await;
    }

    /// Leaves.
    pub async fn leave(self) {
        self.connection.close().await.unwrap();
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let hex = hex::encode(bytes);
        if self.sqlite { format!("x'{hex}'") } else { format!("decode('{hex}', 'hex')") }
    }
}

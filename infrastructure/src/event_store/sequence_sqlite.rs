//! One step of the sequencer on SQLite.
//!
//! There is one writer at a time and no row of `events` is ever deleted, so the implicit rowid is the commit order.
//! The step reads and hashes beside the writer, and holds it only to insert. Should the rowids have been given anew
//! (a store rebuilt from a textual dump), the last placed row is no longer the one the state names; then every row
//! that is missing in the log is found by comparing the two tables once.

use super::SqliteStorage;
use super::classify::describe;
use super::log_reader::LogEvent;
use super::sequenced_rows::{BATCH, End, RawEvent, Stream, continued_streams, end_after, place};
use super::sequencer::{SequencerError, Step};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};
use std::collections::HashMap;

/// Rows of one INSERT: few enough for SQLite's limit on parameters, and the same text every time, so that it is
/// prepared once.
const ROWS_AT_ONCE: usize = 100;
const EVENT_COLUMNS: &str = "e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, e.payload, \
    e.metadata, e.recorded_at, e.rowid";

struct State {
    end: End,
    last_rowid: i64,
    at_home: bool,
}

/// Places the next batch, if there is one and nobody else is at it.
pub(super) async fn step(storage: &SqliteStorage) -> Result<Step, SequencerError> {
    // One transaction, so that everything read is of the same moment: another engine may be placing events.
    let mut reader = storage.readers.begin().await.map_err(failed)?;
    let state = read_state(&mut reader).await?;
    if !state.at_home {
        drop(reader);
        return adopt(storage).await;
    }
    let sql = format!("SELECT {EVENT_COLUMNS} FROM events e WHERE e.rowid > $1 ORDER BY e.rowid LIMIT $2");
    let rows = sqlx::query(&sql).bind(state.last_rowid).bind(BATCH).fetch_all(&mut *reader).await.map_err(failed)?;
    let Some(last_rowid) = last_rowid(&rows)? else { return Ok(Step::nothing(state.end.position)) };
    let placed = place_rows(&mut reader, rows, state.end).await?;
    drop(reader);

    let mut transaction = begin_writing(storage).await?;
    let found = read_state(&mut transaction).await?;
    if found.end != state.end || found.last_rowid != state.last_rowid {
        // Another engine on the same file was faster.
        return Ok(Step::nothing(found.end.position));
    }
    insert(&mut transaction, &placed).await?;
    let end = end_after(&placed, state.end);
    write_state(&mut transaction, end, last_rowid).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(Step { before: state.end.position, head: end.position })
}

/// Begins a transaction that is the writer from its first statement on. Not `begin_with("BEGIN IMMEDIATE")`: when the
/// caller is dropped right after a BEGIN of our own, the only writer goes back to the pool with a transaction open that
/// nobody will ever commit.
async fn begin_writing(storage: &SqliteStorage) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, SequencerError> {
    let mut transaction = storage.writer.begin().await.map_err(failed)?;
    let become_writer = "UPDATE sequencer_state SET last_rowid = last_rowid WHERE only_row = 0";
    sqlx::query(become_writer).execute(&mut *transaction).await.map_err(failed)?;
    Ok(transaction)
}

/// A mark that is reached when everything committed so far is placed.
pub(super) async fn mark(storage: &SqliteStorage) -> Result<i64, SequencerError> {
    sqlx::query_scalar("SELECT coalesce(max(rowid), 0) FROM events").fetch_one(&storage.readers).await.map_err(failed)
}

/// The end of the log, and whether a committed event up to `mark` is not yet in it.
pub(super) async fn pending(storage: &SqliteStorage, mark: i64) -> Result<(i64, bool), SequencerError> {
    let mut reader = storage.readers.acquire().await.map_err(failed)?;
    let state = read_state(&mut reader).await?;
    Ok((state.end.position, !state.at_home || state.last_rowid < mark))
}

async fn adopt(storage: &SqliteStorage) -> Result<Step, SequencerError> {
    let mut transaction = begin_writing(storage).await?;
    let state = read_state(&mut transaction).await?;
    let (mut end, mut after) = (state.end, 0);
    let sql = format!(
        "SELECT {EVENT_COLUMNS} FROM events e WHERE e.rowid > $1 AND NOT EXISTS (SELECT 1 FROM event_log l \
         WHERE l.aggregate_type = e.aggregate_type AND l.aggregate_id = e.aggregate_id AND l.sequence = e.sequence) \
         ORDER BY e.rowid LIMIT $2"
    );
    loop {
        let rows = sqlx::query(&sql).bind(after).bind(BATCH).fetch_all(&mut *transaction).await.map_err(failed)?;
        let Some(last) = last_rowid(&rows)? else { break };
        let placed = place_rows(&mut transaction, rows, end).await?;
        insert(&mut transaction, &placed).await?;
        (end, after) = (end_after(&placed, end), last);
    }
    let last: i64 = sqlx::query_scalar("SELECT rowid FROM events ORDER BY rowid DESC LIMIT 1")
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed)?
        .unwrap_or(0);
    write_state(&mut transaction, end, last).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(Step { before: state.end.position, head: end.position })
}

/// Where the sequencer is. The log must end there, or something was taken away from it.
async fn read_state(connection: &mut SqliteConnection) -> Result<State, SequencerError> {
    // One statement, so that state and log are of the same moment.
    let row = sqlx::query(
        "SELECT s.position, s.hash, s.last_rowid, l.position, l.hash, \
         s.last_rowid = 0 AND s.position = 0 OR EXISTS (SELECT 1 FROM events e WHERE e.rowid = s.last_rowid AND \
           (e.aggregate_type, e.aggregate_id, e.sequence) IN (SELECT p.aggregate_type, p.aggregate_id, p.sequence \
            FROM event_log p WHERE p.position = s.position)) \
         FROM sequencer_state s LEFT JOIN event_log l ON l.position = (SELECT max(position) FROM event_log) \
         WHERE s.only_row = 1",
    )
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    let read = || {
        let found: Option<i64> = row.try_get(3)?;
        let end = End { position: row.try_get(0)?, hash: hash_of(&row, 1)? };
        let found = found.map(|position| hash_of(&row, 4).map(|hash| (position, hash))).transpose()?;
        Ok((State { end, last_rowid: row.try_get(2)?, at_home: row.try_get(5)? }, found))
    };
    let (state, found) = read().map_err(failed)?;
    state.end.must_be(found)?;
    Ok(state)
}

async fn write_state(connection: &mut SqliteConnection, end: End, last_rowid: i64) -> Result<(), SequencerError> {
    sqlx::query("UPDATE sequencer_state SET position = $1, hash = $2, last_rowid = $3 WHERE only_row = 1")
        .bind(end.position)
        .bind(end.hash.to_vec())
        .bind(last_rowid)
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(failed)
}

fn last_rowid(rows: &[SqliteRow]) -> Result<Option<i64>, SequencerError> {
    rows.last().map(|row| row.try_get(8)).transpose().map_err(failed)
}

async fn place_rows(
    connection: &mut SqliteConnection,
    rows: Vec<SqliteRow>,
    end: End,
) -> Result<Vec<LogEvent>, SequencerError> {
    let raw = rows.iter().map(raw_event).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    drop(rows);
    let before = last_sequences(connection, &continued_streams(&raw)).await?;
    place(raw, end, before).await
}

fn raw_event(row: &SqliteRow) -> Result<RawEvent, sqlx::Error> {
    Ok(RawEvent {
        aggregate_type: row.try_get(0)?,
        aggregate_id: row.try_get(1)?,
        sequence: row.try_get(2)?,
        event_type: row.try_get(3)?,
        event_version: row.try_get(4)?,
        payload: row.try_get(5)?,
        metadata: row.try_get(6)?,
        recorded_at: row.try_get(7)?,
    })
}

async fn last_sequences(
    connection: &mut SqliteConnection,
    streams: &[Stream],
) -> Result<HashMap<Stream, i64>, SequencerError> {
    let mut last = HashMap::with_capacity(streams.len());
    for some in streams.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH s(t, i) AS (");
        query.push_values(some, |mut row, (kind, id)| {
            row.push_bind(kind).push_bind(id);
        });
        query.push(
            ") SELECT s.t, s.i, coalesce((SELECT max(l.sequence) FROM event_log l \
             WHERE l.aggregate_type = s.t AND l.aggregate_id = s.i), 0) FROM s",
        );
        let found: Vec<(String, String, i64)> =
            query.build_query_as().fetch_all(&mut *connection).await.map_err(failed)?;
        last.extend(found.into_iter().map(|(kind, id, sequence)| ((kind, id), sequence)));
    }
    Ok(last)
}

async fn insert(connection: &mut SqliteConnection, placed: &[LogEvent]) -> Result<(), SequencerError> {
    for some in placed.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO event_log (position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, metadata, recorded_at, hash) ",
        );
        query.push_values(some, |mut row, event| {
            row.push_bind(event.position)
                .push_bind(&event.aggregate_type)
                .push_bind(&event.aggregate_id)
                .push_bind(event.sequence)
                .push_bind(&event.event_type)
                .push_bind(&event.event_version)
                .push_bind(&event.payload)
                .push_bind(&event.metadata)
                .push_bind(&event.recorded_at)
                .push_bind(&event.hash[..]);
        });
        query.build().execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
}

/// The hash in column `index`.
pub(super) fn hash_of(row: &SqliteRow, index: usize) -> Result<[u8; 32], sqlx::Error> {
    let bytes: &[u8] = row.try_get(index)?;
    bytes.try_into().map_err(|_| sqlx::Error::Decode("a hash has 32 bytes".into()))
}

fn failed(error: sqlx::Error) -> SequencerError {
    SequencerError::Database { reason: describe(&error) }
}

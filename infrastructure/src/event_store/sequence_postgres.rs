//! One step of the sequencer on PostgreSQL.
//!
//! **Order.** A row carries the id of its transaction (`xid`) and the number it was inserted under (`arrival`). Rows
//! are taken in the order of (xid, arrival), and only those whose xid lies below the oldest transaction still under
//! way: nothing can any more appear before a row that was taken. A transaction left open anywhere on the server
//! holds the log back, but never makes it wrong.
//!
//! **Leader.** Every step locks the single row of `sequencer_state` for its transaction. An engine that finds it
//! locked leaves the step to the other one.
//!
//! **Another cluster.** Transaction ids mean nothing in the cluster a dump is restored into: new rows would come
//! before old ones, or never. So the state names the cluster, database and table its xids belong to. Where they
//! differ, or the stored xid lies in the future, the step *adopts* the table once: it locks `events` against
//! writers, which also waits for those under way, and places every row that is missing in the log in order of
//! arrival; with no writer under way that order has every stream in its sequence. Then it remembers the highest
//! arrival (older rows are never looked at again, whatever their xid says) and the oldest xid that can still write,
//! and goes on as usual. A fresh store is adopted in the same way.

use super::classify::describe;
use super::log_reader::LogEvent;
use super::sequenced_rows::{BATCH, End, RawEvent, Stream, continued_streams, end_after, place};
use super::sequencer::{SequencerError, Step};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};
use std::collections::HashMap;

/// The channel on which other engines hear of new positions. Only a wake-up; nothing depends on it.
pub(super) const CHANNEL: &str = "teiki_event_log";
/// Once this many transactions went by without an event, the cursor is moved up, so that the search for the next
/// event never has to step over many rows of an older cluster.
const IDLE_TRANSACTIONS: u64 = 100_000;

const HERE: &str = "(SELECT oid::text FROM pg_database WHERE datname = current_database()) \
    || '/' || 'events'::regclass::oid::text";
const EVENT_COLUMNS: &str = "e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, \
    e.payload::text, e.metadata::text, to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

/// What differs between installations.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    /// An expression for the identity of cluster, database and table.
    here: String,
}

impl Cluster {
    /// Finds out whether the cluster tells its identifier; some services forbid it, and then database and table
    /// alone must tell.
    pub(super) async fn examine(pool: &PgPool) -> Result<Self, SequencerError> {
        let told: bool = sqlx::query_scalar("SELECT has_function_privilege('pg_control_system()', 'execute')")
            .fetch_one(pool)
            .await
            .map_err(failed)?;
        let here = match told {
            true => format!("(SELECT system_identifier::text FROM pg_control_system()) || '/' || {HERE}"),
            false => HERE.to_owned(),
        };
        Ok(Self { here })
    }
}

struct State {
    end: End,
    first_arrival: i64,
    last_xid: String,
    last_arrival: i64,
    at_home: bool,
}

/// Places the next batch, if there is one and nobody else is at it.
pub(super) async fn step(pool: &PgPool, cluster: &Cluster) -> Result<Step, SequencerError> {
    // Looked at without a lock first: an idle engine shall not write.
    let look = format!(
        "SELECT s.position, {} <> s.cluster OR s.last_xid > pg_snapshot_xmax(pg_current_snapshot()) \
         OR pg_snapshot_xmin(pg_current_snapshot())::text::numeric - s.last_xid::text::numeric > {IDLE_TRANSACTIONS} \
         OR coalesce((SELECT true FROM events e WHERE (e.xid, e.arrival) > (s.last_xid, s.last_arrival) \
           AND e.arrival > s.first_arrival AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) \
           ORDER BY e.xid, e.arrival LIMIT 1), false) \
         FROM sequencer_state s WHERE s.only_row = 1",
        cluster.here
    );
    let (position, work): (i64, bool) = sqlx::query_as(&look).fetch_one(pool).await.map_err(failed)?;
    if !work {
        return Ok(Step::nothing(position));
    }

    let mut transaction = pool.begin().await.map_err(failed)?;
    let Some(state) = lock_state(&mut transaction, cluster).await? else { return Ok(Step::nothing(position)) };
    check_end(&mut transaction, state.end).await?;
    let end = match state.at_home {
        true => continue_log(&mut transaction, &state).await?,
        false => adopt(&mut transaction, &state, cluster).await?,
    };
    if end.position > state.end.position {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(end.position.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(Step { before: state.end.position, head: end.position })
}

/// A mark that lies above everything committed so far.
pub(super) async fn mark(pool: &PgPool) -> Result<String, SequencerError> {
    sqlx::query_scalar("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetch_one(pool).await.map_err(failed)
}

/// The end of the log, and whether a committed event below `mark` is not yet in it.
pub(super) async fn pending(pool: &PgPool, cluster: &Cluster, mark: &str) -> Result<(i64, bool), SequencerError> {
    let sql = format!(
        "SELECT s.position, {} <> s.cluster OR s.last_xid > pg_snapshot_xmax(pg_current_snapshot()) \
         OR coalesce((SELECT true FROM events e WHERE (e.xid, e.arrival) > (s.last_xid, s.last_arrival) \
           AND e.arrival > s.first_arrival AND e.xid < $1::text::xid8 ORDER BY e.xid, e.arrival LIMIT 1), false) \
         FROM sequencer_state s WHERE s.only_row = 1",
        cluster.here
    );
    sqlx::query_as(&sql).bind(mark).fetch_one(pool).await.map_err(failed)
}

async fn lock_state(connection: &mut PgConnection, cluster: &Cluster) -> Result<Option<State>, SequencerError> {
    let sql = format!(
        "SELECT s.position, s.hash, s.first_arrival, s.last_xid::text, s.last_arrival, \
         {} = s.cluster AND s.last_xid <= pg_snapshot_xmax(pg_current_snapshot()) \
         FROM sequencer_state s WHERE s.only_row = 1 FOR UPDATE OF s SKIP LOCKED",
        cluster.here
    );
    let Some(row) = sqlx::query(&sql).fetch_optional(connection).await.map_err(failed)? else { return Ok(None) };
    let read = || {
        Ok(State {
            end: End { position: row.try_get(0)?, hash: row.try_get(1)? },
            first_arrival: row.try_get(2)?,
            last_xid: row.try_get(3)?,
            last_arrival: row.try_get(4)?,
            at_home: row.try_get(5)?,
        })
    };
    read().map(Some).map_err(failed)
}

/// The log must end where the state says, or something was taken away from it.
async fn check_end(connection: &mut PgConnection, end: End) -> Result<(), SequencerError> {
    let found: Option<(i64, [u8; 32])> =
        sqlx::query_as("SELECT position, hash FROM event_log ORDER BY position DESC LIMIT 1")
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
    end.must_be(found)
}

async fn continue_log(connection: &mut PgConnection, state: &State) -> Result<End, SequencerError> {
    // Taken before the rows are read: everything below it is over, so the rows below it are all there are.
    let horizon: String = sqlx::query_scalar("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let sql = format!(
        "SELECT {EVENT_COLUMNS}, e.xid::text, e.arrival FROM events e \
         WHERE (e.xid, e.arrival) > ($1::text::xid8, $2) AND e.arrival > $3 AND e.xid < $4::text::xid8 \
         ORDER BY e.xid, e.arrival LIMIT $5"
    );
    let rows = sqlx::query(&sql)
        .bind(&state.last_xid)
        .bind(state.last_arrival)
        .bind(state.first_arrival)
        .bind(&horizon)
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let cursor: (String, i64) = match rows.last() {
        Some(row) => (row.try_get(8).map_err(failed)?, row.try_get(9).map_err(failed)?),
        None => (horizon, 0),
    };
    let end = write_rows(connection, rows, state.end).await?;
    sqlx::query(
        "UPDATE sequencer_state SET position = $1, hash = $2, last_xid = $3::text::xid8, last_arrival = $4 \
         WHERE only_row = 1",
    )
    .bind(end.position)
    .bind(end.hash)
    .bind(cursor.0)
    .bind(cursor.1)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(end)
}

async fn adopt(connection: &mut PgConnection, state: &State, cluster: &Cluster) -> Result<End, SequencerError> {
    sqlx::query("SET LOCAL lock_timeout = '10s'").execute(&mut *connection).await.map_err(failed)?;
    sqlx::query("LOCK TABLE events IN SHARE MODE").execute(&mut *connection).await.map_err(failed)?;
    let sql = format!(
        "DECLARE missing NO SCROLL CURSOR FOR SELECT {EVENT_COLUMNS} FROM events e WHERE NOT EXISTS \
         (SELECT 1 FROM event_log l WHERE l.aggregate_type = e.aggregate_type AND l.aggregate_id = e.aggregate_id \
         AND l.sequence = e.sequence) ORDER BY e.arrival"
    );
    sqlx::query(&sql).persistent(false).execute(&mut *connection).await.map_err(failed)?;
    let mut end = state.end;
    loop {
        let rows = sqlx::query(&format!("FETCH {BATCH} FROM missing"))
            .persistent(false)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
        if rows.is_empty() {
            break;
        }
        end = write_rows(connection, rows, end).await?;
    }
    // A copy made row by row may have left the numbering behind.
    sqlx::query(
        "SELECT setval(pg_get_serial_sequence('events', 'arrival'), (SELECT max(arrival) FROM events)) \
         WHERE coalesce(pg_sequence_last_value(pg_get_serial_sequence('events', 'arrival')::regclass), 0) \
         < (SELECT max(arrival) FROM events)",
    )
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    let sql = format!(
        "UPDATE sequencer_state SET position = $1, hash = $2, cluster = {}, \
         first_arrival = coalesce((SELECT max(arrival) FROM events), 0), \
         last_xid = pg_snapshot_xmin(pg_current_snapshot()), last_arrival = 0 WHERE only_row = 1",
        cluster.here
    );
    sqlx::query(&sql).bind(end.position).bind(end.hash).execute(connection).await.map_err(failed)?;
    Ok(end)
}

async fn write_rows(connection: &mut PgConnection, rows: Vec<PgRow>, end: End) -> Result<End, SequencerError> {
    if rows.is_empty() {
        return Ok(end);
    }
    let raw = rows.iter().map(raw_event).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    drop(rows);
    let before = last_sequences(connection, &continued_streams(&raw)).await?;
    let placed = place(raw, end, before).await?;
    insert(connection, &placed).await.map_err(failed)?;
    Ok(end_after(&placed, end))
}

fn raw_event(row: &PgRow) -> Result<RawEvent, sqlx::Error> {
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
    connection: &mut PgConnection,
    streams: &[Stream],
) -> Result<HashMap<Stream, i64>, SequencerError> {
    if streams.is_empty() {
        return Ok(HashMap::new());
    }
    let (types, ids): (Vec<&str>, Vec<&str>) = streams.iter().map(|(kind, id)| (kind.as_str(), id.as_str())).unzip();
    let found: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT s.t, s.i, coalesce((SELECT max(l.sequence) FROM event_log l \
         WHERE l.aggregate_type = s.t AND l.aggregate_id = s.i), 0) FROM UNNEST($1::text[], $2::text[]) AS s(t, i)",
    )
    .bind(types)
    .bind(ids)
    .fetch_all(connection)
    .await
    .map_err(failed)?;
    Ok(found.into_iter().map(|(kind, id, last)| ((kind, id), last)).collect())
}

async fn insert(connection: &mut PgConnection, placed: &[LogEvent]) -> Result<(), sqlx::Error> {
    fn column<'e, T>(placed: &'e [LogEvent], of: impl Fn(&'e LogEvent) -> T) -> Vec<T> {
        placed.iter().map(of).collect()
    }
    sqlx::query(
        "INSERT INTO event_log (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
         metadata, recorded_at, hash) SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::bigint[], \
         $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[])",
    )
    .bind(column(placed, |event| event.position))
    .bind(column(placed, |event| event.aggregate_type.as_str()))
    .bind(column(placed, |event| event.aggregate_id.as_str()))
    .bind(column(placed, |event| event.sequence))
    .bind(column(placed, |event| event.event_type.as_str()))
    .bind(column(placed, |event| event.event_version.as_str()))
    .bind(column(placed, |event| event.payload.as_str()))
    .bind(column(placed, |event| event.metadata.as_str()))
    .bind(column(placed, |event| event.recorded_at.as_str()))
    .bind(column(placed, |event| event.hash))
    .execute(connection)
    .await
    .map(|_| ())
}

fn failed(error: sqlx::Error) -> SequencerError {
    SequencerError::Database { reason: describe(&error) }
}

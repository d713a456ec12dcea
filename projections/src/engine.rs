//! One batch: which rows it touches, loaded by key, folded in memory, written set-wise with the checkpoint.
//!
//! Loading and folding happen before the transaction. That is safe because the rows of a projection change only
//! together with its checkpoint: when the compare-and-set on the checkpoint succeeds, nobody has changed the rows
//! since they were loaded. So the transaction holds nothing but writes, and SQLite's only writer is kept busy briefly.

use crate::checkpoints::{self, Checkpoint, RUNNING, STOPPED};
use crate::connection::{Conn, Reading, Tx};
use crate::error::{Doing as _, ProjectionError};
use crate::projection::{Page, Projection};
use crate::working_set::{TableWrites, WorkingSet};
use teiki_infrastructure::event_store::Storage;

/// What a batch does to one projection.
pub(crate) struct Prepared {
    /// Where it stands now.
    pub(crate) from: Checkpoint,
    /// Where it will stand.
    pub(crate) position: i64,
    /// Set when it cannot go on after that: why.
    pub(crate) stop: Option<String>,
    /// Behind the tables' names: empty for the live ones.
    pub(crate) suffix: &'static str,
    writes: Vec<TableWrites>,
}

impl Prepared {
    /// The same checkpoint as it is after the commit.
    pub(crate) fn after(&self) -> Checkpoint {
        Checkpoint { position: self.position, ..self.from.clone() }
    }
}

/// The part of a page to be folded: positions after `after`, up to and including `until`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) after: i64,
    pub(crate) until: i64,
}

/// Loads and folds. An event that cannot be folded ends the batch before it and stops the projection there.
pub(crate) async fn prepare(
    source: &mut Source<'_>,
    projection: &dyn Projection,
    from: &Checkpoint,
    page: &Page,
    span: Span,
    suffix: &'static str,
) -> Result<Prepared, ProjectionError> {
    let mut until = span.until;
    let mut stop = None;
    // The second round, if any, ends before the event that failed in the first, so it does not meet it again.
    loop {
        match fold(source, projection, page, Span { until, ..span }, suffix)
            .await
            .doing("loading rows to be changed")?
        {
            Ok(rows) => {
                let writes = rows.into_writes();
                return Ok(Prepared { from: from.clone(), position: until.max(from.position), stop, suffix, writes });
            }
            Err((position, error)) => {
                stop = Some(format!("event {position}: {error}"));
                until = position - 1;
            }
        }
    }
}

/// Where rows are loaded from: a connection that is already held, or one taken only when there is something to load.
pub(crate) enum Source<'s> {
    Pool(&'s Storage),
    Held(Conn<'s>),
}

async fn fold(
    source: &mut Source<'_>,
    projection: &dyn Projection,
    page: &Page,
    span: Span,
    suffix: &'static str,
) -> Result<Result<WorkingSet, (i64, String)>, sqlx::Error> {
    let aggregates = projection.aggregates();
    let mut rows = WorkingSet::new(&projection.tables());
    let mut any = false;
    for fact in page.facts(aggregates, span.after, span.until) {
        match fact {
            Ok(fact) => projection.touches(&fact, &mut rows),
            Err((position, error)) => return Ok(Err((position, error.to_string()))),
        }
        any = true;
    }
    if !any {
        return Ok(Ok(rows));
    }
    match source {
        Source::Held(conn) => load(conn, &mut rows, suffix).await?,
        Source::Pool(storage) => {
            let mut reading = Reading::from(storage).await?;
            load(&mut reading.conn(), &mut rows, suffix).await?;
        }
    }
    for fact in page.facts(aggregates, span.after, span.until).flatten() {
        if let Err(error) = projection.fold(&fact, &mut rows) {
            return Ok(Err((fact.position, error.to_string())));
        }
    }
    Ok(Ok(rows))
}

async fn load(conn: &mut Conn<'_>, rows: &mut WorkingSet, suffix: &str) -> Result<(), sqlx::Error> {
    for table in rows.tables_mut() {
        let stored_name = format!("{}{suffix}", table.table().name);
        conn.load(table.as_mut(), &stored_name).await?;
    }
    Ok(())
}

/// Writes rows and checkpoints of all these projections in one transaction. False, and nothing written, when one of
/// them is no longer where it was.
pub(crate) async fn commit(storage: &Storage, batch: &[Prepared]) -> Result<bool, sqlx::Error> {
    let mut tx = Tx::write(storage).await?;
    // Checkpoints first and by name: every process takes its locks in the same order.
    let mut by_name: Vec<_> = batch.iter().collect();
    by_name.sort_by(|a, b| a.from.name.cmp(&b.from.name));
    for prepared in &by_name {
        let status = match (&prepared.stop, prepared.suffix) {
            (Some(_), _) => STOPPED,
            (None, "") => RUNNING,
            (None, _) => checkpoints::REBUILDING,
        };
        let from = &prepared.from;
        let moved =
            checkpoints::advance(&mut tx.conn(), from, prepared.position, status, prepared.stop.as_deref()).await?;
        if !moved {
            return Ok(false);
        }
    }
    for prepared in &by_name {
        write_rows(&mut tx.conn(), prepared).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Writes the rows alone; the checkpoint is the caller's.
pub(crate) async fn write_rows(conn: &mut Conn<'_>, prepared: &Prepared) -> Result<(), sqlx::Error> {
    for writes in &prepared.writes {
        conn.write(writes, &format!("{}{}", writes.table.name, prepared.suffix)).await?;
    }
    Ok(())
}

/// Stops a projection where it stands, if it still stands there.
pub(crate) async fn stop(storage: &Storage, at: &Checkpoint, error: &str) -> Result<bool, sqlx::Error> {
    let mut tx = Tx::write(storage).await?;
    let stopped = checkpoints::advance(&mut tx.conn(), at, at.position, STOPPED, Some(error)).await?;
    tx.commit().await?;
    Ok(stopped)
}

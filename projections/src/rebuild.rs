//! Rebuilding side by side: new tables fill beside the live ones, which go on serving, and take their place in one
//! transaction. Nothing here has side effects outside its own tables.
//!
//! The side tables carry a suffix and have their own checkpoint, named with the same suffix. Whoever moves that
//! checkpoint owns the rebuild. A rebuild whose checkpoint stops moving was interrupted, and its leftovers are dropped
//! by the next one, or by the next process that follows the log.

use crate::checkpoints::{self, Checkpoint, REBUILDING, RUNNING};
use crate::connection::{Tx, dialect};
use crate::engine::{self, Source, Span};
use crate::error::{Doing as _, ProjectionError};
use crate::projection::{Page, Projection};
use crate::reports::views;
use crate::runner::{Projections, read_page};
use crate::table::Dialect;
use std::sync::Arc;
use std::time::Duration;
use teiki_infrastructure::event_store::LogError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Behind the names of tables that will become the live ones.
pub(crate) const NEXT: &str = "__next";
/// Behind the names of tables that are only compared with the live ones.
pub(crate) const CHECK: &str = "__check";

/// At most so many events are folded while the live tables are held fast.
const NEAR: i64 = 2_000;

/// How often a rebuild of somebody else is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Hears how far a rebuild is: position and head of the log.
pub type Progress<'p> = &'p (dyn Fn(i64, i64) + Send + Sync);

/// The tables beside the live ones.
pub(crate) struct Side<'p> {
    pub(crate) projection: &'p Arc<dyn Projection>,
    pub(crate) suffix: &'static str,
    pub(crate) checkpoint: Checkpoint,
}

impl Projections {
    /// Rebuilds a projection from the whole log, beside the live tables, and puts it in their place. `progress`
    /// hears position and head after every batch. Returns the position it stands at.
    ///
    /// # Errors
    /// [`ProjectionError::Unknown`] for a name that does not exist; [`ProjectionError::Stopped`] when an event cannot
    /// be folded. The live tables are then as they were.
    pub async fn rebuild(&self, name: &str, progress: Progress<'_>) -> Result<i64, ProjectionError> {
        let projection = self.find(name)?;
        self.rebuild_unless(projection, false, progress).await
    }

    /// Rebuilds; with `unless_sound` only if nobody else has done it while this process waited its turn.
    pub(crate) async fn rebuild_unless(
        &self,
        projection: &Arc<dyn Projection>,
        unless_sound: bool,
        progress: Progress<'_>,
    ) -> Result<i64, ProjectionError> {
        const DOING: &str = "putting rebuilt tables in place";
        let storage = &self.inner.storage;
        self.wait_turn(projection, NEXT).await?;
        if unless_sound && self.is_sound(projection.as_ref()).await? {
            return Ok(self.checkpoint(projection.name()).await?.map_or(0, |checkpoint| checkpoint.position));
        }
        let mut side = self.begin(projection, NEXT).await?;
        self.fill(&mut side, i64::MAX, progress).await?;
        // Indexes after the rows: much faster. One a transaction, so that other writers get their turn in between.
        for table in projection.tables() {
            let stored_name = format!("{}{NEXT}", table.name);
            for sql in table.index_sql(&stored_name, side.checkpoint.generation) {
                let mut tx = Tx::write(storage).await.doing(DOING)?;
                if !checkpoints::advance(&mut tx.conn(), &side.checkpoint, side.checkpoint.position, REBUILDING, None)
                    .await
                    .doing(DOING)?
                {
                    return Err(taken_over(&side));
                }
                tx.conn().define(&sql).await.doing(DOING)?;
                tx.commit().await.doing(DOING)?;
            }
            if dialect(storage) == Dialect::Postgres {
                let mut tx = Tx::write(storage).await.doing(DOING)?;
                // The planner knows nothing of a table this young.
                tx.conn().define(&format!("ANALYZE {stored_name}")).await.doing(DOING)?;
                tx.commit().await.doing(DOING)?;
            }
        }
        loop {
            self.fill(&mut side, i64::MAX, progress).await?;
            let mut tx = Tx::write(storage).await.doing(DOING)?;
            if !views::hold(&mut tx.conn(), projection.name()).await.doing(DOING)? {
                tracing::warn!(projection = projection.name(), "somebody reads a report for long; trying again");
                continue;
            }
            let live = checkpoints::lock(&mut tx.conn(), projection.name()).await.doing(DOING)?;
            // Readers who were served at a position must never see an earlier one.
            let position = live.as_ref().map_or(0, |live| live.position);
            if position - side.checkpoint.position > NEAR {
                continue;
            }
            self.finish_in(&mut tx, &mut side, position).await?;
            for table in projection.tables() {
                let name = table.name;
                tx.conn().take_aside(name).await.doing(DOING)?;
                tx.conn().define(&format!("ALTER TABLE {name}{NEXT} RENAME TO {name}")).await.doing(DOING)?;
            }
            views::place(&mut tx.conn(), projection.name()).await.doing(DOING)?;
            for table in projection.tables() {
                tx.conn().drop_aside(table.name).await.doing(DOING)?;
            }
            let done = Checkpoint {
                name: projection.name().to_owned(),
                status: RUNNING.to_owned(),
                error: None,
                ..side.checkpoint.clone()
            };
            checkpoints::put(&mut tx.conn(), &done).await.doing(DOING)?;
            tx.commit().await.doing(DOING)?;
            progress(done.position, done.position);
            return Ok(done.position);
        }
    }

    /// Gives up the side's checkpoint and folds what is missing up to `position`, inside `tx`.
    pub(crate) async fn finish_in(
        &self,
        tx: &mut Tx,
        side: &mut Side<'_>,
        position: i64,
    ) -> Result<(), ProjectionError> {
        const DOING: &str = "folding the last events of a rebuild";
        if !checkpoints::delete(&mut tx.conn(), &side.checkpoint).await.doing(DOING)? {
            return Err(taken_over(side));
        }
        while side.checkpoint.position < position {
            let missing = position - side.checkpoint.position;
            let limit = missing.min(self.inner.options.large_page);
            let page = self.side_page(side, limit).await?;
            if page.last().is_none() {
                // The live tables stand behind the end of the log: its end was cut off.
                return Err(LogError::Hole { position: side.checkpoint.position + 1 }.into());
            }
            let prepared = prepare_side(&mut Source::Held(tx.conn()), side, &page).await?;
            engine::write_rows(&mut tx.conn(), &prepared).await.doing(DOING)?;
            side.checkpoint = prepared.after();
        }
        Ok(())
    }

    async fn side_page(&self, side: &Side<'_>, limit: i64) -> Result<Page, ProjectionError> {
        let interests = side.projection.aggregates().to_vec();
        read_page(self.inner.reader.clone(), side.checkpoint.position, limit, interests).await
    }

    /// Waits while somebody else's rebuild moves; drops what is left of one that does not.
    pub(crate) async fn wait_turn(
        &self,
        projection: &Arc<dyn Projection>,
        suffix: &'static str,
    ) -> Result<(), ProjectionError> {
        let name = format!("{}{suffix}", projection.name());
        let mut seen = self.checkpoint(&name).await?;
        let mut since = Instant::now();
        while let Some(checkpoint) = &seen {
            if since.elapsed() >= self.inner.options.stalled_after {
                tracing::info!(projection = projection.name(), "dropping what an interrupted rebuild left behind");
                self.discard(projection, suffix, checkpoint).await?;
                return Ok(());
            }
            tokio::time::sleep(LOOK.min(self.inner.options.stalled_after)).await;
            let now = self.checkpoint(&name).await?;
            if now != seen {
                since = Instant::now();
                seen = now;
            }
        }
        Ok(())
    }

    /// Drops side tables with their checkpoint, if it is still this one.
    pub(crate) async fn discard(
        &self,
        projection: &Arc<dyn Projection>,
        suffix: &'static str,
        checkpoint: &Checkpoint,
    ) -> Result<(), ProjectionError> {
        const DOING: &str = "dropping the tables of a rebuild";
        let mut tx = Tx::write(&self.inner.storage).await.doing(DOING)?;
        if checkpoints::delete(&mut tx.conn(), checkpoint).await.doing(DOING)? {
            for table in projection.tables() {
                tx.conn().define(&format!("DROP TABLE IF EXISTS {}{suffix}", table.name)).await.doing(DOING)?;
            }
            tx.commit().await.doing(DOING)?;
        }
        Ok(())
    }

    /// Drops what interrupted rebuilds left behind; those of other processes that still move are left alone.
    pub(crate) async fn drop_leftovers(&self, cancel: &CancellationToken) {
        for name in self.names() {
            for suffix in [NEXT, CHECK] {
                let Ok(projection) = self.find(name) else { continue };
                let dropped = tokio::select! {
                    () = cancel.cancelled() => return,
                    dropped = self.wait_turn(projection, suffix) => dropped,
                };
                if let Err(error) = dropped {
                    tracing::warn!(%error, projection = name, "leftovers of a rebuild could not be dropped");
                }
            }
        }
    }

    /// Makes empty side tables with their checkpoint at position 0.
    pub(crate) async fn begin<'p>(
        &self,
        projection: &'p Arc<dyn Projection>,
        suffix: &'static str,
    ) -> Result<Side<'p>, ProjectionError> {
        const DOING: &str = "beginning a rebuild";
        let storage = &self.inner.storage;
        let mut tx = Tx::write(storage).await.doing(DOING)?;
        let live = checkpoints::get(&mut tx.conn(), projection.name()).await.doing(DOING)?;
        let checkpoint = Checkpoint {
            name: format!("{}{suffix}", projection.name()),
            version: projection.version(),
            position: 0,
            generation: live.map_or(0, |live| live.generation) + 1,
            status: REBUILDING.to_owned(),
            error: None,
        };
        let side = Side { projection, suffix, checkpoint };
        if !checkpoints::insert(&mut tx.conn(), &side.checkpoint).await.doing(DOING)? {
            return Err(taken_over(&side));
        }
        for table in projection.tables() {
            let stored_name = format!("{}{suffix}", table.name);
            tx.conn().define(&format!("DROP TABLE IF EXISTS {stored_name}")).await.doing(DOING)?;
            let create = table.create_sql(&stored_name, side.checkpoint.generation, dialect(storage));
            tx.conn().define(&create).await.doing(DOING)?;
        }
        tx.commit().await.doing(DOING)?;
        Ok(side)
    }

    /// Folds the log into the side tables until they are near its head or stand at `until`.
    pub(crate) async fn fill(
        &self,
        side: &mut Side<'_>,
        until: i64,
        progress: Progress<'_>,
    ) -> Result<(), ProjectionError> {
        let filled = self.fill_pages(side, until, progress).await;
        if let Err(ProjectionError::Stopped { .. }) = filled {
            // What cannot be folded now cannot be folded by going on; the live tables stay as they are.
            self.discard(side.projection, side.suffix, &side.checkpoint).await?;
        }
        filled
    }

    async fn fill_pages(&self, side: &mut Side<'_>, until: i64, progress: Progress<'_>) -> Result<(), ProjectionError> {
        let size = self.inner.options.large_page;
        let limit = |position: i64| size.min(until.saturating_sub(position));
        if limit(side.checkpoint.position) <= 0 {
            return Ok(());
        }
        let mut head = self.inner.reader.head().await?;
        let mut page = self.side_page(side, limit(side.checkpoint.position)).await?;
        while let Some(last) = page.last() {
            // The next page is read and decoded while this one is folded and written.
            let more = page.len() >= usize::try_from(size).unwrap_or(usize::MAX) && limit(last) > 0;
            let ahead = more.then(|| {
                let interests = side.projection.aggregates().to_vec();
                tokio::spawn(read_page(self.inner.reader.clone(), last, limit(last), interests))
            });
            let prepared = prepare_side(&mut Source::Pool(&self.inner.storage), side, &page).await?;
            let committed = engine::commit(&self.inner.storage, std::slice::from_ref(&prepared)).await;
            if !committed.doing("writing a batch of a rebuild")? {
                return Err(taken_over(side));
            }
            side.checkpoint = prepared.after();
            if last > head {
                head = self.inner.reader.head().await?;
            }
            progress(last, head);
            match ahead {
                Some(ahead) => page = ahead.await??,
                None => break,
            }
        }
        Ok(())
    }
}

async fn prepare_side(
    source: &mut Source<'_>,
    side: &Side<'_>,
    page: &Page,
) -> Result<engine::Prepared, ProjectionError> {
    let at = side.checkpoint.position;
    let span = Span { after: at, until: page.last().unwrap_or(at) };
    let prepared = engine::prepare(source, side.projection.as_ref(), &side.checkpoint, page, span, side.suffix).await?;
    match prepared.stop {
        None => Ok(prepared),
        Some(error) => {
            let name = side.projection.name().to_owned();
            Err(ProjectionError::Stopped { name, position: prepared.position, error })
        }
    }
}

fn taken_over(side: &Side<'_>) -> ProjectionError {
    ProjectionError::TakenOver { name: side.projection.name().to_owned() }
}

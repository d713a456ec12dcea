//! Follows the log: every projection, batch by batch, until it stands at the head.

use crate::checkpoints::{self, Checkpoint, RUNNING, STOPPED};
use crate::connection::{Reading, Tx, dialect};
use crate::engine::{self, Prepared, Source, Span};
use crate::error::{Doing as _, ProjectionError, is_refusal};
use crate::projection::{Page, Projection};
use crate::reports::views;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use teiki_infrastructure::event_store::{LogReader, Storage};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How the projections are kept. The default is right for everything but tests.
#[derive(Debug, Clone)]
pub struct Options {
    /// Events of one batch.
    pub page: i64,
    /// Events of one batch of a rebuild, and of a projection that is far behind.
    pub large_page: i64,
    /// Longest pause between two looks at the log; the shortest is 10 ms.
    pub longest_pause: Duration,
    /// A rebuild that has not moved for so long counts as interrupted, and its leftovers are dropped.
    pub stalled_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            page: 1_000,
            large_page: 5_000,
            longest_pause: Duration::from_millis(250),
            stalled_after: Duration::from_secs(5),
        }
    }
}

/// Shortest pause between two looks at the log.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// While events keep coming and nobody waits for the tables, events are left to gather for so long between two
/// batches: a batch costs nearly the same for one event as for hundreds.
const GATHER: Duration = Duration::from_millis(50);

/// All projections over one store. Cheap to clone.
#[derive(Clone)]
pub struct Projections {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) storage: Storage,
    pub(crate) reader: LogReader,
    pub(crate) options: Options,
    pub(crate) projections: Vec<Arc<dyn Projection>>,
    /// One batch at a time in this process; other processes are kept apart by the checkpoints.
    turn: tokio::sync::Mutex<()>,
    /// Stopped projections that this process has not tried yet. Each start tries once: the cause may be mended.
    pub(crate) untried: Mutex<HashSet<&'static str>>,
    /// The position all running projections have passed, as far as this process knows.
    pub(crate) reached: watch::Sender<i64>,
    /// Somebody waits: the next batch is not to be put off.
    pub(crate) hurry: tokio::sync::Notify,
}

impl Projections {
    /// Opens every projection of this program: registers new ones, makes missing tables, and rebuilds those whose
    /// tables were made by another version.
    pub async fn open(storage: Storage, reader: LogReader) -> Result<Self, ProjectionError> {
        Self::open_with(storage, reader, crate::all(), Options::default()).await
    }

    /// Opens these projections.
    pub async fn open_with(
        storage: Storage,
        reader: LogReader,
        projections: Vec<Arc<dyn Projection>>,
        options: Options,
    ) -> Result<Self, ProjectionError> {
        let this = Self::over(storage, reader, projections, options);
        for projection in &this.inner.projections {
            this.ensure(projection).await?;
        }
        Ok(this)
    }

    /// Every projection of this program as it stands: nothing is made, rebuilt or followed. For looking at tables
    /// without mending them first.
    pub fn as_they_stand(storage: Storage, reader: LogReader) -> Self {
        Self::over(storage, reader, crate::all(), Options::default())
    }

    fn over(storage: Storage, reader: LogReader, mut projections: Vec<Arc<dyn Projection>>, options: Options) -> Self {
        projections.sort_by_key(|projection| projection.name());
        let untried = Mutex::new(projections.iter().map(|projection| projection.name()).collect());
        let inner = Inner {
            storage,
            reader,
            options,
            projections,
            turn: tokio::sync::Mutex::default(),
            untried,
            reached: watch::Sender::new(0),
            hurry: tokio::sync::Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    async fn ensure(&self, projection: &Arc<dyn Projection>) -> Result<(), ProjectionError> {
        const DOING: &str = "making the tables of a projection";
        if self.checkpoint(projection.name()).await?.is_none() {
            let storage = &self.inner.storage;
            let new = Checkpoint {
                name: projection.name().to_owned(),
                version: projection.version(),
                position: 0,
                generation: 1,
                status: RUNNING.to_owned(),
                error: None,
            };
            let mut tx = Tx::write(storage).await.doing(DOING)?;
            // A second process that does the same waits here, then finds everything done.
            if checkpoints::insert(&mut tx.conn(), &new).await.doing(DOING)? {
                // Views of tables without a checkpoint go with them.
                views::take_away(&mut tx.conn(), projection.name()).await.doing(DOING)?;
                for table in projection.tables() {
                    let mut conn = tx.conn();
                    conn.define(&format!("DROP TABLE IF EXISTS {}", table.name)).await.doing(DOING)?;
                    let create = table.create_sql(table.name, new.generation, dialect(storage));
                    conn.define(&create).await.doing(DOING)?;
                    for sql in table.index_sql(table.name, new.generation) {
                        conn.define(&sql).await.doing(DOING)?;
                    }
                }
                views::place(&mut tx.conn(), projection.name()).await.doing(DOING)?;
            }
            tx.commit().await.doing(DOING)?;
        }
        if !self.is_sound(projection.as_ref()).await? {
            tracing::info!(projection = projection.name(), "tables are missing or of another version: rebuilding");
            self.rebuild_unless(projection, true, &|_, _| {}).await?;
        }
        self.ensure_views(projection.as_ref()).await
    }

    /// Makes the views over the tables of a projection what this program says they are.
    async fn ensure_views(&self, projection: &dyn Projection) -> Result<(), ProjectionError> {
        const DOING: &str = "making the views of a projection";
        loop {
            let mut reading = Reading::from(&self.inner.storage).await.doing(DOING)?;
            if views::are_current(&mut reading.conn(), projection.name()).await.doing(DOING)? {
                return Ok(());
            }
            drop(reading);
            let mut tx = Tx::write(&self.inner.storage).await.doing(DOING)?;
            if !views::hold(&mut tx.conn(), projection.name()).await.doing(DOING)? {
                tracing::warn!(projection = projection.name(), "somebody reads a report for long; trying again");
                continue;
            }
            // A second process that does the same waits here.
            checkpoints::lock(&mut tx.conn(), projection.name()).await.doing(DOING)?;
            views::place(&mut tx.conn(), projection.name()).await.doing(DOING)?;
            tx.commit().await.doing(DOING)?;
        }
    }

    /// Whether the tables are there and of this program's version.
    pub(crate) async fn is_sound(&self, projection: &dyn Projection) -> Result<bool, ProjectionError> {
        let stored = self.checkpoint(projection.name()).await?;
        if stored.is_none_or(|checkpoint| checkpoint.version != projection.version()) {
            return Ok(false);
        }
        let mut reading = Reading::from(&self.inner.storage).await.doing("looking for tables")?;
        for table in projection.tables() {
            if !reading.conn().has_table(table.name).await.doing("looking for tables")? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The projection of this name, or an error that names all there are.
    pub(crate) fn find(&self, name: &str) -> Result<&Arc<dyn Projection>, ProjectionError> {
        self.inner.projections.iter().find(|projection| projection.name() == name).ok_or_else(|| {
            ProjectionError::Unknown { name: name.chars().take(64).collect(), known: self.names().join(", ") }
        })
    }

    /// The names of all projections, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        self.inner.projections.iter().map(|projection| projection.name()).collect()
    }

    /// Brings every projection to the head the log has now; returns the position that all running ones have passed.
    /// A projection that cannot go on is stopped where it stands and shown by [`status`](Self::status).
    ///
    /// # Errors
    /// When the store or the log cannot be read or written; nothing is half done, and it may be called again.
    pub async fn catch_up(&self) -> Result<i64, ProjectionError> {
        let _turn = self.inner.turn.lock().await;
        let head = self.inner.reader.head().await?;
        loop {
            let mut active: Vec<_> = self
                .standing()
                .await?
                .into_iter()
                .filter(|(p, checkpoint)| self.takes(p.as_ref(), checkpoint))
                .collect();
            let reached = active.iter().map(|(_, checkpoint)| checkpoint.position).min().unwrap_or(head);
            active.retain(|(_, checkpoint)| checkpoint.position < head);
            if active.is_empty() {
                self.inner.reached.send_replace(reached);
                return Ok(reached);
            }
            active.sort_by_key(|(_, checkpoint)| checkpoint.position);
            // Those that stand together go together. One that is far behind takes its turns beside the others, up to
            // where the next ones stand, so that it joins them.
            // Collected first: an iterator with its closure held over an await keeps the future from being spawned.
            let groups: Vec<_> = active.chunk_by(|(_, a), (_, b)| a.position == b.position).collect();
            let stands_at =
                |group: Option<&&[(_, Checkpoint)]>| group.and_then(|g| g.first()).map_or(head, |(_, c)| c.position);
            let places: Vec<i64> = (0..=groups.len()).map(|i| stands_at(groups.get(i))).collect();
            for (group, place) in groups.iter().zip(places.windows(2)) {
                if let [at, to] = *place {
                    let names: Vec<_> = group.iter().map(|(projection, _)| projection.name()).collect();
                    let span = tracing::info_span!(
                        target: "spans",
                        parent: None,
                        "projection batch",
                        teiki.projections = names.join(","),
                        teiki.position.from = at,
                        teiki.position.to = to,
                    );
                    self.step(group, at, to).instrument(span).await?;
                }
            }
        }
    }

    /// Whether this process works on a projection that stands like this.
    fn takes(&self, projection: &dyn Projection, checkpoint: &Checkpoint) -> bool {
        let untried = self.inner.untried.lock().unwrap_or_else(PoisonError::into_inner);
        checkpoint.version == projection.version()
            && (checkpoint.status != STOPPED || untried.contains(projection.name()))
    }

    fn tried(&self, name: &str) {
        self.inner.untried.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// One page for projections that all stand at `at`; none of them goes past `to`.
    async fn step(
        &self,
        group: &[(&Arc<dyn Projection>, Checkpoint)],
        at: i64,
        to: i64,
    ) -> Result<(), ProjectionError> {
        let options = &self.inner.options;
        let behind = to - at;
        let limit = if behind > options.large_page { options.large_page } else { options.page.min(behind) };
        let mut interests: Vec<&'static str> = vec![];
        for (projection, _) in group {
            interests.extend(projection.aggregates());
        }
        let page = read_page(self.inner.reader.clone(), at, limit, interests).await?;
        let Some(until) = page.last() else { return Ok(()) };
        let mut batch = vec![];
        for (projection, checkpoint) in group {
            let span = Span { after: at, until };
            let mut source = Source::Pool(&self.inner.storage);
            batch.push(engine::prepare(&mut source, projection.as_ref(), checkpoint, &page, span, "").await?);
        }
        match engine::commit(&self.inner.storage, &batch).await {
            Ok(true) => batch.iter().for_each(|prepared| self.committed(prepared)),
            // Somebody else was faster; the checkpoints are read again.
            Ok(false) => {}
            Err(error) if is_refusal(&error) => {
                for (projection, checkpoint) in group {
                    self.one_by_one(projection.as_ref(), checkpoint, &page).await?;
                }
            }
            Err(error) => return Err(error).doing("writing a batch of projections"),
        }
        Ok(())
    }

    /// The store refuses the rows of a batch. Each projection by itself, each event by itself, so that only the
    /// one with the unwritable row stops, exactly before it.
    async fn one_by_one(
        &self,
        projection: &dyn Projection,
        checkpoint: &Checkpoint,
        page: &Page,
    ) -> Result<(), ProjectionError> {
        const DOING: &str = "writing a single event of a projection";
        let mut at = checkpoint.clone();
        while let Some(until) = page.last().filter(|last| at.position < *last) {
            // First all at once: most projections have nothing to do with the refusal.
            let whole = at == *checkpoint;
            for until in if whole { vec![until, at.position + 1] } else { vec![at.position + 1] } {
                let span = Span { after: at.position, until };
                let mut source = Source::Pool(&self.inner.storage);
                let prepared = engine::prepare(&mut source, projection, &at, page, span, "").await?;
                match engine::commit(&self.inner.storage, std::slice::from_ref(&prepared)).await {
                    Ok(true) => {
                        self.committed(&prepared);
                        if prepared.stop.is_some() {
                            return Ok(());
                        }
                        at = prepared.after();
                        break;
                    }
                    Ok(false) => return Ok(()),
                    Err(error) if is_refusal(&error) && until == at.position + 1 => {
                        let error = format!("event {until}: the store refuses its rows ({error})");
                        tracing::error!(projection = projection.name(), position = at.position, %error, "stopped");
                        engine::stop(&self.inner.storage, &at, &error).await.doing(DOING)?;
                        self.tried(projection.name());
                        return Ok(());
                    }
                    Err(error) if is_refusal(&error) => {}
                    Err(error) => return Err(error).doing(DOING),
                }
            }
        }
        Ok(())
    }

    fn committed(&self, prepared: &Prepared) {
        if let Some(error) = &prepared.stop {
            tracing::error!(projection = prepared.from.name, position = prepared.position, %error, "stopped");
        }
        self.tried(&prepared.from.name);
    }

    /// Follows the log until cancelled: woken whenever `head` changes, and by itself after 10 ms, backing off to
    /// 250 ms while nothing happens. Errors are logged and tried again.
    pub async fn run(&self, cancel: CancellationToken, head: watch::Receiver<i64>) {
        // Leftovers of interrupted rebuilds go while the live tables are already kept up.
        tokio::join!(self.drop_leftovers(&cancel), self.follow(&cancel, head));
    }

    async fn follow(&self, cancel: &CancellationToken, mut head: watch::Receiver<i64>) {
        let mut pause = SHORTEST_PAUSE;
        let mut last = -1;
        while !cancel.is_cancelled() {
            head.mark_unchanged();
            match self.catch_up().await {
                Ok(reached) if reached != last => {
                    last = reached;
                    pause = SHORTEST_PAUSE;
                    tokio::select! {
                        () = cancel.cancelled() => return,
                        () = self.inner.hurry.notified() => {}
                        () = tokio::time::sleep(GATHER) => {}
                    }
                    continue;
                }
                Ok(_) => pause = (pause * 2).min(self.inner.options.longest_pause),
                Err(error) => {
                    tracing::error!(%error, "the projections could not follow the log; trying again");
                    pause = (pause * 2).min(self.inner.options.longest_pause);
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                Ok(()) = head.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

/// Reads and decodes a page, away from the threads that serve others.
pub(crate) async fn read_page(
    reader: LogReader,
    after: i64,
    limit: i64,
    interests: Vec<&'static str>,
) -> Result<Page, ProjectionError> {
    /// Below this, decoding takes less time than handing it over.
    const FEW: usize = 64;
    let events = reader.page(after, limit).await?;
    if events.len() < FEW {
        return Ok(Page::decode(events, &interests));
    }
    Ok(tokio::task::spawn_blocking(move || Page::decode(events, &interests)).await?)
}

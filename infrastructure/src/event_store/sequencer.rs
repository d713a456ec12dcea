//! Gives every committed event its place in the log.
//!
//! The commands' commits only write `events`. The sequencer follows them, off the command path, and writes
//! `event_log`: positions 1, 2, 3 … without gaps, in commit order, chained by hashes. It may run in several engines
//! on the same store at once. A wake-up makes it fast; polling makes it certain.

use super::classify::describe;
use super::listen::listen;
use super::sequence_postgres::{self, Cluster};
use super::sequenced_rows::{BATCH, End};
use super::{EventStore, Storage, chain, sequence_sqlite};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// While events keep coming, they are left to gather for so long between two steps: a step costs nearly the same for
/// one event as for hundreds, and its commit takes its share of the disk from the commands. An event after a quiet
/// moment is placed at once, and whoever waits by [`Sequencer::catch_up`] is never kept waiting.
const GATHER: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE_AFTER_ERROR: Duration = Duration::from_secs(5);
/// Far above what any step takes, the adoption of millions of events included.
const LONGEST_STEP: Duration = Duration::from_secs(600);
/// After this long without any progress, waiting for the log to catch up is given up.
const NO_PROGRESS: Duration = Duration::from_secs(60);

/// Why the log could not be continued. It is never continued wrongly: after any of these it stands still.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SequencerError {
    /// The database failed.
    #[error("the event log cannot be continued ({reason}); it goes on when the database answers again")]
    Database {
        /// What happened.
        reason: String,
    },
    /// A stream has a gap or goes backwards.
    #[error(
        "the event log stops before position {position}: {stream} continues with sequence {found} instead of \
         {expected}; run `teiki verify` and restore what is missing from a backup"
    )]
    BrokenStream {
        /// Which stream.
        stream: String,
        /// The sequence that should follow.
        expected: i64,
        /// The sequence that does.
        found: i64,
        /// The position it would have had.
        position: i64,
    },
    /// A stored event is not JSON.
    #[error(
        "the event log stops before position {position}: {stream}, sequence {sequence}, is damaged; run `teiki verify`"
    )]
    Unreadable {
        /// Which stream.
        stream: String,
        /// Which event.
        sequence: i64,
        /// The position it would have had.
        position: i64,
    },
    /// The log does not end where it was left.
    #[error(
        "the event log was left at position {expected} but ends at {found} or with another hash; run `teiki verify` \
         and restore it from a backup"
    )]
    End {
        /// Where it was left.
        expected: i64,
        /// Where it ends.
        found: i64,
    },
    /// Committed events could not be placed for a long time.
    #[error(
        "committed events wait behind position {position} for {seconds} s; look for a transaction left open on the \
         database server, or for another engine that hangs"
    )]
    Stalled {
        /// The end of the log.
        position: i64,
        /// For how long, in seconds.
        seconds: u64,
    },
}

/// What the sequencer is doing, for status pages and alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SequencerStatus {
    /// It was not started yet.
    #[default]
    NotStarted,
    /// It is working.
    Running,
    /// It cannot go on and keeps trying.
    Failing {
        /// Why.
        error: SequencerError,
        /// How many times in a row.
        times: u64,
    },
    /// It was told to stop.
    Stopped,
}

/// The events placed by one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequencedBatch {
    /// The first position; one behind the end of the log when nothing was placed.
    pub first: i64,
    /// The last position; the end of the log when nothing was placed.
    pub last: i64,
    /// How many events.
    pub count: usize,
}

/// How one step moved the end of the log.
pub(super) struct Step {
    pub(super) before: i64,
    pub(super) head: i64,
}

impl Step {
    pub(super) fn nothing(head: i64) -> Self {
        Self { before: head, head }
    }
}

impl End {
    /// Checks that the log ends here, given its last position and hash.
    pub(super) fn must_be(self, found: Option<(i64, chain::Hash)>) -> Result<(), SequencerError> {
        let (position, hash) = found.unwrap_or((0, chain::GENESIS));
        match position == self.position && hash == self.hash {
            true => Ok(()),
            false => Err(SequencerError::End { expected: self.position, found: position }),
        }
    }
}

/// The sequencer. Cheap to clone; clones share their work.
#[derive(Clone)]
pub struct Sequencer {
    shared: Arc<Shared>,
}

struct Shared {
    store: EventStore,
    cluster: OnceCell<Cluster>,
    /// One step at a time in this process; other processes are kept away by the database.
    turn: Mutex<()>,
    head: watch::Sender<i64>,
    status: watch::Sender<SequencerStatus>,
}

impl Sequencer {
    /// The sequencer of a store; it is woken by appends through `store` and its clones.
    pub fn new(store: EventStore) -> Self {
        let shared = Shared {
            store,
            cluster: OnceCell::new(),
            turn: Mutex::new(()),
            head: watch::Sender::new(0),
            status: watch::Sender::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The end of the log as last seen; 0 before the first look. Changes whenever events are placed, by this engine
    /// or another one.
    pub fn head(&self) -> watch::Receiver<i64> {
        self.shared.head.subscribe()
    }

    /// What the sequencer is doing.
    pub fn status(&self) -> watch::Receiver<SequencerStatus> {
        self.shared.status.subscribe()
    }

    /// Places the next events, a few thousand at most. Nothing is placed when there is nothing, while another engine
    /// is at it, or, on PostgreSQL, while an older transaction is still under way on the server.
    pub async fn run_once(&self) -> Result<SequencedBatch, SequencerError> {
        let turn = self.shared.turn.lock().await;
        let step = async {
            match self.shared.store.storage() {
                Storage::Sqlite(sqlite) => sequence_sqlite::step(sqlite).await,
                Storage::Postgres(pool) => sequence_postgres::step(pool, self.cluster().await?).await,
            }
        };
        // A connection that went dead without a word must not end the work for good.
        let step = tokio::time::timeout(LONGEST_STEP, step).await.unwrap_or_else(|_| {
            let reason = format!("the database did not answer within {} s", LONGEST_STEP.as_secs());
            Err(SequencerError::Database { reason })
        })?;
        drop(turn);
        self.publish(step.head);
        let count = usize::try_from(step.head - step.before).unwrap_or(0);
        Ok(SequencedBatch { first: step.before + 1, last: step.head, count })
    }

    /// Returns once everything committed before this call is in the log, with the log's end.
    pub async fn catch_up(&self) -> Result<i64, SequencerError> {
        enum Mark {
            Sqlite(i64),
            Postgres(String),
        }
        let storage = self.shared.store.storage();
        let mark = match storage {
            Storage::Sqlite(sqlite) => Mark::Sqlite(sequence_sqlite::mark(sqlite).await?),
            Storage::Postgres(pool) => Mark::Postgres(sequence_postgres::mark(pool).await?),
        };
        let (mut pause, mut moved, mut last) = (Duration::from_millis(1), Instant::now(), -1);
        loop {
            let placed = self.run_once().await?;
            let (head, pending) = match (storage, &mark) {
                (Storage::Sqlite(sqlite), Mark::Sqlite(mark)) => sequence_sqlite::pending(sqlite, *mark).await?,
                (Storage::Postgres(pool), Mark::Postgres(mark)) => {
                    sequence_postgres::pending(pool, self.cluster().await?, mark).await?
                }
                _ => (placed.last, false),
            };
            if !pending {
                self.publish(head);
                return Ok(head);
            }
            if head != last {
                (last, moved, pause) = (head, Instant::now(), Duration::from_millis(1));
            } else if moved.elapsed() > NO_PROGRESS {
                return Err(SequencerError::Stalled { position: head, seconds: NO_PROGRESS.as_secs() });
            }
            if placed.count == 0 {
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(50));
            }
        }
    }

    /// About how many committed events have no place in the log yet; exactly 0 when every one has.
    pub async fn lag(&self) -> Result<i64, SequencerError> {
        const SQLITE: &str =
            "SELECT max(0, coalesce((SELECT max(rowid) FROM events), 0) - last_rowid) FROM sequencer_state";
        const POSTGRES: &str = "SELECT greatest(0, coalesce((SELECT arrival FROM events \
            ORDER BY xid DESC, arrival DESC LIMIT 1), 0) - last_arrival) FROM sequencer_state";
        let read: Result<i64, sqlx::Error> = match self.shared.store.storage() {
            Storage::Sqlite(sqlite) => sqlx::query_scalar(SQLITE).fetch_one(&sqlite.readers).await,
            Storage::Postgres(pool) => sqlx::query_scalar(POSTGRES).fetch_one(pool).await,
        };
        read.map_err(|error| SequencerError::Database { reason: describe(&error) })
    }

    /// Keeps the log current until `stop` fires. Errors are logged, shown by [`Self::status`] and tried again.
    pub async fn run(self, stop: CancellationToken) {
        let listening = match self.shared.store.storage() {
            Storage::Postgres(pool) => Some(tokio::spawn(listen(self.clone(), pool.clone(), stop.clone()))),
            Storage::Sqlite(_) => None,
        };
        self.shared.status.send_replace(SequencerStatus::Running);
        let mut pause = SHORTEST_PAUSE;
        let mut failures = 0;
        while !stop.is_cancelled() {
            match self.run_once().await {
                Ok(batch) => {
                    if failures > 0 {
                        tracing::info!(position = batch.last, failures, "the event log goes on");
                        (failures, pause) = (0, SHORTEST_PAUSE);
                        self.shared.status.send_replace(SequencerStatus::Running);
                    }
                    if batch.count > 0 {
                        pause = SHORTEST_PAUSE;
                        if i64::try_from(batch.count).unwrap_or(i64::MAX) < BATCH {
                            tokio::select! {
                                () = stop.cancelled() => {}
                                () = sleep(GATHER) => {}
                            }
                        }
                        continue;
                    }
                }
                Err(error) => {
                    failures += 1;
                    tracing::error!(%error, failures, "the event log stands still");
                    self.shared.status.send_replace(SequencerStatus::Failing { error, times: failures });
                }
            }
            let longest = if failures > 0 { LONGEST_PAUSE_AFTER_ERROR } else { LONGEST_PAUSE };
            tokio::select! {
                () = stop.cancelled() => {}
                // After an error an append must not make the next try come sooner: appends may be many.
                () = self.shared.store.appended.notified(), if failures == 0 => pause = SHORTEST_PAUSE,
                () = sleep(pause) => pause = (pause * 2).min(longest),
            }
        }
        self.shared.status.send_replace(SequencerStatus::Stopped);
        if let Some(listening) = listening {
            // It ends by the same token; its own end says nothing more.
            let _ = listening.await;
        }
    }

    async fn cluster(&self) -> Result<&Cluster, SequencerError> {
        let Storage::Postgres(pool) = self.shared.store.storage() else {
            return Err(SequencerError::Database { reason: "the store is not on PostgreSQL".to_owned() });
        };
        self.shared.cluster.get_or_try_init(|| Cluster::examine(pool)).await
    }

    /// Another engine may have placed events up to `position`; has a look, unless that is known already.
    pub(super) fn heard_of(&self, position: i64) {
        if position > *self.shared.head.borrow() {
            self.shared.store.appended.notify_one();
        }
    }

    fn publish(&self, position: i64) {
        self.shared.head.send_if_modified(|head| {
            let newer = position > *head;
            *head = position.max(*head);
            newer
        });
    }
}

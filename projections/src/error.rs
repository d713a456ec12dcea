//! What can go wrong with projections.

use teiki_infrastructure::event_store::LogError;

/// Why a projection could not be read, followed or rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The store did not do what was asked; it is safe to try again.
    #[error("the store failed while {doing} ({source}); nothing was half written, try again")]
    Store {
        /// What was being done.
        doing: &'static str,
        /// What the store said.
        source: sqlx::Error,
    },
    /// The event log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is no projection of this name.
    #[error("there is no projection {name:?}; the projections are {known}")]
    Unknown {
        /// As given.
        name: String,
        /// All names there are.
        known: String,
    },
    /// A projection stopped and cannot get where it is needed.
    #[error(
        "the projection {name} stopped at position {position} ({error}); mend the cause, then restart or rebuild it"
    )]
    Stopped {
        /// Projection.
        name: String,
        /// The last position it has folded.
        position: i64,
        /// Why it stopped.
        error: String,
    },
    /// The projections did not get there in time.
    #[error("the projections stand at position {reached}, not yet at {position}; ask again a little later")]
    NotInTime {
        /// Position waited for.
        position: i64,
        /// Position reached by all.
        reached: i64,
    },
    /// Another process took the rebuild over.
    #[error(
        "the rebuild of {name} was taken over by another process; the live tables are untouched, see how that one ends"
    )]
    TakenOver {
        /// Projection.
        name: String,
    },
    /// The projection's tables were made by another version of the program.
    #[error("the projection {name} is kept at version {stored} while this program has version {ours}; rebuild it")]
    OtherVersion {
        /// Projection.
        name: String,
        /// Version of the tables.
        stored: i64,
        /// Version of this program.
        ours: i64,
    },
    /// The projection has no checkpoint.
    #[error("the projection {name} has no checkpoint; restart the program to register it")]
    NotRegistered {
        /// Projection.
        name: String,
    },
    /// A task of the program ended unexpectedly.
    #[error("reading ahead in the log ended unexpectedly ({0}); try again")]
    Task(#[from] tokio::task::JoinError),
}

/// Names what was being done when the store failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: &'static str) -> Result<T, ProjectionError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: &'static str) -> Result<T, ProjectionError> {
        self.map_err(|source| ProjectionError::Store { doing: what, source })
    }
}

/// Whether the store refuses this write for good, so that repeating it changes nothing: the data do not fit the
/// table. Everything else (lost connections, locks, a full disk) may pass.
pub(crate) fn is_refusal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                // Data exceptions, integrity violations, undefined tables and columns.
                ["22", "23", "42"].iter().any(|class| code.starts_with(class))
            } else {
                // SQLITE_ERROR (no such table or column), CONSTRAINT, MISMATCH; extended codes end in these 8 bits.
                code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 1 | 19 | 20))
            }
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => true,
        _ => false,
    }
}

//! What a database error means for us. The crates fold most of them into "unknown"; the boxed sqlx error tells.

use cqrs_es::persist::PersistenceError;
use std::time::Duration;

/// Most attempts at reading when connections turn out to be dead.
const READ_ATTEMPTS: u32 = 4;
/// Pause before work is repeated after a lost connection; long enough that the pool tries connections out again.
pub(super) const AFTER_LOST_CONNECTION: Duration = Duration::from_millis(150);

/// What an error says about the work that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The sequence number is taken: somebody else wrote to the stream.
    Conflict,
    /// Nothing was stored, and the same work may succeed at once.
    Again,
    /// Nothing was stored, because the database could not be asked at all.
    NotSent,
    /// The connection broke: stored or not is open.
    Ambiguous,
    /// Something else is wrong.
    Other,
}

/// Classifies what a repository returned.
pub(super) fn classify(error: &PersistenceError) -> Meaning {
    match error {
        PersistenceError::OptimisticLockError => Meaning::Conflict,
        PersistenceError::ConnectionError(boxed)
        | PersistenceError::DeserializationError(boxed)
        | PersistenceError::UnknownError(boxed) => {
            boxed.downcast_ref::<sqlx::Error>().map_or(Meaning::Other, classify_sqlx)
        }
    }
}

/// Classifies an error of sqlx.
pub(super) fn classify_sqlx(error: &sqlx::Error) -> Meaning {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Meaning::NotSent,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            Meaning::Ambiguous
        }
        sqlx::Error::Database(database) => match database.code().as_deref() {
            Some(code) if database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() => postgres(code),
            Some(code) => sqlite(code),
            None => Meaning::Other,
        },
        _ => Meaning::Other,
    }
}

fn postgres(code: &str) -> Meaning {
    match code {
        "23505" => Meaning::Conflict,
        // Serialisation failure, deadlock.
        "40001" | "40P01" => Meaning::Again,
        // Too many connections, starting up: refused before anything was asked.
        "53300" | "57P03" => Meaning::NotSent,
        // The server is going down or lost us, perhaps in the middle of COMMIT.
        "57P01" | "57P02" | "57P05" | "25P03" => Meaning::Ambiguous,
        code if code.starts_with("08") => Meaning::Ambiguous,
        _ => Meaning::Other,
    }
}

fn sqlite(code: &str) -> Meaning {
    let Ok(code) = code.parse::<i64>() else { return Meaning::Other };
    match (code & 0xff, code) {
        (_, 1555) => Meaning::Conflict,
        // Busy and locked in all their forms.
        (5 | 6, _) => Meaning::Again,
        // Input/output error, disk full: a failed COMMIT may yet be found in the file.
        (10 | 13, _) => Meaning::Ambiguous,
        _ => Meaning::Other,
    }
}

/// Whether the database is out of reach, so that nothing else would work either.
pub(super) fn is_out_of_reach(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::NotSent | Meaning::Ambiguous | Meaning::Again)
}

/// Reads, and reads again when the connection was lost: after a server's restart every pooled connection is dead.
pub(super) async fn reading<T, E, F: Future<Output = Result<T, E>>>(
    meaning: impl Fn(&E) -> Meaning,
    mut read: impl FnMut() -> F,
) -> Result<T, E> {
    let mut attempt = 1;
    loop {
        match read().await {
            Err(error) if attempt < READ_ATTEMPTS && meaning(&error) == Meaning::Ambiguous => {
                attempt += 1;
                tokio::time::sleep(AFTER_LOST_CONNECTION).await;
            }
            result => return result,
        }
    }
}

/// The error in words, without anything of the address or of stored values.
pub(super) fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => match database.code() {
            Some(code) => format!("{} ({code})", database.message()),
            None => database.message().to_owned(),
        },
        // These may quote what they could not read.
        sqlx::Error::Configuration(_) => "the address cannot be used".to_owned(),
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} cannot be read"),
        sqlx::Error::Decode(_) => "a value cannot be read".to_owned(),
        other => other.to_string(),
    }
}

/// As [`describe`], for what a repository returned.
pub(super) fn describe_persistence(error: &PersistenceError) -> String {
    match error {
        PersistenceError::OptimisticLockError => "somebody else wrote first".to_owned(),
        PersistenceError::ConnectionError(boxed)
        | PersistenceError::DeserializationError(boxed)
        | PersistenceError::UnknownError(boxed) => {
            boxed.downcast_ref::<sqlx::Error>().map_or_else(|| "a stored event cannot be read".to_owned(), describe)
        }
    }
}

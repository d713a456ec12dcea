//! What a deleted row leaves in the files of a store, and how it is taken out: a destroyed key must not be found there.

use super::KeyError;
use sqlx::{ConnectOptions as _, Connection as _};
use std::time::Duration;
use teiki_domain::ids::MemberId;

/// Most attempts at emptying the write-ahead log while others read, and the pause between them.
const CHECKPOINTS: u32 = 50;
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(100);
/// How long one of them waits for readers.
const CHECKPOINT_WAITS: Duration = Duration::from_millis(50);

/// Most attempts at writing the table of keys anew while others hold it, and the pause between them.
const REWRITES: u32 = 25;
const REWRITE_PAUSE: Duration = Duration::from_millis(100);
/// How long one of them waits: meanwhile new readers wait behind it.
const REWRITE_WAITS: &str = "SET LOCAL lock_timeout = '100ms'";
/// Copies the rows that stand into a new file. A VACUUM (FULL) does not do: it takes deleted rows along for as long as any
/// transaction may still see them, while this one copies what is committed now. With the file goes what the server has
/// gathered about the values of the column.
const REWRITE: &str = "ALTER TABLE member_keys ALTER COLUMN wrapped_key TYPE text USING wrapped_key || ''";
/// PostgreSQL's codes for a lock that was not got in time, and for what only the owner may do.
const LOCK_NOT_AVAILABLE: &str = "55P03";
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Folds the write-ahead log into the file and leaves it empty. Over a connection of its own that waits for readers only
/// a moment at a time: while it waits, nobody can write.
pub(super) async fn empty_write_ahead_log(writer: &sqlx::SqlitePool) -> Result<(), KeyError> {
    let options = writer.connect_options().as_ref().clone().busy_timeout(CHECKPOINT_WAITS);
    let mut connection = options.connect().await?;
    let mut emptied = Err(KeyError::StillInLog);
    for _ in 0..CHECKPOINTS {
        let asked = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await;
        match asked {
            Ok((0_i64,)) => {
                emptied = Ok(());
                break;
            }
            Ok(_) => tokio::time::sleep(CHECKPOINT_PAUSE).await,
            Err(error) => {
                emptied = Err(error.into());
                break;
            }
        }
    }
    connection.close().await?;
    emptied
}

/// Leaves only rows that stand in the file of `member_keys`, of which that of `member` is none any more.
///
/// Not being the table's owner is no reason to fail: the row is gone for every query, and the server clears its place by
/// itself a little later.
pub(super) async fn write_table_anew(pool: &sqlx::PgPool, member: &MemberId) -> Result<(), KeyError> {
    for _ in 0..REWRITES {
        let mut transaction = pool.begin().await?;
        sqlx::query(REWRITE_WAITS).persistent(false).execute(&mut *transaction).await?;
        let written = sqlx::query(REWRITE).persistent(false).execute(&mut *transaction).await;
        let Err(error) = written else { return Ok(transaction.commit().await?) };
        transaction.rollback().await?;
        let code = error.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        match code.as_deref() {
            Some(LOCK_NOT_AVAILABLE) => tokio::time::sleep(REWRITE_PAUSE).await,
            Some(INSUFFICIENT_PRIVILEGE) => {
                let reason = "the engine's role does not own member_keys";
                tracing::warn!(%member, reason, "the place of a destroyed key is left to the server to clear");
                return Ok(());
            }
            _ => return Err(error.into()),
        }
    }
    Err(KeyError::StillInTable)
}

//! How far the log was looked at for what mails follow from. Apart from the tables that can be rebuilt: rebuilding them
//! looks at nothing again.

use crate::both_stores::{execute, fetch};
use crate::event_store::{Storage, in_words};

const NAME: &str = "mails";

/// The place cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("how far the log was looked at for mails cannot be read or written ({0}); it goes on when the store is back")]
pub struct MailCursorError(String);

fn failed(error: sqlx::Error) -> MailCursorError {
    MailCursorError(in_words(&error).0)
}

/// Every event up to this position was looked at.
pub async fn position(storage: &Storage) -> Result<i64, MailCursorError> {
    let rows: Result<Vec<(i64,)>, sqlx::Error> =
        fetch!(storage, "SELECT position FROM mail_cursor WHERE name = $1", NAME);
    match rows.map_err(failed)?.pop() {
        Some((position,)) => Ok(position),
        None => Err(MailCursorError("its row is missing".to_owned())),
    }
}

/// Moves on from `from` to `to`; false when another process moved it meanwhile.
pub async fn advance(storage: &Storage, from: i64, to: i64) -> Result<bool, MailCursorError> {
    let sql = "UPDATE mail_cursor SET position = $3 WHERE name = $1 AND position = $2";
    Ok(execute!(storage, sql, NAME, from, to).map_err(failed)?.0 == 1)
}

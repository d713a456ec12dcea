//! Erasures under way: what makes one that was interrupted be finished at the next start. The note is written by
//! [`crate::member_gates::close`].

use crate::both_stores::{execute, fetch};
use crate::event_store::{Storage, in_words};
use teiki_domain::ids::MemberId;

/// The notes of erasures under way cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("erasures under way cannot be noted ({0}); nothing is lost, try again when the store is back")]
pub struct ErasureNoteError(String);

fn failed(error: sqlx::Error) -> ErasureNoteError {
    ErasureNoteError(in_words(&error).0)
}

/// Takes the note away: it is done, or nothing came of it.
pub async fn end(storage: &Storage, member: &MemberId) -> Result<(), ErasureNoteError> {
    execute!(storage, "DELETE FROM member_erasures WHERE member_id = $1", member.as_str()).map(drop).map_err(failed)
}

/// Members whose erasure was begun.
pub async fn under_way(storage: &Storage) -> Result<Vec<MemberId>, ErasureNoteError> {
    const SQL: &str = "SELECT member_id FROM member_erasures ORDER BY member_id";
    let rows: Result<Vec<(String,)>, sqlx::Error> = fetch!(storage, SQL);
    Ok(rows.map_err(failed)?.into_iter().filter_map(|(id,)| id.parse().ok()).collect())
}

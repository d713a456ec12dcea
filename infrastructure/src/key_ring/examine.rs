//! Whether the members' keys are those that must be there: one that opens for every member, none for anybody erased.

use super::{KeyError, KeyRing};
use crate::both_stores::fetch;
use crate::event_store::Storage;
use std::fmt;
use teiki_domain::ids::MemberId;

/// Keys read at once.
const PAGE: i64 = 1_000;

/// A key that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A member who was not erased has none.
    Missing(String),
    /// Somebody who was erased has one, and nobody is about to destroy it.
    LeftOver(String),
    /// The master key does not open it.
    DoesNotOpen(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Missing(member) => write!(
                f,
                "the key of member {member} is missing, and the member was not erased: their personal data cannot be \
                 read; restore member_keys from a backup"
            ),
            Fault::LeftOver(member) => {
                write!(f, "the key of member {member} is there, and the member was erased; erase the member again")
            }
            Fault::DoesNotOpen(member) => write!(
                f,
                "the key of member {member} does not open with the master key: it was changed; restore its row of \
                 member_keys from a backup"
            ),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examined {
    /// Keys in the store.
    pub keys: usize,
    /// Those that are not as they must be, and those that should be there.
    pub faults: Vec<Fault>,
}

/// A key is made before the event that registers its member, and destroyed after the one that erases them, so one look at
/// the stored events and the keys together says what is amiss, whatever an engine does meanwhile.
const MISSING: &str = "SELECT r.aggregate_id FROM events r WHERE r.aggregate_type = 'member' \
    AND r.event_type = 'MemberRegistered' \
    AND NOT EXISTS (SELECT 1 FROM member_keys k WHERE k.member_id = r.aggregate_id) \
    AND NOT EXISTS (SELECT 1 FROM events e WHERE e.aggregate_type = 'member' AND e.aggregate_id = r.aggregate_id \
    AND e.event_type = 'MemberErased') ORDER BY r.aggregate_id";
/// While the note of the erasure stands, the next start of the engine destroys the key.
const LEFT_OVER: &str = "SELECT k.member_id FROM member_keys k WHERE EXISTS (SELECT 1 FROM events e \
    WHERE e.aggregate_type = 'member' AND e.aggregate_id = k.member_id AND e.event_type = 'MemberErased') \
    AND NOT EXISTS (SELECT 1 FROM member_erasures n WHERE n.member_id = k.member_id) ORDER BY k.member_id";
const KEYS: &str = "SELECT member_id, wrapped_key FROM member_keys WHERE member_id > $1 ORDER BY member_id LIMIT $2";

/// Looks at the keys of every member; opens each where there is a master key to do so.
///
/// # Errors
/// When the store cannot be read.
pub async fn examine(storage: &Storage, keys: Option<&KeyRing>) -> Result<Examined, KeyError> {
    let missing: Vec<(String,)> = fetch!(storage, MISSING)?;
    let left_over: Vec<(String,)> = fetch!(storage, LEFT_OVER)?;
    let mut examined = Examined::default();
    examined.faults.extend(missing.into_iter().map(|(member,)| Fault::Missing(member)));
    examined.faults.extend(left_over.into_iter().map(|(member,)| Fault::LeftOver(member)));
    let mut after = String::new();
    loop {
        let page: Vec<(String, String)> = fetch!(storage, KEYS, after.as_str(), PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(examined) };
        after.clone_from(last);
        examined.keys += page.len();
        let Some(keys) = keys else { continue };
        let opens =
            |id: &str, wrapped: &str| id.parse::<MemberId>().is_ok_and(|id| keys.unwrap_key(&id, wrapped).is_ok());
        let closed = page.into_iter().filter(|(id, wrapped)| !opens(id, wrapped));
        examined.faults.extend(closed.map(|(id, _)| Fault::DoesNotOpen(id)));
    }
}

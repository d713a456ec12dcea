//! The events of one shop for other programs: in log order, in a stable form, without personal data unless the reader
//! may see it. The HTTP feed and the webhooks both give out what is made here.

mod table;
mod types;

pub use types::{EventTypes, EventTypesError};

use crate::app::App;
use crate::members;
use serde::Serialize;
use serde_json::{Map, Value};
use teiki_domain::ids::{IdError, MemberId, ShopId};
use teiki_domain::member::MemberEvent;
use teiki_domain::recorded::{DecodeError, RecordedEvent};
use teiki_domain::sealed::Sealed;
use teiki_infrastructure::event_store::{LogError, LogEvent};
use teiki_infrastructure::key_ring::KeyError;
use utoipa::ToSchema;

/// Most events of a shop that are looked at in one go, whatever the filter takes of them.
const SCAN: i64 = 500;

/// Why events cannot be given out. Nothing is left out instead: a reader would never learn of it.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An event this program does not know.
    #[error("the events cannot be given out beyond position {position}: {error}")]
    Unreadable {
        /// The event's position.
        position: i64,
        /// What is wrong.
        error: DecodeError,
    },
    /// The keys of personal data.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stream of members whose name is not a member's.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// What a reader asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose events.
    pub shop: ShopId,
    /// Which of them.
    pub types: EventTypes,
    /// Whether personal data is opened.
    pub personal_data: bool,
}

/// The stream an event belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EventSubject)]
pub struct Aggregate {
    /// Its kind.
    #[serde(rename = "type")]
    #[schema(schema_with = crate::http::event_nouns)]
    pub noun: &'static str,
    /// Its id, such as an order number.
    pub id: String,
}

/// An event as other programs see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct PublicEvent {
    /// Its place in the log; grows, with gaps where other shops' events are.
    pub position: i64,
    /// What happened, such as `order.authorization_failed`.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// The version of the data's form.
    pub version: u32,
    /// What it happened to.
    pub aggregate: Aggregate,
    /// When, RFC 3339 in UTC.
    pub timestamp: String,
    /// Who.
    pub actor: Option<String>,
    /// Why, in plain words.
    pub reason: Option<String>,
    /// The story it belongs to.
    pub correlation_id: Option<String>,
    /// The command it follows from.
    pub causation_id: Option<String>,
    /// What exactly; its fields follow from type and version.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

struct NameAndData {
    name: &'static str,
    version: u32,
    data: Map<String, Value>,
}

/// A part of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The events, in log order.
    pub events: Vec<PublicEvent>,
    /// The position to ask after next. Goes on over events of other shops and types too.
    pub next: i64,
    /// Whether there was more to look at behind `next`.
    pub more: bool,
}

/// A part of the log as it is looked at for one shop.
pub struct Scan {
    /// The shop's events, in log order.
    pub events: Vec<LogEvent>,
    /// The position to look behind next.
    pub next: i64,
    /// Whether there was more to look at.
    pub more: bool,
}

/// Looks at the next events of a shop: one read of at most [`SCAN`] of them, so its cost does not depend on other shops.
pub async fn scan(app: &App, shop: ShopId, after: i64) -> Result<Scan, LogError> {
    // The end first: what is placed after this is for the next look.
    let head = app.log.head().await?;
    let events = app.log.page_of_shop(shop, after, head, SCAN).await?;
    let full = i64::try_from(events.len()).unwrap_or(SCAN) >= SCAN;
    // Never back, should another process have seen more of the log than this one.
    let next = events.last().filter(|_| full).map_or(head.max(after), |last| last.position);
    Ok(Scan { events, next, more: next < head })
}

/// The wanted events behind position `after`, at most `limit`. One [`scan`], however rare the wanted types are; with
/// rare ones, several pages are empty.
pub async fn page(app: &App, wanted: &Wanted, after: i64, limit: usize) -> Result<Page, FeedError> {
    let scanned = scan(app, wanted.shop, after).await?;
    let mut events = Vec::new();
    let mut before = after;
    for stored in &scanned.events {
        if events.len() >= limit {
            return Ok(Page { events, next: before, more: true });
        }
        before = stored.position;
        let recorded = decode(stored)?;
        let form = table::form(&recorded);
        if wanted.types.take(form.name) {
            let mut event = present(stored, table::noun(&recorded), form);
            if wanted.personal_data {
                event.actor = metadata(stored, "actor");
                if let Some(sealed) = personal(&recorded) {
                    event.data.insert("profile".to_owned(), profile(app, &stored.aggregate_id, sealed).await?);
                }
            }
            events.push(event);
        }
    }
    Ok(Page { events, next: scanned.next, more: scanned.more })
}

fn decode(stored: &LogEvent) -> Result<RecordedEvent, FeedError> {
    RecordedEvent::decode(&stored.aggregate_type, &stored.payload)
        .map_err(|error| FeedError::Unreadable { position: stored.position, error })
}

/// An event without anything personal.
pub fn public(stored: &LogEvent) -> Result<PublicEvent, FeedError> {
    let recorded = decode(stored)?;
    Ok(present(stored, table::noun(&recorded), table::form(&recorded)))
}

fn present(stored: &LogEvent, noun: &'static str, form: NameAndData) -> PublicEvent {
    PublicEvent {
        position: stored.position,
        name: form.name,
        version: form.version,
        aggregate: Aggregate { noun, id: stored.aggregate_id.clone() },
        timestamp: stored.recorded_at.clone(),
        actor: metadata(stored, "actor").map(|actor| without_person(&actor).to_owned()),
        reason: metadata(stored, "reason"),
        correlation_id: metadata(stored, "correlation_id"),
        causation_id: metadata(stored, "causation_id"),
        data: form.data,
    }
}

/// What stands beside an event under this name.
fn metadata(stored: &LogEvent, name: &str) -> Option<String> {
    let all: Map<String, Value> = serde_json::from_str(&stored.metadata).unwrap_or_default();
    all.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// An actor without the person: `花子 (key billing)`, for whom a program asked, becomes `key billing`, and
/// `花子 (hanako)`, who did it at the console, becomes `console`.
pub(crate) fn without_person(actor: &str) -> &str {
    match actor.rsplit_once(" (key ") {
        Some((person, key)) if key.ends_with(')') => &actor[person.len() + " (".len()..actor.len() - ")".len()],
        _ if actor.starts_with("key ") => actor,
        _ if actor.ends_with(')') && actor.contains(" (") => "console",
        _ => actor,
    }
}

/// The sealed personal data of an event.
fn personal(event: &RecordedEvent) -> Option<&Sealed> {
    match event {
        RecordedEvent::Member(MemberEvent::MemberRegistered { profile, .. }) => Some(profile),
        RecordedEvent::Member(
            MemberEvent::CardRegistrationRequested { .. }
            | MemberEvent::CardRegistered { .. }
            | MemberEvent::CardRegistrationFailed { .. }
            | MemberEvent::MemberErased {}
            | MemberEvent::StoredCardsDeleted {}
            | MemberEvent::StoredCardsNotDeleted { .. }
            | MemberEvent::MemberWorkReleased { .. },
        )
        | RecordedEvent::Subscription(_)
        | RecordedEvent::Order(_)
        | RecordedEvent::ShopSettings(_)
        | RecordedEvent::Product(_)
        | RecordedEvent::Mail(_)
        | RecordedEvent::Webhook(_) => None,
    }
}

/// A profile opened, with the same fields where the member was erased.
async fn profile(app: &App, member: &str, sealed: &Sealed) -> Result<Value, FeedError> {
    let member: MemberId = member.parse()?;
    let profile = members::profile(app, &member, sealed).await?;
    Ok(serde_json::json!(profile))
}

/// The nouns that events are about.
pub fn nouns() -> impl Iterator<Item = &'static str> {
    table::nouns()
}

/// The name and the version of every event that is given out.
pub fn names() -> impl Iterator<Item = (&'static str, u32)> {
    table::names()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_behind_a_program_is_left_out() {
        for (actor, shown) in [
            ("山田 花子 (key billing)", "key billing"),
            ("花子 (key a) (key billing (old))", "key billing (old)"),
            ("key billing", "key billing"),
            ("worker:night-run", "worker:night-run"),
        ] {
            assert_eq!(without_person(actor), shown);
        }
    }

    #[test]
    fn no_actor_names_a_person() {
        for (actor, shown) in [
            ("山田 花子 (key billing)", "key billing"),
            ("key billing", "key billing"),
            ("佐藤 一郎 (sato@example.jp)", "console"),
            ("a (b) (sato)", "console"),
            ("worker:mails", "worker:mails"),
            ("member", "member"),
        ] {
            assert_eq!(without_person(actor), shown, "{actor}");
        }
    }
}

//! A shop's log for somebody who has neither engine nor database: JSON Lines, described in `docs/AUDIT.md`.
//!
//! The shop's own events stand in it whole. Of every other event only its digest does, which is enough to follow the
//! chain and says nothing of what happened.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use std::io::Write;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::event_store::{LogError, LogEvent, LogReader};
use uuid::Uuid;

/// Marks the form, so that another one can follow later.
const FORM: &str = "teiki-export-1";
/// Events held in memory at once.
const PAGE: i64 = 1_000;

/// Why a log was not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It could not be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// A line cannot be written as JSON.
    #[error("position {0} cannot be written as JSON; run `teiki verify`")]
    Line(i64),
    /// The log is shorter than when the export began.
    #[error("the log ended at position {found} before {head} was reached; run `teiki verify`")]
    Short {
        /// The last position there was.
        found: i64,
        /// The last position there should have been.
        head: i64,
    },
}

/// The first line.
#[derive(Debug, Clone, Serialize)]
pub struct Header {
    form: &'static str,
    store_id: Uuid,
    shop: ShopId,
    exported_at: String,
    head: i64,
    hash: String,
}

impl Header {
    /// Of an export of `shop` from a log that ends at `head` with `hash`.
    pub fn new(store_id: Uuid, shop: ShopId, at: DateTime<Utc>, head: i64, hash: &[u8; 32]) -> Self {
        let exported_at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        Self { form: FORM, store_id, shop, exported_at, head, hash: hex::encode(hash) }
    }
}

/// An event of the shop.
#[derive(Serialize)]
struct Own<'e> {
    position: i64,
    aggregate_type: &'e str,
    aggregate_id: &'e str,
    sequence: i64,
    event_type: &'e str,
    event_version: &'e str,
    payload: &'e str,
    metadata: &'e str,
    recorded_at: &'e str,
    hash: String,
}

/// An event of another shop.
#[derive(Serialize)]
struct Other {
    position: i64,
    digest: String,
    hash: String,
}

/// The last line.
#[derive(Serialize)]
struct Footer {
    end: i64,
    events: u64,
}

/// Whether an event is the shop's: every id begins with its five digits.
pub(crate) fn is_of(event: &LogEvent, shop: &str) -> bool {
    let id = event.aggregate_id.as_str();
    id.strip_prefix(shop).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Writes the export up to the header's head; returns how many events of the shop are in it. `progress` is told the
/// position reached after every page.
pub async fn write(
    log: &LogReader,
    header: &Header,
    out: &mut (impl Write + ?Sized),
    mut progress: impl FnMut(i64),
) -> Result<u64, ExportError> {
    let shop = header.shop.to_string();
    let (mut at, mut events) = (0, 0);
    line(out, 0, header)?;
    while at < header.head {
        let page = log.page(at, PAGE.min(header.head - at)).await?;
        let Some(last) = page.last() else { return Err(ExportError::Short { found: at, head: header.head }) };
        for event in &page {
            let (position, hash) = (event.position, hex::encode(event.hash));
            if !is_of(event, &shop) {
                line(out, position, &Other { position, digest: hex::encode(event.digest()), hash })?;
                continue;
            }
            events += 1;
            let own = Own {
                position,
                aggregate_type: &event.aggregate_type,
                aggregate_id: &event.aggregate_id,
                sequence: event.sequence,
                event_type: &event.event_type,
                event_version: &event.event_version,
                payload: &event.payload,
                metadata: &event.metadata,
                recorded_at: &event.recorded_at,
                hash,
            };
            line(out, position, &own)?;
        }
        at = last.position;
        progress(at);
    }
    line(out, at, &Footer { end: header.head, events })?;
    out.flush()?;
    Ok(events)
}

fn line(out: &mut (impl Write + ?Sized), position: i64, value: &impl Serialize) -> Result<(), ExportError> {
    let mut text = serde_json::to_vec(value).map_err(|_| ExportError::Line(position))?;
    text.push(b'\n');
    Ok(out.write_all(&text)?)
}

//! The export: a header, one line for each position, a footer. Read line by line, in constant memory but for one number
//! for each stream of the shop.

use crate::Verdict;
use crate::chain::{BEFORE, Field, digest, next};
use crate::fields::{bytes, number, object, text, written};
use crate::seal::Seal;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::io::BufRead;

const HEADER: [&str; 6] = ["form", "store_id", "shop", "exported_at", "head", "hash"];
const OWN: [&str; 10] = [
    "position",
    "aggregate_type",
    "aggregate_id",
    "sequence",
    "event_type",
    "event_version",
    "payload",
    "metadata",
    "recorded_at",
    "hash",
];
const OTHER: [&str; 3] = ["position", "digest", "hash"];
const FOOTER: [&str; 2] = ["end", "events"];

/// An export that holds.
pub(crate) struct Checked {
    pub(crate) shop: String,
    pub(crate) head: i64,
    pub(crate) hash: String,
    pub(crate) events: i64,
}

/// The chain as far as it was followed.
struct Chain {
    shop: String,
    position: i64,
    hash: [u8; 32],
    events: i64,
    streams: HashMap<(String, String), i64>,
}

/// Checks an export; it must be of `shop`, if one is named, and fit every seal.
pub(crate) fn check(input: impl BufRead, shop: Option<&str>, seals: &[Seal]) -> Result<Checked, Verdict> {
    let mut lines = Lines { input };
    let header = lines.next(0)?.ok_or_else(|| Verdict::Unreadable("the export is empty".into()))?;
    let header = exact(&header, &HEADER).ok_or_else(|| Verdict::Unreadable("this is no export".into()))?;
    let field = |name: &str| text(&header, name).unwrap_or_default();
    if field("form") != "teiki-export-1" {
        return Err(Verdict::Unreadable("the export has a form that this program does not know".into()));
    }
    let (head, hash) = (number(&header, "head"), bytes(&header, "hash"));
    let (Some(head), Some(hash)) = (head, hash) else {
        return Err(Verdict::Unreadable("the export's first line names no end of the log".into()));
    };
    if let Some(shop) = shop.filter(|shop| *shop != field("shop")) {
        return Err(Verdict::Broken(0, format!("the export is of shop {}, not of {shop}", field("shop"))));
    }
    for seal in seals {
        before(seal, field("store_id"), head)?;
    }
    let (mut chain, shop) = (Chain::new(field("shop")), field("shop").to_owned());
    chain.held_against(seals)?;
    while chain.position < head {
        let at = chain.position + 1;
        let line = lines.next(at)?.ok_or_else(|| {
            Verdict::Broken(at, format!("the export ends here, and its first line says that it goes on to {head}"))
        })?;
        chain.take(at, &line).map_err(|why| Verdict::Broken(at, why))?;
        chain.held_against(seals)?;
    }
    if chain.hash != hash {
        return Err(Verdict::Broken(head, "the chain does not end with the hash of the first line".into()));
    }
    let footer = lines.next(head)?.and_then(|line| exact(&line, &FOOTER));
    let ends = footer.and_then(|footer| Some((number(&footer, "end")?, number(&footer, "events")?)));
    if ends != Some((head, chain.events)) {
        return Err(Verdict::Broken(head, "the last line is missing, or does not say how the export ends".into()));
    }
    if lines.next(head)?.is_some() {
        return Err(Verdict::Broken(head + 1, "something was added behind the last line".into()));
    }
    Ok(Checked { shop, head, hash: hex::encode(hash), events: chain.events })
}

/// What can be said of a seal before the chain is followed.
fn before(seal: &Seal, store_id: &str, head: i64) -> Result<(), Verdict> {
    if seal.store_id != store_id {
        let why = format!("the seal is of the store {}, and the export of {store_id}", seal.store_id);
        return Err(Verdict::Broken(0, why));
    }
    if seal.position > head {
        let why = format!(
            "the log was sealed at position {} on {}, and the export ends before it: it comes from an older copy, or \
             its end was cut off",
            seal.position, seal.sealed_at
        );
        return Err(Verdict::Broken(head + 1, why));
    }
    Ok(())
}

impl Chain {
    fn new(shop: &str) -> Self {
        Self { shop: shop.to_owned(), position: 0, hash: BEFORE, events: 0, streams: HashMap::new() }
    }

    /// Takes in the line of position `at`.
    fn take(&mut self, at: i64, line: &str) -> Result<(), String> {
        let map = object(line).ok_or("the line is not a JSON object")?;
        let own = map.contains_key("payload");
        let map = exact(line, if own { &OWN } else { &OTHER }).ok_or("the line does not have the form it must have")?;
        match number(&map, "position") {
            Some(position) if position == at => {}
            Some(position) => return Err(format!("it is missing; position {position} stands in its place")),
            None => return Err("the line names no position".into()),
        }
        let digest = match own {
            true => self.own(at, &map)?,
            false => bytes(&map, "digest").ok_or("the digest is none")?,
        };
        let hash = next(&self.hash, &digest);
        if bytes(&map, "hash") != Some(hash) {
            return Err("its hash does not fit; it, or the event before it, was changed or moved".into());
        }
        (self.position, self.hash) = (at, hash);
        Ok(())
    }

    /// An event of the shop; returns its digest.
    fn own(&mut self, at: i64, map: &Map<String, Value>) -> Result<[u8; 32], String> {
        let field = |name: &str| text(map, name).ok_or_else(|| format!("{name} is not a text"));
        let sequence = number(map, "sequence").ok_or("sequence is not a number")?;
        let (kind, id) = (field("aggregate_type")?, field("aggregate_id")?);
        let (payload, metadata) = (field("payload")?, field("metadata")?);
        if object(metadata).is_none() || object(payload).is_none() {
            return Err("payload or metadata is not a JSON object".into());
        }
        if !id.strip_prefix(&self.shop).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')) {
            return Err(format!("{id} does not belong to shop {}", self.shop));
        }
        let digest = digest(&[
            Field::Number(at),
            Field::Text(kind),
            Field::Text(id),
            Field::Number(sequence),
            Field::Text(field("event_type")?),
            Field::Text(field("event_version")?),
            Field::Text(payload),
            Field::Text(metadata),
            Field::Text(field("recorded_at")?),
        ]);
        let hash = next(&self.hash, &digest);
        // Said first: an event that was changed has no stream worth speaking of.
        if bytes(map, "hash") != Some(hash) {
            return Err("its hash does not fit; it, or the event before it, was changed or moved".into());
        }
        let last = self.streams.entry((kind.to_owned(), id.to_owned())).or_default();
        if sequence != *last + 1 {
            return Err(format!("{kind} {id} continues with sequence {sequence} instead of {}", *last + 1));
        }
        *last = sequence;
        self.events += 1;
        Ok(digest)
    }

    /// Holds the chain against the seals of the position it stands at.
    fn held_against(&self, seals: &[Seal]) -> Result<(), Verdict> {
        for seal in seals.iter().filter(|seal| seal.position == self.position) {
            if seal.hash != self.hash {
                let why = format!(
                    "the chain is whole, but not the one sealed on {}: this event or one before it was replaced since",
                    seal.sealed_at
                );
                return Err(Verdict::Broken(self.position, why));
            }
        }
        Ok(())
    }
}

/// The object in a line that is written exactly as the form says.
fn exact(line: &str, names: &[&str]) -> Option<Map<String, Value>> {
    let map = object(line)?;
    let same = written(&map, names).is_some_and(|written| written == line);
    same.then_some(map)
}

/// Lines of the file.
struct Lines<I> {
    input: I,
}

impl<I: BufRead> Lines<I> {
    /// The next line, without its end; `at` is the position it should be of.
    fn next(&mut self, at: i64) -> Result<Option<String>, Verdict> {
        let mut bytes = vec![];
        let read = self.input.read_until(b'\n', &mut bytes);
        read.map_err(|error| Verdict::Unreadable(format!("the export cannot be read on: {error}")))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.pop() != Some(b'\n') {
            return Err(Verdict::Broken(at, "the line is cut off".into()));
        }
        String::from_utf8(bytes).map(Some).map_err(|_| Verdict::Broken(at, "the line is not text".into()))
    }
}

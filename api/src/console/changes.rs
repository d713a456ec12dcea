//! 操作履歴 of what is changed field by field (O12): settings, products, accounts. Who, when, what from what to what, why.

use super::{Frame, Language, PageResult, render, written};
use crate::app::App;
use crate::history::{self, Entry, HistoryError};
use serde::Deserialize;
use teiki_domain::recorded::RecordedEvent;

/// Rows of a page.
const ROWS: usize = 50;
/// Longest text of a field that is shown, in characters.
const LONGEST: usize = 300;

/// One thing that was done.
pub(crate) struct ChangeRow {
    at: String,
    who: String,
    /// What it was done to, where the page is about several; may be empty.
    about: String,
    what: String,
    changes: Vec<Changed>,
    why: String,
    position: i64,
}

/// One field that became another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) label: String,
    /// What it was and what it became; none: only that it was changed may be shown.
    pub(crate) values: Option<(String, String)>,
}

impl Changed {
    /// From what to what; none where nothing changed.
    pub(crate) fn of(label: impl Into<String>, old: &str, new: &str) -> Option<Self> {
        let values = Some((short(old), short(new)));
        (old != new).then(|| Self { label: label.into(), values })
    }

    /// Of something that is not shown.
    pub(crate) fn hidden(label: impl Into<String>) -> Self {
        Self { label: label.into(), values: None }
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl ChangeRow {
    /// What `entry` tells; its last position where one command did several things.
    pub(crate) fn new(language: Language, entry: &Entry, about: String, what: String, changes: Vec<Changed>) -> Self {
        let why = entry.why(language).into_owned();
        Self {
            at: written::local_time(&entry.recorded_at),
            who: entry.who(language).to_owned(),
            about,
            what,
            changes,
            why,
            position: entry.position,
        }
    }
}

/// Where a page of it begins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Before {
    pub(crate) before: Option<i64>,
}

#[derive(askama::Template)]
#[template(path = "console/changes.html")]
struct ChangesPage {
    frame: Frame,
    title: String,
    back: String,
    back_text: String,
    about: bool,
    rows: Vec<ChangeRow>,
    total: usize,
    older: Option<String>,
}

/// What stands on the page beside its rows.
pub(crate) struct Place {
    /// What it is the history of.
    pub(crate) title: String,
    /// The page it was reached from, and its name.
    pub(crate) back: (String, String),
    /// The address of the page itself, to which where to begin is added.
    pub(crate) address: String,
}

/// The page; `rows` oldest first.
pub(crate) fn page(frame: Frame, place: Place, rows: Vec<ChangeRow>, before: Option<i64>) -> PageResult {
    let total = rows.len();
    let first = rows.first().map(|row| row.position);
    let shown: Vec<ChangeRow> =
        rows.into_iter().rev().filter(|row| before.is_none_or(|before| row.position < before)).take(ROWS).collect();
    let last = shown.last().map(|row| row.position).filter(|last| Some(*last) != first);
    let Place { title, back: (back, back_text), address } = place;
    let joint = if address.contains('?') { '&' } else { '?' };
    Ok(render(&ChangesPage {
        older: last.map(|last| format!("{address}{joint}before={last}")),
        about: shown.iter().any(|row| !row.about.is_empty()),
        rows: shown,
        frame,
        title,
        back,
        back_text,
        total,
    }))
}

/// What happened to one stream, oldest first, each with its event; what one command did at once is one after the other.
pub(crate) async fn of(app: &App, kind: &str, id: &str) -> Result<Vec<(Entry, RecordedEvent)>, HistoryError> {
    app.settle().await?;
    history::of_stream(app, kind, id).await
}

/// Whether two entries are of one command.
pub(crate) fn together(one: &Entry, other: &Entry) -> bool {
    one.command_id.is_some() && one.command_id == other.command_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o12_only_what_changed_is_told_and_long_texts_are_cut() {
        assert_eq!(Changed::of("x", "a", "a"), None);
        let long = "長".repeat(400);
        let told = Changed::of("x", "", &long).unwrap().values.unwrap();
        assert_eq!((told.0.as_str(), told.1.chars().count()), ("", LONGEST + 1));
    }
}

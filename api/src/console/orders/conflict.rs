//! Two people at one order: the second reads what the first did, and nothing either of them did is lost.

use super::detail::Happened;
use crate::app::App;
use crate::console::{Language, Page};
use crate::history;
use crate::http::{Problem, unavailable};
use teiki_domain::ids::OrderId;

/// What was done to an order after somebody's page was drawn.
pub(super) struct Conflict {
    /// What the second person wanted to do.
    pub(super) wanted: String,
    /// What happened since, oldest first.
    pub(super) since: Vec<Happened>,
}

impl Conflict {
    /// Everything that happened to the order after `version`.
    pub(super) async fn since(
        app: &App,
        language: Language,
        id: &OrderId,
        version: usize,
        wanted: &str,
    ) -> Result<Self, Page> {
        app.settle().await?;
        let events = app.log.stream("order", id.as_str()).await.map_err(|error| unavailable(&error))?;
        let seen = i64::try_from(version).unwrap_or(i64::MAX);
        let newer: Vec<i64> = events.iter().filter(|event| event.sequence > seen).map(|event| event.position).collect();
        let entries = history::of(app, id.as_str(), false).await.map_err(Problem::from)?;
        let since = entries
            .iter()
            .filter(|entry| newer.contains(&entry.position))
            .map(|entry| Happened::new(language, entry))
            .collect();
        Ok(Self { wanted: wanted.to_owned(), since })
    }
}

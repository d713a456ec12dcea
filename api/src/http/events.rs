//! The shop's events for other programs, in log order, with waiting for the next one.

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::query::{Params, optional};
use crate::app::App;
use crate::feed::{self, FeedError, Page, PublicEvent, Wanted};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use teiki_infrastructure::api_keys::Scope;
use tokio::time::{Instant, sleep};
use utoipa::{IntoParams, ToSchema};

/// Events of a page when nothing is said.
const LIMIT: usize = 100;
/// Most events of a page.
const LIMIT_MAX: usize = 500;
/// Longest wait for an event, in seconds.
pub(super) const WAIT_MAX: u64 = 30;
/// Longest pause between two looks: another process may have placed events.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Which events, and how long to wait for one.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// `next` of the page before; 0 if left out: from the first event. A position beyond the end of the log is refused.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Most events of the page; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// Seconds to wait for an event when there is none yet; 0 if left out. Ten requests of a key wait at a time; one more
    /// is answered at once.
    #[param(minimum = 0, maximum = 30)]
    wait: Option<u64>,
    /// Only these types, separated by commas; `order.*` stands for all of an order.
    #[param(max_length = 4000, example = "order.*")]
    types: Option<String>,
}

/// A page of the feed.
#[derive(Serialize, ToSchema)]
pub(super) struct Events {
    /// In log order.
    events: Vec<PublicEvent>,
    /// The position to ask after next. Goes on over events of other types and shops too.
    next: i64,
    /// Whether there is more behind `next` already; a page without events may have more behind it.
    more: bool,
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Key(error) => error.into(),
            error => unavailable(&error),
        }
    }
}

/// `GET /v1/events`: the events behind position `after`; with `wait`, an empty page waits so many seconds for one.
#[utoipa::path(get, path = "/v1/events", operation_id = "list_events", tag = "events", params(Asked),
    responses((status = 200, body = Events)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Asked>,
) -> Result<Json<Events>, Problem> {
    let after = asked.after.unwrap_or(0);
    if after < 0 {
        return Err(Problem::validation("after", "it is a position, 0 or more"));
    }
    // No position that was ever given out lies there, unless an older copy of the store was restored since. What comes
    // into the log up to it would be left out in silence.
    let end = app.log.head().await.map_err(|error| unavailable(&error))?;
    if after > end {
        let why = format!(
            "the log ends at position {end}; if an older copy of the store was restored, read again from a position \
             before that"
        );
        return Err(Problem::validation("after", why));
    }
    let limit = asked.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::validation("limit", format!("it is 1 to {LIMIT_MAX}")));
    }
    let wait = asked.wait.unwrap_or(0);
    if wait > WAIT_MAX {
        return Err(Problem::validation("wait", format!("it is 0 to {WAIT_MAX} seconds")));
    }
    let types = optional("types", asked.types.as_deref())?.unwrap_or_default();
    let wanted = Wanted { shop: caller.shop, types, personal_data: caller.has(Scope::PersonalData) };
    // Without a place to wait in, the page is given out as it is.
    let place = caller.waiting.try_acquire();
    let wait = Duration::from_secs(if place.is_ok() { wait } else { 0 });
    let Page { events, next, more } = wait_for(&app, &wanted, after, limit, wait).await?;
    Ok(Json(Events { events, next, more }))
}

/// A page that holds an event, or the last empty one when the time is over. An empty page that has more behind it is
/// given out at once: each request looks at a bounded part of the log.
async fn wait_for(app: &App, wanted: &Wanted, after: i64, limit: usize, wait: Duration) -> Result<Page, FeedError> {
    let deadline = Instant::now() + wait;
    let mut head = app.sequencer.head();
    let mut after = after;
    loop {
        head.mark_unchanged();
        let page = feed::page(app, wanted, after, limit).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        if !page.events.is_empty() || page.more || left.is_zero() || app.stopping().is_cancelled() {
            return Ok(page);
        }
        after = page.next;
        tokio::select! {
            () = app.stopping().cancelled() => {}
            _ = head.changed() => {}
            () = sleep(left.min(LOOK_EVERY)) => {}
        }
    }
}

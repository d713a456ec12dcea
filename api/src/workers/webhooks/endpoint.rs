//! One endpoint: events are put in line in log order, and what is due is sent, one after the other.

use crate::app::App;
use crate::feed::{self, EventTypes, FeedError, PublicEvent};
use crate::webhooks::{self, WebhooksError};
use chrono::{DateTime, Duration, Utc};
use std::time::Duration as Wait;
use teiki_domain::ids::{IdError, ShopId};
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::event_store::LogError;
use teiki_infrastructure::webhooks::deliveries::{self, Delivery, New, Tried};
use teiki_infrastructure::webhooks::endpoints::{self, Endpoint};
use teiki_infrastructure::webhooks::{Answer, Message, Sender, WebhookError, sign};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// Seconds from a failed try to the next one; after the last of them a delivery is dead.
const GAPS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Longest wait that a receiver may ask for, in seconds.
const RETRY_AFTER_MAX: i64 = 86_400;
/// An endpoint that took nothing for so long is disabled.
const DISABLE_AFTER_DAYS: i64 = 5;
/// Deliveries read at once.
const DUE: i64 = 20;
/// Longest body that is sent, in bytes; a longer event goes without its data.
const BODY_MAX: usize = 256 * 1024;
/// Longest pause between two looks: another process may have put something in line.
const LOOK_EVERY: Wait = Wait::from_secs(1);
/// When the engine stops, a delivery under way gets this long; after that it is sent again by the next start.
const LAST_WAIT: Wait = Wait::from_secs(3);

/// Why an endpoint cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    #[error(transparent)]
    Store(#[from] WebhookError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error(transparent)]
    Webhooks(#[from] WebhooksError),
    #[error(transparent)]
    Types(#[from] feed::EventTypesError),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("an event cannot be written as JSON ({0})")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Secret(#[from] teiki_infrastructure::webhooks::SecretError),
}

/// Sends to one endpoint until it is gone or disabled, or `end` fires.
pub(super) async fn follow(
    app: &App,
    sender: &Sender,
    endpoint_id: &str,
    fence: i64,
    end: &CancellationToken,
) -> Result<(), FollowError> {
    let mut head = app.sequencer.head();
    while !end.is_cancelled() {
        head.mark_unchanged();
        let Some(endpoint) = endpoints::get(&app.storage, endpoint_id).await? else { return Ok(()) };
        if endpoint.disabled_because.is_some() {
            return Ok(());
        }
        // The end is read after the place, so it lies behind it while all is well.
        let log_end = app.log.head().await?;
        if endpoint.position > log_end {
            webhooks::stop_beyond(app, &endpoint, log_end).await?;
            return Ok(());
        }
        let due = deliveries::due(&app.storage, endpoint_id, app.clock.now(), DUE).await?;
        if !due.is_empty() {
            for delivery in due {
                if end.is_cancelled() || !deliver(app, sender, &endpoint, &delivery, fence, end).await? {
                    return Ok(());
                }
            }
            continue;
        }
        // Only once nothing is left to be sent, so that what waits in the log does not wait in the table as well.
        match line_up(app, &endpoint, fence).await? {
            LinedUp::More => continue,
            LinedUp::NotOurs => return Ok(()),
            LinedUp::AtTheEnd => {}
        }
        let next = deliveries::next_try(&app.storage, endpoint_id).await?;
        tokio::select! {
            () = end.cancelled() => {}
            Ok(()) = head.changed() => {}
            () = until(app, next) => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    Ok(())
}

async fn until(app: &App, at: Option<DateTime<Utc>>) {
    match at {
        Some(at) => app.clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

enum LinedUp {
    /// Something was put in line, or there is more to look at.
    More,
    /// Everything in the log was looked at.
    AtTheEnd,
    /// Another process does this.
    NotOurs,
}

async fn line_up(app: &App, endpoint: &Endpoint, fence: i64) -> Result<LinedUp, FollowError> {
    let shop: ShopId = endpoint.shop_id.parse()?;
    let types: EventTypes = endpoint.types.parse()?;
    let seen = feed::scan(app, shop, endpoint.position).await?;
    let mut new = Vec::new();
    // A receiver that fails, and is disabled, must not cause events for itself and the others.
    for stored in seen.events.iter().filter(|stored| stored.aggregate_type != "webhook") {
        let event_type = feed::public(stored)?.name;
        if types.take(event_type) {
            let webhook_id = deliveries::webhook_id(&endpoint.endpoint_id, stored);
            new.push(New { position: stored.position, webhook_id, event_type });
        }
    }
    if seen.next == endpoint.position {
        return Ok(LinedUp::AtTheEnd);
    }
    if !deliveries::enqueue(&app.storage, endpoint, seen.next, &new, app.clock.now(), fence).await? {
        return Ok(LinedUp::NotOurs);
    }
    Ok(if new.is_empty() && !seen.more { LinedUp::AtTheEnd } else { LinedUp::More })
}

/// One try; false when this process is to send nothing more there: the endpoint is gone, disabled or somebody else's.
async fn deliver(
    app: &App,
    sender: &Sender,
    endpoint: &Endpoint,
    delivery: &Delivery,
    fence: i64,
    end: &CancellationToken,
) -> Result<bool, FollowError> {
    let body = body(&event_at(app, endpoint, delivery.position).await?)?;
    let timestamp = app.clock.now().timestamp();
    let secrets = webhooks::secrets(app, &endpoint.endpoint_id).await?;
    let signature = sign(&secrets, &delivery.webhook_id, timestamp, &body)?;
    let message = Message { url: &endpoint.url, id: &delivery.webhook_id, timestamp, signature: &signature, body };
    let stop_waiting = async {
        end.cancelled().await;
        tokio::time::sleep(LAST_WAIT).await;
    };
    let span = tracing::info_span!(
        target: "spans",
        "webhook delivery",
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        teiki.shop = endpoint.shop_id,
        teiki.webhook = endpoint.endpoint_id,
        teiki.event = delivery.event_type,
        teiki.attempt = delivery.tries + 1,
        http.response.status_code = tracing::field::Empty,
    );
    let answer = tokio::select! {
        answer = sender.send(message).instrument(span.clone()) => answer,
        () = stop_waiting => return Ok(false),
    };
    reached("H1");
    let now = app.clock.now();
    let tried = judge(&answer, delivery.step, now);
    if let Some(code) = tried.code {
        span.record("http.response.status_code", i64::from(code));
    }
    if tried.failure.is_some() {
        span.record("otel.status_code", "error");
    }
    drop(span);
    if !deliveries::record(&app.storage, delivery, &tried, now, fence).await? {
        return Ok(false);
    }
    if let Some(failure) = &tried.failure {
        tracing::info!(
            webhook = endpoint.endpoint_id,
            delivery = delivery.webhook_id,
            failure,
            dead = tried.again.is_none(),
            "a webhook was not taken"
        );
    }
    let Some(why) = reason_to_disable(app, endpoint, &answer, now).await? else { return Ok(true) };
    if webhooks::disable(app, endpoint, &why).await? {
        tracing::warn!(webhook = endpoint.endpoint_id, why, "a webhook was disabled");
    }
    Ok(false)
}

async fn event_at(app: &App, endpoint: &Endpoint, position: i64) -> Result<PublicEvent, FollowError> {
    let page = app.log.page_of_shop(endpoint.shop_id.parse()?, position - 1, position, 1).await?;
    let stored = page.first().ok_or(LogError::Hole { position })?;
    Ok(feed::public(stored)?)
}

/// The body as sent. An event that is too large goes without its data, which the feed has.
fn body(event: &PublicEvent) -> Result<Vec<u8>, serde_json::Error> {
    let whole = serde_json::to_vec(event)?;
    if whole.len() <= BODY_MAX {
        return Ok(whole);
    }
    let mut short = serde_json::to_value(event)?;
    short["data"] = serde_json::json!({});
    short["data_omitted"] = serde_json::json!(true);
    serde_json::to_vec(&short)
}

/// What comes of an answer: how it is recorded and when it is tried again.
fn judge(answer: &Answer, step: i64, now: DateTime<Utc>) -> Tried {
    let gap = usize::try_from(step).ok().and_then(|step| GAPS.get(step)).copied();
    let again = |wait: i64| gap.map(|gap| now + Duration::seconds(gap.max(wait)));
    match answer {
        Answer::Taken(code) => Tried { code: Some(*code), failure: None, again: None },
        Answer::Gone => {
            let failure = "the receiver wants no more events (410 Gone)".to_owned();
            Tried { code: Some(410), failure: Some(failure), again: None }
        }
        Answer::Refused(code, wait) => Tried {
            code: Some(*code),
            failure: Some(format!("the receiver answered with status {code}")),
            again: again(wait.map_or(0, |wait| i64::from(wait).min(RETRY_AFTER_MAX))),
        },
        Answer::Failed(why) => Tried { code: None, failure: Some(why.clone()), again: again(0) },
    }
}

async fn reason_to_disable(
    app: &App,
    endpoint: &Endpoint,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Result<Option<String>, FollowError> {
    match answer {
        Answer::Taken(_) => return Ok(None),
        Answer::Gone => return Ok(Some("the receiver answered 410 Gone".to_owned())),
        Answer::Refused(..) | Answer::Failed(_) => {}
    }
    // As it stands by now: an earlier delivery of this round may have changed it.
    let since = endpoints::get(&app.storage, &endpoint.endpoint_id).await?.and_then(|row| row.failing_since);
    let since: Option<DateTime<Utc>> = since.and_then(|since| since.parse().ok());
    let long = since.filter(|since| now - *since >= Duration::days(DISABLE_AFTER_DAYS));
    Ok(long.map(|since| format!("no delivery was taken since {}", since.format("%Y-%m-%d %H:%M UTC"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gaps_grow_over_three_days_and_then_the_delivery_is_dead() {
        let start: DateTime<Utc> = "2026-04-01T00:00:00Z".parse().unwrap();
        let (mut now, mut step, mut gaps) = (start, 0, vec![]);
        while let Some(again) = judge(&Answer::Refused(500, None), step, now).again {
            gaps.push((again - now).num_seconds());
            (now, step) = (again, step + 1);
        }
        assert_eq!(gaps, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert!(now - start > Duration::days(3));
        let asked = judge(&Answer::Refused(429, Some(60)), 0, start).again.unwrap();
        assert_eq!((asked - start).num_seconds(), 60, "the receiver's wish counts where it is longer");
        let shorter = judge(&Answer::Refused(503, Some(1)), 1, start).again.unwrap();
        assert_eq!((shorter - start).num_seconds(), 300);
        let most = judge(&Answer::Refused(503, Some(u32::MAX)), 0, start).again.unwrap();
        assert_eq!((most - start).num_seconds(), 86_400);
    }
}

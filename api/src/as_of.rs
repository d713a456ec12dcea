//! How things stood at any instant or position of the log: folded from the log alone, by the same folds that make the
//! tables, so that at its head the answer is the live one.

use crate::app::App;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use std::str::FromStr;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::ids::{MemberId, OrderId, ShopId, SubscriptionId};
use teiki_domain::member::Member;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::shop_settings::{Details, ShopSettings};
use teiki_domain::subscription::{Details as Started, Subscription};
use teiki_infrastructure::clock::tokyo;
use teiki_infrastructure::event_store::{LogError, LogEvent, SequencerError};
use teiki_projections::as_of::{AsOfError, Folding};
use teiki_projections::card_expiry_table::CardExpiryTable;
use teiki_projections::order_list::{OrderList, OrderRow};
use teiki_projections::subscription_list::{SubscriptionList, SubscriptionRow};

/// Events read at once.
const PAGE: i64 = 2_000;

/// A moment as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After the event at this position of the log; 0: before the first one.
    Position(i64),
    /// At this instant.
    Instant(DateTime<Utc>),
}

/// A text that names no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a moment is a position of the log such as 1204, or an instant such as 2026-04-01T00:00:00+09:00")]
pub struct NoMoment;

impl FromStr for AsOf {
    type Err = NoMoment;
    fn from_str(text: &str) -> Result<Self, NoMoment> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::Position).map_err(|_| NoMoment);
        }
        // In an address a plus sign stands for a space.
        let at = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).map_err(|_| NoMoment)?;
        Ok(Self::Instant(at.to_utc()))
    }
}

/// A moment found in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Everything up to this position had happened.
    pub position: i64,
    /// The business day in Tokyo.
    pub day: NaiveDate,
}

/// Why it cannot be said how something stood.
#[derive(Debug, thiserror::Error)]
pub enum ThenError {
    /// The log is not that long.
    #[error("the log ends at position {head}; there is no position {position} yet")]
    Beyond {
        /// As given.
        position: i64,
        /// The last one.
        head: i64,
    },
    /// Nobody knows yet.
    #[error("{at} has not come yet, it is {now}; name a moment that is over", at = written(.at), now = written(.now))]
    Future {
        /// As given.
        at: DateTime<Utc>,
        /// The time by the engine's clock.
        now: DateTime<Utc>,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log cannot be continued.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// An event cannot be folded.
    #[error(transparent)]
    Fold(#[from] AsOfError),
}

fn written(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Finds the moment in the log. An instant that has not come yet is refused: what will stand then is not known.
pub async fn find(app: &App, as_of: AsOf) -> Result<Moment, ThenError> {
    let now = app.clock.now();
    let head = app.sequencer.catch_up().await?;
    match as_of {
        AsOf::Instant(at) if at > now => Err(ThenError::Future { at, now }),
        AsOf::Instant(at) => Ok(Moment { position: app.log.end_at(at).await?.min(head), day: tokyo(at).date_naive() }),
        AsOf::Position(position) if position > head => Err(ThenError::Beyond { position, head }),
        AsOf::Position(position) => {
            let event = app.log.page((position - 1).max(0), 1).await?.pop();
            let at = event.and_then(|event| DateTime::parse_from_rfc3339(&event.recorded_at).ok());
            let day = at.map_or_else(|| app.clock.today(), |at| tokyo(at.to_utc()).date_naive());
            Ok(Moment { position, day })
        }
    }
}

/// An order as the order list showed it.
pub async fn order(app: &App, id: &OrderId, then: Moment) -> Result<Option<OrderRow>, ThenError> {
    let mut folding = Folding::new(OrderList);
    stream(app, "order", id.as_str(), then, |event| Ok(folding.take(event)?)).await?;
    Ok(folding.row(id.as_str()))
}

/// A subscription as the subscription list showed it, and as it was itself.
pub async fn subscription(
    app: &App,
    id: &SubscriptionId,
    then: Moment,
) -> Result<Option<(SubscriptionRow, Started)>, ThenError> {
    let (mut folding, mut state) = (Folding::new(SubscriptionList), Subscription::default());
    stream(app, "subscription", id.as_str(), then, |event| {
        folding.take(event)?;
        let recorded = RecordedEvent::decode(&event.aggregate_type, &event.payload);
        match recorded.map_err(|error| AsOfError::unreadable(event.position, &error))? {
            RecordedEvent::Subscription(event) => state.apply(&event),
            RecordedEvent::ShopSettings(_)
            | RecordedEvent::Order(_)
            | RecordedEvent::Member(_)
            | RecordedEvent::Product(_)
            | RecordedEvent::Mail(_)
            | RecordedEvent::Webhook(_) => {}
        }
        Ok(())
    })
    .await?;
    Ok(folding.row(id.as_str()).zip(state.details().cloned()))
}

/// The settings that were in force in a shop. Its secrets are in it sealed and must not be shown.
pub async fn shop(app: &App, id: ShopId, then: Moment) -> Result<Option<Details>, ThenError> {
    let mut settings = ShopSettings::default();
    stream(app, "shop_settings", &id.to_string(), then, |event| {
        let recorded = RecordedEvent::decode(&event.aggregate_type, &event.payload);
        match recorded.map_err(|error| AsOfError::unreadable(event.position, &error))? {
            RecordedEvent::ShopSettings(event) => settings.apply(&event),
            RecordedEvent::Subscription(_)
            | RecordedEvent::Order(_)
            | RecordedEvent::Member(_)
            | RecordedEvent::Product(_)
            | RecordedEvent::Mail(_)
            | RecordedEvent::Webhook(_) => {}
        }
        Ok(())
    })
    .await?;
    Ok(settings.details().cloned())
}

/// A member as they were.
pub async fn member(app: &App, id: &MemberId, then: Moment) -> Result<Member, ThenError> {
    let mut member = Member::default();
    stream(app, "member", id.as_str(), then, |event| {
        let recorded = RecordedEvent::decode(&event.aggregate_type, &event.payload);
        match recorded.map_err(|error| AsOfError::unreadable(event.position, &error))? {
            RecordedEvent::Member(event) => member.apply(&event),
            RecordedEvent::Subscription(_)
            | RecordedEvent::Order(_)
            | RecordedEvent::ShopSettings(_)
            | RecordedEvent::Product(_)
            | RecordedEvent::Mail(_)
            | RecordedEvent::Webhook(_) => {}
        }
        Ok(())
    })
    .await?;
    Ok(member)
}

/// The card-expiry table of a shop, to be asked for the day of that moment. Reads all events of the shop up to then, and
/// none of another.
pub async fn cards(app: &App, shop: ShopId, then: Moment) -> Result<Folding, ThenError> {
    let mut folding = Folding::new(CardExpiryTable);
    let mut at = 0;
    loop {
        let page = app.log.page_of_shop(shop, at, then.position, PAGE).await?;
        let Some(last) = page.last() else { return Ok(folding) };
        at = last.position;
        page.iter().try_for_each(|event| folding.take(event))?;
    }
}

async fn stream(
    app: &App,
    kind: &str,
    id: &str,
    then: Moment,
    mut take: impl FnMut(&LogEvent) -> Result<(), ThenError>,
) -> Result<(), ThenError> {
    let events = app.log.stream(kind, id).await?;
    events.iter().take_while(|event| event.position <= then.position).try_for_each(&mut take)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_position_or_an_instant() {
        let at = AsOf::Instant("2026-03-31T15:00:00Z".parse().unwrap());
        for (text, moment) in [
            ("0", Some(AsOf::Position(0))),
            ("1204", Some(AsOf::Position(1204))),
            ("2026-03-31T15:00:00Z", Some(at)),
            ("2026-04-01T00:00:00+09:00", Some(at)),
            ("2026-04-01T00:00:00 09:00", Some(at)),
            ("2026-04-01", None),
            ("-1", None),
            ("99999999999999999999", None),
            ("yesterday", None),
        ] {
            assert_eq!(text.parse().ok(), moment, "{text}");
        }
    }
}

//! How many subscriptions began, ended, paused and went on, per shop and business day in Tokyo.

use crate::due_renewals::shop_of;
use crate::payment_report::{business_day, shop_of_order};
use crate::projection::{Fact, Projection};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::subscription::{Status, SubscriptionEvent as Event};

row! {
    /// Where a subscription stands, so that its end can be told apart.
    StandingRow in "subscription_standings" {
        /// The subscription.
        key subscription_id,
        /// `running`, `paused` or `ended`.
        status: String,
    }
    indexes {}
}

row! {
    /// What changed in one shop on one business day. How many run is the sum of all days up to it: days are added up
    /// when they are read, so that an event which comes late changes every day after its own.
    SubscriptionDayRow in "subscription_days" {
        /// `SHOP/DAY`.
        key day_key,
        /// Shop, five digits.
        shop_id: String,
        /// The business day in Tokyo.
        business_day: NaiveDate,
        /// Began.
        started: i64,
        /// Ended while running.
        ended_running: i64,
        /// Ended while paused.
        ended_paused: i64,
        /// Paused.
        paused: i64,
        /// Went on after a pause.
        resumed: i64,
    }
    indexes { by_shop: "shop_id, business_day", }
}

/// The projection.
#[derive(Debug)]
pub struct SubscriptionCounts;

impl Projection for SubscriptionCounts {
    fn name(&self) -> &'static str {
        "subscription_counts"
    }

    fn version(&self) -> i64 {
        1
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["subscription"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![StandingRow::table(), SubscriptionDayRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        if let (RecordedEvent::Subscription(event), Ok(day)) = (fact.event, business_day(fact))
            && becomes(event).is_some()
        {
            rows.want::<StandingRow>(fact.aggregate_id);
            rows.want::<SubscriptionDayRow>(&day_key(fact.aggregate_id, day));
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Subscription(event) = fact.event else { return Ok(()) };
        let Some(status) = becomes(event) else { return Ok(()) };
        let (id, day) = (fact.aggregate_id, business_day(fact)?);
        let before = rows.get::<StandingRow>(id)?.map(|row| row.status.clone());
        rows.put(StandingRow { subscription_id: id.to_owned(), status: status.as_str().to_owned() })?;
        let key = day_key(id, day);
        let shop_id = shop_of(id)?;
        let mut row = rows.get::<SubscriptionDayRow>(&key)?.cloned().unwrap_or(SubscriptionDayRow {
            day_key: key,
            shop_id,
            business_day: day,
            started: 0,
            ended_running: 0,
            ended_paused: 0,
            paused: 0,
            resumed: 0,
        });
        let was_paused = before.as_deref() == Some(Status::Paused.as_str());
        *match event {
            Event::SubscriptionPaused {} => &mut row.paused,
            Event::SubscriptionResumed { .. } => &mut row.resumed,
            Event::SubscriptionEnded {} if was_paused => &mut row.ended_paused,
            Event::SubscriptionEnded {} => &mut row.ended_running,
            _ => &mut row.started,
        } += 1;
        rows.put(row)
    }
}

/// What the subscription is after this event, if the event changes that.
fn becomes(event: &Event) -> Option<Status> {
    match event {
        Event::SubscriptionStarted { .. } | Event::SubscriptionResumed { .. } => Some(Status::Running),
        Event::SubscriptionPaused {} => Some(Status::Paused),
        Event::SubscriptionEnded {} => Some(Status::Ended),
        Event::OrderGenerationStarted { .. }
        | Event::DeliverySkipped { .. }
        | Event::NextDateChanged { .. }
        | Event::CycleChanged { .. }
        | Event::BasketChanged { .. }
        | Event::PaymentMethodChanged { .. }
        | Event::SubscriptionStartPrevented {}
        | Event::SubscriptionWorkReleased { .. } => None,
    }
}

fn day_key(subscription_id: &str, day: NaiveDate) -> String {
    format!("{}/{day}", shop_of_order(subscription_id))
}

#[cfg(test)]
#[path = "subscription_counts_tests.rs"]
mod tests;

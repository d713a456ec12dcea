//! The subscription list: every subscription, where it stands and what comes next.

use crate::order_list::method_text;
use crate::payment_report::business_day;
use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, by_key};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use teiki_domain::basket::Basket;
use teiki_domain::ids::{MemberId, ShopId, SubscriptionId};
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::subscription::{NextDates, Status, SubscriptionEvent as Event};
use teiki_infrastructure::event_store::Storage;

row! {
    /// One subscription.
    SubscriptionRow in "subscription_list" {
        /// Its number (定期購入番号).
        key subscription_id,
        /// Shop, five digits.
        shop_id: String,
        /// Whose it is.
        member_id: String,
        /// `running`, `paused` or `ended`.
        status: String,
        /// `card`, or `external:` and the name.
        payment_method: String,
        /// Delivery cycle (R3), such as `months:1:31`.
        cycle: String,
        /// Date 0 of the cycle.
        anchor: NaiveDate,
        /// Next delivery; none while paused, after the end, or when the calendar ends.
        next_delivery_date: Option<NaiveDate>,
        /// The day its order is generated.
        next_generation_date: Option<NaiveDate>,
        /// Goods amount of the next order in yen.
        goods: i64,
        /// Everything to pay for the next order in yen; none while shipping or fee is to be quoted.
        total: Option<i64>,
        /// Orders called for so far.
        orders: i64,
        /// When it began, RFC 3339.
        started_at: String,
        /// The business day in Tokyo it began on.
        started_on: NaiveDate,
        /// When it ended, RFC 3339.
        ended_at: Option<String>,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    indexes {
        by_shop: "shop_id, subscription_id",
        by_start: "shop_id, started_on, subscription_id",
        by_next: "shop_id, next_generation_date, payment_method, total",
        by_status: "status, subscription_id",
        by_member: "member_id, subscription_id",
    }
}

/// The projection.
#[derive(Debug)]
pub struct SubscriptionList;

impl Projection for SubscriptionList {
    fn name(&self) -> &'static str {
        "subscription_list"
    }

    fn version(&self) -> i64 {
        2
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["subscription"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![SubscriptionRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        if let RecordedEvent::Subscription(_) = fact.event {
            rows.want::<SubscriptionRow>(fact.aggregate_id);
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        let RecordedEvent::Subscription(event) = fact.event else { return Ok(()) };
        if let Event::SubscriptionStarted { subscription_id, member_id, basket, payment_method, cycle, anchor, next } =
            event
        {
            return rows.put(SubscriptionRow {
                subscription_id: subscription_id.to_string(),
                shop_id: subscription_id.shop().to_string(),
                member_id: member_id.to_string(),
                status: Status::Running.as_str().to_owned(),
                payment_method: method_text(payment_method),
                cycle: cycle.to_string(),
                anchor: *anchor,
                next_delivery_date: Some(next.delivery_date),
                next_generation_date: Some(next.generation_date),
                goods: goods(basket)?,
                total: basket.total().map(|yen| yen.get()),
                orders: 0,
                started_at: fact.recorded_at.to_owned(),
                started_on: business_day(fact)?,
                ended_at: None,
                updated_position: fact.position,
            });
        }
        // One that never started has no row.
        if let Event::SubscriptionStartPrevented {} = event {
            return Ok(());
        }
        let mut changed = Ok(());
        rows.update(fact.aggregate_id, |row: &mut SubscriptionRow| {
            changed = change(row, fact, event);
            row.updated_position = fact.position;
        })?;
        changed
    }
}

fn change(row: &mut SubscriptionRow, fact: &Fact<'_>, event: &Event) -> Result<(), FoldError> {
    match event {
        Event::SubscriptionStarted { .. }
        | Event::SubscriptionStartPrevented {}
        | Event::SubscriptionWorkReleased { .. } => {}
        Event::OrderGenerationStarted { next, .. } => {
            row.orders += 1;
            set_next(row, next.as_ref());
        }
        Event::DeliverySkipped { next, .. } => set_next(row, next.as_ref()),
        Event::NextDateChanged { next } => set_next(row, Some(next)),
        Event::CycleChanged { cycle, anchor, next } => {
            row.cycle = cycle.to_string();
            row.anchor = *anchor;
            set_next(row, next.as_ref());
        }
        Event::BasketChanged { basket } => {
            row.goods = goods(basket)?;
            row.total = basket.total().map(|yen| yen.get());
        }
        Event::PaymentMethodChanged { payment_method } => row.payment_method = method_text(payment_method),
        Event::SubscriptionPaused {} => {
            Status::Paused.as_str().clone_into(&mut row.status);
            set_next(row, None);
        }
        Event::SubscriptionResumed { next } => {
            Status::Running.as_str().clone_into(&mut row.status);
            set_next(row, Some(next));
        }
        Event::SubscriptionEnded {} => {
            Status::Ended.as_str().clone_into(&mut row.status);
            row.ended_at = Some(fact.recorded_at.to_owned());
            set_next(row, None);
        }
    }
    Ok(())
}

fn goods(basket: &Basket) -> Result<i64, FoldError> {
    basket.goods().map(|yen| yen.get()).map_err(|error| FoldError::Content(format!("goods amount: {error}")))
}

fn set_next(row: &mut SubscriptionRow, next: Option<&NextDates>) {
    row.next_delivery_date = next.map(|next| next.delivery_date);
    row.next_generation_date = next.map(|next| next.generation_date);
}

/// Which subscriptions to list. Everything given must hold; nothing given lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriptionFilter {
    /// Of this shop.
    pub shop: Option<ShopId>,
    /// In this state.
    pub status: Option<Status>,
    /// Of this member.
    pub member: Option<MemberId>,
    /// With this number.
    pub subscription: Option<SubscriptionId>,
    /// With an order whose payment failed and that is still wanted (O18).
    pub failed: bool,
    /// Paid in this way.
    pub payment_method: Option<MethodKind>,
    /// Whose next order is generated on this date or later.
    pub next_from: Option<NaiveDate>,
    /// Whose next order is generated on this date or earlier.
    pub next_to: Option<NaiveDate>,
}

/// By card, or settled outside under whatever name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// The member's card.
    Card,
    /// Settled outside.
    External,
}

impl SubscriptionFilter {
    pub(crate) fn select(&self, after: Option<&Cursor>, limit: u32) -> Select {
        let mut select = Select::of::<SubscriptionRow>();
        select
            .and_some("shop_id = ", self.shop.map(|id| id.to_string()).as_ref())
            .and_some("status = ", self.status.map(|status| status.as_str().to_owned()).as_ref())
            .and_some("member_id = ", self.member.as_ref().map(|id| id.to_string()).as_ref())
            .and_some("subscription_id = ", self.subscription.as_ref().map(|id| id.to_string()).as_ref())
            .and_some("next_generation_date >= ", self.next_from.as_ref())
            .and_some("next_generation_date <= ", self.next_to.as_ref());
        // As `method_text` writes them.
        let card = "card".to_owned();
        match self.payment_method {
            None => {}
            Some(MethodKind::Card) => {
                select.and("payment_method = ").bind(&card);
            }
            Some(MethodKind::External) => {
                select.and("payment_method <> ").bind(&card);
            }
        }
        if self.failed {
            // Few of all orders; read as a whole for the shop, once a page.
            select.and("subscription_id IN (SELECT f.subscription_id FROM failed_orders f");
            if let Some(shop) = self.shop {
                select.push(" WHERE f.shop_id = ").bind(&shop.to_string());
            }
            select.push(")");
        }
        select.page_by_key("subscription_id", after.map(|after| after.key.as_str()), limit);
        select
    }
}

/// A page of subscriptions by number. `limit` is 1 to 1,000.
pub async fn list(
    storage: &Storage,
    filter: &SubscriptionFilter,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<SubscriptionRow, Cursor>, QueryError> {
    let select = filter.select(after, limit);
    select.paged(storage, limit, |row: &SubscriptionRow| Cursor::new("", &row.subscription_id)).await
}

/// What subscriptions are counted by; everything given must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// Only those paid by card.
    pub by_card: bool,
    /// Whose goods amount is below so many yen.
    pub goods_below: Option<i64>,
    /// Whose goods amount is above so many yen.
    pub goods_above: Option<i64>,
    /// Whose next order is generated before this day.
    pub next_before: Option<NaiveDate>,
    /// Whose next order is generated after this day.
    pub next_after: Option<NaiveDate>,
}

/// How many running subscriptions of a shop there are of that kind.
pub async fn count_running(storage: &Storage, shop: ShopId, counted: Counted) -> Result<u64, QueryError> {
    let mut select = Select::new("SELECT COUNT(*) FROM subscription_list");
    select
        .and("shop_id = ")
        .bind(&shop.to_string())
        .and("status = ")
        .bind(&Status::Running.as_str().to_owned())
        .and_some("payment_method = ", counted.by_card.then(|| "card".to_owned()).as_ref())
        .and_some("goods < ", counted.goods_below.as_ref())
        .and_some("goods > ", counted.goods_above.as_ref())
        .and_some("next_generation_date < ", counted.next_before.as_ref())
        .and_some("next_generation_date > ", counted.next_after.as_ref());
    let counts = select.fetch(storage, "subscription_list", |row| row.get::<i64>(0)).await?;
    Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
}

/// One subscription.
pub async fn get(storage: &Storage, subscription_id: &SubscriptionId) -> Result<Option<SubscriptionRow>, QueryError> {
    by_key(storage, subscription_id.as_str()).await
}

#[cfg(test)]
#[path = "subscription_list_tests.rs"]
mod tests;

//! What the next nights will bring, as far as it can be known: nothing is written and nobody is asked.

use crate::app::App;
use crate::shops::ShopError;
use chrono::NaiveDate;
use futures::{StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, HashMap};
use teiki_domain::applicability::{NotExecutedReason, PaymentPlan, payment_plan};
use teiki_domain::card_expiry::{CardExpiry, ExpiryStanding};
use teiki_domain::ids::{IdError, MemberId, OrderId, ShopId};
use teiki_domain::subscription::{Details, NextDates, Subscription};
use teiki_infrastructure::event_store::StoreError;
use teiki_projections::{QueryError, due_renewals, failed_orders, member_list};

/// Most nights of a preview.
pub const NIGHTS_MAX: u16 = 60;
/// Most orders of a preview; it shows as many whole nights as fit in.
pub const ORDERS_MAX: usize = 5_000;
/// Rows read at once.
const PAGE: u32 = 1_000;

/// Why a preview cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// A table.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// A stream.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The shop.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// A stored id does not have its form.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// The nights to come.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Each night, also those without an order.
    pub nights: Vec<Night>,
    /// Whether nights that were asked for are left out because more orders than [`ORDERS_MAX`] come up.
    pub cut: bool,
}

/// One night.
#[derive(Debug, Clone)]
pub struct Night {
    /// It begins just after midnight in Tokyo of this day.
    pub date: NaiveDate,
    /// Orders that come up, by subscription.
    pub orders: Vec<Expected>,
}

/// An order that comes up if nothing is changed until then.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Its number.
    pub order_id: OrderId,
    /// The subscription it comes from.
    pub subscription: Box<Details>,
    /// Its dates.
    pub dates: NextDates,
    /// What will be done about its payment (R5, S9).
    pub plan: PaymentPlan,
    /// What makes a failure likely where the card will be tried.
    pub risk: Option<Risk>,
}

/// What makes a failure likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// The card in force has expired by then (E3).
    CardExpired,
    /// The subscription's previous order failed on the same card (R4).
    PreviousOrderFailed,
}

impl Risk {
    /// A stable name.
    pub fn code(self) -> &'static str {
        match self {
            Risk::CardExpired => "card_expired",
            Risk::PreviousOrderFailed => "previous_order_failed",
        }
    }
}

/// A card as far as its future is concerned.
struct Card {
    id: String,
    expiry: CardExpiry,
}

/// The next `nights` nights of a shop, from tomorrow's on. What is due already comes up in the first of them.
pub async fn upcoming(app: &App, shop: ShopId, nights: u16) -> Result<Preview, PreviewError> {
    let dates: Vec<NaiveDate> = app.clock.today().iter_days().skip(1).take(usize::from(nights)).collect();
    let (Some(first), Some(last)) = (dates.first().copied(), dates.last().copied()) else {
        return Ok(Preview { nights: vec![], cut: false });
    };
    let settings = app.shops.get(shop).await?.settings;
    let (due, mut through) = due(app, shop, last).await?;
    let due = futures::stream::iter(due.into_iter().map(|id| async move {
        let loaded = app.gateway.load::<Subscription>(&id).await?;
        Ok::<_, StoreError>(loaded.aggregate.details().cloned())
    }));
    let due: Vec<Option<Details>> = due.buffered(app.config.concurrency).try_collect().await?;
    let mut by_night: BTreeMap<NaiveDate, Vec<(Details, NextDates)>> = BTreeMap::new();
    for details in due.into_iter().flatten() {
        for next in details.upcoming(settings.lead_days).take_while(|next| next.generation_date <= last) {
            by_night.entry(next.generation_date.max(first)).or_default().push((details.clone(), next));
        }
    }
    // Whole nights or none: a total that misses some of its orders would be wrong.
    let mut count = 0;
    for (night, orders) in &by_night {
        count += orders.len();
        if count > ORDERS_MAX {
            through = through.min(night.pred_opt().unwrap_or(first));
            break;
        }
    }
    let members = by_night.range(..=through).flat_map(|(_, orders)| orders).map(|(details, _)| &details.member_id);
    let cards = cards(app, members).await?;
    let failed = failed(app, shop).await?;
    let terms = settings.renewal_terms();
    let shown = dates.iter().copied().filter(|date| *date <= through);
    let shown: Vec<Night> = shown
        .map(|date| {
            let orders = by_night.remove(&date).unwrap_or_default().into_iter().map(|(details, dates)| {
                let card = cards.get(details.member_id.as_str());
                let plan = payment_plan(&terms, &details.payment_method, &details.basket, card.is_some(), date);
                let newest = details.last_generation.map(|day| (details.subscription_id.to_string(), day));
                let failed_on = newest.and_then(|newest| failed.get(&newest)).map(String::as_str);
                let risk = card.and_then(|card| risk(&plan, card, failed_on, date));
                let order_id = OrderId::for_generation(&details.subscription_id, dates.generation_date);
                Expected { order_id, subscription: Box::new(details), dates, plan, risk }
            });
            Night { date, orders: orders.collect() }
        })
        .collect();
    Ok(Preview { cut: shown.len() < dates.len(), nights: shown })
}

/// What the next order of one subscription will bring, as far as it can be known; none if none comes.
pub async fn next_of(app: &App, details: &Details) -> Result<Option<Expected>, PreviewError> {
    let Some(dates) = details.next else { return Ok(None) };
    let terms = app.shops.get(details.subscription_id.shop()).await?.settings.renewal_terms();
    // What is due already comes up tonight at the earliest.
    let tonight = app.clock.today().succ_opt().unwrap_or(dates.generation_date);
    let night = dates.generation_date.max(tonight);
    let cards = cards(app, std::iter::once(&details.member_id)).await?;
    let card = cards.get(details.member_id.as_str());
    let failed = failed_orders::of_member(&app.storage, &details.member_id).await?;
    let failed_on = failed.iter().find(|row| {
        row.subscription_id == details.subscription_id.as_str() && Some(row.generation_date) == details.last_generation
    });
    let plan = payment_plan(&terms, &details.payment_method, &details.basket, card.is_some(), night);
    let risk = card.and_then(|card| risk(&plan, card, failed_on.map(|row| row.card_id.as_str()), night));
    let order_id = OrderId::for_generation(&details.subscription_id, dates.generation_date);
    Ok(Some(Expected { order_id, subscription: Box::new(details.clone()), dates, plan, risk }))
}

/// What makes a failure likely on `night`; `failed_on` is the card that the subscription's previous order failed on.
fn risk(plan: &PaymentPlan, card: &Card, failed_on: Option<&str>, night: NaiveDate) -> Option<Risk> {
    if !matches!(plan, PaymentPlan::Authorize(_)) {
        None
    } else if card.expiry.standing(night) == ExpiryStanding::Expired {
        Some(Risk::CardExpired)
    } else if failed_on == Some(card.id.as_str()) {
        Some(Risk::PreviousOrderFailed)
    } else {
        None
    }
}

/// Subscriptions with an order on or before `last`, and the last day up to which none is left out.
async fn due(app: &App, shop: ShopId, last: NaiveDate) -> Result<(Vec<String>, NaiveDate), PreviewError> {
    let (mut ids, mut after) = (vec![], None);
    loop {
        let page = due_renewals::of_shop(&app.storage, shop, last, after.as_ref(), PAGE).await?;
        for row in page.rows {
            if ids.len() == ORDERS_MAX {
                return Ok((ids, row.generation_date.pred_opt().unwrap_or(row.generation_date)));
            }
            ids.push(row.subscription_id);
        }
        after = page.next;
        if after.is_none() {
            return Ok((ids, last));
        }
    }
}

/// The cards in force of these members.
async fn cards(app: &App, members: impl Iterator<Item = &MemberId>) -> Result<HashMap<String, Card>, PreviewError> {
    let mut members: Vec<MemberId> = members.cloned().collect();
    members.sort_unstable();
    members.dedup();
    let mut cards = HashMap::with_capacity(members.len());
    for some in members.chunks(PAGE as usize) {
        for row in member_list::many(&app.storage, some).await? {
            let month = row.card_expiry_yyyymm.and_then(|month| i32::try_from(month).ok());
            let expiry = month.and_then(|month| CardExpiry::from_yyyymm(month).ok());
            if let (Some(id), Some(expiry)) = (row.card_id, expiry) {
                cards.insert(row.member_id, Card { id, expiry });
            }
        }
    }
    Ok(cards)
}

/// Orders whose payment failed, by subscription and generation date: the card that was tried last.
async fn failed(app: &App, shop: ShopId) -> Result<HashMap<(String, NaiveDate), String>, PreviewError> {
    let (mut failed, mut after) = (HashMap::new(), None);
    loop {
        let page = failed_orders::list(&app.storage, Some(shop), after.as_ref(), PAGE).await?;
        failed.extend(page.rows.into_iter().map(|row| ((row.subscription_id, row.generation_date), row.card_id)));
        after = page.next;
        if after.is_none() {
            return Ok(failed);
        }
    }
}

impl Expected {
    /// Why no authorisation is tried, if it is not.
    pub fn not_executed(&self) -> Option<&NotExecutedReason> {
        match &self.plan {
            PaymentPlan::NotExecuted(reason) => Some(reason),
            PaymentPlan::External | PaymentPlan::Authorize(_) => None,
        }
    }
}

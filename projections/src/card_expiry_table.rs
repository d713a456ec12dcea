//! The card-expiry table (K6): running subscriptions paid by card whose card is close to its end or past it.

use crate::as_of::Folding;
use crate::due_renewals::shop_of;
use crate::projection::{Fact, Projection};
use crate::query::{Cursor, Page, QueryError, Select, into_page};
use crate::table::{Row as _, Table, row};
use crate::working_set::{FoldError, WorkingSet};
use chrono::NaiveDate;
use std::collections::HashMap;
use teiki_domain::card_expiry::{CardExpiry, ExpiryStanding};
use teiki_domain::ids::{MemberId, ShopId};
use teiki_domain::member::MemberEvent;
use teiki_domain::recorded::RecordedEvent;
use teiki_domain::subscription::SubscriptionEvent;
use teiki_infrastructure::event_store::Storage;

row! {
    /// A subscription, as far as its card is concerned.
    CardSubscriptionRow in "card_expiry_subscriptions" {
        /// The subscription.
        key subscription_id,
        /// Shop, five digits.
        shop_id: String,
        /// Whose it is.
        member_id: String,
        /// Whether it generates orders.
        running: bool,
        /// Whether it is paid by card.
        card: bool,
    }
    indexes {
        by_member: "member_id, subscription_id",
        by_shop: "shop_id, subscription_id",
    }
}

row! {
    /// The card in force of a member: that of the newest registration.
    CardRow in "card_expiry_cards" {
        /// The member.
        key member_id,
        /// Shop, five digits.
        shop_id: String,
        /// The card's id in Paygent's vault.
        card_id: String,
        /// The number as Paygent masks it.
        masked_number: String,
        /// The month it ends, such as 202803.
        expiry_yyyymm: i64,
        /// Which registration it came from.
        registration: i64,
    }
    indexes { by_expiry: "expiry_yyyymm, member_id", }
}

/// The projection.
#[derive(Debug)]
pub struct CardExpiryTable;

impl Projection for CardExpiryTable {
    fn name(&self) -> &'static str {
        "card_expiry_table"
    }

    fn version(&self) -> i64 {
        3
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["subscription", "member"]
    }

    fn tables(&self) -> Vec<&'static Table> {
        vec![CardSubscriptionRow::table(), CardRow::table()]
    }

    fn touches(&self, fact: &Fact<'_>, rows: &mut WorkingSet) {
        use SubscriptionEvent as S;
        match fact.event {
            RecordedEvent::Subscription(
                S::SubscriptionStarted { .. }
                | S::PaymentMethodChanged { .. }
                | S::SubscriptionPaused {}
                | S::SubscriptionResumed { .. }
                | S::SubscriptionEnded {},
            ) => rows.want::<CardSubscriptionRow>(fact.aggregate_id),
            RecordedEvent::Member(MemberEvent::CardRegistered { .. } | MemberEvent::MemberErased {}) => {
                rows.want::<CardRow>(fact.aggregate_id)
            }
            _ => {}
        }
    }

    fn fold(&self, fact: &Fact<'_>, rows: &mut WorkingSet) -> Result<(), FoldError> {
        match fact.event {
            RecordedEvent::Subscription(event) => fold_subscription(fact, event, rows),
            RecordedEvent::Member(MemberEvent::MemberErased {}) => rows.remove::<CardRow>(fact.aggregate_id),
            RecordedEvent::Member(MemberEvent::CardRegistered { registration, card }) => {
                let registration = i64::from(*registration);
                // Answers may come in out of order; the newest registration is the one charged.
                if rows.get::<CardRow>(fact.aggregate_id)?.is_some_and(|row| row.registration > registration) {
                    return Ok(());
                }
                let member: MemberId =
                    fact.aggregate_id.parse().map_err(|error| FoldError::Content(format!("{error}")))?;
                rows.put(CardRow {
                    member_id: fact.aggregate_id.to_owned(),
                    shop_id: member.shop().to_string(),
                    card_id: card.card_id.to_string(),
                    masked_number: card.masked_number.clone(),
                    expiry_yyyymm: i64::from(card.expiry.as_yyyymm()),
                    registration,
                })
            }
            _ => Ok(()),
        }
    }
}

fn fold_subscription(fact: &Fact<'_>, event: &SubscriptionEvent, rows: &mut WorkingSet) -> Result<(), FoldError> {
    use SubscriptionEvent as S;
    let id = fact.aggregate_id;
    match event {
        S::SubscriptionStarted { member_id, payment_method, .. } => rows.put(CardSubscriptionRow {
            subscription_id: id.to_owned(),
            shop_id: shop_of(id)?,
            member_id: member_id.to_string(),
            running: true,
            card: payment_method.is_card(),
        }),
        S::PaymentMethodChanged { payment_method } => {
            rows.update(id, |row: &mut CardSubscriptionRow| row.card = payment_method.is_card())
        }
        S::SubscriptionPaused {} | S::SubscriptionEnded {} => {
            rows.update(id, |row: &mut CardSubscriptionRow| row.running = false)
        }
        S::SubscriptionResumed { .. } => rows.update(id, |row: &mut CardSubscriptionRow| row.running = true),
        _ => Ok(()),
    }
}

/// A subscription whose card is close to its end or past it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AffectedRow {
    /// The subscription.
    pub subscription_id: String,
    /// Shop, five digits.
    pub shop_id: String,
    /// Whose it is.
    pub member_id: String,
    /// The card's id in Paygent's vault.
    pub card_id: String,
    /// The number as Paygent masks it.
    pub masked_number: String,
    /// The month it ends.
    pub expiry: CardExpiry,
    /// Close or expired, on the day asked for.
    pub standing: ExpiryStanding,
}

/// As [`affected`], of a table folded up to some position: a page of it, and where the next one begins.
pub fn affected_then(
    folding: &mut Folding,
    today: NaiveDate,
    shop: ShopId,
    after: Option<&Cursor>,
    limit: u32,
) -> Page<AffectedRow, Cursor> {
    let cards: HashMap<String, CardRow> =
        folding.rows::<CardRow>().into_iter().map(|card| (card.member_id.clone(), card)).collect();
    let shop = shop.to_string();
    let mut rows: Vec<AffectedRow> = vec![];
    for row in folding.rows::<CardSubscriptionRow>() {
        let Some(card) = cards.get(&row.member_id).filter(|_| row.running && row.card && row.shop_id == shop) else {
            continue;
        };
        let expiry = i32::try_from(card.expiry_yyyymm).ok().and_then(|month| CardExpiry::from_yyyymm(month).ok());
        let Some(expiry) = expiry.filter(|expiry| expiry.as_yyyymm() <= CardExpiry::close_until(today)) else {
            continue;
        };
        rows.push(AffectedRow {
            subscription_id: row.subscription_id,
            shop_id: row.shop_id,
            member_id: row.member_id,
            card_id: card.card_id.clone(),
            masked_number: card.masked_number.clone(),
            expiry,
            standing: expiry.standing(today),
        });
    }
    let place = |row: &AffectedRow| (i64::from(row.expiry.as_yyyymm()), row.subscription_id.clone());
    rows.sort_by_key(place);
    if let Some(after) = after {
        let after = (after.sort.parse().unwrap_or(0), after.key.clone());
        rows.retain(|row| place(row) > after);
    }
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1));
    into_page(rows, limit, |row| Cursor::new(row.expiry.as_yyyymm(), &row.subscription_id))
}

#[cfg(test)]
pub(crate) fn select(today: NaiveDate, shop: Option<ShopId>, after: Option<&Cursor>, limit: u32) -> Select {
    select_standing(today, shop, None, after, limit)
}

fn select_standing(
    today: NaiveDate,
    shop: Option<ShopId>,
    standing: Option<ExpiryStanding>,
    after: Option<&Cursor>,
    limit: u32,
) -> Select {
    let mut select = Select::new(
        "SELECT s.subscription_id, s.shop_id, s.member_id, c.card_id, c.masked_number, c.expiry_yyyymm \
         FROM card_expiry_subscriptions s JOIN card_expiry_cards c ON c.member_id = s.member_id",
    );
    select.and("s.running = 1").and("s.card = 1");
    select.and("c.expiry_yyyymm <= ").bind(&i64::from(CardExpiry::close_until(today)));
    match standing {
        Some(ExpiryStanding::Expired) => {
            select.and("c.expiry_yyyymm < ").bind(&i64::from(CardExpiry::valid_from(today)));
        }
        Some(ExpiryStanding::Close) => {
            select.and("c.expiry_yyyymm >= ").bind(&i64::from(CardExpiry::valid_from(today)));
        }
        Some(ExpiryStanding::Valid) | None => {}
    }
    select.and_some("s.shop_id = ", shop.map(|id| id.to_string()).as_ref());
    // The place is text; the month in it is a number. A text that is none stands before everything.
    if let Some(after) = after {
        let month = after.sort.parse::<i64>().unwrap_or(0);
        select.and("(c.expiry_yyyymm, s.subscription_id) > (").bind(&month).push(", ").bind(&after.key).push(")");
    }
    select.page(("c.expiry_yyyymm", "s.subscription_id"), false, None, limit);
    select
}

/// Every affected subscription on `today` (a date in Tokyo), soonest expiry first. Members without any card are not
/// in it. `limit` is 1 to 1,000.
pub async fn affected(
    storage: &Storage,
    today: NaiveDate,
    shop: Option<ShopId>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<AffectedRow, Cursor>, QueryError> {
    affected_standing(storage, today, shop, None, after, limit).await
}

/// As [`affected`], only cards that are close to their end, or only those past it.
pub async fn affected_standing(
    storage: &Storage,
    today: NaiveDate,
    shop: Option<ShopId>,
    standing: Option<ExpiryStanding>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<AffectedRow, Cursor>, QueryError> {
    let read = |row: crate::cell::RowRef<'_>| {
        let yyyymm: i64 = row.get(5)?;
        let expiry = i32::try_from(yyyymm).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let expiry = CardExpiry::from_yyyymm(expiry).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(AffectedRow {
            subscription_id: row.get(0)?,
            shop_id: row.get(1)?,
            member_id: row.get(2)?,
            card_id: row.get(3)?,
            masked_number: row.get(4)?,
            expiry,
            standing: expiry.standing(today),
        })
    };
    let rows = select_standing(today, shop, standing, after, limit).fetch(storage, CardRow::table().name, read).await?;
    Ok(into_page(rows, limit, |row| Cursor::new(row.expiry.as_yyyymm(), &row.subscription_id)))
}

#[cfg(test)]
#[path = "card_expiry_table_tests.rs"]
mod tests;

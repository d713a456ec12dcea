//! Orders whose payment failed and may be tried again by itself: what a shop's retry policy is held against.

use crate::projection::Fact;
use crate::query::{Cursor, Page, QueryError, Select};
use crate::table::row;
use chrono::NaiveDate;
use teiki_domain::ids::{MemberId, ShopId};
use teiki_domain::order::{Details, Payment};
use teiki_infrastructure::event_store::Storage;

row! {
    /// One failed order.
    FailedOrderRow in "failed_orders" {
        /// The order.
        key order_id,
        /// Shop, five digits.
        shop_id: String,
        /// The subscription it came from.
        subscription_id: String,
        /// Whose it is.
        member_id: String,
        /// The generation date it stands for.
        generation_date: NaiveDate,
        /// Everything to pay in yen; none while shipping or fee is to be quoted.
        amount: Option<i64>,
        /// The day of the first attempt.
        first_on: NaiveDate,
        /// The day of the newest attempt.
        last_on: NaiveDate,
        /// How often the retry ladder has tried.
        ladder_attempts: i64,
        /// The number the next attempt will have.
        next_attempt: i64,
        /// Paygent's code of the newest attempt.
        code: String,
        /// Paygent's detail of the newest attempt, whole.
        detail: String,
        /// The card of the newest attempt.
        card_id: String,
        /// Position of the last event that changed the row.
        updated_position: i64,
    }
    indexes {
        by_date: "first_on, order_id",
        by_shop: "shop_id, first_on, order_id",
        by_member: "member_id, first_on, order_id",
    }
}

impl FailedOrderRow {
    /// The row of an order, if its payment failed and it is still wanted.
    pub(crate) fn of(details: &Details, fact: &Fact<'_>) -> Option<Self> {
        if details.cancelled || details.completed || !matches!(details.payment, Payment::Failed(_)) {
            return None;
        }
        let (first, last) = (details.attempts.first()?, details.attempts.last()?);
        let (code, detail) = last.failure.clone()?;
        Some(Self {
            order_id: details.order_id.to_string(),
            shop_id: details.order_id.shop().to_string(),
            subscription_id: details.subscription_id.to_string(),
            member_id: details.member_id.to_string(),
            generation_date: details.generation_date,
            amount: details.basket.total().map(|yen| yen.get()),
            first_on: first.requested_on.unwrap_or(details.generation_date),
            last_on: last.requested_on.unwrap_or(details.generation_date),
            ladder_attempts: i64::try_from(details.ladder_attempts()).unwrap_or(i64::MAX),
            next_attempt: i64::from(details.next_attempt()),
            code,
            detail,
            card_id: last.card.card_id.to_string(),
            updated_position: fact.position,
        })
    }
}

pub(crate) fn select(shop: Option<ShopId>, after: Option<&Cursor>, limit: u32) -> Select {
    let mut select = Select::of::<FailedOrderRow>();
    select.and_some("shop_id = ", shop.map(|id| id.to_string()).as_ref());
    select.page(("first_on", "order_id"), false, after, limit);
    select
}

/// Failed orders, oldest first. `limit` is 1 to 1,000.
pub async fn list(
    storage: &Storage,
    shop: Option<ShopId>,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page<FailedOrderRow, Cursor>, QueryError> {
    let cursor = |row: &FailedOrderRow| Cursor::new(row.first_on, &row.order_id);
    select(shop, after, limit).paged(storage, limit, cursor).await
}

/// How many orders of a shop failed and may be tried again.
pub async fn count(storage: &Storage, shop: ShopId) -> Result<u64, QueryError> {
    let mut select = Select::new("SELECT COUNT(*) FROM failed_orders");
    select.and("shop_id = ").bind(&shop.to_string());
    let counts = select.fetch(storage, "failed_orders", |row| row.get::<i64>(0)).await?;
    Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
}

/// Failed orders of one member, oldest first; at most 1,000.
pub async fn of_member(storage: &Storage, member: &MemberId) -> Result<Vec<FailedOrderRow>, QueryError> {
    let mut select = Select::of::<FailedOrderRow>();
    select.and_some("member_id = ", Some(&member.to_string())).page(("first_on", "order_id"), false, None, 1_000);
    let cursor = |row: &FailedOrderRow| Cursor::new(row.first_on, &row.order_id);
    Ok(select.paged(storage, 1_000, cursor).await?.rows)
}

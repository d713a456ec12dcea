//! What needs somebody today, as numbers. Each is counted along an index and no further than [`MOST`]: whether it is a
//! thousand or a million does not change what somebody does about it, and a page that is opened all day stays fast.

use crate::order_list::OrderRow;
use crate::query::{QueryError, Select};
use crate::table::Row as _;
use chrono::NaiveDate;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::event_store::Storage;

/// As far as is counted.
pub const MOST: i64 = 1_000;

/// What orders are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// Those with this payment status (O4).
    Status(&'static str),
    /// Authorised ones that can be captured through this day at the latest.
    LapsingThrough(NaiveDate),
    /// Those with a payment found late that somebody has to decide about (W8).
    Undecided,
}

pub(crate) fn select(shop: ShopId, counted: &Counted) -> Select {
    let mut select = Select::new(format!("SELECT COUNT(*) FROM (SELECT order_id FROM {}", OrderRow::table().name));
    select.and_some("shop_id = ", Some(&shop.to_string()));
    match counted {
        Counted::Status(status) => select.and_some("payment_status = ", Some(&(*status).to_owned())),
        Counted::LapsingThrough(day) => {
            select.and_some("payment_status = ", Some(&"authorized".to_owned())).and_some("valid_until <= ", Some(day))
        }
        Counted::Undecided => select.and("undecided_payment_id IS NOT NULL"),
    };
    // In the order of the index that holds just these, so that both stores take it.
    let order = match counted {
        Counted::LapsingThrough(_) => "valid_until, order_id",
        Counted::Status(_) | Counted::Undecided => "generation_date, order_id",
    };
    select.push(&format!(" ORDER BY {order} LIMIT {}) AS counted", MOST + 1));
    select
}

/// How many orders of a shop there are of that, counted up to one above [`MOST`].
pub async fn count(storage: &Storage, shop: ShopId, counted: &Counted) -> Result<i64, QueryError> {
    let read = |row: crate::cell::RowRef<'_>| row.get::<i64>(0);
    let counts = select(shop, counted).fetch(storage, OrderRow::table().name, read).await?;
    Ok(counts.first().copied().unwrap_or_default())
}

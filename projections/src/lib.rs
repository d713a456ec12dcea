//! The tables that people and tools read, folded from the event log (A5, A7).
//!
//! Everything here can be deleted and rebuilt; nothing here decides, and nothing here reaches Paygent or a mailer.
//!
//! | file | what it is |
//! |---|---|
//! | `order_list` … `shop_list` | one read model a file: its rows, its fold, its queries |
//! | [`runner`] | [`Projections`]: follows the log |
//! | [`standing`] | where every projection stands, and waiting for a position |
//! | [`rebuild`] | rebuilding side by side, comparing with the live tables, digests |
//! | [`projection`], [`working_set`] | what a projection is: a pure fold over rows held in memory |
//! | [`reports`] | views with stable names for reporting tools, over the tables of the read models |
//! | [`table`], [`cell`] | tables described in code: columns of text and 64-bit numbers only, equal on both stores |
//!
//! A batch of events is folded in memory and written set-wise, together with the checkpoint, in one transaction.
//! The checkpoint moves by compare-and-set, so several processes may do this at once and none does it twice.

pub mod as_of;
pub mod cell;
mod checkpoints;
mod connection;
pub mod digest;
mod engine;
pub mod error;
pub mod projection;
pub mod query;
pub mod rebuild;
pub mod reports;
pub mod runner;
pub mod standing;
pub mod table;
pub mod working_set;

pub mod card_expiry_mails;
pub mod card_expiry_table;
pub mod daily_sales;
pub mod due_renewals;
pub mod failed_orders;
pub mod mail_list;
pub mod member_list;
pub mod order_list;
pub mod payment_attempts;
pub mod payment_report;
pub mod payment_work;
pub mod product_list;
pub mod renewal_outcomes;
pub mod shop_list;
pub mod subscription_counts;
pub mod subscription_list;
pub mod today;
pub mod transactions;

#[cfg(test)]
mod plans_tests;
#[cfg(test)]
mod testing;

pub use error::ProjectionError;
pub use query::QueryError;
pub use runner::{Options, Projections};
pub use standing::Status;

use projection::Projection;
use std::sync::Arc;

/// Every projection of this program, by name.
pub fn all() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(card_expiry_table::CardExpiryTable),
        Arc::new(due_renewals::DueRenewals),
        Arc::new(mail_list::MailList),
        Arc::new(member_list::MemberList),
        Arc::new(order_list::OrderList),
        Arc::new(payment_report::PaymentReport),
        Arc::new(payment_work::PaymentWork),
        Arc::new(product_list::ProductList),
        Arc::new(shop_list::ShopList),
        Arc::new(subscription_counts::SubscriptionCounts),
        Arc::new(subscription_list::SubscriptionList),
    ]
}

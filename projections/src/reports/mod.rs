//! Reports: views with stable names for reporting tools, and reading them page by page.
//!
//! | file | what it is |
//! |---|---|
//! | [`report`] | what a report is |
//! | `orders` … `cards` | the reports |
//! | [`views`] | the views in the store: made with the tables they read, and kept when tables are switched |
//! | [`read`] | rows of a report, page by page |
//! | [`ageing`] | unconfirmed authorisations by age, on a given day |
//! | [`role`] | the database role that may read the views and nothing else |
//!
//! No view shows personal data, card numbers or anything sealed.

pub mod ageing;
mod cards;
mod orders;
mod payments;
pub mod read;
mod renewals;
pub mod report;
pub mod role;
mod subscriptions;
pub(crate) mod views;

pub use report::{Report, ReportColumn, Unit};

/// Every report that is a view, in the order of the documentation.
pub fn all() -> [&'static Report; 11] {
    [
        &orders::ORDERS,
        &subscriptions::SUBSCRIPTIONS,
        &payments::PAYMENTS,
        &payments::DAILY_SALES,
        &payments::DAILY_FAILURES,
        &payments::UNCONFIRMED_AUTHORIZATIONS,
        &renewals::RENEWALS,
        &renewals::UPCOMING_RENEWALS,
        &subscriptions::SUBSCRIPTION_DAYS,
        &subscriptions::SUBSCRIPTION_MONTHS,
        &cards::CARD_EXPIRY,
    ]
}

/// Every report at the doors: the views, and what is computed from them on the day it is asked on.
pub fn listed() -> Vec<&'static Report> {
    all().into_iter().chain([&ageing::AUTHORIZATION_AGEING]).collect()
}

/// The report of this name; `-` is as good as `_`.
pub fn find(name: &str) -> Option<&'static Report> {
    let name = name.replace('-', "_");
    listed().into_iter().find(|report| report.name == name)
}

//! 受注一覧: the order list with the transaction ID in brackets (O1, O2, O4).

use super::{Frame, Page, PageResult, Signed, next_address, render};
use crate::app::App;
use crate::http::orders::Filters;
use crate::http::query::{cursor, limit};
use crate::{members, words};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use std::sync::Arc;
use teiki_domain::declines;
use teiki_domain::money::Yen;
use teiki_domain::order::Payment;
use teiki_projections::order_list::{self, OrderRow};

#[derive(askama::Template)]
#[template(path = "console/orders.html")]
struct OrdersPage {
    frame: Frame,
    filters: Shown,
    statuses: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// The filters as they stand in the form.
struct Shown {
    from: String,
    to: String,
    member: String,
    subscription: String,
    transaction_id: String,
    failed_only: bool,
}

/// One order as people read it.
pub(crate) struct Row {
    pub(crate) generation_date: String,
    pub(crate) order_id: String,
    pub(crate) name: String,
    pub(crate) amount: String,
    pub(crate) status: &'static str,
    /// `[20 digits]`, or nothing.
    pub(crate) transaction_id: Option<String>,
    /// Code and text of a failure, or why nothing was tried.
    pub(crate) problem: Option<String>,
    pub(crate) failed: bool,
}

impl Row {
    pub(crate) fn new(row: &OrderRow, name: Option<&String>) -> Self {
        let failure = row.failure_code.as_ref().map(|code| {
            let detail = row.failure_detail.as_deref().unwrap_or("");
            format!("{code} {detail} {}", declines::meaning(code, detail)).replace("  ", " ")
        });
        let not_executed = row.not_executed_reason.as_deref().map(|code| words::not_executed(code).to_owned());
        let amount =
            row.total.and_then(|yen| Yen::new(yen).ok()).map_or("別途連絡".to_owned(), |yen| yen.to_string());
        Self {
            generation_date: row.generation_date.to_string(),
            order_id: row.order_id.clone(),
            name: name.cloned().unwrap_or_else(|| row.member_id.clone()),
            amount,
            status: words::payment_status(&row.payment_status),
            transaction_id: row.transaction_id.as_ref().map(|id| format!("[{id}]")),
            failed: row.payment_status == "failed",
            problem: failure.or(not_executed),
        }
    }
}

/// `GET /orders`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    filters: Result<Query<Filters>, QueryRejection>,
) -> PageResult {
    let Query(filters) = filters?;
    let (mut filter, after, limit) = (filters.read()?, cursor(filters.cursor.as_deref())?, limit(filters.limit)?);
    if let Some(shop) = filter.shop {
        signed.owns(shop)?;
    }
    filter.shop = Some(signed.shop());
    let page = order_list::list(&app.storage, &filter, after.as_ref(), limit).await?;
    let names = members::names(&app, page.rows.iter().map(|row| row.member_id.as_str())).await?;
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let parameters = [
        ("shop", filters.shop.as_deref()),
        ("from", filters.from.as_deref()),
        ("to", filters.to.as_deref()),
        ("status", filters.status.as_deref()),
        ("member", filters.member.as_deref()),
        ("subscription", filters.subscription.as_deref()),
        ("transaction_id", filters.transaction_id.as_deref()),
        ("amount_min", filters.amount_min.as_deref()),
        ("amount_max", filters.amount_max.as_deref()),
        ("failed_only", filters.failed_only.as_deref()),
    ];
    let chosen = filter.status.as_deref();
    Ok::<_, Page>(render(&OrdersPage {
        frame,
        statuses: Payment::CODES
            .iter()
            .map(|code| (*code, words::payment_status(code), chosen == Some(*code)))
            .collect(),
        rows: page.rows.iter().map(|row| Row::new(row, names.get(&row.member_id))).collect(),
        next: page.next.map(|next| next_address("/orders", &parameters, &next.to_string())),
        filters: Shown {
            from: given(&filters.from),
            to: given(&filters.to),
            member: given(&filters.member),
            subscription: given(&filters.subscription),
            transaction_id: given(&filters.transaction_id),
            failed_only: filter.failed_only,
        },
    }))
}

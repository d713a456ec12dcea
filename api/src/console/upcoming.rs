//! 今後の更新: what the next nights will bring, if nothing is changed until then (R1, R5).

use super::{Frame, PageResult, Signed, render, written};
use crate::app::App;
use crate::renewals::{self, Expected, NIGHTS_MAX, Night};
use crate::{members, words_subscription as words};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use teiki_domain::applicability::PaymentPlan;
use teiki_domain::money::Yen;

/// Nights shown when nothing is said.
const NIGHTS: u16 = 7;
/// Orders of a night that are shown one by one.
const ORDERS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ahead {
    nights: Option<u16>,
}

#[derive(askama::Template)]
#[template(path = "console/upcoming.html")]
struct UpcomingPage {
    frame: Frame,
    nights: u16,
    choices: [u16; 4],
    shown: Vec<NightRow>,
    total: Sums,
    cut: bool,
}

/// Sums in words.
struct Sums {
    orders: usize,
    to_authorize: String,
    likely_failures: usize,
    at_risk: String,
    external: usize,
}

struct NightRow {
    date: String,
    sums: Sums,
    orders: Vec<ExpectedRow>,
    more: usize,
}

struct ExpectedRow {
    subscription_id: String,
    member_id: String,
    name: String,
    delivery: String,
    amount: String,
    method: String,
    /// Why the payment will likely not succeed.
    risk: Option<String>,
}

impl Sums {
    fn of<'a>(orders: impl Iterator<Item = &'a Expected>) -> Self {
        let (mut count, mut failures, mut external) = (0, 0, 0);
        let (mut to_authorize, mut at_risk) = (Yen::ZERO, Yen::ZERO);
        for order in orders {
            count += 1;
            if let PaymentPlan::Authorize(yen) = order.plan {
                to_authorize = to_authorize.plus(yen).unwrap_or(Yen::MAX);
            }
            external += usize::from(order.plan == PaymentPlan::External);
            if order.risk.is_some() || order.not_executed().is_some() {
                failures += 1;
                let total = order.subscription.basket.total().unwrap_or(Yen::ZERO);
                at_risk = at_risk.plus(total).unwrap_or(Yen::MAX);
            }
        }
        Self {
            orders: count,
            to_authorize: to_authorize.to_string(),
            likely_failures: failures,
            at_risk: at_risk.to_string(),
            external,
        }
    }
}

impl NightRow {
    fn new(frame: &Frame, night: &Night, names: &HashMap<String, String>) -> Self {
        let row = |order: &Expected| {
            let (details, language) = (&order.subscription, frame.language);
            let not_executed = order.not_executed().map(|reason| words::not_executed(language, reason));
            let quoted = || frame.t("別途連絡", "to be quoted").to_owned();
            let member_id = details.member_id.to_string();
            ExpectedRow {
                subscription_id: details.subscription_id.to_string(),
                name: names.get(&member_id).map_or_else(|| member_id.clone(), |name| frame.name(name)),
                member_id,
                delivery: written::with_weekday(language, order.dates.delivery_date),
                amount: details.basket.total().map_or_else(quoted, |yen| yen.to_string()),
                method: words::method(language, &details.payment_method),
                risk: not_executed.or_else(|| order.risk.map(|risk| words::risk(language, risk.code()).to_owned())),
            }
        };
        Self {
            date: written::with_weekday(frame.language, night.date),
            sums: Sums::of(night.orders.iter()),
            orders: night.orders.iter().take(ORDERS).map(row).collect(),
            more: night.orders.len().saturating_sub(ORDERS),
        }
    }
}

/// `GET /upcoming`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    ahead: Result<Query<Ahead>, QueryRejection>,
) -> PageResult {
    let Query(Ahead { nights }) = ahead?;
    let nights = nights.unwrap_or(NIGHTS).clamp(1, NIGHTS_MAX);
    let preview = renewals::upcoming(&app, signed.shop(), nights).await?;
    let shown = preview.nights.iter().flat_map(|night| night.orders.iter().take(ORDERS));
    let names = members::names(&app, shown.map(|order| order.subscription.member_id.as_str())).await?;
    Ok(render(&UpcomingPage {
        total: Sums::of(preview.nights.iter().flat_map(|night| &night.orders)),
        shown: preview.nights.iter().map(|night| NightRow::new(&frame, night, &names)).collect(),
        choices: [1, 7, 14, 30],
        cut: preview.cut,
        nights,
        frame,
    }))
}

//! What the next nights will bring.

use super::caller::Caller;
use super::problem::{Problem, unavailable};
use super::query::Params;
use super::request::Method;
use crate::app::App;
use crate::renewals::{self, Expected, NIGHTS_MAX, Night, ORDERS_MAX, PreviewError};
use crate::words;
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::applicability::PaymentPlan;
use utoipa::{IntoParams, ToSchema};

/// How far ahead.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Ahead {
    /// How many nights, from tomorrow's on; 1 if left out.
    #[param(minimum = 1, maximum = 60, example = 7)]
    nights: Option<u16>,
}

/// The nights to come, if nothing is changed until then.
#[derive(Serialize, ToSchema)]
pub(super) struct UpcomingRenewals {
    /// The business day in Tokyo.
    as_of: NaiveDate,
    nights: Vec<NightView>,
    /// Over all nights shown.
    totals: Totals,
    /// Whether nights that were asked for are left out: an answer holds whole nights of at most 5,000 orders together.
    cut: bool,
    /// Most orders of an answer.
    orders_max: usize,
}

/// One night.
#[derive(Serialize, ToSchema)]
pub(super) struct NightView {
    /// It begins just after midnight in Tokyo of this day. What is due already comes up in the first night.
    date: NaiveDate,
    totals: Totals,
    orders: Vec<ExpectedOrder>,
}

/// Sums.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(super) struct Totals {
    /// Orders that come up.
    orders: usize,
    /// Yen that cards will be asked for, likely failures among them.
    to_authorize: i64,
    /// Orders whose payment will not succeed, as far as it can be known.
    likely_failures: usize,
    /// Their yen, as far as known.
    at_risk: i64,
    /// Orders settled outside.
    external: usize,
}

/// An order that comes up.
#[derive(Serialize, ToSchema)]
pub(super) struct ExpectedOrder {
    /// The number it will have.
    #[schema(example = "02396-D0001-20260501")]
    order_id: String,
    subscription_id: String,
    member_id: String,
    generation_date: NaiveDate,
    delivery_date: NaiveDate,
    payment_method: Method,
    /// Goods amount in yen; null where it is more than can be expressed.
    goods: Option<i64>,
    /// Everything to pay in yen; null while shipping or fee is to be quoted.
    total: Option<i64>,
    /// What is done about its payment: authorize, not_executed or external.
    #[schema(schema_with = super::schema::expected)]
    expected: &'static str,
    /// Why its payment will likely not succeed; null where nothing speaks against it.
    likely_failure: Option<LikelyFailure>,
}

/// Why a payment will likely not succeed.
#[derive(Serialize, ToSchema)]
pub(super) struct LikelyFailure {
    /// A reason not to authorise (R5, S9), `card_expired` or `previous_order_failed`.
    #[schema(schema_with = super::schema::likely_failure)]
    code: &'static str,
    /// As operators read it.
    text: &'static str,
}

impl From<&Expected> for ExpectedOrder {
    fn from(order: &Expected) -> Self {
        let details = &order.subscription;
        let expected = match order.plan {
            PaymentPlan::External => "external",
            PaymentPlan::NotExecuted(_) => "not_executed",
            PaymentPlan::Authorize(_) => "authorize",
        };
        let not_executed = order.not_executed().map(|reason| (reason.code(), words::not_executed(reason.code())));
        let risk = order.risk.map(|risk| (risk.code(), words::risk(risk.code())));
        Self {
            order_id: order.order_id.to_string(),
            subscription_id: details.subscription_id.to_string(),
            member_id: details.member_id.to_string(),
            generation_date: order.dates.generation_date,
            delivery_date: order.dates.delivery_date,
            payment_method: details.payment_method.clone().into(),
            goods: details.basket.goods().ok().map(|yen| yen.get()),
            total: details.basket.total().map(|yen| yen.get()),
            expected,
            likely_failure: not_executed.or(risk).map(|(code, text)| LikelyFailure { code, text }),
        }
    }
}

impl Totals {
    fn of<'a>(orders: impl Iterator<Item = &'a Expected>) -> Self {
        let mut totals = Self::default();
        for order in orders {
            totals.orders += 1;
            if let PaymentPlan::Authorize(yen) = order.plan {
                totals.to_authorize += yen.get();
            }
            totals.external += usize::from(order.plan == PaymentPlan::External);
            if order.risk.is_some() || order.not_executed().is_some() {
                totals.likely_failures += 1;
                totals.at_risk += order.subscription.basket.total().map_or(0, |yen| yen.get());
            }
        }
        totals
    }
}

/// `GET /v1/renewals/upcoming`: what the next nights will bring, with likely failures and why; nothing is written.
#[utoipa::path(get, path = "/v1/renewals/upcoming", operation_id = "preview_renewals", tag = "renewals", params(Ahead),
    responses((status = 200, body = UpcomingRenewals)))]
pub(super) async fn upcoming(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(Ahead { nights }): Params<Ahead>,
) -> Result<Json<UpcomingRenewals>, Problem> {
    let nights = nights.unwrap_or(1);
    if !(1..=NIGHTS_MAX).contains(&nights) {
        return Err(Problem::validation("nights", format!("it is 1 to {NIGHTS_MAX}")));
    }
    let preview = renewals::upcoming(&app, caller.shop, nights).await?;
    let view = |night: &Night| NightView {
        date: night.date,
        totals: Totals::of(night.orders.iter()),
        orders: night.orders.iter().map(ExpectedOrder::from).collect(),
    };
    Ok(Json(UpcomingRenewals {
        as_of: app.clock.today(),
        totals: Totals::of(preview.nights.iter().flat_map(|night| &night.orders)),
        nights: preview.nights.iter().map(view).collect(),
        cut: preview.cut,
        orders_max: ORDERS_MAX,
    }))
}

impl From<PreviewError> for Problem {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::Shop(error) => error.into(),
            error => unavailable(&error),
        }
    }
}

//! Attempts that nobody asks for: the retry ladder of a shop, and the one attempt after a card change.
//!
//! The table says which orders may be tried; the order itself decides whether one is (it knows the ladder, the card
//! and what was tried already), and the attempt's number is its identity, so that two engines make one attempt.

use crate::app::App;
use crate::payments::{Authorised, PaymentError};
use crate::set_aside::Reason;
use crate::shops::ShopError;
use chrono::NaiveDate;
use teiki_domain::ids::{IdError, MemberId, OrderId, ShopId};
use teiki_domain::order::{Cause, OrderRefusal};
use teiki_domain::retry_policy::NoRetry;
use teiki_infrastructure::set_aside::{self, SetAsideError};
use teiki_projections::failed_orders::{self, FailedOrderRow};
use teiki_projections::{QueryError, subscription_list};

/// The kind under which attempts are set aside.
pub const SET_ASIDE_KIND: &str = "retry";
/// The actor in the history.
const ACTOR: &str = "worker:retries";
/// Failed orders read at once.
const PAGE: u32 = 500;

/// Why a round of retries ended early.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// Work could not be set aside.
    #[error(transparent)]
    SetAside(#[from] SetAsideError),
    /// The settings of a shop could not be read.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// The store is out of reach.
    #[error(transparent)]
    Payment(PaymentError),
    /// The tables do not follow.
    #[error(transparent)]
    App(#[from] crate::app::AppError),
    /// A table holds an id that is none.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// What a round of retries did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Retried {
    /// Attempts made.
    pub tried: u64,
    /// Of these, those that succeeded.
    pub succeeded: u64,
    /// Orders that could not be tried, each listed with its reason.
    pub set_aside: u64,
}

/// What will happen to a failed order by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The order.
    pub row: FailedOrderRow,
    /// The day of the next attempt, or why there is none.
    pub next: Result<NaiveDate, NoPlan>,
}

/// Why an order will not be tried by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    /// The policy.
    #[error(transparent)]
    Policy(#[from] NoRetry),
    /// The subscription has ended.
    #[error("the subscription has ended")]
    SubscriptionEnded,
    /// The order itself, on that day.
    #[error(transparent)]
    Order(OrderRefusal),
}

/// Tries what the ladders call for on `today`.
pub async fn run(app: &App, today: NaiveDate) -> Result<Retried, RetryError> {
    app.settle_work().await?;
    let mut retried = Retried::default();
    let mut after = None;
    loop {
        let page = failed_orders::list(&app.storage, None, after.as_ref(), PAGE).await?;
        for row in page.rows {
            if app.stopping().is_cancelled() {
                return Ok(retried);
            }
            let due = plan(app, &row).await?;
            if due.is_ok_and(|day| day <= today) {
                attempt(app, &row, Cause::Ladder, &mut retried).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(retried);
        }
    }
}

/// One attempt at once on each failed order of a member whose card changed, where the shop's policy says so.
pub async fn after_card_change(app: &App, member: &MemberId) -> Result<Retried, RetryError> {
    let mut retried = Retried::default();
    if !app.shops.get(member.shop()).await?.settings.retry_policy.on_card_change {
        return Ok(retried);
    }
    app.settle_work().await?;
    for row in failed_orders::of_member(&app.storage, member).await? {
        attempt(app, &row, Cause::CardChanged, &mut retried).await?;
    }
    Ok(retried)
}

/// As [`after_card_change`], for every failed order: a crash may have come between a card change and its attempts.
/// Orders whose card is the one that failed answer so by themselves.
pub async fn missed_card_changes(app: &App) -> Result<Retried, RetryError> {
    app.settle_work().await?;
    let mut retried = Retried::default();
    let mut after = None;
    loop {
        let page = failed_orders::list(&app.storage, None, after.as_ref(), PAGE).await?;
        for row in page.rows {
            let shop: ShopId = row.shop_id.parse()?;
            if app.shops.get(shop).await?.settings.retry_policy.on_card_change {
                attempt(app, &row, Cause::CardChanged, &mut retried).await?;
            }
        }
        after = page.next;
        if after.is_none() || app.stopping().is_cancelled() {
            return Ok(retried);
        }
    }
}

/// When the ladder tries an order again.
async fn plan(app: &App, row: &FailedOrderRow) -> Result<Result<NaiveDate, NoRetry>, RetryError> {
    let settings = app.shops.get(row.shop_id.parse()?).await?.settings;
    let ladder = usize::try_from(row.ladder_attempts).unwrap_or(usize::MAX);
    Ok(settings.retry_policy.next(row.first_on, row.last_on, ladder, &row.code, &row.detail))
}

/// What will happen when (`teiki retries`): a page of failed orders with their next attempts.
pub async fn plans(
    app: &App,
    shop: Option<ShopId>,
    after: Option<&teiki_projections::query::Cursor>,
    limit: u32,
) -> Result<(Vec<Plan>, Option<teiki_projections::query::Cursor>), RetryError> {
    let page = failed_orders::list(&app.storage, shop, after, limit).await?;
    let mut plans = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        let subscription = subscription_list::get(&app.storage, &row.subscription_id.parse()?).await?;
        let ended = subscription.is_some_and(|subscription| subscription.status == "ended");
        let mut next =
            if ended { Err(NoPlan::SubscriptionEnded) } else { plan(app, &row).await?.map_err(NoPlan::from) };
        if let Ok(day) = next {
            // The policy is not all: the settings, the card and what was found meanwhile have a say.
            let day = day.max(app.clock.today());
            let forbids = app.payments.forbids_ladder(&row.order_id.parse()?, attempt_of(&row), day).await;
            next = forbids.map_err(RetryError::Payment)?.map_or(next, |refusal| Err(NoPlan::Order(refusal)));
        }
        plans.push(Plan { row, next });
    }
    Ok((plans, page.next))
}

async fn attempt(app: &App, row: &FailedOrderRow, cause: Cause, retried: &mut Retried) -> Result<(), RetryError> {
    let order: OrderId = row.order_id.parse()?;
    let number = attempt_of(row);
    let reason = match cause {
        Cause::CardChanged => "the member changed the card",
        _ => "the shop's retry ladder came to its next step",
    };
    let because = app.gateway.because(ACTOR, reason);
    match app.payments.authorize(&order, Some(number), cause, &because).await {
        Ok(done) => {
            if done.events.is_empty() && !made(&done, number) {
                return Ok(());
            }
            retried.tried += 1;
            let authorised = done.aggregate.details().map(crate::payments::standing_of);
            if matches!(authorised, Some(Authorised::Succeeded { .. })) {
                retried.succeeded += 1;
            }
            set_aside::remove(&app.storage, SET_ASIDE_KIND, order.as_str()).await?;
            Ok(())
        }
        Err(error) if error.is_unavailable() => Err(RetryError::Payment(error)),
        // The table is a moment behind, or somebody else is at it: the order knows better.
        Err(PaymentError::UnderWay(_)) => Ok(()),
        Err(error) if error.refusal().is_some_and(is_expected) => Ok(()),
        Err(error) => {
            let reason = error.to_string();
            tracing::warn!(order = %order, reason, "a retry was set aside");
            let run = because.command_id.to_string();
            let reason = Reason::RetryFailed { error: reason };
            crate::set_aside::put(app, SET_ASIDE_KIND, order.as_str(), None, &reason, &run).await?;
            retried.set_aside += 1;
            Ok(())
        }
    }
}

fn attempt_of(row: &FailedOrderRow) -> u32 {
    u32::try_from(row.next_attempt).unwrap_or(u32::MAX)
}

fn made(done: &crate::command_gateway::Done<teiki_domain::order::Order>, number: u32) -> bool {
    done.aggregate.details().is_some_and(|details| details.attempt(number).is_some())
}

/// What needs nobody's attention: the order moved on, or its shop does not want it tried.
fn is_expected(refusal: &OrderRefusal) -> bool {
    matches!(
        refusal,
        OrderRefusal::Cancelled
            | OrderRefusal::Completed
            | OrderRefusal::OutcomeOpen
            | OrderRefusal::NothingFailed
            | OrderRefusal::NoRetry(_)
            | OrderRefusal::NotDueBefore(_)
            | OrderRefusal::SameCard
            | OrderRefusal::SubscriptionEnded
            | OrderRefusal::NotTheNextAttempt(_)
            | OrderRefusal::AlreadyAuthorized(_)
            | OrderRefusal::AlreadyConfirmed
            | OrderRefusal::CapturedAtAuthorization
            | OrderRefusal::NotPaidByCard(_)
            | OrderRefusal::NotPossible(_)
            | OrderRefusal::SurplusUndecided(_)
            | OrderRefusal::GivenUpStillOpen(_)
    )
}

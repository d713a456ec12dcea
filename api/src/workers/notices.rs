//! Paygent's difference notices: each is durable before Paygent is told so; what it means is asked for afterwards.
//!
//! A notice's check value does not cover its status, and notices come doubled, late and out of order. So a notice is
//! only the news that a payment changed; what it changed to, Paygent is asked (094). Holes in their numbers, and
//! everything where no notice address is configured, are fetched (091).

use super::recovery_round::shop_cannot;
use crate::app::App;
use crate::payments::{PaymentError, Untold};
use crate::set_aside::{self, Reason};
use crate::shops::ShopError;
use std::collections::{BTreeMap, HashSet};
use teiki_domain::ids::{IdError, OrderId, PaymentId, ShopId, TransactionId};
use teiki_domain::order::FoundBy;
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::notice_inbox::{self, CameBy, InboxError, InboxNotice, Received};
use teiki_infrastructure::paygent::{Difference, Notice, Outcome};
use teiki_infrastructure::set_aside::SetAsideError;
use teiki_projections::{QueryError, shop_list, transactions};

/// The kind under which notices are set aside.
pub const SET_ASIDE_KIND: &str = "notice";
/// The actor in the history.
const ACTOR: &str = "worker:notices";
/// Notices handled in one round.
const ROUND: i64 = 500;
/// Notices fetched for one merchant in one round; Paygent gives them out one by one.
const FETCH_MAX: usize = 200;
/// Holes looked for at once.
const HOLES: i64 = 50;

/// Why a round of notices ended early.
#[derive(Debug, thiserror::Error)]
pub enum NoticesError {
    /// The inbox.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// Work could not be set aside.
    #[error(transparent)]
    SetAside(#[from] SetAsideError),
    /// The tables do not follow.
    #[error(transparent)]
    App(#[from] crate::app::AppError),
    /// A table holds an id that is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The store is out of reach.
    #[error(transparent)]
    Payment(PaymentError),
    /// The store is out of reach.
    #[error(transparent)]
    Shop(ShopError),
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Handled {
    /// Notices fetched from Paygent.
    pub fetched: u64,
    /// Notices that are done with.
    pub handled: u64,
    /// Notices whose payment Paygent did not describe yet.
    pub waiting: u64,
}

/// Takes one notice that Paygent sent. When this returns, it is durable.
pub async fn take(app: &App, merchant: &str, notice: &Notice) -> Result<(), NoticesError> {
    let received = notice_inbox::receive(&app.storage, merchant, notice, app.clock.now(), CameBy::Notice).await?;
    if received == Received::Differs {
        differs(app, merchant, notice).await?;
    }
    reached("W14");
    Ok(())
}

/// A number stands for one notice, and another one came before under it: what this one tells, only people can find out.
async fn differs(app: &App, merchant: &str, notice: &Notice) -> Result<(), SetAsideError> {
    let Notice { notice_id, payment_id, amount, .. } = notice;
    tracing::warn!(merchant, notice = notice_id, "a notice came twice with different content");
    let reason =
        Reason::NoticeDiffers { notice: *notice_id, payment: payment_id.to_string(), amount: amount.to_string() };
    let subject = format!("{merchant}:{notice_id}:{payment_id}");
    set_aside::put(app, SET_ASIDE_KIND, &subject, None, &reason, "notices").await
}

/// One round: fetches what is missing, then asks about everything not handled yet. `fetch_all`: also where Paygent
/// sends notices by itself.
pub async fn run(app: &App, fetch_all: bool) -> Result<Handled, NoticesError> {
    let mut handled = Handled::default();
    for (merchant, shop) in merchants(app).await? {
        match fetch(app, &merchant, shop, fetch_all).await {
            Ok(fetched) => handled.fetched += fetched,
            Err(FetchError::Notices(error)) => return Err(error),
            Err(FetchError::Shop(error)) if error.is_unavailable() => return Err(NoticesError::Shop(error)),
            // An engine without Paygent is there for reading.
            Err(FetchError::Shop(ShopError::NoTransport)) => {}
            Err(FetchError::Shop(error)) => {
                tracing::warn!(%shop, %error, "notices cannot be fetched");
                shop_cannot(app, shop, &error).await?;
            }
            Err(FetchError::Unanswered(why)) => tracing::info!(%shop, why, "notices cannot be fetched now"),
        }
    }
    let open = notice_inbox::open(&app.storage, ROUND).await?;
    if open.is_empty() {
        return Ok(handled);
    }
    // A notice may be faster than our own tables.
    app.settle_work().await?;
    // Several about one payment need one question; but who says it counts.
    let mut asked: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
    for notice in open {
        if app.stopping().is_cancelled() {
            break;
        }
        let about = (notice.merchant_id.clone(), notice.payment_id.clone());
        let verdict = match asked.get(&about) {
            Some(verdict) => verdict.clone(),
            None => {
                let verdict = understand(app, &notice).await?;
                asked.insert(about, verdict.clone());
                verdict
            }
        };
        match verdict {
            Some(verdict) => {
                let now = app.clock.now();
                notice_inbox::handled(&app.storage, &notice.merchant_id, notice.notice_id, &verdict, now).await?;
                handled.handled += 1;
            }
            None => handled.waiting += 1,
        }
    }
    Ok(handled)
}

/// Every merchant there is, with one of its shops: one that can call, if there is any.
async fn merchants(app: &App) -> Result<BTreeMap<String, ShopId>, NoticesError> {
    let mut merchants: BTreeMap<String, ShopId> = BTreeMap::new();
    for row in shop_list::all(&app.storage).await? {
        let shop: ShopId = row.shop_id.parse()?;
        if let Ok(read) = app.shops.get(shop).await
            && let Some((merchant, ..)) = &read.settings.connection
        {
            let served = match merchants.get(merchant) {
                Some(first) => {
                    app.payments.can_call(*first).await.is_ok() || app.payments.can_call(shop).await.is_err()
                }
                None => false,
            };
            if !served {
                merchants.insert(merchant.clone(), shop);
            }
        }
    }
    Ok(merchants)
}

enum FetchError {
    Notices(NoticesError),
    Shop(ShopError),
    Unanswered(String),
}

impl<E: Into<NoticesError>> From<E> for FetchError {
    fn from(error: E) -> Self {
        Self::Notices(error.into())
    }
}

async fn fetch(app: &App, merchant: &str, shop: ShopId, all: bool) -> Result<u64, FetchError> {
    let pushed = app.shops.get(shop).await.map_err(FetchError::Shop)?.settings.notice_key.is_some();
    let paygent = app.shops.paygent(shop).await.map_err(FetchError::Shop)?;
    let mut fetched = 0;
    for hole in notice_inbox::holes(&app.storage, merchant, HOLES).await? {
        match paygent.difference(Some(hole)).await {
            Outcome::Approved(Difference::Notice(notice) | Difference::NoticeAfterGap(notice))
                if notice.notice_id == hole =>
            {
                notice_inbox::receive(&app.storage, merchant, &notice, app.clock.now(), CameBy::Fetched).await?;
                fetched += 1;
            }
            Outcome::Approved(_) => lost(app, merchant, hole, false).await?,
            Outcome::Declined(declined) => return Err(FetchError::Unanswered(declined.to_string())),
            other => return Err(FetchError::Unanswered(in_words(&other))),
        }
    }
    for _ in 0..FETCH_MAX {
        let Some(number) = notice_inbox::before_first(&app.storage, merchant).await? else { break };
        match paygent.difference(Some(number)).await {
            Outcome::Approved(Difference::Notice(notice) | Difference::NoticeAfterGap(notice))
                if notice.notice_id == number =>
            {
                notice_inbox::receive(&app.storage, merchant, &notice, app.clock.now(), CameBy::Fetched).await?;
                fetched += 1;
            }
            // Older ones are of a time before this store, or of one that reconciliation covers.
            Outcome::Approved(_) => {
                let why = "Paygent keeps nothing before the first notice";
                notice_inbox::give_up_hole(&app.storage, merchant, number, why, app.clock.now()).await?;
            }
            other => return Err(FetchError::Unanswered(in_words(&other))),
        }
    }
    if pushed && !all {
        return Ok(fetched);
    }
    for _ in 0..FETCH_MAX {
        let notice = match paygent.difference(None).await {
            Outcome::Approved(Difference::Nothing) => break,
            Outcome::Approved(Difference::Notice(notice)) => notice,
            Outcome::Approved(Difference::NoticeAfterGap(notice)) => {
                tracing::warn!(merchant, "Paygent threw away notices that were not fetched within 7 days");
                lost(app, merchant, notice.notice_id.saturating_sub(1), true).await?;
                notice
            }
            other => return Err(FetchError::Unanswered(in_words(&other))),
        };
        notice_inbox::receive(&app.storage, merchant, &notice, app.clock.now(), CameBy::Fetched).await?;
        fetched += 1;
    }
    Ok(fetched)
}

/// A notice that will never come: what it told, only reconciliation tells now.
async fn lost(app: &App, merchant: &str, number: u64, thrown_away: bool) -> Result<(), NoticesError> {
    let why = match thrown_away {
        true => "Paygent threw away notices before this one",
        false => "Paygent keeps this notice no more",
    };
    notice_inbox::give_up_hole(&app.storage, merchant, number, why, app.clock.now()).await?;
    let subject = notice_inbox::name(merchant, number);
    set_aside::put(app, SET_ASIDE_KIND, &subject, None, &Reason::NoticeLost { thrown_away }, "notices").await?;
    Ok(())
}

/// What became of a notice; `None`: ask again later.
async fn understand(app: &App, notice: &InboxNotice) -> Result<Option<String>, NoticesError> {
    let Ok(payment_id) = notice.payment_id.parse::<PaymentId>() else {
        return Ok(Some("its payment id is not one".to_owned()));
    };
    let transaction_id: Option<TransactionId> = notice.trading_id.as_deref().and_then(|id| id.parse().ok());
    let order = match transactions::order_of_payment(&app.storage, &payment_id).await? {
        Some(row) => Some((row.order_id, row.transaction_id.parse::<TransactionId>()?)),
        None => match &transaction_id {
            Some(id) => {
                let row = transactions::order_of_transaction(&app.storage, id).await?;
                row.map(|row| (row.order_id, id.clone()))
            }
            None => None,
        },
    };
    let Some((order, transaction_id)) = order else { return stranger(app, notice, transaction_id).await.map(Some) };
    // Paygent tells a merchant of its own payments alone. Whoever else sends this has a notice key of their own.
    if !is_of(app, &notice.merchant_id, order.parse::<OrderId>()?.shop()).await? {
        return Ok(Some("not a payment of this merchant".to_owned()));
    }
    let because = app.gateway.because(ACTOR, &format!("Paygent's notice {}", notice.notice_id));
    match app.payments.look_up(&order, &transaction_id, &payment_id, FoundBy::Notice, &because).await {
        Ok(Ok(events)) if events.is_empty() => Ok(Some("known".to_owned())),
        Ok(Ok(events)) => {
            let names: Vec<&str> = events.iter().map(teiki_domain::order::OrderEvent::name).collect();
            Ok(Some(names.join(" ")))
        }
        Ok(Err(Untold::AskAgain(why))) => {
            tracing::info!(order, why, "what a notice means is still not known");
            Ok(None)
        }
        Ok(Err(Untold::ForPeople(why))) => {
            let reason = Reason::NoticeLeadsNowhere { payment: payment_id.to_string(), order, why };
            let subject = notice_inbox::name(&notice.merchant_id, notice.notice_id);
            set_aside::put(app, SET_ASIDE_KIND, &subject, None, &reason, "notices").await?;
            Ok(None)
        }
        Err(error) if error.is_unavailable() => Err(NoticesError::Payment(error)),
        Err(error) if error.refusal().is_some() => {
            let reason = error.to_string();
            super::recovery_round::contradiction(app, &order, &reason, None).await?;
            Ok(Some(reason))
        }
        Err(error) => {
            tracing::warn!(order, %error, "what a notice means could not be asked for");
            if let (PaymentError::Shop(error), Ok(id)) = (&error, order.parse::<OrderId>()) {
                shop_cannot(app, id.shop(), error).await?;
            }
            Ok(None)
        }
    }
}

/// Whether the payments of a shop are the merchant's: made as it, or to be made as it.
async fn is_of(app: &App, merchant: &str, shop: ShopId) -> Result<bool, NoticesError> {
    let read = app.shops.get(shop).await.map_err(NoticesError::Shop)?;
    let now = read.settings.connection.as_ref().map(|(merchant, ..)| merchant.as_str());
    Ok(now == Some(merchant) || read.bound_to() == Some(merchant))
}

/// A payment no order here knows. Other programs of the merchant make payments too; but one under a transaction ID of
/// our own form should be ours.
async fn stranger(
    app: &App,
    notice: &InboxNotice,
    transaction_id: Option<TransactionId>,
) -> Result<String, NoticesError> {
    let shops: HashSet<String> = shop_list::all(&app.storage).await?.into_iter().map(|row| row.shop_id).collect();
    let ours = transaction_id.as_ref().is_some_and(|id| shops.contains(id.as_str().get(..5).unwrap_or("")));
    if !ours {
        return Ok("not a payment of this store".to_owned());
    }
    let reason = Reason::NoticeOfNoOrder { payment: notice.payment_id.clone(), yen: notice.payment_amount };
    let subject = notice_inbox::name(&notice.merchant_id, notice.notice_id);
    set_aside::put(app, SET_ASIDE_KIND, &subject, None, &reason, "notices").await?;
    Ok("no order has its transaction ID".to_owned())
}

fn in_words<T>(outcome: &Outcome<T>) -> String {
    match outcome {
        Outcome::Approved(_) => String::new(),
        Outcome::Declined(declined) | Outcome::Busy(declined) => declined.to_string(),
        Outcome::NotSent(why) => why.to_string(),
        Outcome::Unknown(why) => why.to_string(),
    }
}

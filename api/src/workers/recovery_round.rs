//! One round over everything whose outcome at Paygent is not known.

use crate::app::App;
use crate::payments::{FirstSeen, PaymentError, RecoveryReport, Resolution};
use crate::set_aside::Reason;
use crate::shops::ShopError;
use futures::StreamExt as _;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use teiki_domain::ids::{IdError, OrderId, ShopId};
use teiki_infrastructure::set_aside::{self, SetAsideError};
use teiki_projections::{QueryError, payment_work};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Orders looked at in one page.
const PAGE: u32 = 500;
/// Orders looked at in our own store at once.
const LOOKING_MAX: usize = 8;
/// Orders waited for at once; how many are asked about at once is bounded by the payments.
const WAITING_MAX: usize = 500;
/// The kind under which orders are set aside for people.
pub const SET_ASIDE_KIND: &str = "payment";
/// The kind under which orders are set aside whose replaced authorisation Paygent would not cancel (W12).
pub const RELEASE_KIND: &str = "release";
/// The kind under which shops are set aside for which Paygent cannot be asked: their open requests and notices wait.
pub const SHOP_KIND: &str = "shop";
/// The actor in the history.
const ACTOR: &str = "worker:recovery";

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// Work could not be set aside.
    #[error(transparent)]
    SetAside(#[from] SetAsideError),
    /// The list of work set aside holds an id that is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The store is out of reach.
    #[error(transparent)]
    Payment(PaymentError),
}

/// Asks about every order that is open now, each once. Ends early, without asking further, when the engine stops.
/// Memory: two entries an open order.
pub async fn run(app: &App, seen: &Arc<Mutex<FirstSeen>>) -> Result<RecoveryReport, RecoveryError> {
    // What people must look at is not asked about again before they release it; what came later on the same order is.
    let aside: HashMap<String, Held> = set_aside::of_kind(&app.storage, SET_ASIDE_KIND)
        .await?
        .into_iter()
        .map(|(order, it)| (order, held(&it)))
        .collect();
    let mut orders = open_orders(app).await?;
    orders.retain(|open| !aside.get(&open.order).is_some_and(|held| held.holds(&open.about)));
    let mut kept = set_aside::subjects(&app.storage, RELEASE_KIND).await?;
    orders.retain(|open| !open.release || !kept.remove(&open.order));
    // What is left holds nothing to be released any more: a notice or a person saw to it.
    for order in kept {
        set_aside::remove(&app.storage, RELEASE_KIND, &order).await?;
    }
    clear_shops(app).await?;
    seen.lock().await.keep_only(&orders.iter().map(|open| open.order.clone()).collect());
    let stop = app.stopping().child_token();
    // Looked at first, all of them: the time until one may ask counts from there, so that they wait together.
    let looks = futures::stream::iter(orders.into_iter().take_while(|_| !stop.is_cancelled()).map(|open| async {
        let wait = app.payments.look(&open.order, seen).await;
        (open, wait)
    }));
    let mut looks = looks.buffered(LOOKING_MAX);
    let mut open = vec![];
    while let Some((about, wait)) = looks.next().await {
        match wait {
            Ok(None) => {}
            Err(error) if error.is_unavailable() => return Err(RecoveryError::Payment(error)),
            // What else is wrong is met again when it is asked about.
            Ok(Some(_)) | Err(_) => open.push(about),
        }
    }
    // Nothing is awaited between two answers: whoever holds the store's only writer would wait for being polled, and we
    // for the writer.
    let answers = open.into_iter().map(|open| one(app, open, seen, &stop));
    let mut answers = futures::stream::iter(answers).buffer_unordered(WAITING_MAX);
    let mut report = RecoveryReport::default();
    let mut failed = None;
    while let Some(answer) = answers.next().await {
        match answer {
            Ok((_, Resolution::Resolved)) => report.resolved += 1,
            Ok((_, Resolution::NothingOpen)) => {}
            Ok((_, Resolution::StillOpen(_))) => report.still_open += 1,
            Ok((order, Resolution::Contradiction(why) | Resolution::NotReleased(why))) => {
                report.still_open += 1;
                report.contradictions.push((order, why));
            }
            Err(error) => {
                // No other is begun; calls under way are waited for, so that their outcomes are on record.
                stop.cancel();
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(report), Err)
}

/// Asks about one order and notes what people must know of it. An error means that nothing else would work either.
async fn one(
    app: &App,
    OpenOrder { order, about, .. }: OpenOrder,
    seen: &Arc<Mutex<FirstSeen>>,
    stop: &CancellationToken,
) -> Result<(String, Resolution), RecoveryError> {
    let resolution = match ask(app, &order, seen, stop).await {
        Ok(resolution) => resolution,
        Err(error) if error.is_contradiction() => Resolution::Contradiction(error.to_string()),
        Err(error) if error.is_unavailable() => return Err(RecoveryError::Payment(error)),
        Err(error) => {
            tracing::warn!(order, %error, "the outcome at Paygent could not be asked for");
            if let (PaymentError::Shop(error), Ok(id)) = (&error, order.parse::<OrderId>()) {
                shop_cannot(app, id.shop(), error).await?;
            }
            return Ok((order, Resolution::StillOpen(error.to_string())));
        }
    };
    match &resolution {
        Resolution::Resolved => resolved(app, &order, &about).await?,
        Resolution::Contradiction(why) => contradiction(app, &order, why, Some(about)).await?,
        Resolution::NotReleased(why) => {
            tracing::warn!(order, why, "a replaced authorisation is still held");
            let reason = Reason::NotReleased { why: why.clone() };
            crate::set_aside::put(app, RELEASE_KIND, &order, None, &reason, "recovery").await?;
        }
        Resolution::StillOpen(why) => tracing::info!(order, why, "the outcome at Paygent is still not known"),
        Resolution::NothingOpen => {}
    }
    Ok((order, resolution))
}

/// An order with an open payment.
struct OpenOrder {
    order: String,
    /// Whether only a replaced authorisation is left on it.
    release: bool,
    /// Which request is open.
    about: String,
}

/// What a row of work set aside holds back on its order.
enum Held {
    /// Whatever is open: rows of former versions do not say.
    Everything,
    /// One request; none: it is about nothing that is asked for.
    Only(Option<String>),
}

impl Held {
    fn holds(&self, about: &str) -> bool {
        match self {
            Held::Everything => true,
            Held::Only(request) => request.as_deref() == Some(about),
        }
    }
}

fn held(stored: &str) -> Held {
    match Reason::read(stored) {
        Some(Reason::Contradiction { about, .. }) => Held::Only(about),
        _ => Held::Everything,
    }
}

/// What was set aside of this request, or by a former version, is settled; what is about another one stays.
async fn resolved(app: &App, order: &str, about: &str) -> Result<(), SetAsideError> {
    match set_aside::reason(&app.storage, SET_ASIDE_KIND, order).await? {
        Some(stored) if held(&stored).holds(about) => set_aside::remove(&app.storage, SET_ASIDE_KIND, order).await,
        _ => Ok(()),
    }
}

/// Every order with an open payment, longest waiting first.
async fn open_orders(app: &App) -> Result<Vec<OpenOrder>, RecoveryError> {
    let mut orders = vec![];
    let mut known = HashSet::new();
    let mut after = None;
    loop {
        let page = payment_work::list(&app.storage, after.as_ref(), PAGE).await?;
        // One that moves on while the pages are read may be met twice.
        let rows = page.rows.into_iter().filter(|row| known.insert(row.order_id.clone()));
        orders.extend(rows.map(|row| OpenOrder {
            release: row.state == "release",
            about: format!("{}:{}:{}", row.kind, row.attempt, row.payment_id.unwrap_or_default()),
            order: row.order_id,
        }));
        after = page.next;
        if after.is_none() {
            return Ok(orders);
        }
    }
}

/// Waits until the order may be asked about, and asks; once stopped it neither waits nor begins.
async fn ask(
    app: &App,
    order: &str,
    seen: &Arc<Mutex<FirstSeen>>,
    stop: &CancellationToken,
) -> Result<Resolution, PaymentError> {
    const STOPPED: &str = "asking was stopped";
    if stop.is_cancelled() {
        return Ok(Resolution::StillOpen(STOPPED.to_owned()));
    }
    // Looked at again: it may have moved, and those before it in the queue took their time.
    let Some(wait) = app.payments.look(order, seen).await? else { return Ok(Resolution::NothingOpen) };
    tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(Resolution::StillOpen(STOPPED.to_owned())),
        () = tokio::time::sleep(wait) => {}
    }
    let because = app.gateway.because(ACTOR, "the outcome at Paygent is not known");
    app.payments.resolve(order, seen, &because).await
}

/// Nothing can be asked of Paygent for a shop until somebody sees to it; one row, however much waits for it.
pub(crate) async fn shop_cannot(app: &App, shop: ShopId, error: &ShopError) -> Result<(), SetAsideError> {
    let reason = Reason::ShopCannot { error: error.to_string() };
    crate::set_aside::put(app, SHOP_KIND, &shop.to_string(), None, &reason, "recovery").await
}

/// Shops for which Paygent can be asked again leave the list by themselves.
async fn clear_shops(app: &App) -> Result<(), RecoveryError> {
    for shop in set_aside::subjects(&app.storage, SHOP_KIND).await? {
        if app.payments.can_call(shop.parse()?).await.is_ok() {
            set_aside::remove(&app.storage, SHOP_KIND, &shop).await?;
        }
    }
    Ok(())
}

/// People must look at an order: Paygent's record and ours do not fit together. `about` is the open request that is not
/// asked about again before they did; none where it is about none.
pub(crate) async fn contradiction(
    app: &App,
    order: &str,
    why: &str,
    about: Option<String>,
) -> Result<(), SetAsideError> {
    tracing::warn!(order, why, "Paygent's record and ours do not fit together");
    let reason = Reason::Contradiction { why: why.to_owned(), about };
    crate::set_aside::put(app, SET_ASIDE_KIND, order, None, &reason, "recovery").await
}

//! Erasing a member: the event that says so, and the destruction of the key that their personal data is sealed with.
//!
//! The gate of the member is closed first, together with the note of the intention, when no subscription runs or starts;
//! then the event, then the key goes, then the note. Whoever is interrupted in between leaves the note, and the next start
//! finishes what was decided. Last, Paygent is asked to delete the member's cards: that may fail without keeping the
//! personal data here, and is shown until it is done.

use crate::app::{App, AppError};
use crate::command_gateway::{Because, CommandError, CommandGateway};
use crate::payments::{CardDeletion, PaymentError};
use crate::set_aside::Reason;
use teiki_domain::ids::{MemberId, SubscriptionId};
use teiki_domain::member::{Member, MemberCommand, MemberRefusal};
use teiki_domain::subscription::{Status, Subscription, SubscriptionCommand, SubscriptionRefusal};
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::erasures::{self, ErasureNoteError};
use teiki_infrastructure::event_store::{Storage, StoreError};
use teiki_infrastructure::key_ring::{KeyError, KeyRing};
use teiki_infrastructure::member_gates::{self, GateError};
use teiki_infrastructure::set_aside::{self, SetAsideError};
use teiki_projections::QueryError;
use teiki_projections::query::Cursor;
use teiki_projections::subscription_list::{self, SubscriptionFilter};

/// Subscriptions read at once.
const PAGE: u32 = 100;
/// Most looks at a member for whom subscriptions are started meanwhile.
const LOOKS_MAX: usize = 16;
/// The kind under which erased members are set aside whose cards may still be at Paygent.
pub const CARDS_KIND: &str = "cards";
/// What to do about those.
pub(crate) const AGAIN: &str = "erase the member again to have them deleted";
/// The actor in the history, where nobody asked.
const ACTOR: &str = "worker:erasure";

/// Why a member was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Something is still to be delivered.
    #[error("subscription {0} of this member has not ended; end it first, then erase the member")]
    Subscribed(SubscriptionId),
    /// Subscriptions were started for the member again and again meanwhile.
    #[error("subscriptions were being started for member {0} all the while; try again")]
    Contended(MemberId),
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError<MemberRefusal>),
    /// A subscription about to start could not be kept from it.
    #[error(transparent)]
    Subscription(#[from] CommandError<SubscriptionRefusal>),
    /// The cards at Paygent could not be asked for.
    #[error(transparent)]
    Payment(Box<PaymentError>),
    /// The gate of the member cannot be read or closed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// What people must see to could not be noted.
    #[error(transparent)]
    SetAside(#[from] SetAsideError),
    /// The key could not be destroyed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The note could not be written.
    #[error(transparent)]
    Note(#[from] ErasureNoteError),
    /// A stream could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// The tables are behind.
    #[error(transparent)]
    App(Box<AppError>),
}

/// What an erasure came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Whether that is news.
    pub new: bool,
    /// What became of the cards at Paygent.
    pub cards: CardDeletion,
}

/// Erases a member. One with a subscription that has not ended is refused. Done before: only cards that Paygent may still
/// keep are asked for again.
pub async fn erase(app: &App, member: &MemberId, because: &Because) -> Result<Erased, EraseError> {
    if let Member::Registered(_) = app.gateway.load::<Member>(member.as_str()).await?.aggregate {
        close_the_gate(app, member, because).await?;
    }
    reached("gate");
    let new = match app.gateway.execute::<Member>(member.as_str(), because, MemberCommand::Erase).await {
        Ok(done) => !done.events.is_empty(),
        Err(error) => return Err(error.into()),
    };
    reached("erasure");
    app.keys.destroy_member_key(member).await?;
    erasures::end(&app.storage, member).await?;
    let cards = app.payments.delete_cards(member, because).await;
    let cards = cards.map_err(|error| EraseError::Payment(Box::new(error)))?;
    match &cards {
        CardDeletion::Gone => set_aside::remove(&app.storage, CARDS_KIND, member.as_str()).await?,
        CardDeletion::NotDeleted { code, detail } => {
            tracing::warn!(%member, code, "cards of an erased member may still be at Paygent");
            let reason = Reason::CardsNotDeleted { code: code.clone(), detail: detail.clone() };
            crate::set_aside::put(app, CARDS_KIND, member.as_str(), None, &reason, "erasure").await?;
        }
    }
    Ok(Erased { new, cards })
}

/// Decides the erasure: from here on no subscription starts for the member, and none is running or starting.
async fn close_the_gate(app: &App, member: &MemberId, because: &Because) -> Result<(), EraseError> {
    for _ in 0..LOOKS_MAX {
        let gate = member_gates::look(&app.storage, member).await?;
        if gate.closed {
            return Ok(());
        }
        for subscription in member_gates::starting(&app.storage, member).await? {
            prevent(app, member, &subscription, because).await?;
        }
        not_subscribed(app, member).await?;
        if member_gates::close(&app.storage, member, gate).await? {
            return Ok(());
        }
    }
    Err(EraseError::Contended(member.clone()))
}

/// Keeps a subscription that was let through from starting, if it has not started: whoever wanted to start it may be slow,
/// or gone. Whichever event is first in its stream decides.
async fn prevent(
    app: &App,
    member: &MemberId,
    subscription: &SubscriptionId,
    because: &Because,
) -> Result<(), EraseError> {
    let why = app.gateway.then(because, "the member's personal data is to be erased");
    let id = subscription.as_str();
    match app.gateway.execute::<Subscription>(id, &why, SubscriptionCommand::PreventStart).await {
        Ok(_) => {}
        Err(CommandError::Refused(SubscriptionRefusal::Started)) => {
            let found = app.gateway.load::<Subscription>(id).await?.aggregate;
            if found.details().is_some_and(|details| details.status != Status::Ended && details.member_id == *member) {
                return Err(EraseError::Subscribed(subscription.clone()));
            }
        }
        Err(error) => return Err(error.into()),
    }
    Ok(member_gates::started(&app.storage, member, subscription).await?)
}

/// Finishes erasures that were interrupted; says how many. What is decided is carried out, whoever was told that it failed.
pub(crate) async fn finish(gateway: &CommandGateway, keys: &KeyRing, storage: &Storage) -> Result<usize, EraseError> {
    let mut finished = 0;
    for member in erasures::under_way(storage).await? {
        if member_gates::look(storage, &member).await?.closed {
            let because = gateway.because(ACTOR, "the erasure was interrupted");
            gateway.execute::<Member>(member.as_str(), &because, MemberCommand::Erase).await?;
        }
        // Without the event and the closed gate nothing was decided, and whoever asked for it was told that it failed.
        if let Member::Erased(_) = gateway.load::<Member>(member.as_str()).await?.aggregate {
            keys.destroy_member_key(&member).await?;
            finished += 1;
            let because = gateway.because(ACTOR, "the erasure was interrupted");
            let detail = format!("Paygent was not asked, because the erasure was interrupted; {AGAIN}");
            let command = MemberCommand::RecordCardsNotDeleted { code: String::new(), detail };
            gateway.execute::<Member>(member.as_str(), &because, command).await?;
        }
        erasures::end(storage, &member).await?;
    }
    Ok(finished)
}

/// Refuses a member with a subscription that has not ended: by the list for which there are, by the stream for how each
/// one stands.
async fn not_subscribed(app: &App, member: &MemberId) -> Result<(), EraseError> {
    app.settle().await.map_err(|error| EraseError::App(Box::new(error)))?;
    let filter = SubscriptionFilter { member: Some(member.clone()), ..SubscriptionFilter::default() };
    let mut after: Option<Cursor> = None;
    loop {
        let page = subscription_list::list(&app.storage, &filter, after.as_ref(), PAGE).await?;
        for row in page.rows {
            let Ok(id) = row.subscription_id.parse::<SubscriptionId>() else { continue };
            let subscription = app.gateway.load::<Subscription>(id.as_str()).await?.aggregate;
            if subscription.details().is_some_and(|details| details.status != Status::Ended) {
                return Err(EraseError::Subscribed(id));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

//! Erasing a member: the event that says so, and the destruction of the key that their personal data is sealed with.
//!
//! The note of the intention comes first, then the event, then the key goes, then the note. Whoever is interrupted in
//! between leaves the note, and the next start finishes what was begun.

use crate::app::{App, AppError};
use crate::command_gateway::{Because, CommandError, CommandGateway};
use teiki_domain::ids::{MemberId, SubscriptionId};
use teiki_domain::member::{Member, MemberCommand, MemberRefusal};
use teiki_domain::subscription::{Status, Subscription};
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::erasures::{self, ErasureNoteError};
use teiki_infrastructure::event_store::{Storage, StoreError};
use teiki_infrastructure::key_ring::{KeyError, KeyRing};
use teiki_projections::QueryError;
use teiki_projections::query::Cursor;
use teiki_projections::subscription_list::{self, SubscriptionFilter};

/// Subscriptions read at once.
const PAGE: u32 = 100;

/// Why a member was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Something is still to be delivered.
    #[error("subscription {0} of this member has not ended; end it first, then erase the member")]
    Subscribed(SubscriptionId),
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError<MemberRefusal>),
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

/// Erases a member; says whether that is news. A member with a subscription that has not ended is refused.
pub async fn erase(app: &App, member: &MemberId, because: &Because) -> Result<bool, EraseError> {
    if let Member::Registered(_) = app.gateway.load::<Member>(member.as_str()).await?.aggregate {
        not_subscribed(app, member).await?;
    }
    erasures::begin(&app.storage, member).await?;
    let new = match app.gateway.execute::<Member>(member.as_str(), because, MemberCommand::Erase).await {
        Ok(done) => !done.events.is_empty(),
        Err(refused @ CommandError::Refused(_)) => {
            erasures::end(&app.storage, member).await?;
            return Err(refused.into());
        }
        Err(error) => return Err(error.into()),
    };
    reached("erasure");
    app.keys.destroy_member_key(member).await?;
    erasures::end(&app.storage, member).await?;
    Ok(new)
}

/// Finishes erasures that were interrupted; says how many.
pub(crate) async fn finish(gateway: &CommandGateway, keys: &KeyRing, storage: &Storage) -> Result<usize, EraseError> {
    let mut finished = 0;
    for member in erasures::under_way(storage).await? {
        // Without the event nothing was erased, and whoever asked for it was told that it failed.
        if let Member::Erased(_) = gateway.load::<Member>(member.as_str()).await?.aggregate {
            keys.destroy_member_key(&member).await?;
            finished += 1;
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

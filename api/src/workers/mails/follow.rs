//! What follows from the log: a subscription that begins gets its thanks mail and the shop its copy (C5 b); a member
//! who changes the card makes a notice to the shop (K5).

use super::{ACTOR, LIST_WITHIN};
use crate::app::{App, AppError};
use crate::command_gateway::Because;
use crate::mails::card_expiry::buyer;
use crate::mails::shop_profile::ShopProfile;
use crate::mails::texts::{card_changed, thanks};
use crate::mails::{self, MailError, NewLetter, id_for};
use crate::set_aside::{self, Reason};
use serde_json::Value;
use teiki_domain::ids::{MemberId, SubscriptionId};
use teiki_domain::mail::{About, MailKind, Recipient};
use teiki_domain::member::{MemberEvent, StoredCard};
use teiki_domain::recorded::{DecodeError, RecordedEvent};
use teiki_domain::subscription::{Status, SubscriptionEvent};
use teiki_infrastructure::event_store::{LogError, LogEvent};
use teiki_infrastructure::mail_cursor::{self, MailCursorError};
use teiki_infrastructure::set_aside::SetAsideError;
use teiki_projections::subscription_list::{self, MethodKind, SubscriptionFilter};
use teiki_projections::{ProjectionError, QueryError};
use uuid::Uuid;

/// Events looked at in one go.
const PAGE: i64 = 500;
/// Subscriptions named in one notice.
const NAMED: u32 = 100;

/// Why the log cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The place.
    #[error(transparent)]
    Cursor(#[from] MailCursorError),
    /// An event that this program cannot read.
    #[error("mails cannot be asked for beyond position {position}: {error}")]
    Unreadable {
        /// Where it stands.
        position: i64,
        /// What is wrong.
        error: DecodeError,
    },
    /// A table.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// A table is behind.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// The log is behind.
    #[error(transparent)]
    App(#[from] AppError),
    /// A mail.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The list of work set aside.
    #[error(transparent)]
    SetAside(#[from] SetAsideError),
}

/// Looks at everything that is in the log by now.
pub(super) async fn to_the_end(app: &App) -> Result<(), FollowError> {
    app.sequencer.catch_up().await.map_err(AppError::from)?;
    loop {
        let from = mail_cursor::position(&app.storage).await?;
        let page = app.log.page(from, PAGE).await?;
        let Some(last) = page.last().map(|event| event.position) else { return Ok(()) };
        for event in &page {
            ask_or_set_aside(app, event).await?;
        }
        // Moved by somebody else: their mails have the same ids as ours, so nothing was asked for twice.
        mail_cursor::advance(&app.storage, from, last).await?;
        if app.stopping().is_cancelled() {
            return Ok(());
        }
    }
}

/// Tries the mails again that follow from what happened to `subject`: from the event at `position`, or where that is not
/// known from the newest one they may follow from. Says whether all of them are asked for.
pub(crate) async fn again(app: &App, subject: &str, position: Option<i64>) -> Result<bool, FollowError> {
    app.sequencer.catch_up().await.map_err(AppError::from)?;
    for kind in ["subscription", "member"] {
        let stream = app.log.stream(kind, subject).await?;
        let meant =
            |event: &&LogEvent| position.is_none_or(|position| event.position == position) && causes_mails(event);
        if let Some(event) = stream.iter().rev().find(meant) {
            return ask_or_set_aside(app, event).await;
        }
    }
    // Nothing follows from anything here.
    Ok(true)
}

fn causes_mails(event: &LogEvent) -> bool {
    let (kind, name) = (event.aggregate_type.as_str(), event.event_type.as_str());
    matches!((kind, name), ("subscription", "SubscriptionStarted") | ("member", "CardRegistered"))
}

/// Asks for the mails that follow from an event; says whether it could. Ids of mails follow from the event: asked for
/// twice they are one.
async fn ask_or_set_aside(app: &App, event: &LogEvent) -> Result<bool, FollowError> {
    if !causes_mails(event) {
        return Ok(true);
    }
    let recorded = RecordedEvent::decode(&event.aggregate_type, &event.payload)
        .map_err(|error| FollowError::Unreadable { position: event.position, error })?;
    let asked = match &recorded {
        RecordedEvent::Subscription(started @ SubscriptionEvent::SubscriptionStarted { .. }) => {
            thanks_for(app, event, started).await
        }
        RecordedEvent::Member(MemberEvent::CardRegistered { card, .. }) => changed(app, event, card).await,
        _ => Ok(()),
    };
    match asked {
        // Nobody to write to, or about.
        Ok(()) | Err(FollowError::Mail(MailError::Erased(_) | MailError::NoSuchMember(_))) => Ok(true),
        // Never will be better: it is listed for people, and everything behind it goes on.
        Err(FollowError::Mail(error @ (MailError::Letter(_) | MailError::Key(_)))) => {
            let (subject, reason) =
                (&event.aggregate_id, Reason::MailNotWritten { position: event.position, error: error.to_string() });
            tracing::error!(subject, position = event.position, %error, "a mail could not be written");
            set_aside::put(app, set_aside::MAIL_KIND, subject, None, &reason, "mails").await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// The reason of a mail that follows from an event.
fn because_of(app: &App, event: &LogEvent, reason: &str) -> Because {
    let metadata: Value = serde_json::from_str(&event.metadata).unwrap_or_default();
    let id = |name: &str| metadata.get(name).and_then(Value::as_str).and_then(|text| text.parse::<Uuid>().ok());
    let mut because = app.gateway.because(ACTOR, reason);
    because.causation_id = id("command_id");
    because.correlation_id = id("correlation_id").unwrap_or(because.correlation_id);
    because
}

async fn thanks_for(app: &App, event: &LogEvent, started: &SubscriptionEvent) -> Result<(), FollowError> {
    let SubscriptionEvent::SubscriptionStarted {
        subscription_id, member_id, basket, payment_method, cycle, next, ..
    } = started
    else {
        return Ok(());
    };
    let shop_id = subscription_id.shop();
    let shop = ShopProfile::of(&app.shops.get(shop_id).await.map_err(MailError::from)?.settings);
    let name = buyer(app, member_id).await?.ok_or_else(|| MailError::Erased(member_id.clone()))?;
    let facts = thanks::Thanks {
        buyer: &name,
        subscription_id,
        basket,
        payment_method,
        cycle: *cycle,
        first_delivery: next.delivery_date,
        shop: &shop,
    };
    let about =
        About { member_id: Some(member_id.clone()), subscription_id: Some(subscription_id.clone()), order_id: None };
    for (kind, recipient, letter) in [
        (MailKind::Thanks, Recipient::Member, thanks::to_buyer(&facts)),
        (MailKind::ThanksCopy, Recipient::Shop, thanks::to_shop(&facts)),
    ] {
        let mail_id = id_for(shop_id, &[kind.as_str(), subscription_id.as_str()]);
        let because = because_of(app, event, "the subscription began");
        mails::request(app, NewLetter { mail_id, kind, recipient, about: about.clone(), letter }, &because).await?;
    }
    Ok(())
}

/// K5: only a card in the place of another one, of somebody whose subscription runs on it.
async fn changed(app: &App, event: &LogEvent, card: &StoredCard) -> Result<(), FollowError> {
    let Ok(member_id) = event.aggregate_id.parse::<MemberId>() else { return Ok(()) };
    let stream = app.log.stream("member", member_id.as_str()).await?;
    let had_card =
        stream.iter().any(|earlier| earlier.sequence < event.sequence && earlier.event_type == "CardRegistered");
    if !had_card {
        return Ok(());
    }
    app.projections.wait_for_these(&["subscription_list"], event.position, LIST_WITHIN).await?;
    let filter = SubscriptionFilter {
        shop: Some(member_id.shop()),
        member: Some(member_id.clone()),
        status: Some(Status::Running),
        payment_method: Some(MethodKind::Card),
        ..SubscriptionFilter::default()
    };
    let rows = subscription_list::list(&app.storage, &filter, None, NAMED).await?.rows;
    let subscriptions: Vec<SubscriptionId> = rows.iter().filter_map(|row| row.subscription_id.parse().ok()).collect();
    let Some(first) = subscriptions.first().cloned() else { return Ok(()) };
    let name = buyer(app, &member_id).await?.ok_or_else(|| MailError::Erased(member_id.clone()))?;
    let new = NewLetter {
        mail_id: id_for(member_id.shop(), &["card_changed", member_id.as_str(), &event.sequence.to_string()]),
        kind: MailKind::CardChanged,
        recipient: Recipient::Shop,
        letter: card_changed::text(&member_id, &name, card, &subscriptions),
        about: About { member_id: Some(member_id), subscription_id: Some(first), order_id: None },
    };
    mails::request(app, new, &because_of(app, event, "the member changed the card")).await?;
    Ok(())
}

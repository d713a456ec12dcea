//! Sends what is due, a batch at a time, and records what became of it.

use super::ACTOR;
use crate::app::App;
use crate::command_gateway::CommandError;
use crate::mails::letter::Letter;
use crate::mails::shop_profile::{ShopProfile, addresses};
use crate::mails::{self, MailError};
use crate::members;
use crate::shops::ShopError;
use std::time::Duration;
use teiki_domain::ids::{IdError, MailId};
use teiki_domain::mail::{Details, Mail, MailCommand, MailEvent, MailRefusal, Recipient};
use teiki_domain::member::Member;
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::event_store::StoreError;
use teiki_infrastructure::key_ring::KeyError;
use teiki_infrastructure::mailer::{Contact, Delivery, Mailer, Outgoing};
use teiki_infrastructure::redacted::Redacted;
use teiki_projections::{QueryError, mail_list};

/// Mails sent before anything else of this work is looked at again.
const BATCH: u32 = 50;
/// When the engine stops, a mail under way gets this long; after that it is sent again by the next start.
const LAST_WAIT: Duration = Duration::from_secs(3);
/// Why a mail whose text or recipient does not open is not sent.
const UNREADABLE: &str = "its text or the member's data cannot be opened with the keys of this store; restore the keys";
/// Why a mail to a shop without address is not sent.
const NO_ADDRESS: &str = "the shop has no mail address; enter one in its settings and let the mail be tried again";
/// Why a mail that waited long is not sent.
const STALE: &str =
    "it waited for more than 7 days because no mails were sent; let it be tried again if it is still wanted";

/// Why mails cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The list.
    #[error(transparent)]
    Table(#[from] QueryError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The shop.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What became of a mail cannot be recorded.
    #[error(transparent)]
    Command(#[from] CommandError<MailRefusal>),
    /// A row that is no mail's.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A mail cannot be opened.
    #[error(transparent)]
    Mail(#[from] MailError),
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Mails looked at that were due.
    pub tried: usize,
    /// Taken by the mail server.
    pub sent: usize,
    /// Put off.
    pub delayed: usize,
    /// Given up.
    pub given_up: usize,
    /// Of no use any more.
    pub dropped: usize,
}

impl Sent {
    pub(super) fn add(&mut self, other: &Sent) {
        self.tried += other.tried;
        self.sent += other.sent;
        self.delayed += other.delayed;
        self.given_up += other.given_up;
        self.dropped += other.dropped;
    }
}

/// Sends the next mails that are due. Without a mail server they wait.
pub(super) async fn batch(app: &App) -> Result<Sent, SendError> {
    let mut count = Sent::default();
    let Some(mailer) = &app.mailer else { return Ok(count) };
    let due = mail_list::due(&app.storage, app.clock.now(), BATCH).await?;
    if due.is_empty() {
        return Ok(count);
    }
    // A server that is down, or does not let us in, is no single mail's failure: all of them wait.
    let ready = mailer.ready().await;
    for row in due {
        if app.stopping().is_cancelled() {
            break;
        }
        let mail_id: MailId = row.mail_id.parse()?;
        let loaded = app.gateway.load::<Mail>(mail_id.as_str()).await?;
        let Some(mail) = loaded.aggregate.details().filter(|mail| mail.is_due(app.clock.now())) else { continue };
        count.tried += 1;
        let Some(command) = one(app, mailer, &ready, mail).await? else { break };
        let because = app.gateway.because(ACTOR, "what became of the mail");
        let done = app.gateway.execute_on::<Mail>(mail_id.as_str(), loaded, &because, command).await?;
        match done.events.first() {
            Some(MailEvent::MailSent { .. }) => count.sent += 1,
            Some(MailEvent::MailDelayed { reason, .. }) => {
                count.delayed += 1;
                tracing::warn!(mail = %mail_id, reason, "a mail was put off");
            }
            Some(MailEvent::MailGivenUp { reason, .. }) => {
                count.given_up += 1;
                tracing::warn!(mail = %mail_id, reason, "a mail was given up");
            }
            Some(MailEvent::MailDropped {}) => count.dropped += 1,
            // Another process was faster.
            Some(MailEvent::MailRequested { .. } | MailEvent::MailReleased {}) | None => {}
        }
    }
    Ok(count)
}

/// One try; none when the engine stops before its outcome is known.
async fn one(
    app: &App,
    mailer: &Mailer,
    ready: &Result<(), String>,
    mail: &Details,
) -> Result<Option<MailCommand>, SendError> {
    let (attempt, now) = (mail.attempts.saturating_add(1), app.clock.now());
    let failed = |reason: String, permanent| MailCommand::RecordFailed { attempt, reason, permanent, now };
    let letter = match mails::read(app, &mail.mail_id).await {
        Ok(Some((_, Some(letter)))) => letter,
        Ok(_) => return Ok(Some(MailCommand::Drop)),
        // One mail that cannot be opened must not keep the others from going out.
        Err(MailError::Key(KeyError::DoesNotOpen(_))) => return Ok(Some(failed(UNREADABLE.to_owned(), true))),
        Err(error) => return Err(error.into()),
    };
    if mail.is_stale(now) {
        return Ok(Some(failed(STALE.to_owned(), true)));
    }
    if let Err(why) = ready {
        return Ok(Some(failed(why.clone(), false)));
    }
    let settings = app.shops.get(mail.mail_id.shop()).await?.settings;
    let profile = ShopProfile::of(&settings);
    let to = match mail.recipient {
        Recipient::Shop => addresses(&settings),
        Recipient::Member => match member(app, mail).await {
            Ok(Some(contact)) => vec![contact],
            Ok(None) => return Ok(Some(MailCommand::Drop)),
            Err(SendError::Key(KeyError::DoesNotOpen(_))) => return Ok(Some(failed(UNREADABLE.to_owned(), true))),
            Err(error) => return Err(error),
        },
    };
    if to.is_empty() {
        return Ok(Some(failed(NO_ADDRESS.to_owned(), true)));
    }
    let Letter { subject, body } = letter;
    let outgoing = Outgoing {
        id: mail.mail_id.to_string(),
        date: now,
        from_name: profile.from_name.clone(),
        to,
        reply_to: profile.reply_to().filter(|_| mail.recipient == Recipient::Member),
        subject: Redacted::new(subject),
        body: Redacted::new(body),
    };
    let stop_waiting = async {
        app.stopping().cancelled().await;
        tokio::time::sleep(LAST_WAIT).await;
    };
    let delivery = tokio::select! {
        delivery = mailer.send(&outgoing) => delivery,
        () = stop_waiting => return Ok(None),
    };
    reached("M1");
    Ok(Some(match delivery {
        Delivery::Sent => MailCommand::RecordSent { attempt, message_id: mailer.message_id(mail.mail_id.as_str()) },
        Delivery::Delayed(reason) => failed(reason, false),
        Delivery::Refused(reason) => failed(reason, true),
    }))
}

/// The member's address as it is now; none where the member was erased.
async fn member(app: &App, mail: &Details) -> Result<Option<Contact>, SendError> {
    let Some(member_id) = &mail.about.member_id else { return Ok(None) };
    let loaded = app.gateway.load::<Member>(member_id.as_str()).await?.aggregate;
    let Some(details) = loaded.details() else { return Ok(None) };
    let profile = members::open_profile(app, member_id, &details.profile).await?;
    Ok(profile.map(|profile| Contact { name: profile.name, mail: profile.mail }))
}

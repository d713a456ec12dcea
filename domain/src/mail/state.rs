use super::events::{About, MailEvent as Event, MailKind, Recipient};
use crate::ids::MailId;
use crate::sealed::Sealed;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// A mail that nothing could be done about for so many days is not sent by itself any more: its news is old.
const STALE_DAYS: i64 = 7;

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// To be sent, for the first time or again (送信待ち).
    Waiting,
    /// The mail server took it (送信済み).
    Sent,
    /// Not tried any more by itself (送信できず).
    GivenUp,
    /// Nobody needs it any more (取りやめ).
    Dropped,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 4] = [Status::Waiting, Status::Sent, Status::GivenUp, Status::Dropped];

    /// A stable name for tables and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Waiting => "waiting",
            Status::Sent => "sent",
            Status::GivenUp => "given_up",
            Status::Dropped => "dropped",
        }
    }
}

/// A mail, or the fact that there is none under this id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Mail {
    /// Never requested.
    #[default]
    Absent,
    /// Requested.
    Requested(Box<Details>),
}

/// A requested mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its id.
    pub mail_id: MailId,
    /// What it is for.
    pub kind: MailKind,
    /// Who gets it.
    pub recipient: Recipient,
    /// What it belongs to.
    pub about: About,
    /// Subject and body, encrypted.
    pub letter: Sealed,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// Where it stands.
    pub status: Status,
    /// Tries so far, of all time.
    pub attempts: u32,
    /// Failed tries since it was requested or released last.
    pub tries: u32,
    /// Whether somebody said that it is to be tried again.
    pub released: bool,
    /// Not tried before this instant; none: at once.
    pub again_at: Option<DateTime<Utc>>,
    /// Why the last try failed.
    pub reason: Option<String>,
    /// Its Message-ID, once sent.
    pub message_id: Option<String>,
}

impl Details {
    /// Whether it waited so long, without any try, that it must not go out by itself any more: mails that waited for a
    /// mail server to be set up would all reach buyers long after their cause.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.attempts == 0 && !self.released && now - self.requested_at > Duration::days(STALE_DAYS)
    }

    /// Whether it is to be tried now.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.status == Status::Waiting && self.again_at.is_none_or(|at| at <= now)
    }
}

impl Mail {
    /// The details, if requested.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Mail::Absent => None,
            Mail::Requested(details) => Some(details),
        }
    }

    pub(super) fn fold(&mut self, event: &Event) {
        match (&mut *self, event) {
            (Mail::Absent, Event::MailRequested { mail_id, kind, recipient, about, letter, requested_at }) => {
                *self = Mail::Requested(Box::new(Details {
                    mail_id: mail_id.clone(),
                    kind: *kind,
                    recipient: *recipient,
                    about: about.clone(),
                    letter: letter.clone(),
                    requested_at: *requested_at,
                    status: Status::Waiting,
                    attempts: 0,
                    tries: 0,
                    released: false,
                    again_at: None,
                    reason: None,
                    message_id: None,
                }));
            }
            (Mail::Requested(details), event) => details.fold(event),
            (Mail::Absent, _) => {}
        }
    }
}

impl Details {
    fn fold(&mut self, event: &Event) {
        match event {
            Event::MailRequested { .. } => {}
            Event::MailSent { attempt, message_id } => {
                self.status = Status::Sent;
                self.attempts = self.attempts.max(*attempt);
                self.message_id = Some(message_id.clone());
                (self.again_at, self.reason) = (None, None);
            }
            Event::MailDelayed { attempt, reason, again_at } => {
                self.attempts = self.attempts.max(*attempt);
                self.tries = self.tries.saturating_add(1);
                (self.again_at, self.reason) = (Some(*again_at), Some(reason.clone()));
            }
            Event::MailGivenUp { attempt, reason } => {
                self.status = Status::GivenUp;
                self.attempts = self.attempts.max(*attempt);
                (self.again_at, self.reason) = (None, Some(reason.clone()));
            }
            Event::MailDropped {} => {
                self.status = Status::Dropped;
                (self.again_at, self.reason) = (None, None);
            }
            Event::MailReleased {} => {
                self.status = Status::Waiting;
                (self.tries, self.released) = (0, true);
                self.again_at = None;
            }
        }
    }
}

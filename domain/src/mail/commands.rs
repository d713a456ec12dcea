use super::events::{About, MailKind, Recipient};
use crate::ids::MailId;
use crate::sealed::Sealed;
use chrono::{DateTime, Utc};

/// A mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Its id, which follows from what causes it: a second request for the same cause is already done.
    pub mail_id: MailId,
    /// What it is for.
    pub kind: MailKind,
    /// Who gets it.
    pub recipient: Recipient,
    /// What it belongs to.
    pub about: About,
    /// Subject and body, encrypted.
    pub letter: Sealed,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What can be asked of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailCommand {
    /// Intend to send it. Doing it again under the same id is already done; the text written first stays.
    Request(Box<NewMail>),
    /// The mail server took it.
    RecordSent {
        /// Number of the try, from 1.
        attempt: u32,
        /// Its Message-ID, without angle brackets.
        message_id: String,
    },
    /// A try failed.
    RecordFailed {
        /// Number of the try, from 1.
        attempt: u32,
        /// Why, without any address.
        reason: String,
        /// Whether trying again by itself is of no use.
        permanent: bool,
        /// Now.
        now: DateTime<Utc>,
    },
    /// The member it is about was erased.
    Drop,
    /// Try it again now.
    Release,
}

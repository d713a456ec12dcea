//! The way out for mails: a mail server in production, files in the demonstration, or none, and then mails wait.

mod file;
mod smtp;

use crate::config::Config;
use crate::redacted::Redacted;
use chrono::{DateTime, Utc};
use file::FileMailer;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, MIME_VERSION_1_0};
use lettre::message::{Mailbox, Message};
use smtp::SmtpMailer;
use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

/// Why no mails can be sent with this configuration. No text carries the address of the server, which may hold a
/// password.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// `mail_url` is no address.
    #[error(
        "mail_url cannot be used: {0}; write smtp://USER:PASSWORD@HOST:PORT, smtps://… or file:FOLDER, with special \
         characters of user and password percent-encoded"
    )]
    Url(&'static str),
    /// `mail_from` is no mail address.
    #[error("mail_from cannot be used; write the mail address that mails come from, such as shop@example.jp")]
    From,
    /// `mail_ca` cannot be used.
    #[error("the certificates in {path} (mail_ca) cannot be used: {reason}")]
    Ca {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The folder cannot be made.
    #[error("mails cannot be written to {path} ({reason}); choose another folder in mail_url")]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Encryption cannot be set up.
    #[error("the connection to the mail server cannot be encrypted: {0}")]
    Tls(String),
}

/// A name and a mail address. Prints neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name as people read it; may be empty.
    pub name: String,
    /// Mail address.
    pub mail: String,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact")
    }
}

/// A mail on its way out.
pub struct Outgoing {
    /// Its id, without the domain: the same at every try.
    pub id: String,
    /// Now.
    pub date: DateTime<Utc>,
    /// Name of the sender; the address is that of the configuration.
    pub from_name: String,
    /// Who gets it.
    pub to: Vec<Contact>,
    /// Who gets answers.
    pub reply_to: Option<Contact>,
    /// Subject, one line.
    pub subject: Redacted<String>,
    /// Body, plain text.
    pub body: Redacted<String>,
}

/// What became of a try. No text carries an address or the mail server's own words, which may quote one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The mail server took it.
    Sent,
    /// Not now; trying again may help.
    Delayed(String),
    /// Not this mail, however often it is tried.
    Refused(String),
}

/// Sends mails.
pub struct Mailer {
    from: Address,
    way: Way,
}

enum Way {
    Smtp(Box<SmtpMailer>),
    File(FileMailer),
}

impl Mailer {
    /// The way out that the configuration names; none where it names none.
    pub fn open(config: &Config) -> Result<Option<Self>, MailerError> {
        let url = config.mail_url.expose();
        if url.is_empty() {
            return Ok(None);
        }
        let from: Address = config.mail_from.trim().parse().map_err(|_| MailerError::From)?;
        let way = match url.strip_prefix("file:") {
            Some(folder) => Way::File(FileMailer::open(folder.trim_start_matches("//"))?),
            None => Way::Smtp(Box::new(SmtpMailer::open(url, &config.mail_ca)?)),
        };
        Ok(Some(Self { from, way }))
    }

    /// The Message-ID of the mail `id`, without angle brackets.
    pub fn message_id(&self, id: &str) -> String {
        format!("{id}@{}", self.from.domain())
    }

    /// Whether mails can go out at all just now; why not, if not. That is no mail's own failure.
    pub async fn ready(&self) -> Result<(), String> {
        match &self.way {
            Way::Smtp(smtp) => smtp.ready().await,
            Way::File(_) => Ok(()),
        }
    }

    /// One try.
    pub async fn send(&self, mail: &Outgoing) -> Delivery {
        let message = match self.message(mail) {
            Ok(message) => message,
            Err(why) => return Delivery::Refused(why.to_owned()),
        };
        match &self.way {
            Way::Smtp(smtp) => smtp.send(message).await,
            Way::File(file) => file.send(&mail.id, &message.formatted()),
        }
    }

    fn message(&self, mail: &Outgoing) -> Result<Message, &'static str> {
        let from = Mailbox::new(name(&mail.from_name), self.from.clone());
        let mut message = Message::builder()
            .from(from)
            .date(SystemTime::from(mail.date))
            .message_id(Some(format!("<{}>", self.message_id(&mail.id))))
            .subject(one_line(mail.subject.expose()))
            // A body set by hand gets none by itself, and without it base64 is text to a strict reader (RFC 2045).
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN);
        let mut recipients = vec![];
        for contact in &mail.to {
            let recipient = mailbox(contact).ok_or("the recipient's mail address cannot be used")?;
            recipients.push(recipient.email.clone());
            message = message.to(recipient);
        }
        if let Some(contact) = &mail.reply_to {
            message = message.reply_to(mailbox(contact).ok_or("the shop's mail address cannot be used")?);
        }
        // Made here: read back from the header, an address that had to be quoted would not be one.
        let envelope = Envelope::new(Some(self.from.clone()), recipients).map_err(|_| "the mail has no recipient")?;
        let message = message.envelope(envelope);
        message.body(mail.body.expose().clone()).map_err(|_| "the mail has no recipient")
    }
}

fn mailbox(contact: &Contact) -> Option<Mailbox> {
    Some(Mailbox::new(name(&contact.name), address(&contact.mail)?))
}

/// A mail address. Some that Japanese mobile carriers gave out, such as `a..b.@example.ne.jp`, break the rules for what
/// stands before the `@` and are reached when it is quoted.
fn address(text: &str) -> Option<Address> {
    let text = text.trim();
    if text.contains(char::is_control) || text.contains(char::is_whitespace) {
        return None;
    }
    text.parse().ok().or_else(|| {
        let (local, domain) = text.rsplit_once('@')?;
        let plain = local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
        plain.then(|| Address::new(format!("\"{local}\""), domain).ok())?
    })
}

fn name(text: &str) -> Option<String> {
    let text = one_line(text);
    (!text.is_empty()).then_some(text)
}

/// Text as it may stand in a header: whatever could begin another line or hide something is gone.
fn one_line(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, from: &str) -> Config {
        Config { mail_url: Redacted::from(url), mail_from: from.to_owned(), ..Config::default() }
    }

    fn mail() -> Outgoing {
        Outgoing {
            id: "02396-x".to_owned(),
            date: "2026-03-31T15:00:30Z".parse().unwrap(),
            from_name: "テストの店".to_owned(),
            to: vec![Contact { name: "山田 花子".to_owned(), mail: "hanako@example.jp".to_owned() }],
            reply_to: Some(Contact { name: String::new(), mail: "shop@example.jp".to_owned() }),
            subject: Redacted::from("ご注文ありがとうございます"),
            body: Redacted::from("山田 花子様\nありがとうございます。\n"),
        }
    }

    fn written(change: impl FnOnce(&mut Outgoing)) -> Result<String, &'static str> {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}", folder.path().display());
        let mailer = Mailer::open(&config(&url, "mail@teiki.example")).unwrap().unwrap();
        let mut mail = mail();
        change(&mut mail);
        mailer.message(&mail).map(|message| String::from_utf8(message.formatted()).unwrap())
    }

    /// The names of the headers, which is what an injected line would add to.
    fn headers(text: &str) -> Vec<&str> {
        let head = text.split("\r\n\r\n").next().unwrap();
        head.split("\r\n").filter(|line| !line.starts_with(' ')).map(|line| line.split_once(':').unwrap().0).collect()
    }

    #[test]
    fn k1_a_mail_has_a_stable_id_the_clocks_date_and_headers_in_ascii() {
        let text = written(|_| {}).unwrap();
        assert!(text.contains("Message-ID: <02396-x@teiki.example>\r\n"), "{text}");
        assert!(text.contains("Date: Tue, 31 Mar 2026 15:00:30 "), "{text}");
        assert!(text.contains("Reply-To: shop@example.jp\r\n"), "{text}");
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(head.is_ascii() && head.contains("=?utf-8?b?"), "{head}");
        assert_eq!(written(|_| {}).unwrap(), text, "every try is the same mail");
    }

    #[test]
    fn k1_no_text_can_add_a_header_or_a_recipient() {
        let plain = written(|_| {}).unwrap();
        let evil = "x\r\nBcc: thief@example.com\r\n\r\nbody\u{0}\u{2028}";
        for text in [
            written(|mail| mail.subject = Redacted::from(evil)),
            written(|mail| mail.from_name = evil.to_owned()),
            written(|mail| mail.to[0].name = format!("\"{evil}\" <thief@example.com>, ")),
            written(|mail| mail.reply_to = Some(Contact { name: evil.to_owned(), mail: "shop@example.jp".to_owned() })),
        ] {
            assert_eq!(headers(&text.unwrap()), headers(&plain));
        }
        for evil in
            ["a@example.jp\r\nBcc: b@example.jp", "a@example.jp, b@example.jp", "a@b@example.jp>", "a b@c.jp", ""]
        {
            assert!(written(|mail| mail.to[0].mail = evil.to_owned()).is_err(), "{evil:?}");
        }
    }

    #[test]
    fn k1_addresses_of_old_mobile_phones_are_reached() {
        let text = written(|mail| mail.to[0].mail = "hana..ko.@example.ne.jp".to_owned()).unwrap();
        assert!(text.contains("<\"hana..ko.\"@example.ne.jp>"), "{text}");
    }

    #[test]
    fn a_configuration_that_cannot_send_is_refused_without_quoting_the_password() {
        assert!(Mailer::open(&config("", "")).unwrap().is_none());
        for (url, from, part) in [
            ("smtp://u:hunter2@mail.example.jp:587", "", "mail_from"),
            ("http://u:hunter2@mail.example.jp", "a@b.jp", "smtp://"),
            ("smtp://u:hunter2@mail.example.jp?tls=none", "a@b.jp", "mail_url"),
            ("smtp://u:hunter2@mail.example.jp?tls=maybe", "a@b.jp", "mail_url"),
            ("smtp://", "a@b.jp", "mail_url"),
        ] {
            let error = Mailer::open(&config(url, from)).err().unwrap().to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
        }
    }
}

//! What a mail says: subject and body, in plain text.

use super::MailError;
use crate::app::App;
use crate::shops::secret_context;
use serde::{Deserialize, Serialize};
use std::fmt;
use teiki_domain::ids::MailId;
use teiki_domain::mail::{About, Details};
use teiki_domain::sealed::Sealed;

/// Longest subject in characters.
pub const SUBJECT_MAX: usize = 200;
/// Longest body in characters.
pub const BODY_MAX: usize = 20_000;

/// Subject and body. Prints neither: they hold personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text, lines ended by LF.
    pub body: String,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter")
    }
}

/// A subject or a body that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// The subject.
    #[error("the subject must be one line of 1 to {SUBJECT_MAX} characters without control characters")]
    Subject,
    /// The body.
    #[error("the body must be 1 to {BODY_MAX} characters without control characters other than line ends and tabs")]
    Body,
}

impl LetterError {
    /// The field that is meant.
    pub fn field(&self) -> &'static str {
        match self {
            LetterError::Subject => "subject",
            LetterError::Body => "body",
        }
    }
}

impl Letter {
    /// A letter that somebody wrote: line ends of every kind become LF.
    pub fn written(subject: &str, body: &str) -> Result<Self, LetterError> {
        let body = body.replace("\r\n", "\n").replace('\r', "\n");
        let letter = Self { subject: subject.trim().to_owned(), body };
        letter.check()?;
        Ok(letter)
    }

    /// Whether it can be sent.
    pub fn check(&self) -> Result<(), LetterError> {
        let breaks_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if !(1..=SUBJECT_MAX).contains(&self.subject.chars().count()) || self.subject.contains(breaks_line) {
            return Err(LetterError::Subject);
        }
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let length = self.body.chars().count();
        if !(1..=BODY_MAX).contains(&length) || self.body.trim().is_empty() || self.body.contains(control) {
            return Err(LetterError::Body);
        }
        Ok(())
    }

    /// Sealed under the key of the member it is about, or under the shop's. Refused when the member was erased.
    pub(super) async fn seal(&self, app: &App, mail_id: &MailId, about: &About) -> Result<Sealed, MailError> {
        // Two texts in an object; this cannot fail.
        let text = serde_json::to_string(self).map_err(|_| LetterError::Body)?;
        Ok(match &about.member_id {
            Some(member) => {
                let sealed = app.keys.seal_for_member(member, &text).await?;
                sealed.ok_or_else(|| MailError::Erased(member.clone()))?
            }
            None => app.keys.seal_secret(&context(mail_id), &text)?,
        })
    }

    /// What the mail says; none where the member was erased.
    pub(super) async fn open(app: &App, mail: &Details) -> Result<Option<Self>, MailError> {
        let text = match &mail.about.member_id {
            Some(member) => app.keys.open_for_member(member, &mail.letter).await?,
            None => Some(app.keys.open_secret(&context(&mail.mail_id), &mail.letter)?),
        };
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

fn context(mail_id: &MailId) -> String {
    secret_context(mail_id.shop(), &format!("mail:{mail_id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o15_a_letter_is_one_line_and_plain_text() {
        let letter = Letter::written(" 件名 ", "一行目\r\n二行目\r三行目\n").unwrap();
        assert_eq!((letter.subject.as_str(), letter.body.as_str()), ("件名", "一行目\n二行目\n三行目\n"));
        for subject in ["", "  ", "a\r\nBcc: x@example.com", "a\u{0}", "a\u{2028}b", &"x".repeat(201)] {
            assert_eq!(Letter::written(subject, "本文"), Err(LetterError::Subject), "{subject:?}");
        }
        for body in ["", " \n", "a\u{0}", "a\u{1b}[2J", &"x".repeat(20_001)] {
            assert_eq!(Letter::written("件名", body), Err(LetterError::Body), "{body:?}");
        }
        assert!(!format!("{letter:?}").contains("件名"));
    }
}

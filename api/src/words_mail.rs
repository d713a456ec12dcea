//! Mails in words, in both languages of the pages: what they are for, and why one was not sent.

use crate::console::Language;
use crate::{words, words_engine};
use teiki_domain::mail::MailKind;

/// What a mail is for (K1-K5, O15).
pub(crate) fn mail_kind(language: Language, kind: MailKind) -> &'static str {
    let english = match kind {
        MailKind::Thanks => "thanks mail",
        MailKind::ThanksCopy => "copy of the thanks mail",
        MailKind::OrderConfirmation => "order confirmation",
        MailKind::DeliveryNotice => "delivery notice",
        MailKind::Free => "free mail",
        MailKind::CardClose => "card close to its end",
        MailKind::CardExpired => "card expired",
        MailKind::CardExpiryList => "list of expiring cards",
        MailKind::CardChanged => "card changed",
    };
    language.t(words::mail_kind(kind), english)
}

/// Why a mail was not sent, from the sentence that is on record.
pub(crate) fn mail_reason(language: Language, reason: &str) -> String {
    words_engine::stored(language, reason)
}

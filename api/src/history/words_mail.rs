//! Mails: every event in words.

use super::words::{instant, said};
use crate::console::Language;
use crate::words_mail::{mail_kind, mail_reason};
use teiki_domain::mail::{MailEvent as Event, Recipient};

pub(super) fn text(l: Language, event: &Event) -> String {
    match event {
        Event::MailRequested { kind, recipient, .. } => {
            let kind = mail_kind(l, *kind);
            let to = match recipient {
                Recipient::Member => l.t("購入者", "the buyer"),
                Recipient::Shop => l.t("ショップ", "the shop"),
            };
            said!(l, "メールを作成: {kind}({to}あて)", "Mail written: {kind}, to {to}")
        }
        Event::MailSent { attempt, message_id } => {
            let again = match attempt {
                0 | 1 => String::new(),
                _ => said!(l, "({attempt}回目)", " (attempt {attempt})"),
            };
            said!(l, "メールを送信{again}: Message-ID {message_id}", "Mail sent{again}: Message-ID {message_id}")
        }
        Event::MailDelayed { attempt, reason, again_at } => {
            let (reason, again) = (mail_reason(l, reason), instant(*again_at));
            said!(
                l,
                "メールを送信できず({attempt}回目): {reason}。次は {again}",
                "Mail not sent (attempt {attempt}): {reason}; again at {again}"
            )
        }
        Event::MailGivenUp { attempt, reason } => {
            let reason = mail_reason(l, reason);
            said!(l, "メールの送信を中止({attempt}回目): {reason}", "Mail given up (attempt {attempt}): {reason}")
        }
        Event::MailDropped {} => l
            .t(
                "メールを取りやめ: 会員の個人情報が削除されたため",
                "Mail dropped: the member's personal data was erased",
            )
            .to_owned(),
        Event::MailReleased {} => l.t("メールの再送信を指示", "Mail to be sent again").to_owned(),
    }
}

//! Mails: every event in words.

use super::words::instant;
use crate::words::{mail_kind, mail_reason};
use teiki_domain::mail::{MailEvent as Event, Recipient};

pub(super) fn text(event: &Event) -> String {
    match event {
        Event::MailRequested { kind, recipient, .. } => {
            let to = match recipient {
                Recipient::Member => "購入者",
                Recipient::Shop => "ショップ",
            };
            format!("メールを作成: {}({to}あて)", mail_kind(*kind))
        }
        Event::MailSent { attempt, message_id } => {
            let again = if *attempt > 1 { format!("({attempt}回目)") } else { String::new() };
            format!("メールを送信{again}: Message-ID {message_id}")
        }
        Event::MailDelayed { attempt, reason, again_at } => {
            format!("メールを送信できず({attempt}回目): {}。次は {}", mail_reason(reason), instant(*again_at))
        }
        Event::MailGivenUp { attempt, reason } => format!("メールの送信を中止({attempt}回目): {}", mail_reason(reason)),
        Event::MailDropped {} => "メールを取りやめ: 会員の個人情報が削除されたため".to_owned(),
        Event::MailReleased {} => "メールの再送信を指示".to_owned(),
    }
}

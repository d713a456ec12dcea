//! 091: fetch the notices of changes one by one, for those that did not arrive by themselves.

use super::read_success;
use crate::paygent::fields::Fields;
use crate::paygent::outcome::Outcome;
use crate::paygent::reply::ReplyError;
use crate::paygent::telegram::{Kind, Telegram};
use crate::paygent::{Notice, Paygent};

/// What a difference inquiry brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// There is nothing to fetch.
    Nothing,
    /// The next notice.
    Notice(Box<Notice>),
    /// The next notice, but earlier ones were purged unread after 7 days: the payments of that time must be
    /// inquired one by one.
    NoticeAfterGap(Box<Notice>),
}

impl Paygent {
    /// Fetches the next unread notice, or the one with `notice_id` again (091). Only one call at a time for a
    /// merchant: a second answers 9004, which is [`Outcome::Busy`].
    pub async fn difference(&self, notice_id: Option<u64>) -> Outcome<Difference> {
        let id = notice_id.map(|id| id.to_string());
        let telegram = Telegram::new(Kind::Difference).optional("payment_notice_id", id.as_deref());
        read_success(self.call(telegram).await, read)
    }
}

fn read(fields: &Fields) -> Result<Difference, ReplyError> {
    match fields.get("success_code") {
        Some("0") => Notice::read(fields).map(|notice| Difference::Notice(Box::new(notice))),
        Some("1") => Ok(Difference::Nothing),
        Some("2") => Notice::read(fields).map(|notice| Difference::NoticeAfterGap(Box::new(notice))),
        Some(_) => Err(ReplyError::BadValue("success_code")),
        None => Err(ReplyError::Missing("success_code")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paygent::reply::read_lines;

    #[test]
    fn data_nothing_and_a_gap_are_told_apart() {
        let notice =
            "payment_notice_id=7\r\npayment_id=123\r\npayment_type=02\r\npayment_status=60\r\npayment_amount=1\r\n";
        let difference =
            |code: &str| read(&read_lines(format!("result=0\r\nsuccess_code={code}\r\n{notice}").as_bytes()).unwrap());
        assert!(matches!(difference("0"), Ok(Difference::Notice(n)) if n.notice_id == 7));
        assert!(matches!(difference("1"), Ok(Difference::Nothing)));
        assert!(matches!(difference("2"), Ok(Difference::NoticeAfterGap(n)) if n.notice_id == 7));
        assert_eq!(difference("3"), Err(ReplyError::BadValue("success_code")));
        assert_eq!(difference(""), Err(ReplyError::Missing("success_code")));
    }
}

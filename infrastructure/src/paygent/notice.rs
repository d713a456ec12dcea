//! Difference notices: what Paygent tells the shop of a payment that changed, also by hand in Paygent's console.

use super::encoding::read_form;
use super::fields::Fields;
use super::reply::ReplyError;
use super::{CardDetails, PaymentStatus, check_value, jst};
use crate::redacted::Redacted;
use chrono::{DateTime, Utc};
use teiki_domain::ids::{CardId, PaymentId, TransactionId};
use teiki_domain::money::Yen;

/// A change of a payment (O9).
///
/// The check value of a posted notice covers its ids, type and amount, **not its status or times**, and a sender
/// who has seen one could post it again. So it is a hint which payment to inquire, and never a fact to book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Counts up by one per merchant; a number that is left out is a missed notice (091).
    pub notice_id: u64,
    /// When the change happened.
    pub changed_at: Option<DateTime<Utc>>,
    /// The payment.
    pub payment_id: PaymentId,
    /// `trading_id` as sent; none for payments made without.
    pub trading_id: Option<String>,
    /// Kind of payment, `02` for cards.
    pub payment_type: String,
    /// The new status.
    pub status: PaymentStatus,
    /// The payment's amount.
    pub amount: Yen,
    /// When the payment was applied for.
    pub initiated_at: Option<DateTime<Utc>>,
    /// When it was cancelled.
    pub cancel_date: Option<DateTime<Utc>>,
    /// When it was captured.
    pub payment_date: Option<DateTime<Utc>>,
    /// The card.
    pub card: CardDetails,
    /// Owner of the stored card that was used.
    pub customer_id: Option<String>,
    /// The stored card that was used.
    pub card_id: Option<CardId>,
}

/// A notice that must not be believed; it is answered with anything but `result=0`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// No key to check with is configured.
    #[error("a notice came although no notice key is configured; enter the key that was agreed with Paygent")]
    NoKey,
    /// Not a form, or a contradictory one.
    #[error("the notice is not a readable form; check who sends to this address")]
    Form,
    /// No check value, or one that does not fit.
    #[error("the notice's check value is missing or wrong; compare the notice key with the one at Paygent")]
    CheckValue,
    /// The check value fits, but a needed field is missing or unreadable.
    #[error("the notice is incomplete: {0}; inquire the payment at Paygent")]
    Content(ReplyError),
}

impl Notice {
    /// The answer that tells Paygent the notice was taken; anything else has it sent again.
    pub const ACCEPTED: &'static str = "result=0";

    /// Reads a posted notice and checks it against the shop's notice key.
    pub fn receive(form: &[u8], notice_key: &Redacted<String>) -> Result<Self, NoticeError> {
        if notice_key.expose().is_empty() {
            // With an empty key anybody could compute the check value.
            return Err(NoticeError::NoKey);
        }
        let fields = read_form(form).ok_or(NoticeError::Form)?;
        let part = |key| fields.get(key).unwrap_or_default();
        let expected = check_value::of(&[
            part("payment_notice_id"),
            part("payment_id"),
            part("trading_id"),
            part("payment_type"),
            part("payment_amount"),
            notice_key.expose(),
        ]);
        if !check_value::equal(&expected, part("hc")) {
            return Err(NoticeError::CheckValue);
        }
        Self::read(&fields).map_err(NoticeError::Content)
    }

    /// The transaction ID, if the payment has one of ours.
    pub fn transaction_id(&self) -> Option<TransactionId> {
        self.trading_id.as_deref().and_then(|id| id.parse().ok())
    }

    /// The fields of a posted notice or of a difference inquiry.
    pub(super) fn read(fields: &Fields) -> Result<Self, ReplyError> {
        let date = |key| fields.get(key).and_then(jst::parse);
        // What is kept as text; Paygent sends no control characters, and not every store can keep them.
        let plain = |key: &'static str| match fields.get(key) {
            Some(text) if text.contains(char::is_control) => Err(ReplyError::BadValue(key)),
            text => Ok(text),
        };
        Ok(Self {
            notice_id: fields.required("payment_notice_id")?,
            changed_at: date("change_date"),
            payment_id: fields.required("payment_id")?,
            trading_id: plain("trading_id")?.map(str::to_owned),
            payment_type: fields.text("payment_type").ok_or(ReplyError::Missing("payment_type"))?,
            status: plain("payment_status")?.ok_or(ReplyError::Missing("payment_status"))?.into(),
            amount: fields.required_yen("payment_amount")?,
            initiated_at: date("payment_init_date"),
            cancel_date: date("cancel_date"),
            payment_date: date("payment_date"),
            card: CardDetails::from_fields(fields),
            customer_id: fields.text("customer_id"),
            card_id: fields.lenient("customer_card_id"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The published check value: the string 12345 123456789 TRADE12345 02 1000 abcdefg1234567.
    const FORM: &str = "payment_notice_id=12345&change_date=20260101000000&payment_id=123456789&trading_id=TRADE12345\
        &payment_type=02&payment_status=40&payment_amount=1000&cancel_date=\
        &hc=6485eb02c7db9afccfe1076b740ffa87fc84f912aab24961153891e848b8cb8c";

    fn key() -> Redacted<String> {
        Redacted::from("abcdefg1234567")
    }

    #[test]
    fn o9_the_published_check_value_is_accepted() {
        let notice = Notice::receive(FORM.as_bytes(), &key()).unwrap();
        assert_eq!(notice.notice_id, 12345);
        assert_eq!(notice.status, PaymentStatus::Captured);
        assert_eq!(notice.changed_at, "2025-12-31T15:00:00Z".parse().ok());
        assert_eq!((notice.trading_id.as_deref(), notice.transaction_id()), (Some("TRADE12345"), None));
    }

    #[test]
    fn o9_a_notice_that_was_touched_or_not_signed_is_refused() {
        for (from, to) in [
            ("payment_amount=1000", "payment_amount=1001"),
            ("payment_id=123456789", "payment_id=123456780"),
            ("trading_id=TRADE12345", "trading_id=TRADE12346"),
            ("hc=6485", "hc=6486"),
            ("hc=6485eb", "hc=6485EB"),
            ("&hc=", "&nothing="),
        ] {
            let form = FORM.replace(from, to);
            assert_ne!(form, FORM);
            assert_eq!(Notice::receive(form.as_bytes(), &key()), Err(NoticeError::CheckValue), "{to}");
        }
        assert_eq!(Notice::receive(FORM.as_bytes(), &Redacted::from("other")), Err(NoticeError::CheckValue));
        assert_eq!(Notice::receive(b"", &key()), Err(NoticeError::CheckValue));
        assert_eq!(Notice::receive(b"hc=%", &key()), Err(NoticeError::Form));
        assert_eq!(Notice::receive(FORM.as_bytes(), &Redacted::from("")), Err(NoticeError::NoKey));
    }

    #[test]
    fn o9_a_true_notice_without_its_status_is_incomplete() {
        let form = FORM.replace("payment_status=40", "payment_status=");
        assert_eq!(
            Notice::receive(form.as_bytes(), &key()),
            Err(NoticeError::Content(ReplyError::Missing("payment_status")))
        );
    }
}

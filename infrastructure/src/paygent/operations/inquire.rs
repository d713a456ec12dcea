//! 094: ask where a payment stands. The only way to the truth after an unknown outcome.

use super::read_success;
use crate::paygent::fields::Fields;
use crate::paygent::outcome::{Declined, Outcome, UnknownReason};
use crate::paygent::reply::ReplyError;
use crate::paygent::telegram::{Kind, PaymentRef, Telegram};
use crate::paygent::{CardDetails, Paygent, PaymentStatus, jst};
use chrono::{DateTime, Utc};
use teiki_domain::ids::{CardId, PaymentId, TransactionId};
use teiki_domain::money::Yen;

/// What Paygent answers to an inquiry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Inquiry {
    /// The payment is there, in whatever state: a refused one is found too.
    Found(Box<PaymentFacts>),
    /// There is none (13001). It proves that nothing was booked only when no call can be under way any more.
    NoSuchPayment,
    /// Several have this transaction ID (13002): it was sent twice, and only an operator can sort it out.
    Several,
    /// The inquiry itself was refused.
    Declined(Declined),
    /// No answer, for whatever reason; ask again later.
    Unknown(UnknownReason),
}

/// A payment as Paygent keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFacts {
    /// Paygent's id.
    pub payment_id: PaymentId,
    /// `trading_id` as sent: our transaction ID, or whatever else the payment was made with.
    pub trading_id: Option<String>,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Its amount.
    pub amount: Yen,
    /// When it was applied for.
    pub initiated_at: Option<DateTime<Utc>>,
    /// When it was authorised (`authorized_date`).
    pub authorized_date: Option<DateTime<Utc>>,
    /// When it was cancelled (`cancel_date`).
    pub cancel_date: Option<DateTime<Utc>>,
    /// When it was captured (`payment_date`).
    pub payment_date: Option<DateTime<Utc>>,
    /// Number of payments code, `10` for one single payment.
    pub payment_class: Option<String>,
    /// Acquirer's code.
    pub acquirer_id: Option<String>,
    /// Acquirer's name.
    pub acquirer_name: Option<String>,
    /// `joho_code` as sent.
    pub joho_code: Option<String>,
    /// The card.
    pub card: CardDetails,
    /// Owner of the stored card that was used.
    pub customer_id: Option<String>,
    /// The stored card that was used.
    pub card_id: Option<CardId>,
}

impl PaymentFacts {
    /// The transaction ID, if the payment has one of ours.
    pub fn transaction_id(&self) -> Option<TransactionId> {
        self.trading_id.as_deref().and_then(|id| id.parse().ok())
    }

    fn read(fields: &Fields) -> Result<Self, ReplyError> {
        let date = |key| fields.get(key).and_then(jst::parse);
        Ok(Self {
            payment_id: fields.required("payment_id")?,
            trading_id: fields.text("trading_id"),
            status: fields.get("payment_status").ok_or(ReplyError::Missing("payment_status"))?.into(),
            amount: fields.required_yen("payment_amount")?,
            initiated_at: date("payment_init_date"),
            authorized_date: date("authorized_date"),
            cancel_date: date("cancel_date"),
            payment_date: date("payment_date"),
            payment_class: fields.text("payment_class"),
            acquirer_id: fields.text("acq_id"),
            acquirer_name: fields.text("acq_name"),
            joho_code: fields.text("joho_code"),
            card: CardDetails::from_fields(fields),
            customer_id: fields.text("customer_id"),
            card_id: fields.lenient("customer_card_id"),
        })
    }

    /// Whether these are the facts that were asked for.
    fn answer(&self, asked: &PaymentRef) -> bool {
        match asked {
            PaymentRef::Payment(id) => *id == self.payment_id,
            // Found by this id, so an answer may leave it out, but not name another one.
            PaymentRef::Transaction(id) => self.trading_id.as_deref().is_none_or(|answered| answered == id.as_str()),
        }
    }
}

impl Paygent {
    /// Asks where a payment stands (094).
    pub async fn inquire(&self, payment: &PaymentRef) -> Inquiry {
        let telegram = Telegram::new(Kind::Inquire).payment(payment).field("payment_type", "02");
        sort(payment, self.call(telegram).await)
    }
}

fn sort(payment: &PaymentRef, outcome: Outcome<Fields>) -> Inquiry {
    let facts = read_success(outcome, |fields| {
        let facts = PaymentFacts::read(fields)?;
        if facts.answer(payment) { Ok(facts) } else { Err(ReplyError::OtherSubject("payment")) }
    });
    match facts {
        Outcome::Approved(facts) => Inquiry::Found(Box::new(facts)),
        Outcome::Declined(declined) if declined.code == "13001" => Inquiry::NoSuchPayment,
        Outcome::Declined(declined) if declined.code == "13002" => Inquiry::Several,
        Outcome::Declined(declined) => Inquiry::Declined(declined),
        Outcome::Busy(declined) => Inquiry::Unknown(UnknownReason::Busy(declined)),
        Outcome::NotSent(reason) => Inquiry::Unknown(UnknownReason::NotSent(reason)),
        Outcome::Unknown(reason) => Inquiry::Unknown(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paygent::reply;

    fn asked() -> PaymentRef {
        PaymentRef::Transaction("02396000000000831705".parse().unwrap())
    }

    fn inquiry(body: &str) -> Inquiry {
        sort(&asked(), reply::read(body.replace('\n', "\r\n").as_bytes()))
    }

    const FOUND: &str = "result=0\npayment_id=123\ntrading_id=02396000000000831705\npayment_status=20\n\
        payment_amount=1200\npayment_init_date=20260101000000\nauthorized_date=20260101000001\ncancel_date=\n\
        masked_card_number=************1234\ncard_valid_term=0328\ncustomer_id=02396_M1\ncustomer_card_id=71\n";

    #[test]
    fn a_found_payment_is_read_with_its_times_in_utc() {
        let Inquiry::Found(facts) = inquiry(FOUND) else { panic!("not found") };
        assert_eq!(facts.status, PaymentStatus::Authorised);
        assert_eq!(facts.amount, Yen::new(1200).unwrap());
        assert_eq!(facts.authorized_date, "2025-12-31T15:00:01Z".parse().ok());
        assert_eq!(facts.cancel_date, None);
        assert_eq!(facts.transaction_id().unwrap().as_str(), "02396000000000831705");
        assert_eq!(facts.card_id.as_ref().unwrap().as_str(), "71");
        let printed = format!("{facts:?}");
        assert!(!printed.contains("1234") && !printed.contains("2028"), "{printed}");
        assert!(matches!(
            inquiry(&FOUND.replace("payment_status=20", "payment_status=77")),
            Inquiry::Found(facts) if facts.status == PaymentStatus::Other("77".to_owned())
        ));
    }

    #[test]
    fn codes_are_sorted_into_none_several_refused_and_unknown() {
        let refused = |code: &str| inquiry(&format!("result=1\nresponse_code={code}\nresponse_detail=why\n"));
        assert_eq!(refused("13001"), Inquiry::NoSuchPayment);
        assert_eq!(refused("13002"), Inquiry::Several);
        assert!(matches!(refused("P002"), Inquiry::Declined(d) if d.code == "P002" && d.detail == "why"));
        assert!(matches!(refused("E002"), Inquiry::Unknown(UnknownReason::Busy(_))));
        assert!(matches!(refused("E001"), Inquiry::Unknown(UnknownReason::Internal(_))));
    }

    #[test]
    fn an_answer_without_the_facts_or_about_another_payment_is_unknown() {
        for (from, to) in [
            ("payment_id=123", "payment_id="),
            ("payment_id=123", "payment_id=x"),
            ("payment_status=20", "payment_status="),
            ("payment_amount=1200", "payment_amount="),
            ("payment_amount=1200", "payment_amount=-1200"),
            ("payment_amount=1200", "payment_amount=1200.0"),
            ("trading_id=02396000000000831705", "trading_id=02396000000000831706"),
        ] {
            let answer = inquiry(&FOUND.replace(from, to));
            assert!(matches!(answer, Inquiry::Unknown(UnknownReason::Reply(_))), "{to}: {answer:?}");
        }
    }
}

//! What Paygent says of a payment when it is asked, put on record, and held against what is on record.

use super::{PaymentError, Payments};
use crate::command_gateway::{Because, CommandError};
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::BTreeSet;
use teiki_domain::business_day::tokyo_date;
use teiki_domain::ids::{PaymentId, ShopId, TransactionId};
use teiki_domain::order::{Attempt, Booked, Details, FoundBy, Order, OrderCommand, OrderEvent, PaymentFact, Stands};
use teiki_domain::shop_settings::VALIDITY_MAX;
use teiki_infrastructure::notice_inbox;
use teiki_infrastructure::paygent::{Inquiry, Paygent, PaymentFacts, PaymentRef, PaymentStatus};

/// A difference between our log and Paygent's books.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// The order.
    pub order_id: String,
    /// The transaction ID.
    pub transaction_id: String,
    /// Paygent's id of the payment, where there is one.
    pub payment_id: Option<String>,
    /// What our log says.
    pub ours: String,
    /// What Paygent says.
    pub theirs: String,
    /// Whether what Paygent says is on record now.
    pub recorded: bool,
}

/// What comparing one order came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Payments and attempts Paygent was asked about.
    pub asked: u64,
    /// Attempts and payments that have an open request; recovery asks about those.
    pub open: u64,
    /// Questions Paygent did not answer.
    pub unanswered: Vec<(String, String)>,
    /// What does not agree.
    pub differences: Vec<Difference>,
}

/// Why asking about one payment told nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untold {
    /// Paygent did not answer, or the payment passes between two states: ask again.
    AskAgain(String),
    /// Asking again leads nowhere; people must look.
    ForPeople(String),
}

impl Payments {
    /// Last day on which a payment made at `at` (now, if not known) can be captured or, captured, refunded.
    pub(super) async fn until(
        &self,
        shop: ShopId,
        captured: bool,
        at: Option<DateTime<Utc>>,
    ) -> Result<Option<NaiveDate>, PaymentError> {
        if captured {
            return Ok(self.refundable_until(at));
        }
        let day = tokyo_date(at.unwrap_or_else(|| self.gateway.clock().now()));
        Ok(self.shops.get(shop).await?.settings.capture_until(day))
    }

    /// Last day on which a sale made at `at` (now, if not known) can be cancelled at Paygent.
    pub(super) fn refundable_until(&self, at: Option<DateTime<Utc>>) -> Option<NaiveDate> {
        let day = tokyo_date(at.unwrap_or_else(|| self.gateway.clock().now()));
        day.checked_add_days(Days::new(u64::from(VALIDITY_MAX)))
    }

    /// A payment as Paygent describes it, in the domain's words; `None` while it passes between two states.
    pub(super) async fn fact(
        &self,
        shop: ShopId,
        transaction_id: &TransactionId,
        facts: &PaymentFacts,
        found_by: FoundBy,
    ) -> Result<Option<PaymentFact>, PaymentError> {
        let Some(stands) = stands(&facts.status) else { return Ok(None) };
        let until = match stands {
            Stands::Authorized => self.until(shop, false, facts.authorized_date).await?,
            Stands::Captured => self.until(shop, true, facts.payment_date).await?,
            _ => None,
        };
        Ok(Some(PaymentFact {
            transaction_id: transaction_id.clone(),
            payment_id: facts.payment_id.clone(),
            stands,
            amount: facts.amount,
            // An inquiry does not repeat the response code of the call, so the payment status stands in its place.
            refusal: (format!("status {}", facts.status.code()), facts.joho_code.clone().unwrap_or_default()),
            until,
            found_by,
        }))
    }

    /// Asks Paygent about one payment and puts what it says on record (O9, W8, W14). Says what was news.
    pub async fn look_up(
        &self,
        order: &str,
        transaction_id: &TransactionId,
        payment_id: &PaymentId,
        found_by: FoundBy,
        because: &Because,
    ) -> Result<Result<Vec<OrderEvent>, Untold>, PaymentError> {
        let loaded = self.gateway.load::<Order>(order).await?;
        let Some(details) = loaded.aggregate.details() else {
            return Ok(Err(Untold::ForPeople("there is no such order".to_owned())));
        };
        let (shop, customer) = (details.order_id.shop(), details.member_id.customer_id());
        let paygent = self.shops.paygent(shop).await?;
        let asking = self.inquiries.acquire().await;
        let answer = paygent.inquire(&PaymentRef::Payment(payment_id.clone())).await;
        drop(asking);
        let facts = match answer {
            Inquiry::Found(facts) => facts,
            none @ Inquiry::NoSuchPayment => return Ok(Err(Untold::ForPeople(unanswered(&none)))),
            other => return Ok(Err(Untold::AskAgain(unanswered(&other)))),
        };
        if facts.customer_id.as_ref().is_some_and(|found| *found != customer) {
            return Ok(Err(Untold::ForPeople("the payment belongs to another member".to_owned())));
        }
        let Some(fact) = self.fact(shop, transaction_id, &facts, found_by).await? else {
            let why = format!("Paygent names the passing payment status {}", facts.status.code());
            return Ok(Err(Untold::AskAgain(why)));
        };
        let done = self.gateway.execute_on::<Order>(order, loaded, because, OrderCommand::RecordFact(fact)).await?;
        let events = done.events.clone();
        // A success may leave a replaced authorisation to be cancelled.
        self.carry_out(done, because).await?;
        Ok(Ok(events))
    }

    /// Holds one order against Paygent's books; with `record`, what Paygent says goes on record.
    pub async fn compare(&self, order: &str, record: bool, because: &Because) -> Result<Compared, PaymentError> {
        let mut compared = Compared::default();
        let loaded = self.gateway.load::<Order>(order).await?;
        let Some(details) = loaded.aggregate.details().cloned() else { return Ok(compared) };
        let paygent = self.shops.paygent(details.order_id.shop()).await?;
        for attempt in &details.attempts {
            if details.open_attempt().is_some_and(|open| open.number == attempt.number) {
                compared.open += 1;
                continue;
            }
            let mut questions = vec![];
            let known = self.named(&details, attempt).await?;
            if known.len() < 2 {
                // By transaction ID, so that a second payment under it is seen.
                let booked = known.first().and_then(|id| details.booked(id));
                questions.push((PaymentRef::Transaction(attempt.transaction_id.clone()), booked));
            } else {
                // Where an amount was lowered base and successor share the transaction ID, and an inquiry by it only
                // says that there are several.
                for id in known {
                    let booked = details.booked(&id);
                    questions.push((PaymentRef::Payment(id), booked));
                }
            }
            for (question, booked) in questions {
                let answer = self.ask(&paygent, &question, &mut compared).await;
                self.judge(order, &details, attempt, booked, answer, record, because, &mut compared).await?;
            }
        }
        Ok(compared)
    }

    async fn ask(&self, paygent: &Paygent, question: &PaymentRef, compared: &mut Compared) -> Inquiry {
        compared.asked += 1;
        let _asking = self.inquiries.acquire().await;
        paygent.inquire(question).await
    }

    /// The payments that are known under an attempt's transaction ID: ours, and those that notices named.
    async fn named(&self, details: &Details, attempt: &Attempt) -> Result<BTreeSet<PaymentId>, PaymentError> {
        let noticed = notice_inbox::payments_under(self.shops.storage(), attempt.transaction_id.as_str()).await?;
        let noticed = noticed.iter().filter_map(|id| id.parse().ok());
        let booked = details.payments.iter().filter(|booked| booked.attempt == attempt.number);
        Ok(noticed.chain(booked.map(|booked| booked.payment_id.clone())).collect())
    }

    #[allow(clippy::too_many_arguments)]
    async fn judge(
        &self,
        order: &str,
        details: &Details,
        attempt: &Attempt,
        booked: Option<&Booked>,
        answer: Inquiry,
        record: bool,
        because: &Because,
        compared: &mut Compared,
    ) -> Result<(), PaymentError> {
        let transaction_id = &attempt.transaction_id;
        let mut difference = Difference {
            order_id: order.to_owned(),
            transaction_id: transaction_id.to_string(),
            payment_id: booked.map(|booked| booked.payment_id.to_string()),
            ours: ours(attempt, booked),
            theirs: String::new(),
            recorded: false,
        };
        let facts = match answer {
            Inquiry::Found(facts) => facts,
            // That Paygent keeps nothing of what it refused is as it should be.
            Inquiry::NoSuchPayment if booked.is_none() => return Ok(()),
            Inquiry::NoSuchPayment => {
                "no such payment".clone_into(&mut difference.theirs);
                compared.differences.push(difference);
                return Ok(());
            }
            Inquiry::Several => {
                "several payments under this transaction ID".clone_into(&mut difference.theirs);
                compared.differences.push(difference);
                return Ok(());
            }
            other => {
                compared.unanswered.push((order.to_owned(), unanswered(&other)));
                return Ok(());
            }
        };
        if facts.customer_id.as_ref().is_some_and(|found| *found != details.member_id.customer_id()) {
            // A store restored from an older backup gives out transaction IDs that were used before.
            difference.payment_id = Some(facts.payment_id.to_string());
            "a payment of another member".clone_into(&mut difference.theirs);
            compared.differences.push(difference);
            return Ok(());
        }
        let Some(fact) = self.fact(details.order_id.shop(), transaction_id, &facts, FoundBy::Inquiry).await? else {
            compared.unanswered.push((order.to_owned(), format!("passing payment status {}", facts.status.code())));
            return Ok(());
        };
        let agrees = match booked {
            Some(booked) => {
                booked.payment_id == fact.payment_id
                    && booked.amount == fact.amount
                    && (booked.stands == fact.stands || gone(booked.stands) && gone(fact.stands))
            }
            None => !fact.stands.holds_money(),
        };
        if agrees {
            return Ok(());
        }
        difference.payment_id = Some(fact.payment_id.to_string());
        difference.theirs = format!("{} {}", fact.stands.code(), fact.amount);
        if record {
            let command = OrderCommand::RecordFact(fact);
            match self.gateway.execute::<Order>(order, because, command).await {
                Ok(done) => {
                    difference.recorded = !done.events.is_empty();
                    self.carry_out(done, because).await?;
                }
                Err(CommandError::Refused(refusal)) => difference.theirs = format!("{} ({refusal})", difference.theirs),
                Err(error) => return Err(error.into()),
            }
        }
        compared.differences.push(difference);
        Ok(())
    }
}

/// Neither holds money any more; which of the ways it ended is the card company's business.
fn gone(stands: Stands) -> bool {
    matches!(stands, Stands::Voided | Stands::Expired)
}

fn ours(attempt: &Attempt, booked: Option<&Booked>) -> String {
    match (booked, &attempt.failure) {
        (Some(booked), _) => format!("{} {}", booked.stands.code(), booked.amount),
        (None, Some((code, _))) => format!("failed {code}"),
        (None, None) if attempt.payment_id.is_some() => "no such payment".to_owned(),
        (None, None) => "given up".to_owned(),
    }
}

pub(super) fn stands(status: &PaymentStatus) -> Option<Stands> {
    Some(match status {
        PaymentStatus::Applied | PaymentStatus::Refused => Stands::Refused,
        PaymentStatus::Authorised => Stands::Authorized,
        PaymentStatus::Captured | PaymentStatus::CapturedFinal => Stands::Captured,
        PaymentStatus::AuthorisationCancelled => Stands::Voided,
        PaymentStatus::AuthorisationExpired => Stands::Expired,
        PaymentStatus::SaleCancelled => Stands::Refunded,
        PaymentStatus::Other(_) => return None,
    })
}

/// Why an inquiry told nothing.
pub(super) fn unanswered(inquiry: &Inquiry) -> String {
    match inquiry {
        Inquiry::Found(_) => String::new(),
        Inquiry::NoSuchPayment => "Paygent holds no such payment".to_owned(),
        Inquiry::Several => "Paygent holds several payments under this transaction ID".to_owned(),
        Inquiry::Declined(declined) => declined.to_string(),
        Inquiry::Unknown(why) => why.to_string(),
    }
}

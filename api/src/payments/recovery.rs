//! Requests without a known outcome: after a crash, a lost reply, a busy gateway. Paygent is asked until it says
//! something definite, and nothing that books is sent again before it said "none" twice, long enough after the call
//! (W1-W3, W11). Cancels are asked for again until they are done (W12).

use super::facts::unanswered;
use super::{FirstSeen, PaymentError, Payments};
use crate::command_gateway::{Because, CommandError};
use std::time::Duration;
use teiki_domain::ids::PaymentId;
use teiki_domain::order::{Attempt, Call, Details, FoundBy, Operation, Order, OrderCommand, OrderRefusal};
use teiki_infrastructure::event_store::Loaded;
use teiki_infrastructure::paygent::{Inquiry, Paygent, PaymentFacts, PaymentRef};

/// How often a cancel is asked for before it is left to people.
const CANCELS_MAX: u32 = 8;

/// How many times the in-flight limit the notice of a payment that took another's place is waited for.
const SUCCESSOR_WAIT: u32 = 20;

/// What asking about one order came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The outcome is on record now.
    Resolved,
    /// Nothing was open.
    NothingOpen,
    /// Not known yet; ask again later.
    StillOpen(String),
    /// People must look: Paygent's record and ours do not fit together.
    Contradiction(String),
    /// People must look: Paygent refused again and again to cancel a replaced authorisation (W12).
    NotReleased(String),
}

/// What a round of asking came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Outcomes that became known.
    pub resolved: u64,
    /// Outcomes that are still not known.
    pub still_open: u64,
    /// Orders people must look at, with the reason.
    pub contradictions: Vec<(String, String)>,
}

/// What is to be asked about on an order.
enum Open {
    /// An authorisation that was intended, or given up and not heard of since.
    Authorisation(Attempt),
    /// Another request.
    Call { call: Call, payment_id: PaymentId, asked: u32 },
    /// A replaced authorisation whose cancel Paygent refused.
    Release { payment_id: PaymentId, failed: u32 },
}

fn open_on(details: &Details) -> Option<Open> {
    match &details.operation {
        Some(Operation::Authorize { attempt, .. }) => {
            return details.attempt(*attempt).cloned().map(Open::Authorisation);
        }
        Some(Operation::Call { call, payment_id, asked, .. }) => {
            return Some(Open::Call { call: *call, payment_id: payment_id.clone(), asked: *asked });
        }
        None => {}
    }
    let given_up = details.attempts.iter().find(|attempt| attempt.given_up && !attempt.is_decided());
    given_up.cloned().map(Open::Authorisation).or_else(|| {
        let booked = details.to_release()?;
        Some(Open::Release { payment_id: booked.payment_id.clone(), failed: booked.release_failed })
    })
}

impl Payments {
    /// How long an order still has to wait until it can be asked about; `None` when nothing is open on it. Time
    /// counts from the first look, so looking at all of them first lets them wait together.
    pub async fn look(
        &self,
        order: &str,
        seen: &tokio::sync::Mutex<FirstSeen>,
    ) -> Result<Option<Duration>, PaymentError> {
        let loaded = self.gateway.load::<Order>(order).await?;
        let Some(open) = loaded.aggregate.details().and_then(open_on) else {
            seen.lock().await.forget(order);
            return Ok(None);
        };
        let age = seen.lock().await.age(order, loaded.sequence);
        Ok(Some(self.wait_for(&open).saturating_sub(age)))
    }

    /// No sooner than a call can be under way; cancels that keep failing, at growing gaps (W12).
    fn wait_for(&self, open: &Open) -> Duration {
        let gap = match open {
            Open::Authorisation(_) => 0,
            Open::Call { asked, .. } => asked.saturating_sub(1),
            // Past the last try by itself, somebody let it go on.
            Open::Release { failed, .. } if *failed >= CANCELS_MAX => 0,
            Open::Release { failed, .. } => failed + 1,
        };
        self.in_flight_limit() * 2_u32.pow(gap.min(CANCELS_MAX))
    }

    /// Asks Paygent about what is open on one order and records what it says, unless the call may still be under way.
    pub async fn resolve(
        &self,
        order: &str,
        seen: &tokio::sync::Mutex<FirstSeen>,
        because: &Because,
    ) -> Result<Resolution, PaymentError> {
        let loaded = self.gateway.load::<Order>(order).await?;
        let Some(details) = loaded.aggregate.details() else { return Ok(Resolution::NothingOpen) };
        let Some(open) = open_on(details) else {
            seen.lock().await.forget(order);
            return Ok(Resolution::NothingOpen);
        };
        let Some(_under_way) = self.start_on(&details.order_id) else {
            return Ok(Resolution::StillOpen("a call for it is under way".to_owned()));
        };
        let waited = seen.lock().await.age(order, loaded.sequence);
        if waited < self.wait_for(&open) {
            return Ok(Resolution::StillOpen("the call for it may still be under way".to_owned()));
        }
        let paygent = match self.shops.paygent(details.order_id.shop()).await {
            Ok(paygent) => paygent,
            Err(error) => {
                // Nobody can say what became of it, so it is shown so, and can be given up.
                if let (false, Open::Authorisation(attempt)) = (error.is_unavailable(), open) {
                    let command = OrderCommand::RecordUnknown { attempt: attempt.number, why: error.to_string() };
                    self.gateway.execute_on::<Order>(order, loaded, because, command).await?;
                }
                return Err(error.into());
            }
        };
        let resolution = match open {
            Open::Authorisation(attempt) => self.resolve_attempt(order, loaded, &paygent, &attempt, because).await,
            Open::Call { call, payment_id, asked } => {
                self.resolve_call(order, loaded, &paygent, call, &payment_id, asked, waited, because).await
            }
            Open::Release { payment_id, .. } => {
                let command = OrderCommand::ReleaseSurplus { payment_id: payment_id.clone() };
                match self.again(order, loaded, command, because).await {
                    Ok(Resolution::Resolved) => self.released(order, &payment_id).await,
                    resolution => resolution,
                }
            }
        };
        match resolution {
            Ok(Resolution::Resolved) => {
                seen.lock().await.forget(order);
                Ok(Resolution::Resolved)
            }
            Err(PaymentError::Order(CommandError::Refused(
                refusal @ (OrderRefusal::AmountDiffers { .. } | OrderRefusal::Contradiction { .. }),
            ))) => Ok(Resolution::Contradiction(refusal.to_string())),
            resolution => resolution,
        }
    }

    /// Asks, unless the order moved while we waited for our turn.
    async fn inquire(
        &self,
        order: &str,
        sequence: usize,
        paygent: &Paygent,
        key: &PaymentRef,
    ) -> Result<Option<Inquiry>, PaymentError> {
        // Waiting costs nothing and is done by all at once; asking is not.
        let _asking = self.inquiries.acquire().await;
        if self.gateway.load::<Order>(order).await?.sequence != sequence {
            return Ok(None);
        }
        Ok(Some(paygent.inquire(key).await))
    }

    async fn resolve_attempt(
        &self,
        order: &str,
        loaded: Loaded<Order>,
        paygent: &Paygent,
        attempt: &Attempt,
        because: &Because,
    ) -> Result<Resolution, PaymentError> {
        let Some(details) = loaded.aggregate.details() else { return Ok(Resolution::NothingOpen) };
        let key = PaymentRef::Transaction(attempt.transaction_id.clone());
        let Some(mut answer) = self.inquire(order, loaded.sequence, paygent, &key).await? else { return moved() };
        if let Inquiry::NoSuchPayment = answer {
            // "None" counts only twice (W11).
            tokio::time::sleep(self.timeout).await;
            let Some(second) = self.inquire(order, loaded.sequence, paygent, &key).await? else { return moved() };
            answer = second;
        }
        let facts = match answer {
            Inquiry::Found(facts) => facts,
            Inquiry::NoSuchPayment if attempt.given_up => {
                let (code, detail) = ("13001".to_owned(), unanswered(&Inquiry::NoSuchPayment));
                let found_by = FoundBy::Inquiry;
                let number = attempt.number;
                let command = OrderCommand::RecordDeclined { attempt: number, code, detail, found_by };
                return self.record(order, loaded, command, because).await;
            }
            Inquiry::NoSuchPayment => {
                let command = OrderCommand::SendAgain { attempt: attempt.number, sent_before: attempt.sent_again };
                return self.again(order, loaded, command, because).await;
            }
            Inquiry::Several => return contradiction(unanswered(&Inquiry::Several)),
            other => return Ok(Resolution::StillOpen(unanswered(&other))),
        };
        if facts.customer_id.as_ref().is_some_and(|customer| *customer != details.member_id.customer_id()) {
            // A store restored from an older backup gives out transaction IDs that were used before.
            return contradiction("Paygent holds a payment of another member under this transaction ID".to_owned());
        }
        match self.fact(details.order_id.shop(), &attempt.transaction_id, &facts, FoundBy::Inquiry).await? {
            Some(fact) => self.record(order, loaded, OrderCommand::RecordFact(fact), because).await,
            None => {
                let why = format!("Paygent reports the passing payment status {}", facts.status.code());
                let command = OrderCommand::RecordUnknown { attempt: attempt.number, why: why.clone() };
                self.gateway.execute_on::<Order>(order, loaded, because, command).await?;
                Ok(Resolution::StillOpen(why))
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    async fn resolve_call(
        &self,
        order: &str,
        loaded: Loaded<Order>,
        paygent: &Paygent,
        call: Call,
        id: &PaymentId,
        asked: u32,
        waited: Duration,
        because: &Because,
    ) -> Result<Resolution, PaymentError> {
        let Some(details) = loaded.aggregate.details() else { return Ok(Resolution::NothingOpen) };
        let Some(booked) = details.booked(id).cloned() else { return Ok(Resolution::NothingOpen) };
        let Some(attempt) = details.attempt(booked.attempt).cloned() else { return Ok(Resolution::NothingOpen) };
        let shop = details.order_id.shop();
        let key = PaymentRef::Payment(id.clone());
        let Some(answer) = self.inquire(order, loaded.sequence, paygent, &key).await? else { return moved() };
        let facts = match answer {
            Inquiry::Found(facts) => facts,
            other @ (Inquiry::NoSuchPayment | Inquiry::Several) => return contradiction(unanswered(&other)),
            other => return Ok(Resolution::StillOpen(unanswered(&other))),
        };
        let Some(fact) = self.fact(shop, &attempt.transaction_id, &facts, FoundBy::Inquiry).await? else {
            return Ok(Resolution::StillOpen(format!(
                "Paygent reports the passing payment status {}",
                facts.status.code()
            )));
        };
        let untouched = fact.stands == booked.stands && fact.amount == booked.amount;
        if !untouched && (call != Call::Revise || fact.stands.holds_money()) {
            return self.record(order, loaded, OrderCommand::RecordFact(fact), because).await;
        }
        match call {
            Call::Void | Call::Refund if asked < CANCELS_MAX => {
                let command = OrderCommand::CallAgain { call, payment_id: id.clone(), asked_before: asked };
                self.again(order, loaded, command, because).await
            }
            Call::Revise if !untouched => {
                self.find_successor(order, loaded, paygent, attempt, facts, waited, because).await
            }
            _ => {
                let detail = not_done(call).to_owned();
                let code = format!("status {}", facts.status.code());
                let command = OrderCommand::RecordFailed { call, payment_id: id.clone(), code, detail };
                self.record(order, loaded, command, because).await
            }
        }
    }

    /// The amount was lowered, so another payment stands in the place of ours, and its id came with the lost reply.
    /// Where both share the transaction ID Paygent does not tell it by inquiry; a difference notice does.
    #[allow(clippy::too_many_arguments)]
    async fn find_successor(
        &self,
        order: &str,
        loaded: Loaded<Order>,
        paygent: &Paygent,
        attempt: Attempt,
        base: Box<PaymentFacts>,
        waited: Duration,
        because: &Because,
    ) -> Result<Resolution, PaymentError> {
        const WAITING: &str = "the amount was lowered, and the notice that names the new payment has not come yet";
        let Some(details) = loaded.aggregate.details() else { return Ok(Resolution::NothingOpen) };
        let key = PaymentRef::Transaction(attempt.transaction_id.clone());
        let Some(answer) = self.inquire(order, loaded.sequence, paygent, &key).await? else { return moved() };
        let facts = match answer {
            Inquiry::Found(facts) => facts,
            // Should it come after all, it is taken for what it is.
            Inquiry::Several if waited > self.in_flight_limit() * SUCCESSOR_WAIT => base,
            _ => return Ok(Resolution::StillOpen(WAITING.to_owned())),
        };
        let Some(fact) = self.fact(details.order_id.shop(), &attempt.transaction_id, &facts, FoundBy::Inquiry).await?
        else {
            return Ok(Resolution::StillOpen(WAITING.to_owned()));
        };
        if details.booked(&fact.payment_id).is_none() {
            return self.record(order, loaded, OrderCommand::RecordFact(fact), because).await;
        }
        // The only payment under the transaction ID is ours, and it is cancelled: nothing was lowered, somebody
        // cancelled it.
        let (call, payment_id) = (Call::Revise, fact.payment_id.clone());
        let (code, detail) = (format!("status {}", facts.status.code()), "it was cancelled at Paygent".to_owned());
        let command = OrderCommand::RecordFailed { call, payment_id, code, detail };
        let done = self.gateway.execute_on::<Order>(order, loaded, because, command).await?;
        let loaded = Loaded { aggregate: done.aggregate, sequence: done.sequence };
        self.record(order, loaded, OrderCommand::RecordFact(fact), because).await
    }

    /// What came of cancelling a replaced authorisation: a refusal answers the request and leaves the hold.
    async fn released(&self, order: &str, id: &PaymentId) -> Result<Resolution, PaymentError> {
        let loaded = self.gateway.load::<Order>(order).await?;
        let Some(details) = loaded.aggregate.details() else { return Ok(Resolution::NothingOpen) };
        let Some(booked) = details.booked(id).filter(|booked| booked.stands.holds_money()) else {
            return Ok(Resolution::Resolved);
        };
        let (code, detail) = details.failure.clone().unwrap_or_default();
        let why = format!(
            "the customer still has a hold of {} on the card that pays nothing: Paygent refuses to cancel payment {id} \
             ({code} {detail}); cancel it in Paygent's console, or release this work to ask again",
            booked.amount
        );
        if booked.release_failed < CANCELS_MAX {
            Ok(Resolution::StillOpen(why))
        } else {
            Ok(Resolution::NotReleased(why))
        }
    }

    /// Puts an answer on record, and makes the call it may intend.
    async fn record(
        &self,
        order: &str,
        loaded: Loaded<Order>,
        command: OrderCommand,
        because: &Because,
    ) -> Result<Resolution, PaymentError> {
        let done = self.gateway.execute_on::<Order>(order, loaded, because, command).await?;
        let done = self.carry_out(done, because).await?;
        Ok(match done.aggregate.details().and_then(|details| details.operation.as_ref()) {
            Some(_) => Resolution::StillOpen("Paygent has not definitely answered yet".to_owned()),
            None => Resolution::Resolved,
        })
    }

    /// Asks the same again, unless another engine did.
    async fn again(
        &self,
        order: &str,
        loaded: Loaded<Order>,
        command: OrderCommand,
        because: &Because,
    ) -> Result<Resolution, PaymentError> {
        // Before the commit: from there on time is short.
        let _sending = self.inquiries.acquire().await;
        match self.gateway.execute_on::<Order>(order, loaded, because, command).await {
            // Only the commit of the faster one is the right to call.
            Err(CommandError::Refused(
                OrderRefusal::SentMeanwhile(_)
                | OrderRefusal::AlreadyDecided(_)
                | OrderRefusal::AskedMeanwhile
                | OrderRefusal::OutcomeOpen,
            )) => Ok(Resolution::StillOpen("another engine is at it".to_owned())),
            Err(error) => Err(error.into()),
            Ok(done) => {
                let done = self.carry_out(done, because).await?;
                Ok(match done.aggregate.details().and_then(|details| details.operation.as_ref()) {
                    Some(_) => Resolution::StillOpen("sent again, no usable answer yet".to_owned()),
                    None => Resolution::Resolved,
                })
            }
        }
    }
}

fn moved() -> Result<Resolution, PaymentError> {
    Ok(Resolution::StillOpen("it moved while it was looked at".to_owned()))
}

fn contradiction(why: String) -> Result<Resolution, PaymentError> {
    Ok(Resolution::Contradiction(why))
}

/// What an operator reads when Paygent has not done what it was asked.
fn not_done(call: Call) -> &'static str {
    match call {
        Call::Capture => "Paygent holds the authorisation, not the sale; confirm it again",
        Call::Revise => "Paygent holds the former amount; update the transaction again",
        Call::Void => {
            "Paygent still holds the authorisation after it was asked repeatedly; cancel it in Paygent's console"
        }
        Call::Refund => "Paygent still holds the sale after it was asked repeatedly; cancel it in Paygent's console",
    }
}

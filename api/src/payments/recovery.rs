//! Attempts without a known outcome: after a crash, a lost reply, a busy gateway. Paygent is asked until it says
//! something definite, and nothing is sent again before it said "none" twice, long enough after the call (W1-W3, W11).

use super::{PaymentError, Payments};
use crate::command_gateway::{Because, CommandError};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use teiki_domain::order::{FoundBy, Order, OrderCommand, OrderRefusal, Payment};
use teiki_infrastructure::event_store::Loaded;
use teiki_infrastructure::paygent::{Inquiry, PaymentFacts, PaymentRef, PaymentStatus};

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

/// When this process first saw each open attempt. An attempt belongs to a call that began before it was seen, so
/// time counted from here is on the safe side whatever the clocks say.
#[derive(Debug, Default)]
pub struct FirstSeen(HashMap<String, (usize, Instant)>);

impl FirstSeen {
    fn age(&mut self, order: &str, sequence: usize) -> Duration {
        match self.0.get(order) {
            Some((known, since)) if *known == sequence => since.elapsed(),
            // New, or another state than the one seen before: its call may have begun just now.
            _ => {
                self.0.insert(order.to_owned(), (sequence, Instant::now()));
                Duration::ZERO
            }
        }
    }

    fn forget(&mut self, order: &str) {
        self.0.remove(order);
    }

    /// Forgets everything but `open`: what others resolved is never asked about here again.
    pub fn keep_only(&mut self, open: &HashSet<String>) {
        self.0.retain(|order, _| open.contains(order));
    }
}

/// What is open on an order.
enum Open {
    Authorisation(u32),
    Capture(u32),
}

fn open_on(payment: &Payment) -> Option<Open> {
    match payment {
        Payment::Requested(attempt) | Payment::Unknown(attempt) => Some(Open::Authorisation(*attempt)),
        Payment::CaptureRequested(attempt) | Payment::CaptureUnknown(attempt) => Some(Open::Capture(*attempt)),
        _ => None,
    }
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
        if loaded.aggregate.details().and_then(|details| open_on(&details.payment)).is_none() {
            seen.lock().await.forget(order);
            return Ok(None);
        }
        let age = seen.lock().await.age(order, loaded.sequence);
        Ok(Some(self.in_flight_limit().saturating_sub(age)))
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
        let Some(open) = open_on(&details.payment) else {
            seen.lock().await.forget(order);
            return Ok(Resolution::NothingOpen);
        };
        let Some(_under_way) = self.start_on(&details.order_id) else {
            return Ok(Resolution::StillOpen("a call for it is under way".to_owned()));
        };
        if seen.lock().await.age(order, loaded.sequence) < self.in_flight_limit() {
            return Ok(Resolution::StillOpen("the call for it may still be under way".to_owned()));
        }
        let number = match open {
            Open::Authorisation(number) | Open::Capture(number) => number,
        };
        let Some(attempt) = details.attempt(number) else { return Ok(Resolution::NothingOpen) };
        let paygent = self.shops.paygent(details.order_id.shop()).await?;
        let key = match &attempt.payment_id {
            Some(payment_id) => PaymentRef::Payment(payment_id.clone()),
            None => PaymentRef::Transaction(attempt.transaction_id.clone()),
        };
        // Waiting costs nothing and is done by all at once; asking is not.
        let asking = self.inquiries.acquire().await;
        // Read again: somebody may have recorded the outcome, or sent it again, while we waited.
        if self.gateway.load::<Order>(order).await?.sequence != loaded.sequence {
            return Ok(Resolution::StillOpen("it moved while it was looked at".to_owned()));
        }
        let first = paygent.inquire(&key).await;
        drop(asking);
        let answer = match (first, &open) {
            (Inquiry::NoSuchPayment, Open::Authorisation(_)) => {
                // "None" counts only twice (W11).
                tokio::time::sleep(self.timeout).await;
                let _asking = self.inquiries.acquire().await;
                paygent.inquire(&key).await
            }
            (answer, _) => answer,
        };
        if let Inquiry::Found(facts) = &answer
            && facts.customer_id.as_ref().is_some_and(|customer| *customer != details.member_id.customer_id())
        {
            // A store restored from an older backup gives out transaction IDs that were used before.
            return Ok(Resolution::Contradiction(
                "Paygent holds a payment of another member under this transaction ID".to_owned(),
            ));
        }
        let command = match (answer, &open) {
            (Inquiry::NoSuchPayment, Open::Authorisation(_)) => {
                return self.send_again(order, number, loaded, because).await;
            }
            (Inquiry::NoSuchPayment, Open::Capture(_)) => {
                return Ok(Resolution::Contradiction("Paygent knows no such payment, but we hold one".to_owned()));
            }
            (Inquiry::Several, _) => {
                return Ok(Resolution::Contradiction(
                    "Paygent holds several payments under this transaction ID".to_owned(),
                ));
            }
            (Inquiry::Declined(declined), _) => return Ok(Resolution::StillOpen(declined.to_string())),
            (Inquiry::Unknown(why), _) => return Ok(Resolution::StillOpen(why.to_string())),
            (Inquiry::Found(facts), Open::Authorisation(_)) => authorisation_outcome(number, &facts),
            (Inquiry::Found(facts), Open::Capture(_)) => match capture_outcome(number, &facts) {
                Some(command) => command,
                None => {
                    return Ok(Resolution::Contradiction(format!(
                        "Paygent reports payment status {}",
                        facts.status.code()
                    )));
                }
            },
        };
        match self.gateway.execute_on::<Order>(order, loaded, because, command).await {
            Ok(done) if done.aggregate.details().is_some_and(|details| open_on(&details.payment).is_some()) => {
                Ok(Resolution::StillOpen("Paygent names a passing state".to_owned()))
            }
            Ok(_) => {
                seen.lock().await.forget(order);
                Ok(Resolution::Resolved)
            }
            Err(CommandError::Refused(
                refusal @ (OrderRefusal::AmountDiffers { .. } | OrderRefusal::Contradiction { .. }),
            )) => Ok(Resolution::Contradiction(refusal.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    async fn send_again(
        &self,
        order: &str,
        attempt: u32,
        loaded: Loaded<Order>,
        because: &Because,
    ) -> Result<Resolution, PaymentError> {
        let known = loaded.aggregate.details().and_then(|details| details.attempt(attempt));
        let sent_before = known.map_or(0, |attempt| attempt.sent_again);
        let command = OrderCommand::SendAgain { attempt, sent_before };
        // Before the commit: from there on time is short.
        let _sending = self.inquiries.acquire().await;
        let done = match self.gateway.execute_on::<Order>(order, loaded, because, command).await {
            // Another engine was faster: only its commit is the right to call.
            Err(CommandError::Refused(OrderRefusal::SentMeanwhile(_) | OrderRefusal::AlreadyDecided(_))) => {
                return Ok(Resolution::StillOpen("another engine is at it".to_owned()));
            }
            done => done?,
        };
        match self.send_if_intended(done, because).await? {
            super::Authorised::Open => Ok(Resolution::StillOpen("sent again, no usable answer yet".to_owned())),
            _ => Ok(Resolution::Resolved),
        }
    }
}

/// What a payment found at Paygent means for an authorisation of ours.
fn authorisation_outcome(attempt: u32, facts: &PaymentFacts) -> OrderCommand {
    let found_by = FoundBy::Inquiry;
    match &facts.status {
        status @ (PaymentStatus::Authorised | PaymentStatus::Captured | PaymentStatus::CapturedFinal) => {
            OrderCommand::RecordAuthorized {
                attempt,
                payment_id: facts.payment_id.clone(),
                captured: *status != PaymentStatus::Authorised,
                amount: Some(facts.amount),
                found_by,
            }
        }
        PaymentStatus::Other(code) => {
            OrderCommand::RecordUnknown { attempt, why: format!("Paygent reports the passing payment status {code}") }
        }
        // Refused, or cancelled or expired before we knew of it: no money is held. An inquiry does not repeat the
        // response code of the call, so the payment status stands in its place.
        status => OrderCommand::RecordDeclined {
            attempt,
            code: format!("status {}", status.code()),
            detail: facts.joho_code.clone().unwrap_or_default(),
            found_by,
        },
    }
}

/// What a payment found at Paygent means for a capture of ours.
fn capture_outcome(attempt: u32, facts: &PaymentFacts) -> Option<OrderCommand> {
    match facts.status {
        PaymentStatus::Captured | PaymentStatus::CapturedFinal => {
            Some(OrderCommand::RecordCaptured { attempt, found_by: FoundBy::Inquiry })
        }
        PaymentStatus::Authorised => Some(OrderCommand::RecordCaptureFailed {
            attempt,
            code: format!("status {}", facts.status.code()),
            detail: "Paygent holds the authorisation, not the sale; confirm it again".to_owned(),
        }),
        _ => None,
    }
}

use super::commands::{GenerateOrder, OrderCommand as Command};
use super::events::{FoundBy, OrderEvent as Event};
use super::refusals::OrderRefusal as Refusal;
use super::state::{Attempt, Details, Order, Payment};
use crate::applicability::{PaymentPlan, payment_plan};
use crate::cqrs::Decide;
use crate::ids::PaymentId;
use crate::money::Yen;
use crate::payment_method::SaleMode;

impl Decide for Order {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self, command) {
            (Order::Absent, Command::Generate(generate)) => Ok(begin(*generate)),
            (Order::Generated(details), Command::Generate(generate)) => details.generated_as(&generate),
            (Order::Absent, _) => Err(Refusal::DoesNotExist),
            (Order::Generated(details), command) => details.decide(command),
        }
    }

    fn apply(&mut self, event: &Event) {
        self.fold(event);
    }
}

/// The order appears whatever its payment comes to (R2); the intention to charge stands in the same commit.
fn begin(generate: GenerateOrder) -> Vec<Event> {
    let has_card = generate.card.is_some();
    let plan = payment_plan(&generate.terms, &generate.payment_method, &generate.basket, has_card, generate.today);
    let sale_mode = generate.terms.sale_mode;
    let mut events = vec![Event::OrderGenerated {
        order_id: generate.order_id,
        subscription_id: generate.subscription_id,
        member_id: generate.member_id,
        generation_date: generate.generation_date,
        delivery_date: generate.delivery_date,
        basket: generate.basket,
        payment_method: generate.payment_method,
        sale_mode,
    }];
    match (plan, generate.card) {
        (PaymentPlan::Authorize(amount), Some(card)) => events.push(Event::AuthorizationRequested {
            attempt: 1,
            transaction_id: generate.transaction_id,
            amount,
            card,
            sale_mode,
        }),
        (PaymentPlan::NotExecuted(reason), _) => events.push(Event::AuthorizationNotExecuted { reason }),
        (PaymentPlan::External | PaymentPlan::Authorize(_), _) => {}
    }
    events
}

impl Details {
    fn generated_as(&self, generate: &GenerateOrder) -> Result<Vec<Event>, Refusal> {
        let same = self.order_id == generate.order_id
            && self.subscription_id == generate.subscription_id
            && self.generation_date == generate.generation_date;
        if same { Ok(vec![]) } else { Err(Refusal::NumberTaken) }
    }

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Generate(generate) => self.generated_as(&generate),
            Command::RecordAuthorized { attempt, payment_id, captured, amount, found_by } => {
                self.authorized(attempt, payment_id, captured, amount, found_by)
            }
            Command::RecordDeclined { attempt: number, code, detail, found_by } => {
                let attempt = self.known_attempt(number)?;
                if attempt.payment_id.is_some() {
                    return Err(Refusal::Contradiction { attempt: number, recorded: "authorised", now: "refused" });
                }
                if attempt.failure.is_some() {
                    return Ok(vec![]);
                }
                Ok(vec![Event::AuthorizationFailed { attempt: number, code, detail, found_by }])
            }
            Command::RecordUnknown { attempt: number, why } => {
                let attempt = self.known_attempt(number)?;
                if attempt.is_decided() || self.payment == Payment::Unknown(number) {
                    return Ok(vec![]);
                }
                Ok(vec![Event::AuthorizationOutcomeUnknown { attempt: number, why }])
            }
            Command::SendAgain { attempt: number, sent_before } => {
                let attempt = self.known_attempt(number)?;
                if attempt.is_decided() {
                    return Err(Refusal::AlreadyDecided(number));
                }
                if attempt.sent_again != sent_before {
                    return Err(Refusal::SentMeanwhile(number));
                }
                Ok(vec![Event::AuthorizationSentAgain { attempt: number }])
            }
            Command::Capture => self.capture(),
            Command::RecordCaptured { attempt, found_by } => self.captured(attempt, found_by),
            Command::RecordCaptureFailed { attempt, code, detail } => match self.payment {
                Payment::CaptureRequested(open) | Payment::CaptureUnknown(open) if open == attempt => {
                    Ok(vec![Event::CaptureFailed { attempt, code, detail }])
                }
                Payment::Captured { .. } => {
                    Err(Refusal::Contradiction { attempt, recorded: "captured", now: "not captured" })
                }
                _ => self.known_attempt(attempt).map(|_| vec![]),
            },
            Command::RecordCaptureUnknown { attempt, why } => match self.payment {
                Payment::CaptureRequested(open) if open == attempt => {
                    Ok(vec![Event::CaptureOutcomeUnknown { attempt, why }])
                }
                _ => self.known_attempt(attempt).map(|_| vec![]),
            },
        }
    }

    fn known_attempt(&self, number: u32) -> Result<&Attempt, Refusal> {
        self.attempt(number).ok_or(Refusal::NoSuchAttempt(number))
    }

    fn authorized(
        &self,
        number: u32,
        payment_id: PaymentId,
        captured: bool,
        amount: Option<Yen>,
        found_by: FoundBy,
    ) -> Result<Vec<Event>, Refusal> {
        let attempt = self.known_attempt(number)?;
        if attempt.payment_id.as_ref().is_some_and(|known| *known != payment_id) {
            return Err(Refusal::Contradiction { attempt: number, recorded: "authorised", now: "another payment" });
        }
        if attempt.failure.is_some() {
            return Err(Refusal::Contradiction { attempt: number, recorded: "refused", now: "authorised" });
        }
        // Before "told twice", so that no second telling brings in another amount unseen (W15).
        if let Some(reported) = amount.filter(|amount| *amount != attempt.amount) {
            return Err(Refusal::AmountDiffers { attempt: number, intended: attempt.amount, reported });
        }
        if attempt.payment_id.is_some() {
            // Told twice is fine; that the sale has been made since is news and must not get lost.
            return if captured { self.captured(number, found_by) } else { Ok(vec![]) };
        }
        Ok(vec![Event::AuthorizationSucceeded { attempt: number, payment_id, captured, found_by }])
    }

    /// Only while authorised and not confirmed (O5); never for orders of the other mode (S4, O7).
    fn capture(&self) -> Result<Vec<Event>, Refusal> {
        match self.payment {
            Payment::Authorized(number) => {
                let attempt = self.known_attempt(number)?;
                if attempt.sale_mode == SaleMode::AuthorizeAndCapture {
                    return Err(Refusal::CapturedAtAuthorization);
                }
                Ok(vec![Event::CaptureRequested { attempt: number, amount: attempt.amount }])
            }
            Payment::Captured { confirmed_later: true, .. } => Ok(vec![]),
            Payment::Captured { confirmed_later: false, .. } => Err(Refusal::CapturedAtAuthorization),
            Payment::Requested(_) | Payment::Unknown(_) | Payment::CaptureRequested(_) | Payment::CaptureUnknown(_) => {
                Err(Refusal::OutcomeOpen)
            }
            Payment::External | Payment::NotExecuted(_) | Payment::Failed(_) => {
                Err(Refusal::NotAuthorized(self.payment.code()))
            }
        }
    }

    fn captured(&self, number: u32, found_by: FoundBy) -> Result<Vec<Event>, Refusal> {
        let amount = self.known_attempt(number)?.amount;
        match self.payment {
            Payment::Captured { .. } => Ok(vec![]),
            _ if self.known_attempt(number)?.payment_id.is_none() => {
                Err(Refusal::Contradiction { attempt: number, recorded: "not authorised", now: "captured" })
            }
            _ => Ok(vec![Event::SalesConfirmed { attempt: number, amount, found_by }]),
        }
    }
}

//! What an order answers. What operators and workers ask is here and in `asking`; what Paygent says, in `telling`.

mod asking;
mod telling;

use super::commands::{GenerateOrder, OrderCommand as Command};
use super::events::{Cause, OrderEvent as Event};
use super::refusals::OrderRefusal as Refusal;
use super::state::{Attempt, Booked, Details, Order};
use crate::applicability::{PaymentPlan, payment_plan};
use crate::cqrs::Decide;
use crate::ids::PaymentId;

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
            cause: Cause::Generation,
            requested_on: Some(generate.today),
            three_d_secure: false,
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
            Command::Authorize(authorize) => self.authorize(*authorize),
            Command::UpdateTransaction(authorize) => self.update_transaction(*authorize),
            Command::ChangeBasket(basket) => self.change_basket(basket),
            Command::ChangePaymentMethod(method) => self.change_method(method),
            Command::Capture { today } => self.capture(today),
            Command::Cancel { today } => self.cancel(today),
            Command::Complete => self.complete(),
            Command::IssueDocument(issue) => self.issue(issue),
            // A fact to be written down, in whatever state the order is.
            Command::RecordReleased { work } => Ok(vec![Event::OrderWorkReleased { work }]),
            Command::CheckPayment { checked } => self.check_payment(checked),
            Command::GiveUp { attempt } => self.give_up(attempt),
            Command::ReleaseSurplus { payment_id } => self.release(&payment_id),
            Command::AcceptSurplus { payment_id } => self.accept(&payment_id),
            Command::SendAgain { attempt, sent_before } => self.send_again(attempt, sent_before),
            Command::CallAgain { call, payment_id, asked_before } => self.call_again(call, &payment_id, asked_before),
            Command::RecordAuthorized { attempt, payment_id, captured, amount, until, found_by } => {
                self.authorized(attempt, payment_id, captured, amount, until, found_by)
            }
            Command::RecordDeclined { attempt, code, detail, found_by } => {
                self.declined(attempt, code, detail, found_by)
            }
            Command::RecordUnknown { attempt, why } => self.not_known(attempt, why),
            Command::RecordDone { call, payment_id, became, refundable_until, found_by } => {
                self.done(call, &payment_id, became, refundable_until, found_by)
            }
            Command::RecordFailed { call, payment_id, code, detail } => self.failed(call, payment_id, code, detail),
            Command::RecordNotKnown { call, payment_id, why } => self.call_not_known(call, payment_id, why),
            Command::RecordFact(fact) => self.fact(fact),
        }
    }

    fn known_attempt(&self, number: u32) -> Result<&Attempt, Refusal> {
        self.attempt(number).ok_or(Refusal::NoSuchAttempt(number))
    }

    fn known_payment(&self, id: &PaymentId) -> Result<&Booked, Refusal> {
        self.booked(id).ok_or_else(|| Refusal::NoSuchPayment(id.clone()))
    }

    /// Nothing is asked of Paygent while an answer is open (W2), nor of an order that is done with.
    fn may_be_worked_on(&self) -> Result<(), Refusal> {
        if self.cancelled {
            return Err(Refusal::Cancelled);
        }
        if self.completed {
            return Err(Refusal::Completed);
        }
        if self.operation.is_some() {
            return Err(Refusal::OutcomeOpen);
        }
        Ok(())
    }
}

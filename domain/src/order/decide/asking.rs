//! What operators, billing services and workers may ask of an order, and what forbids it before anything is sent.

use crate::applicability::{NotExecutedReason, PaymentPlan, RenewalTerms, payment_plan};
use crate::basket::Basket;
use crate::ids::PaymentId;
use crate::money::Yen;
use crate::order::calls::{Call, Operation};
use crate::order::commands::AuthorizeOrder;
use crate::order::events::{Cause, OrderEvent as Event, Purpose};
use crate::order::facts::Stands;
use crate::order::refusals::OrderRefusal as Refusal;
use crate::order::state::{Attempt, Booked, Details, Payment, Surplus};
use crate::payment_method::{PaymentMethod, SaleMode};
use chrono::NaiveDate;

type Decision = Result<Vec<Event>, Refusal>;

impl Details {
    /// O17, and the attempts nobody asks for. The attempt's number is its identity: asked for twice, it is one.
    pub(super) fn authorize(&self, ask: AuthorizeOrder) -> Decision {
        if self.attempt(ask.attempt).is_some() {
            return Ok(vec![]);
        }
        self.may_be_worked_on()?;
        if ask.attempt != self.next_attempt() {
            return Err(Refusal::NotTheNextAttempt(self.next_attempt()));
        }
        self.no_surplus()?;
        match self.paying() {
            Some(paying) if paying.stands == Stands::Captured => return Err(self.already_captured(paying)),
            Some(paying) if paying.stands == Stands::Authorized && !ran_out(paying, ask.today) => {
                return Err(Refusal::AlreadyAuthorized(paying.until));
            }
            _ => {}
        }
        match ask.cause {
            Cause::Ladder => self.ladder_allows(&ask)?,
            Cause::CardChanged => self.card_change_allows(&ask)?,
            Cause::Generation | Cause::Operator | Cause::AmountUpdate => {}
        }
        self.attempt_anew(ask)
    }

    /// The intention itself, after the settings let it (R5). What nobody asked for also needs S13.
    fn attempt_anew(&self, ask: AuthorizeOrder) -> Decision {
        if let Some(given_up) = self.attempts.iter().find(|attempt| attempt.given_up && !attempt.is_decided()) {
            return Err(Refusal::GivenUpStillOpen(given_up.number));
        }
        let asked_for = matches!(ask.cause, Cause::Operator | Cause::AmountUpdate);
        let terms = RenewalTerms {
            authorize_at_generation: ask.terms.authorize_at_generation || asked_for,
            ..ask.terms.clone()
        };
        let plan = payment_plan(&terms, &self.payment_method, &self.basket, ask.card.is_some(), ask.today);
        match (plan, ask.card) {
            (PaymentPlan::Authorize(amount), Some(card)) => Ok(vec![Event::AuthorizationRequested {
                attempt: ask.attempt,
                transaction_id: ask.transaction_id,
                amount,
                card,
                sale_mode: self.sale_mode,
                cause: ask.cause,
                requested_on: Some(ask.today),
                three_d_secure: false,
            }]),
            (PaymentPlan::NotExecuted(reason), _) => Err(Refusal::NotPossible(reason)),
            _ => Err(Refusal::NotPaidByCard(method_name(&self.payment_method))),
        }
    }

    fn last_failed(&self, ask: &AuthorizeOrder) -> Result<(&Attempt, &(String, String)), Refusal> {
        if ask.subscription_ended {
            return Err(Refusal::SubscriptionEnded);
        }
        let last = self.attempts.last().ok_or(Refusal::NothingFailed)?;
        let failure = last.failure.as_ref().ok_or(Refusal::NothingFailed)?;
        // A failed change of the amount leaves the order authorised: nothing to try again.
        if !matches!(self.payment, Payment::Failed(_)) {
            return Err(Refusal::NothingFailed);
        }
        Ok((last, failure))
    }

    fn ladder_allows(&self, ask: &AuthorizeOrder) -> Result<(), Refusal> {
        let (last, (code, detail)) = self.last_failed(ask)?;
        let first = self.first_tried_on();
        let last_on = last.requested_on.unwrap_or(self.generation_date);
        let due = ask.policy.next(first, last_on, self.ladder_attempts(), code, detail)?;
        ask.policy.in_time(first, ask.today)?;
        if ask.today < due { Err(Refusal::NotDueBefore(due)) } else { Ok(()) }
    }

    fn card_change_allows(&self, ask: &AuthorizeOrder) -> Result<(), Refusal> {
        let (last, _) = self.last_failed(ask)?;
        if !ask.policy.on_card_change {
            return Err(crate::retry_policy::NoRetry::Off.into());
        }
        ask.policy.in_time(self.first_tried_on(), ask.today)?;
        // One attempt a card: a card that was tried is not a change.
        let tried = |id| self.attempts.iter().any(|attempt| attempt.card.card_id == id);
        match &ask.card {
            Some(card) if card.card_id != last.card.card_id && !tried(card.card_id.clone()) => Ok(()),
            _ => Err(Refusal::SameCard),
        }
    }

    /// The day of the order's first attempt.
    fn first_tried_on(&self) -> chrono::NaiveDate {
        self.attempts.first().and_then(|first| first.requested_on).unwrap_or(self.generation_date)
    }

    /// How often the ladder has tried already.
    pub fn ladder_attempts(&self) -> usize {
        self.attempts.iter().filter(|attempt| attempt.cause == Cause::Ladder).count()
    }

    /// 取引更新 (O6): lower by 028; higher by a new authorisation, after which the former one is cancelled.
    pub(super) fn update_transaction(&self, ask: AuthorizeOrder) -> Decision {
        if self.attempt(ask.attempt).is_some_and(|attempt| attempt.cause == Cause::AmountUpdate) {
            return Ok(vec![]);
        }
        self.may_be_worked_on()?;
        self.no_surplus()?;
        let paying = self.authorized_now(ask.today)?;
        if self.three_d_secure(paying) {
            return Err(Refusal::ThreeDSecure);
        }
        let total = self.basket.total().ok_or(Refusal::AmountToBeQuoted)?;
        if total == paying.amount {
            return Err(Refusal::NothingToUpdate);
        }
        if total == Yen::ZERO {
            return Err(Refusal::NothingToPay);
        }
        if total < paying.amount && !self.reduction_refused {
            return Ok(vec![Event::RevisionRequested {
                attempt: paying.attempt,
                payment_id: paying.payment_id.clone(),
                from: paying.amount,
                to: total,
            }]);
        }
        if ask.attempt != self.next_attempt() {
            return Err(Refusal::NotTheNextAttempt(self.next_attempt()));
        }
        self.attempt_anew(AuthorizeOrder { cause: Cause::AmountUpdate, ..ask })
    }

    /// Whether the payment's buyer was authenticated; its amount is then changed at Paygent only (O8).
    pub fn three_d_secure(&self, booked: &Booked) -> bool {
        self.attempt(booked.attempt).is_some_and(|attempt| attempt.three_d_secure)
    }

    pub(super) fn change_basket(&self, basket: Basket) -> Decision {
        if basket == self.basket {
            return Ok(vec![]);
        }
        self.may_be_worked_on()?;
        match self.paying() {
            Some(paying) if paying.stands == Stands::Captured => Err(self.already_captured(paying)),
            _ => Ok(vec![Event::OrderBasketChanged { basket }]),
        }
    }

    /// O17. An authorisation the order leaves behind is cancelled in the same breath.
    pub(super) fn change_method(&self, method: PaymentMethod) -> Decision {
        if method == self.payment_method {
            return Ok(vec![]);
        }
        self.may_be_worked_on()?;
        self.no_surplus()?;
        let mut events = vec![Event::OrderPaymentMethodChanged { payment_method: method.clone() }];
        if method.is_card() {
            events.push(Event::AuthorizationNotExecuted { reason: NotExecutedReason::PaymentMethodChanged });
        } else if let Some(paying) = self.paying() {
            match paying.stands {
                Stands::Captured => return Err(Refusal::AlreadyPaid),
                Stands::Authorized => events.push(void(paying, Purpose::Release)),
                _ => {}
            }
        }
        Ok(events)
    }

    /// Only while authorised and not confirmed (O5); never for orders of the other mode (S4, O7).
    pub(super) fn capture(&self, today: NaiveDate) -> Decision {
        if let Payment::Captured { confirmed_later: true, .. } = self.payment {
            return Ok(vec![]);
        }
        self.may_be_worked_on()?;
        let paying = match self.authorized_now(today) {
            Err(Refusal::AlreadyConfirmed) => return Ok(vec![]),
            paying => paying?,
        };
        if self.attempt(paying.attempt).is_some_and(|attempt| attempt.sale_mode == SaleMode::AuthorizeAndCapture) {
            return Err(Refusal::CapturedAtAuthorization);
        }
        let costs = self.basket.total().ok_or(Refusal::AmountToBeQuoted)?;
        if costs != paying.amount {
            return Err(Refusal::AmountNotUpdated { costs, authorized: paying.amount });
        }
        Ok(vec![Event::CaptureRequested { attempt: paying.attempt, amount: paying.amount }])
    }

    /// O10, also on completed orders.
    pub(super) fn cancel(&self, today: NaiveDate) -> Decision {
        if self.cancelled {
            return Ok(vec![]);
        }
        if self.operation.is_some() {
            return Err(Refusal::OutcomeOpen);
        }
        self.no_surplus()?;
        match self.paying() {
            Some(paying) if paying.stands == Stands::Authorized => Ok(vec![void(paying, Purpose::CancelOrder)]),
            Some(paying) if paying.stands == Stands::Captured => match paying.until {
                Some(until) if today > until => Err(Refusal::RefundTooLate(until)),
                _ => Ok(vec![refund(paying, Purpose::CancelOrder)]),
            },
            _ => Ok(vec![Event::OrderCancelled {}]),
        }
    }

    /// O11.
    pub(super) fn complete(&self) -> Decision {
        if self.completed {
            return Ok(vec![]);
        }
        self.may_be_worked_on()?;
        self.no_surplus()?;
        match &self.payment {
            Payment::Captured { .. } | Payment::External => Ok(vec![Event::OrderCompleted {}]),
            Payment::NotExecuted(NotExecutedReason::NothingToPay) => Ok(vec![Event::OrderCompleted {}]),
            payment => Err(Refusal::NotPaid(payment.code())),
        }
    }

    /// O16. A mark and nothing else: it waits for nobody's answer.
    pub(super) fn check_payment(&self, checked: bool) -> Decision {
        if checked == self.payment_checked {
            return Ok(vec![]);
        }
        if self.cancelled {
            return Err(Refusal::Cancelled);
        }
        if self.completed {
            return Err(Refusal::Completed);
        }
        Ok(vec![Event::PaymentCheckChanged { checked }])
    }

    pub(super) fn give_up(&self, number: u32) -> Decision {
        let attempt = self.attempt(number).ok_or(Refusal::NoSuchAttempt(number))?;
        if attempt.given_up && !attempt.is_decided() {
            return Ok(vec![]);
        }
        match self.operation {
            Some(Operation::Authorize { attempt, unknown: true }) if attempt == number => {
                Ok(vec![Event::AttemptGivenUp { attempt: number }])
            }
            _ => Err(Refusal::NothingToGiveUp(number)),
        }
    }

    /// W8, W12. Also on cancelled and completed orders: the customer's money does not wait.
    pub(super) fn release(&self, id: &PaymentId) -> Decision {
        let booked = self.booked(id).ok_or_else(|| Refusal::NoSuchPayment(id.clone()))?;
        if booked.surplus.is_none() {
            return Err(Refusal::NotSurplus(id.clone()));
        }
        if !booked.stands.holds_money() {
            return Ok(vec![]);
        }
        if self.operation.is_some() {
            return Err(Refusal::OutcomeOpen);
        }
        Ok(vec![match booked.stands {
            Stands::Captured => refund(booked, Purpose::Release),
            _ => void(booked, Purpose::Release),
        }])
    }

    /// W8: the sale stands after all.
    pub(super) fn accept(&self, id: &PaymentId) -> Decision {
        let booked = self.booked(id).ok_or_else(|| Refusal::NoSuchPayment(id.clone()))?;
        if self.in_force.as_ref() == Some(id) && booked.stands.holds_money() {
            return Ok(vec![]);
        }
        if booked.surplus != Some(Surplus::Late) || !booked.stands.holds_money() {
            return Err(Refusal::NotSurplus(id.clone()));
        }
        if self.operation.is_some() {
            return Err(Refusal::OutcomeOpen);
        }
        if self.paying().is_some_and(|paying| paying.stands.holds_money()) {
            return Err(Refusal::PaidTwice(id.clone()));
        }
        let mut events = vec![];
        if !self.payment_method.is_card() {
            events.push(Event::OrderPaymentMethodChanged { payment_method: PaymentMethod::Card });
        }
        events.push(Event::SurplusPaymentAccepted { attempt: booked.attempt, payment_id: id.clone() });
        Ok(events)
    }

    pub(super) fn send_again(&self, number: u32, sent_before: u32) -> Decision {
        let attempt = self.attempt(number).ok_or(Refusal::NoSuchAttempt(number))?;
        if attempt.is_decided() || attempt.given_up {
            return Err(Refusal::AlreadyDecided(number));
        }
        if attempt.sent_again != sent_before {
            return Err(Refusal::SentMeanwhile(number));
        }
        Ok(vec![Event::AuthorizationSentAgain { attempt: number }])
    }

    /// Only cancels: asked twice, they do what they do once.
    pub(super) fn call_again(&self, asked: Call, id: &PaymentId, asked_before: u32) -> Decision {
        let booked = self.booked(id).ok_or_else(|| Refusal::NoSuchPayment(id.clone()))?;
        match (&self.operation, asked) {
            (Some(Operation::Call { call, payment_id, purpose: Some(purpose), asked: times, .. }), Call::Void)
                if *call == asked && payment_id == id && *times == asked_before =>
            {
                Ok(vec![void(booked, *purpose)])
            }
            (Some(Operation::Call { call, payment_id, purpose: Some(purpose), asked: times, .. }), Call::Refund)
                if *call == asked && payment_id == id && *times == asked_before =>
            {
                Ok(vec![refund(booked, *purpose)])
            }
            _ => Err(Refusal::AskedMeanwhile),
        }
    }

    /// The payment in force, if it is authorised and has not run out.
    fn authorized_now(&self, today: NaiveDate) -> Result<&Booked, Refusal> {
        let Some(paying) = self.paying() else { return Err(Refusal::NotAuthorized(self.payment.code())) };
        match (paying.stands, paying.until) {
            (Stands::Captured, _) => Err(self.already_captured(paying)),
            (Stands::Authorized, Some(until)) if today > until => Err(Refusal::AuthorizationRanOut(until)),
            (Stands::Authorized, _) => Ok(paying),
            _ => Err(Refusal::NotAuthorized(self.payment.code())),
        }
    }

    fn already_captured(&self, paying: &Booked) -> Refusal {
        if paying.confirmed_later { Refusal::AlreadyConfirmed } else { Refusal::CapturedAtAuthorization }
    }

    /// A payment found late is decided about before anything else is done about the order's payment.
    fn no_surplus(&self) -> Result<(), Refusal> {
        match self.undecided() {
            Some(booked) => Err(Refusal::SurplusUndecided(booked.payment_id.clone())),
            None => Ok(()),
        }
    }
}

fn ran_out(booked: &Booked, today: NaiveDate) -> bool {
    booked.until.is_some_and(|until| today > until)
}

pub(super) fn void(booked: &Booked, purpose: Purpose) -> Event {
    let (attempt, payment_id, amount) = (booked.attempt, booked.payment_id.clone(), booked.amount);
    Event::VoidRequested { attempt, payment_id, amount, purpose }
}

pub(super) fn refund(booked: &Booked, purpose: Purpose) -> Event {
    let (attempt, payment_id, amount) = (booked.attempt, booked.payment_id.clone(), booked.amount);
    Event::RefundRequested { attempt, payment_id, amount, purpose }
}

fn method_name(method: &PaymentMethod) -> String {
    match method {
        PaymentMethod::Card => "card".to_owned(),
        PaymentMethod::External { name } => name.clone(),
    }
}

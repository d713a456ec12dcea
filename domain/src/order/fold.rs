//! What each event changes.

use super::calls::{Call, Operation};
use super::documents::Issued;
use super::events::{OrderEvent as Event, Purpose};
use super::facts::Stands;
use super::state::{Attempt, Booked, Details, Surplus};
use crate::ids::PaymentId;
use crate::money::Yen;

impl Details {
    pub(super) fn fold(&mut self, event: &Event) {
        match event {
            Event::OrderGenerated { .. } | Event::OrderWorkReleased { .. } => {}
            Event::AuthorizationNotExecuted { reason } => self.not_executed = Some(reason.clone()),
            Event::AuthorizationRequested { .. }
            | Event::AuthorizationSucceeded { .. }
            | Event::AuthorizationFailed { .. }
            | Event::AuthorizationOutcomeUnknown { .. }
            | Event::AuthorizationSentAgain { .. }
            | Event::AttemptGivenUp { .. } => self.fold_attempt(event),
            Event::OrderBasketChanged { basket } => self.basket = basket.clone(),
            Event::OrderPaymentMethodChanged { payment_method } => {
                self.payment_method = payment_method.clone();
                self.not_executed = None;
                if !payment_method.is_card() {
                    self.replace_paying(None);
                }
            }
            Event::OrderCancelled {} => self.cancelled = true,
            Event::OrderCompleted {} => self.completed = true,
            Event::DocumentIssued { number, issued_on, content, layout, wording, .. } => self.documents.push(Issued {
                number: number.clone(),
                issued_on: *issued_on,
                content: content.clone(),
                layout: *layout,
                wording: wording.clone(),
            }),
            Event::PaymentCheckChanged { checked } => {
                self.payment_checked = *checked;
                let outside = *checked && self.payment == super::state::Payment::External;
                self.received = self.basket.total().filter(|_| outside);
            }
            _ => self.fold_payment(event),
        }
        self.payment = self.standing();
    }

    fn fold_attempt(&mut self, event: &Event) {
        match event {
            Event::AuthorizationRequested {
                attempt,
                transaction_id,
                amount,
                card,
                sale_mode,
                cause,
                requested_on,
                three_d_secure,
            } => {
                self.attempts.push(Attempt {
                    number: *attempt,
                    transaction_id: transaction_id.clone(),
                    amount: *amount,
                    card: card.clone(),
                    sale_mode: *sale_mode,
                    cause: *cause,
                    requested_on: *requested_on,
                    three_d_secure: *three_d_secure,
                    payment_id: None,
                    failure: None,
                    given_up: false,
                    sent_again: 0,
                });
                self.operation = Some(Operation::Authorize { attempt: *attempt, unknown: false });
                self.not_executed = None;
                self.failure = None;
            }
            Event::AuthorizationSucceeded { attempt, payment_id, captured, until, .. } => {
                let amount = self.attempt(*attempt).map_or(Yen::ZERO, |attempt| attempt.amount);
                self.change(*attempt, |a| a.payment_id = Some(payment_id.clone()));
                self.decided(*attempt);
                self.failure = None;
                self.replace_paying(Some(payment_id));
                self.payments.push(Booked {
                    payment_id: payment_id.clone(),
                    attempt: *attempt,
                    amount,
                    stands: if *captured { Stands::Captured } else { Stands::Authorized },
                    confirmed_later: false,
                    until: *until,
                    surplus: None,
                    release_failed: 0,
                    lowered: false,
                });
            }
            Event::AuthorizationFailed { attempt, code, detail, .. } => {
                self.change(*attempt, |a| a.failure = Some((code.clone(), detail.clone())));
                self.decided(*attempt);
                self.failure = Some((code.clone(), detail.clone()));
            }
            Event::AuthorizationOutcomeUnknown { .. } => self.unknown(),
            Event::AuthorizationSentAgain { attempt } => {
                self.change(*attempt, |a| a.sent_again += 1);
                self.operation = Some(Operation::Authorize { attempt: *attempt, unknown: false });
            }
            Event::AttemptGivenUp { attempt } => {
                self.change(*attempt, |a| a.given_up = true);
                self.decided(*attempt);
            }
            _ => {}
        }
    }

    fn fold_payment(&mut self, event: &Event) {
        match event {
            Event::SurplusPaymentFound { attempt, payment_id, amount, captured, until, .. } => {
                let stands = if *captured { Stands::Captured } else { Stands::Authorized };
                self.change(*attempt, |a| a.payment_id = a.payment_id.take().or_else(|| Some(payment_id.clone())));
                if self.booked(payment_id).is_some() {
                    self.stand(payment_id, stands);
                    self.booked_mut(payment_id, |booked| booked.until = *until);
                } else {
                    self.payments.push(Booked {
                        payment_id: payment_id.clone(),
                        attempt: *attempt,
                        amount: *amount,
                        stands,
                        confirmed_later: false,
                        until: *until,
                        surplus: Some(Surplus::Late),
                        release_failed: 0,
                        lowered: false,
                    });
                }
            }
            Event::SurplusPaymentAccepted { payment_id, .. } => {
                self.booked_mut(payment_id, |booked| booked.surplus = None);
                self.in_force = Some(payment_id.clone());
                self.not_executed = None;
                self.failure = None;
                (self.cancelled, self.completed) = (false, false);
            }
            Event::AuthorizationExpired { payment_id, .. } => self.stand(payment_id, Stands::Expired),
            Event::CaptureRequested { attempt, amount } => {
                if let Some(payment_id) = self.booked_of(*attempt).map(|booked| booked.payment_id.clone()) {
                    self.ask(Call::Capture, *attempt, &payment_id, *amount, None);
                }
            }
            Event::SalesConfirmed { attempt, refundable_until, .. } => {
                if let Some(payment_id) = self.booked_of(*attempt).map(|booked| booked.payment_id.clone()) {
                    self.stand(&payment_id, Stands::Captured);
                    self.booked_mut(&payment_id, |booked| {
                        booked.confirmed_later = true;
                        booked.until = *refundable_until;
                    });
                    self.failure = None;
                }
            }
            Event::RevisionRequested { attempt, payment_id, to, .. } => {
                self.ask(Call::Revise, *attempt, payment_id, *to, None);
            }
            Event::AmountRevised { attempt, base_payment_id, payment_id, amount, .. } => {
                self.replaced_by(*attempt, base_payment_id, payment_id, *amount);
            }
            Event::VoidRequested { attempt, payment_id, amount, purpose } => {
                self.ask(Call::Void, *attempt, payment_id, *amount, Some(*purpose));
            }
            Event::RefundRequested { attempt, payment_id, amount, purpose } => {
                self.ask(Call::Refund, *attempt, payment_id, *amount, Some(*purpose));
            }
            Event::AuthorizationVoided { payment_id, .. } => self.stand(payment_id, Stands::Voided),
            Event::SaleRefunded { payment_id, .. } => self.stand(payment_id, Stands::Refunded),
            Event::CaptureFailed { code, detail, .. } => self.refused(code, detail),
            Event::RevisionFailed { code, detail, .. } => {
                self.reduction_refused |= code == "P029";
                self.refused(code, detail);
            }
            Event::VoidFailed { payment_id, code, detail, .. }
            | Event::RefundFailed { payment_id, code, detail, .. } => {
                self.booked_mut(payment_id, |booked| booked.release_failed += 1);
                self.refused(code, detail);
            }
            Event::CaptureOutcomeUnknown { .. }
            | Event::RevisionOutcomeUnknown { .. }
            | Event::VoidOutcomeUnknown { .. }
            | Event::RefundOutcomeUnknown { .. } => self.unknown(),
            _ => {}
        }
    }

    fn ask(&mut self, call: Call, attempt: u32, id: &PaymentId, amount: Yen, purpose: Option<Purpose>) {
        let asked = match &self.operation {
            Some(operation @ Operation::Call { asked, .. }) if operation.is(call, id) => asked + 1,
            _ => 1,
        };
        self.failure = None;
        let payment_id = id.clone();
        self.operation = Some(Operation::Call { call, attempt, payment_id, amount, purpose, asked, unknown: false });
    }

    fn refused(&mut self, code: &str, detail: &str) {
        self.operation = None;
        self.failure = Some((code.to_owned(), detail.to_owned()));
    }

    fn unknown(&mut self) {
        if let Some(operation) = &mut self.operation {
            operation.set_unknown();
        }
    }

    /// A payment stands elsewhere now: whatever was asked about it is answered.
    fn stand(&mut self, id: &PaymentId, stands: Stands) {
        self.booked_mut(id, |booked| booked.stands = stands);
        if self.asked_about(id).is_some() {
            self.operation = None;
        }
    }

    fn replaced_by(&mut self, attempt: u32, base: &PaymentId, id: &PaymentId, amount: Yen) {
        let Some(before) = self.booked(base).cloned() else { return };
        self.failure = None;
        if base == id {
            self.booked_mut(id, |booked| booked.amount = amount);
            if self.asked_about(id) == Some(Call::Revise) {
                self.operation = None;
            }
            return;
        }
        // A notice may have told of the cancelled base before it tells of what stands in its place.
        let (gone, stands) = match before.stands {
            Stands::Captured | Stands::Refunded => (Stands::Refunded, Stands::Captured),
            _ => (Stands::Voided, Stands::Authorized),
        };
        self.stand(base, gone);
        self.booked_mut(base, |booked| booked.lowered = true);
        if self.in_force.as_ref() == Some(base) {
            self.in_force = Some(id.clone());
        }
        let payment_id = id.clone();
        let lowered = false;
        self.payments.push(Booked { payment_id, attempt, amount, stands, release_failed: 0, lowered, ..before });
    }

    /// Another payment, or none, pays the order from now on.
    fn replace_paying(&mut self, by: Option<&PaymentId>) {
        if let Some(former) = std::mem::replace(&mut self.in_force, by.cloned()) {
            self.booked_mut(&former, |booked| {
                if booked.stands.holds_money() {
                    booked.surplus = Some(Surplus::Replaced);
                }
            });
        }
    }

    fn decided(&mut self, attempt: u32) {
        if matches!(self.operation, Some(Operation::Authorize { attempt: open, .. }) if open == attempt) {
            self.operation = None;
        }
    }

    fn change(&mut self, number: u32, with: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.number == number) {
            with(attempt);
        }
    }

    fn booked_mut(&mut self, id: &PaymentId, with: impl FnOnce(&mut Booked)) {
        if let Some(booked) = self.payments.iter_mut().find(|booked| booked.payment_id == *id) {
            with(booked);
        }
    }
}

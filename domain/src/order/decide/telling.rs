//! What Paygent says: replies, inquiries, notices. Recording is accepted in every state, never twice, never backwards.

use super::asking::void;
use crate::ids::PaymentId;
use crate::money::Yen;
use crate::order::calls::{Call, Operation};
use crate::order::events::{FoundBy, OrderEvent as Event, Purpose};
use crate::order::facts::{PaymentFact, Stands};
use crate::order::refusals::OrderRefusal as Refusal;
use crate::order::state::{Attempt, Booked, Details};
use chrono::NaiveDate;

type Decision = Result<Vec<Event>, Refusal>;

impl Details {
    pub(super) fn authorized(
        &self,
        number: u32,
        payment_id: PaymentId,
        captured: bool,
        amount: Option<Yen>,
        until: Option<NaiveDate>,
        found_by: FoundBy,
    ) -> Decision {
        let attempt = self.known_attempt(number)?;
        if let Some(known) = self.booked(&payment_id) {
            // Before "told twice", so that no second telling brings in another amount unseen (W15).
            differs(number, known.amount, amount)?;
            // Told twice is fine; that the sale has been made since is news and must not get lost.
            return if captured { self.moved(known, Stands::Captured, until, found_by) } else { Ok(vec![]) };
        }
        if attempt.is_decided() || attempt.given_up {
            // It had been taken for failed, or there is one already: a second charge must be seen by people (W8).
            let amount = amount.unwrap_or(attempt.amount);
            return Ok(vec![Event::SurplusPaymentFound {
                attempt: number,
                payment_id,
                amount,
                captured,
                found_by,
                until,
            }]);
        }
        differs(number, attempt.amount, amount)?;
        let mut events = vec![Event::AuthorizationSucceeded { attempt: number, payment_id, captured, found_by, until }];
        // The customer is not left with two holds: the intention to cancel the former one stands in the same commit.
        if let Some(former) = self.paying().filter(|paying| paying.stands == Stands::Authorized) {
            events.push(void(former, Purpose::Release));
        }
        Ok(events)
    }

    pub(super) fn declined(&self, number: u32, code: String, detail: String, found_by: FoundBy) -> Decision {
        let attempt = self.known_attempt(number)?;
        if attempt.payment_id.is_some() {
            return Err(Refusal::Contradiction { attempt: number, recorded: "authorised", now: "refused" });
        }
        if attempt.failure.is_some() {
            return Ok(vec![]);
        }
        Ok(vec![Event::AuthorizationFailed { attempt: number, code, detail, found_by }])
    }

    pub(super) fn not_known(&self, number: u32, why: String) -> Decision {
        let attempt = self.known_attempt(number)?;
        match self.operation {
            Some(Operation::Authorize { attempt: open, unknown: false }) if open == number && !attempt.is_decided() => {
                Ok(vec![Event::AuthorizationOutcomeUnknown { attempt: number, why }])
            }
            _ => Ok(vec![]),
        }
    }

    pub(super) fn done(
        &self,
        call: Call,
        id: &PaymentId,
        became: Option<PaymentId>,
        refundable_until: Option<NaiveDate>,
        found_by: FoundBy,
    ) -> Decision {
        let booked = self.known_payment(id)?;
        match call {
            Call::Capture => self.moved(booked, Stands::Captured, refundable_until, found_by),
            Call::Void => self.moved(booked, Stands::Voided, None, found_by),
            Call::Refund => self.moved(booked, Stands::Refunded, None, found_by),
            Call::Revise => match (became, &self.operation) {
                (Some(new), _) if self.booked(&new).is_some() => Ok(vec![]),
                (Some(new), Some(operation @ Operation::Call { amount, .. })) if operation.is(Call::Revise, id) => {
                    Ok(vec![self.revised(booked, new, *amount, found_by)])
                }
                _ => Err(self.contradiction(booked, "its amount lowered")),
            },
        }
    }

    pub(super) fn failed(&self, call: Call, payment_id: PaymentId, code: String, detail: String) -> Decision {
        let booked = self.known_payment(&payment_id)?;
        let attempt = booked.attempt;
        if !self.operation.as_ref().is_some_and(|operation| operation.is(call, &payment_id)) {
            // Not asked, or answered otherwise before: what is on record came from Paygent too.
            return match (call, booked.stands) {
                (Call::Capture, Stands::Captured) => Err(self.contradiction(booked, "not captured")),
                _ => Ok(vec![]),
            };
        }
        Ok(vec![match call {
            Call::Capture => Event::CaptureFailed { attempt, code, detail },
            Call::Revise => Event::RevisionFailed { attempt, payment_id, code, detail },
            Call::Void => Event::VoidFailed { attempt, payment_id, code, detail },
            Call::Refund => Event::RefundFailed { attempt, payment_id, code, detail },
        }])
    }

    pub(super) fn call_not_known(&self, asked: Call, payment_id: PaymentId, why: String) -> Decision {
        let attempt = self.known_payment(&payment_id)?.attempt;
        match &self.operation {
            Some(operation @ Operation::Call { unknown: false, .. }) if operation.is(asked, &payment_id) => {
                Ok(vec![match asked {
                    Call::Capture => Event::CaptureOutcomeUnknown { attempt, why },
                    Call::Revise => Event::RevisionOutcomeUnknown { attempt, payment_id, why },
                    Call::Void => Event::VoidOutcomeUnknown { attempt, payment_id, why },
                    Call::Refund => Event::RefundOutcomeUnknown { attempt, payment_id, why },
                }])
            }
            _ => Ok(vec![]),
        }
    }

    /// O9, W14: one way in for everything that is found rather than answered.
    pub(super) fn fact(&self, fact: PaymentFact) -> Decision {
        if let Some(booked) = self.booked(&fact.payment_id) {
            return self.fact_of_known(booked, &fact);
        }
        let attempt = self.attempts.iter().find(|attempt| attempt.transaction_id == fact.transaction_id);
        let attempt = attempt.ok_or_else(|| Refusal::NotOfThisOrder(fact.transaction_id.clone()))?;
        if attempt.is_decided() || attempt.given_up {
            return self.fact_beside(attempt, fact);
        }
        match fact.stands {
            Stands::Authorized | Stands::Captured => {
                let captured = fact.stands == Stands::Captured;
                self.authorized(attempt.number, fact.payment_id, captured, Some(fact.amount), fact.until, fact.found_by)
            }
            // Refused, or cancelled or expired before we knew of it: no money is held.
            _ => self.declined(attempt.number, fact.refusal.0, fact.refusal.1, fact.found_by),
        }
    }

    fn fact_of_known(&self, booked: &Booked, fact: &PaymentFact) -> Decision {
        let mut events = self.moved(booked, fact.stands, fact.until, fact.found_by)?;
        // Somebody at Paygent's console changed the amount (O9). Where it comes with another id, it is seen below.
        if fact.amount != booked.amount && fact.stands.holds_money() {
            events.push(self.revised(booked, booked.payment_id.clone(), fact.amount, fact.found_by));
        }
        Ok(events)
    }

    /// A payment unknown so far under the transaction ID of an attempt whose outcome is on record.
    fn fact_beside(&self, attempt: &Attempt, fact: PaymentFact) -> Decision {
        let number = attempt.number;
        // Lowering an amount makes a new payment under the same transaction ID; a second charge has the full amount. On
        // an order that is cancelled or paid by another attempt meanwhile, it pays nothing all the same.
        let base = self.paying().filter(|base| base.attempt == number && fact.amount < base.amount);
        let base = base.filter(|base| base.stands != Stands::Expired && !self.cancelled);
        if let Some(base) = base {
            let waited_for = self.asked_about(&base.payment_id) == Some(Call::Revise);
            if fact.stands.holds_money() || waited_for {
                let mut events = vec![self.revised(base, fact.payment_id.clone(), fact.amount, fact.found_by)];
                // As it is folded: in the place of a sale stands a sale, whichever of the two notices came first.
                let stands = match base.stands {
                    Stands::Captured | Stands::Refunded => Stands::Captured,
                    _ => Stands::Authorized,
                };
                let successor = Booked { payment_id: fact.payment_id, amount: fact.amount, stands, ..base.clone() };
                events.extend(self.moved(&successor, fact.stands, fact.until, fact.found_by)?);
                return Ok(events);
            }
        }
        if !fact.stands.holds_money() {
            if attempt.given_up && !attempt.is_decided() {
                return self.declined(number, fact.refusal.0, fact.refusal.1, fact.found_by);
            }
            return Ok(vec![]);
        }
        Ok(vec![Event::SurplusPaymentFound {
            attempt: number,
            payment_id: fact.payment_id,
            amount: fact.amount,
            captured: fact.stands == Stands::Captured,
            found_by: fact.found_by,
            until: fact.until,
        }])
    }

    /// A payment is found to stand elsewhere. Earlier states are old news; states that exclude each other are not.
    fn moved(&self, booked: &Booked, to: Stands, until: Option<NaiveDate>, found_by: FoundBy) -> Decision {
        use Stands::{Authorized, Captured, Expired, Refunded, Refused, Voided};
        let (attempt, amount, payment_id) = (booked.attempt, booked.amount, booked.payment_id.clone());
        let captured = || match booked.surplus {
            Some(_) => {
                let payment_id = booked.payment_id.clone();
                Event::SurplusPaymentFound { attempt, payment_id, amount, captured: true, found_by, until }
            }
            None => Event::SalesConfirmed { attempt, amount, found_by, refundable_until: until },
        };
        let refunded = || {
            let payment_id = booked.payment_id.clone();
            Event::SaleRefunded { attempt, payment_id, amount, found_by }
        };
        let mut events = match (booked.stands, to) {
            (Authorized, Captured) => vec![captured()],
            // The base of a revision is cancelled by the revision itself: what stands in its place is still to come.
            (Authorized, Voided) if self.asked_about(&payment_id) == Some(Call::Revise) => return Ok(vec![]),
            (Authorized, Voided) => vec![Event::AuthorizationVoided { attempt, payment_id, found_by }],
            (Authorized, Expired) => vec![Event::AuthorizationExpired { attempt, payment_id, found_by }],
            (Authorized, Refunded) => vec![captured(), refunded()],
            (Captured, Refunded) => vec![refunded()],
            (_, Authorized) | (Refunded, Captured) | (Expired, Voided) | (Voided, Expired) => return Ok(vec![]),
            (known, told) if known == told => return Ok(vec![]),
            // That a lower amount took its place tells only that it holds nothing any more: it may have been captured
            // before, and then it was refunded. Captured is what it was for a moment in between.
            (Voided, Refunded) if booked.lowered => vec![refunded()],
            (Voided, Captured) if booked.lowered => return Ok(vec![]),
            (Captured, Voided | Expired) => return Err(self.contradiction(booked, "cancelled before capture")),
            (Voided | Expired, Captured | Refunded) => return Err(self.contradiction(booked, "captured")),
            (Refunded, Voided | Expired) => return Err(self.contradiction(booked, "cancelled before capture")),
            (_, Refused) | (Refused, _) => return Err(self.contradiction(booked, "refused")),
            _ => return Ok(vec![]),
        };
        let cancels = matches!(&self.operation, Some(Operation::Call { payment_id: of, purpose, .. })
            if *of == booked.payment_id && *purpose == Some(Purpose::CancelOrder));
        if cancels && !to.holds_money() && !self.cancelled {
            events.push(Event::OrderCancelled {});
        }
        Ok(events)
    }

    fn revised(&self, base: &Booked, payment_id: PaymentId, amount: Yen, found_by: FoundBy) -> Event {
        let base_payment_id = base.payment_id.clone();
        Event::AmountRevised { attempt: base.attempt, base_payment_id, payment_id, amount, found_by }
    }

    fn contradiction(&self, booked: &Booked, now: &'static str) -> Refusal {
        Refusal::Contradiction { attempt: booked.attempt, recorded: booked.stands.code(), now }
    }
}

fn differs(attempt: u32, intended: Yen, reported: Option<Yen>) -> Result<(), Refusal> {
    match reported {
        Some(reported) if reported != intended => Err(Refusal::AmountDiffers { attempt, intended, reported }),
        _ => Ok(()),
    }
}

//! One call to Paygent for one intention, and its outcome on record; then the next, if the outcome intends one.

use super::{CallRight, PaymentError, Payments};
use crate::command_gateway::{Because, Done};
use std::time::Duration;
use teiki_domain::ids::PaymentId;
use teiki_domain::order::{Attempt, Call, Details, FoundBy, Operation, Order, OrderCommand, OrderEvent};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::event_store::Loaded;
use teiki_infrastructure::paygent::{
    AuthoriseStoredCard, Declined, NotSent, Outcome, Paygent, PaymentRef, Revision, Settled,
};

/// Most times one telegram is repeated after Paygent provably did not process it (busy, no connection).
const BUSY_RETRIES: u32 = 2;

/// What the commit just made intends.
enum Intent {
    Authorise(Attempt),
    Call { call: Call, payment_id: PaymentId },
}

fn intent_of(done: &Done<Order>) -> Option<Intent> {
    let intended = done.events.iter().any(|event| {
        matches!(
            event,
            OrderEvent::AuthorizationRequested { .. }
                | OrderEvent::AuthorizationSentAgain { .. }
                | OrderEvent::CaptureRequested { .. }
                | OrderEvent::RevisionRequested { .. }
                | OrderEvent::VoidRequested { .. }
                | OrderEvent::RefundRequested { .. }
        )
    });
    let details = done.aggregate.details().filter(|_| intended)?;
    match details.operation.as_ref()? {
        Operation::Authorize { attempt, .. } => details.attempt(*attempt).cloned().map(Intent::Authorise),
        Operation::Call { call, payment_id, .. } => Some(Intent::Call { call: *call, payment_id: payment_id.clone() }),
    }
}

impl Payments {
    /// Calls Paygent if, and only if, the commit just made holds the intent to, and records what comes of it. An
    /// outcome may intend the next call (a replaced authorisation is cancelled): that one is made too.
    pub(super) async fn carry_out(
        &self,
        mut done: Done<Order>,
        because: &Because,
    ) -> Result<Done<Order>, PaymentError> {
        loop {
            let Some(intent) = intent_of(&done) else { return Ok(done) };
            let Some(details) = done.aggregate.details() else { return Ok(done) };
            let right = self.call_right(done.begun);
            reached(match &intent {
                Intent::Authorise(_) => "W1",
                Intent::Call { .. } => "W12",
            });
            let paygent = self.shops.paygent(details.order_id.shop()).await?;
            reached("W9");
            let command = match &intent {
                Intent::Authorise(attempt) => self.authorise(&paygent, details, attempt, &right).await?,
                Intent::Call { call, payment_id } => self.call(&paygent, details, *call, payment_id, &right).await,
            };
            let Some(command) = command else { return Ok(done) };
            reached(match &intent {
                Intent::Authorise(_) => "W3",
                Intent::Call { .. } => "W13",
            });
            let id = details.order_id.to_string();
            let outcome = self.gateway.then(because, "what Paygent answered");
            let loaded = Loaded { aggregate: done.aggregate, sequence: done.sequence };
            done = self.gateway.execute_on::<Order>(&id, loaded, &outcome, command).await?;
            reached("W6");
        }
    }

    /// 020. `None`: the right to call is gone, so nothing was sent by this process since.
    async fn authorise(
        &self,
        paygent: &Paygent,
        details: &Details,
        attempt: &Attempt,
        right: &CallRight,
    ) -> Result<Option<OrderCommand>, PaymentError> {
        let request = AuthoriseStoredCard {
            transaction_id: attempt.transaction_id.clone(),
            amount: attempt.amount,
            member: details.member_id.clone(),
            card_id: attempt.card.card_id.clone(),
            sale_mode: attempt.sale_mode,
        };
        let (number, found_by) = (attempt.number, FoundBy::Reply);
        let Some(outcome) = self.insist(right, || paygent.authorise_stored_card(&request)).await else {
            return Ok(None);
        };
        Ok(Some(match outcome {
            Outcome::Approved(reply) => {
                let captured = attempt.sale_mode == SaleMode::AuthorizeAndCapture;
                // From before the call: an answer that comes after midnight does not lengthen what Paygent counts.
                let until = self.until(details.order_id.shop(), captured, Some(right.begun.dated)).await?;
                let payment_id = reply.payment_id;
                OrderCommand::RecordAuthorized { attempt: number, payment_id, captured, amount: None, until, found_by }
            }
            Outcome::Declined(Declined { code, detail }) => {
                OrderCommand::RecordDeclined { attempt: number, code, detail, found_by }
            }
            Outcome::Unknown(why) => OrderCommand::RecordUnknown { attempt: number, why: why.to_string() },
            // Recovery goes on asking and sending: a busy gateway is no reason to fail a customer's card.
            Outcome::Busy(declined) => {
                OrderCommand::RecordUnknown { attempt: number, why: format!("Paygent was busy: {declined}") }
            }
            Outcome::NotSent(why) if !why.may_retry() => {
                let (code, detail) = (String::new(), why.to_string());
                OrderCommand::RecordDeclined { attempt: number, code, detail, found_by }
            }
            Outcome::NotSent(why) => OrderCommand::RecordUnknown { attempt: number, why: why.to_string() },
        }))
    }

    /// 021, 022, 023, 028.
    async fn call(
        &self,
        paygent: &Paygent,
        details: &Details,
        call: Call,
        id: &PaymentId,
        right: &CallRight,
    ) -> Option<OrderCommand> {
        let payment = PaymentRef::Payment(id.clone());
        let settled = |outcome: Outcome<Settled>| outcome.map(|_| None);
        let outcome = match call {
            Call::Capture => settled(self.insist(right, || paygent.capture(&payment)).await?),
            Call::Void => settled(self.insist(right, || paygent.void(&payment)).await?),
            Call::Refund => settled(self.insist(right, || paygent.refund(&payment)).await?),
            Call::Revise => {
                let new_amount = match details.operation.as_ref()? {
                    Operation::Call { amount, .. } => *amount,
                    Operation::Authorize { .. } => return None,
                };
                let revision = Revision { payment, new_amount, base_payment_cancel_timing: None };
                let outcome = self.insist(right, || paygent.revise_authorisation(&revision)).await?;
                outcome.map(|revised| Some(revised.payment_id))
            }
        };
        Some(self.recorded(call, id.clone(), outcome, right))
    }

    fn recorded(
        &self,
        call: Call,
        payment_id: PaymentId,
        outcome: Outcome<Option<PaymentId>>,
        right: &CallRight,
    ) -> OrderCommand {
        let cancels = matches!(call, Call::Void | Call::Refund);
        let not_known = |why: String| OrderCommand::RecordNotKnown { call, payment_id: payment_id.clone(), why };
        match outcome {
            Outcome::Approved(became) => {
                let refundable_until =
                    (call == Call::Capture).then(|| self.refundable_until(Some(right.begun.dated))).flatten();
                let found_by = FoundBy::Reply;
                OrderCommand::RecordDone { call, payment_id, became, refundable_until, found_by }
            }
            // The card network did not answer Paygent in time; an inquiry tells on which side it ended.
            Outcome::Declined(declined) if declined.code == "2008" => not_known(declined.to_string()),
            // A cancel is asked for again until it is done (W12); anything else somebody asks for again.
            Outcome::Busy(declined) if cancels => not_known(format!("Paygent was busy: {declined}")),
            Outcome::NotSent(why) if cancels && why.may_retry() => not_known(why.to_string()),
            Outcome::Declined(Declined { code, detail }) | Outcome::Busy(Declined { code, detail }) => {
                OrderCommand::RecordFailed { call, payment_id, code, detail }
            }
            Outcome::NotSent(why) => failed_unsent(call, payment_id, &why),
            Outcome::Unknown(why) => not_known(why.to_string()),
        }
    }

    /// One call, repeated only while Paygent provably booked nothing. `None`: the right to call is gone, so nothing
    /// was sent by this process since.
    async fn insist<T, F: Future<Output = Outcome<T>>>(
        &self,
        right: &CallRight,
        call: impl Fn() -> F,
    ) -> Option<Outcome<T>> {
        let mut tries = 0;
        loop {
            if !right.holds() {
                return None;
            }
            match call().await {
                Outcome::Busy(_) if tries < BUSY_RETRIES => {}
                Outcome::NotSent(why) if why.may_retry() && tries < BUSY_RETRIES => {}
                outcome => return Some(outcome),
            }
            tries += 1;
            tokio::time::sleep((self.timeout / 20).min(Duration::from_millis(500)) * tries).await;
        }
    }
}

fn failed_unsent(call: Call, payment_id: PaymentId, why: &NotSent) -> OrderCommand {
    OrderCommand::RecordFailed { call, payment_id, code: String::new(), detail: why.to_string() }
}

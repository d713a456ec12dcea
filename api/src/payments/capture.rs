use super::{PaymentError, Payments};
use crate::command_gateway::{Because, Done};
use teiki_domain::order::{FoundBy, Order, OrderCommand, OrderEvent};
use teiki_infrastructure::event_store::Loaded;
use teiki_infrastructure::paygent::{Outcome, PaymentRef};

impl Payments {
    /// Confirms the sale of an authorised order (売上確定, O5). Confirmed before: says so, and sends nothing.
    pub async fn capture(&self, order: &str, because: &Because) -> Result<Done<Order>, PaymentError> {
        let done = self.gateway.execute::<Order>(order, because, OrderCommand::Capture).await?;
        let right = self.call_right(done.begun);
        let intended = done.events.iter().find_map(|event| match event {
            OrderEvent::CaptureRequested { attempt, .. } => Some(*attempt),
            _ => None,
        });
        let payment_id = intended
            .and_then(|number| done.aggregate.details()?.attempt(number).cloned())
            .and_then(|attempt| attempt.payment_id);
        let (Some(attempt), Some(payment_id), Some(details)) = (intended, payment_id, done.aggregate.details()) else {
            return Ok(done);
        };
        let Some(_under_way) = self.start_on(&details.order_id) else { return Ok(done) };
        let paygent = self.shops.paygent(details.order_id.shop()).await?;
        if !right.holds() {
            return Ok(done);
        }
        let command = match paygent.capture(&PaymentRef::Payment(payment_id)).await {
            Outcome::Approved(_) => OrderCommand::RecordCaptured { attempt, found_by: FoundBy::Reply },
            Outcome::Declined(declined) | Outcome::Busy(declined) => {
                OrderCommand::RecordCaptureFailed { attempt, code: declined.code, detail: declined.detail }
            }
            Outcome::NotSent(why) => {
                OrderCommand::RecordCaptureFailed { attempt, code: String::new(), detail: why.to_string() }
            }
            Outcome::Unknown(why) => OrderCommand::RecordCaptureUnknown { attempt, why: why.to_string() },
        };
        let outcome = self.gateway.then(because, "outcome of the capture");
        let loaded = Loaded { aggregate: done.aggregate, sequence: done.sequence };
        Ok(self.gateway.execute_on::<Order>(order, loaded, &outcome, command).await?)
    }
}

use super::{CallRight, PaymentError, Payments};
use crate::command_gateway::{Because, Done};
use std::time::Duration;
use teiki_domain::applicability::NotExecutedReason;
use teiki_domain::order::{Attempt, FoundBy, GenerateOrder, Order, OrderCommand, OrderEvent, Payment};
use teiki_domain::payment_method::SaleMode;
use teiki_infrastructure::event_store::Loaded;
use teiki_infrastructure::paygent::{AuthoriseStoredCard, Outcome, Paygent};

/// Most times one telegram is repeated after Paygent provably did not process it (busy, no connection).
const BUSY_RETRIES: u32 = 2;

/// What came of generating and authorising one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorised {
    /// Nothing to authorise: settled outside.
    External,
    /// Not tried, with the reason (R5).
    NotExecuted(NotExecutedReason),
    /// Authorised, or captured with it.
    Succeeded {
        /// Whether the sale was made with it.
        captured: bool,
    },
    /// Refused by Paygent.
    Failed {
        /// Paygent's code.
        code: String,
    },
    /// Not known; recovery will ask.
    Open,
}

/// An order that exists now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Whether it did not exist before.
    pub new: bool,
    /// What came of its payment.
    pub authorised: Authorised,
}

impl Payments {
    /// Makes the order exist and, if its settings say so, authorises it (R1, R2). Done before: says what came of it,
    /// and sends nothing.
    pub async fn generate(&self, generate: GenerateOrder, because: &Because) -> Result<Generated, PaymentError> {
        let id = generate.order_id.clone();
        let Some(_under_way) = self.start_on(&id) else {
            return Ok(Generated { new: false, authorised: Authorised::Open });
        };
        let absent = Loaded { aggregate: Order::default(), sequence: 0 };
        // Almost always the order is new: deciding on absence saves a read, and a conflict corrects it.
        let command = OrderCommand::Generate(Box::new(generate));
        let done = self.gateway.execute_on::<Order>(id.as_str(), absent, because, command).await?;
        let new = !done.events.is_empty();
        Ok(Generated { new, authorised: self.send_if_intended(done, because).await? })
    }

    /// Calls Paygent if, and only if, the commit just made holds the intent to.
    pub(super) async fn send_if_intended(
        &self,
        done: Done<Order>,
        because: &Because,
    ) -> Result<Authorised, PaymentError> {
        let right = self.call_right(done.begun);
        let intended = done.events.iter().find_map(|event| match event {
            OrderEvent::AuthorizationRequested { attempt, .. } | OrderEvent::AuthorizationSentAgain { attempt } => {
                Some(*attempt)
            }
            _ => None,
        });
        let details = done.aggregate.details();
        let (Some(number), Some(details)) = (intended, details) else {
            return Ok(details.map_or(Authorised::Open, |details| standing(&details.payment, &details.attempts)));
        };
        let (Some(attempt), shop) = (details.attempt(number), details.order_id.shop()) else {
            return Ok(Authorised::Open);
        };
        let request = AuthoriseStoredCard {
            transaction_id: attempt.transaction_id.clone(),
            amount: attempt.amount,
            member: details.member_id.clone(),
            card_id: attempt.card.card_id.clone(),
            sale_mode: attempt.sale_mode,
        };
        let paygent = self.shops.paygent(shop).await?;
        let command = self.call(&paygent, &request, number, &right).await;
        let Some(command) = command else { return Ok(Authorised::Open) };
        let id = details.order_id.to_string();
        let outcome = self.gateway.then(because, "outcome of the authorisation");
        let loaded = Loaded { aggregate: done.aggregate, sequence: done.sequence };
        let recorded = self.gateway.execute_on::<Order>(&id, loaded, &outcome, command).await?;
        Ok(recorded.aggregate.details().map_or(Authorised::Open, |d| standing(&d.payment, &d.attempts)))
    }

    /// One call, repeated only while Paygent provably booked nothing. `None`: the right to call is gone, so nothing
    /// was sent by this process since.
    async fn call(
        &self,
        paygent: &Paygent,
        request: &AuthoriseStoredCard,
        attempt: u32,
        right: &CallRight,
    ) -> Option<OrderCommand> {
        let mut tries = 0;
        loop {
            if !right.holds() {
                return None;
            }
            let found_by = FoundBy::Reply;
            match paygent.authorise_stored_card(request).await {
                Outcome::Approved(reply) => {
                    let captured = request.sale_mode == SaleMode::AuthorizeAndCapture;
                    let payment_id = reply.payment_id;
                    return Some(OrderCommand::RecordAuthorized {
                        attempt,
                        payment_id,
                        captured,
                        amount: None,
                        found_by,
                    });
                }
                Outcome::Declined(declined) => {
                    let (code, detail) = (declined.code, declined.detail);
                    return Some(OrderCommand::RecordDeclined { attempt, code, detail, found_by });
                }
                Outcome::Unknown(why) => {
                    return Some(OrderCommand::RecordUnknown { attempt, why: why.to_string() });
                }
                Outcome::Busy(declined) if tries >= BUSY_RETRIES => {
                    // Recovery goes on asking and sending: a busy gateway is no reason to fail a customer's card.
                    return Some(OrderCommand::RecordUnknown { attempt, why: format!("Paygent was busy: {declined}") });
                }
                Outcome::NotSent(why) if !why.may_retry() => {
                    let (code, detail) = (String::new(), why.to_string());
                    return Some(OrderCommand::RecordDeclined { attempt, code, detail, found_by });
                }
                Outcome::NotSent(why) if tries >= BUSY_RETRIES => {
                    return Some(OrderCommand::RecordUnknown { attempt, why: why.to_string() });
                }
                Outcome::Busy(_) | Outcome::NotSent(_) => {
                    tries += 1;
                    tokio::time::sleep((self.timeout / 20).min(Duration::from_millis(500)) * tries).await;
                }
            }
        }
    }
}

/// What an order's payment status means to whoever asked for the order.
pub(super) fn standing(payment: &Payment, attempts: &[Attempt]) -> Authorised {
    match payment {
        Payment::External => Authorised::External,
        Payment::NotExecuted(reason) => Authorised::NotExecuted(reason.clone()),
        Payment::Authorized(_) | Payment::CaptureRequested(_) | Payment::CaptureUnknown(_) => {
            Authorised::Succeeded { captured: false }
        }
        Payment::Captured { .. } => Authorised::Succeeded { captured: true },
        Payment::Failed(number) => {
            let attempt = attempts.iter().find(|attempt| attempt.number == *number);
            let code = attempt.and_then(|attempt| attempt.failure.as_ref()).map(|(code, _)| code.clone());
            Authorised::Failed { code: code.unwrap_or_default() }
        }
        Payment::Requested(_) | Payment::Unknown(_) => Authorised::Open,
    }
}

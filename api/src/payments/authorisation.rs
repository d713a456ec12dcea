use super::{PaymentError, Payments};
use crate::command_gateway::Because;
use teiki_domain::applicability::NotExecutedReason;
use teiki_domain::order::{Details, GenerateOrder, Order, OrderCommand, Payment};
use teiki_infrastructure::event_store::Loaded;

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
    /// Cancelled or run out since.
    Gone,
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
        let done = self.carry_out(done, because).await?;
        let authorised = done.aggregate.details().map_or(Authorised::Open, standing_of);
        Ok(Generated { new, authorised })
    }
}

/// What an order's payment status means to whoever asked for the order.
pub fn standing_of(details: &Details) -> Authorised {
    match &details.payment {
        Payment::External => Authorised::External,
        Payment::NotExecuted(reason) => Authorised::NotExecuted(reason.clone()),
        Payment::Authorized(_)
        | Payment::CaptureRequested(_)
        | Payment::CaptureUnknown(_)
        | Payment::RevisionRequested(_)
        | Payment::RevisionUnknown(_)
        | Payment::VoidRequested(_)
        | Payment::VoidUnknown(_) => Authorised::Succeeded { captured: false },
        Payment::Captured { .. } | Payment::RefundRequested(_) | Payment::RefundUnknown(_) => {
            Authorised::Succeeded { captured: true }
        }
        Payment::Failed(number) => {
            let code =
                details.attempt(*number).and_then(|attempt| attempt.failure.as_ref()).map(|(code, _)| code.clone());
            Authorised::Failed { code: code.unwrap_or_default() }
        }
        Payment::Voided(_) | Payment::Refunded(_) | Payment::Expired(_) => Authorised::Gone,
        Payment::Untried | Payment::Requested(_) | Payment::Unknown(_) | Payment::GivenUp(_) => Authorised::Open,
    }
}

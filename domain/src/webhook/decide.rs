use super::commands::WebhookCommand as Command;
use super::events::WebhookEvent as Event;
use super::refusals::WebhookRefusal as Refusal;
use super::state::{Details, Webhook};
use crate::cqrs::Decide;

impl Decide for Webhook {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self, command) {
            (Webhook::Absent, Command::Register { webhook_id, host, types, description }) => {
                Ok(vec![Event::WebhookRegistered { webhook_id, host, types, description }])
            }
            (Webhook::Absent, _) => Err(Refusal::DoesNotExist),
            (Webhook::Removed, Command::Remove) => Ok(vec![]),
            (Webhook::Removed, _) => Err(Refusal::Removed),
            (Webhook::Registered(details), command) => details.decide(command),
        }
    }

    fn apply(&mut self, event: &Event) {
        self.fold(event);
    }
}

impl Details {
    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Register { webhook_id, host, types, description } => {
                let same = (&webhook_id, &host, &types, &description)
                    == (&self.webhook_id, &self.host, &self.types, &self.description);
                if same { Ok(vec![]) } else { Err(Refusal::IdTaken) }
            }
            Command::RotateSecret { secret, .. } if secret <= self.secret => Ok(vec![]),
            Command::RotateSecret { secret, overlap_hours } => {
                Ok(vec![Event::WebhookSecretRotated { secret, overlap_hours }])
            }
            Command::Disable { .. } if self.disabled_because.is_some() => Ok(vec![]),
            Command::Disable { reason } => Ok(vec![Event::WebhookDisabled { reason }]),
            Command::Enable if self.disabled_because.is_none() => Ok(vec![]),
            Command::Enable => Ok(vec![Event::WebhookEnabled {}]),
            Command::RepeatDelivery { .. } if self.disabled_because.is_some() => Err(Refusal::Disabled),
            Command::RepeatDelivery { delivery, position } => {
                Ok(vec![Event::WebhookDeliveryRepeated { delivery, position }])
            }
            Command::Remove => Ok(vec![Event::WebhookRemoved {}]),
        }
    }
}

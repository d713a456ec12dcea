use super::commands::{Connection, ShopSettingsCommand as Command};
use super::events::ShopSettingsEvent as Event;
use super::refusals::ShopSettingsRefusal as Refusal;
use super::state::{ShopSettings, VALIDITY_MAX};
use crate::cqrs::Decide;
use crate::payment_method::PaymentMethod;

impl Decide for ShopSettings {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self, command) {
            (ShopSettings::Absent, Command::Open { shop_id, name }) => {
                text("shop name", &name, "1 to 200 characters without control characters", 1..=200)?;
                Ok(vec![Event::ShopOpened { shop_id, name }])
            }
            (ShopSettings::Opened(_), Command::Open { .. }) => Ok(vec![]),
            (ShopSettings::Absent, _) => Err(Refusal::DoesNotExist),
            (ShopSettings::Opened(details), command) => {
                let event = change(command)?;
                // Setting what is already set leaves no trace in the history.
                let mut after = ShopSettings::Opened(details.clone());
                after.fold(&event);
                Ok(if after == *self { vec![] } else { vec![event] })
            }
        }
    }

    fn apply(&mut self, event: &Event) {
        self.fold(event);
    }
}

fn text(
    field: &'static str,
    text: &str,
    rule: &'static str,
    length: std::ops::RangeInclusive<usize>,
) -> Result<(), Refusal> {
    if length.contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Refusal::Field { field, rule })
    }
}

fn change(command: Command) -> Result<Event, Refusal> {
    Ok(match command {
        Command::Open { shop_id, name } => Event::ShopOpened { shop_id, name },
        Command::ChangeConnection(connection) => change_connection(connection)?,
        Command::ChangeSaleMode(sale_mode) => Event::SaleModeChanged { sale_mode },
        Command::ChangeInstalments { allowed, note } => {
            text("instalment note", &note, "at most 500 characters without control characters", 0..=500)?;
            Event::InstalmentsChanged { allowed, note }
        }
        Command::ChangeApplicability { min, max } => {
            if min.zip(max).is_some_and(|(min, max)| min > max) {
                return Err(Refusal::EmptyRange);
            }
            Event::ApplicabilityChanged { min, max }
        }
        Command::ChangeUseForSubscriptions(enabled) => Event::UseForSubscriptionsChanged { enabled },
        Command::ChangeAuthorizeAtGeneration(enabled) => Event::AuthorizeAtGenerationChanged { enabled },
        Command::ChangePaymentMethods(methods) => {
            for method in &methods {
                if let PaymentMethod::External { name } = method {
                    text("payment method name", name, "1 to 60 characters without control characters", 1..=60)?;
                }
            }
            Event::PaymentMethodsChanged { methods }
        }
        Command::ChangeCardExpiryMails(automatic) => Event::CardExpiryMailsChanged { automatic },
        Command::ChangeLeadTime(days) if days > 90 => return Err(Refusal::LeadTime(days)),
        Command::ChangeLeadTime(days) => Event::LeadTimeChanged { days },
        Command::ChangeContractPeriod { start, end } => {
            if start.zip(end).is_some_and(|(start, end)| start > end) {
                return Err(Refusal::EmptyPeriod);
            }
            Event::ContractPeriodChanged { start, end }
        }
        Command::ChangeAuthorizationValidity { days, warn_days } => {
            if !(1..=VALIDITY_MAX).contains(&days) || warn_days > days {
                return Err(Refusal::Validity { days, warn_days });
            }
            Event::AuthorizationValidityChanged { days, warn_days }
        }
        Command::ChangeRetryPolicy(policy) => {
            policy.check()?;
            Event::RetryPolicyChanged { policy }
        }
        Command::ChangeNoticeKey(notice_key) => Event::NoticeKeyChanged { notice_key },
    })
}

fn change_connection(connection: Connection) -> Result<Event, Refusal> {
    let Connection { merchant_id, connect_id, connect_password, token_key } = connection;
    if !(1..=9).contains(&merchant_id.len()) || !merchant_id.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::Field { field: "merchant ID", rule: "1 to 9 digits" });
    }
    if !(1..=32).contains(&connect_id.len()) || !connect_id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Refusal::Field { field: "connect ID", rule: "1 to 32 letters or digits" });
    }
    Ok(Event::ConnectionChanged { merchant_id, connect_id, connect_password, token_key })
}

use super::commands::{Connection, ShopSettingsCommand as Command};
use super::events::ShopSettingsEvent as Event;
use super::refusals::ShopSettingsRefusal as Refusal;
use super::state::{Details, ShopSettings, VALIDITY_MAX};
use super::values::{COMMENT_MAX, CYCLES_MAX, ContractOptions, Logo, PAGE_TEXT_MAX, ThreeDSecure, lines};
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
            (ShopSettings::Opened(_), Command::All(commands)) => {
                let (mut after, mut events) = (self.clone(), vec![]);
                for command in commands {
                    let caused = after.decide(command)?;
                    caused.iter().for_each(|event| after.fold(event));
                    events.extend(caused);
                }
                Ok(events)
            }
            // A fact to be written down, not a setting: it changes nothing here.
            (ShopSettings::Opened(_), Command::RecordAccountChange { operator_id, change }) => {
                Ok(vec![Event::AccountChanged { operator_id, change }])
            }
            (ShopSettings::Opened(_), Command::RecordReleased { work, subject }) => {
                Ok(vec![Event::ShopWorkReleased { work, subject }])
            }
            (ShopSettings::Opened(details), command) => {
                let event = change(details, command)?;
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

fn change(details: &Details, command: Command) -> Result<Event, Refusal> {
    Ok(match command {
        Command::Open { shop_id, name } => Event::ShopOpened { shop_id, name },
        // Never asked for here: decided by themselves above.
        Command::RecordAccountChange { operator_id, change } => Event::AccountChanged { operator_id, change },
        Command::RecordReleased { work, subject } => Event::ShopWorkReleased { work, subject },
        Command::All(_) => return Err(Refusal::Nested),
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
        Command::Rename(name) => {
            text("name", &name, "1 to 200 characters without control characters", 1..=200)?;
            Event::ShopRenamed { name }
        }
        Command::ChangeProfile(profile) => {
            profile.check()?;
            Event::ShopProfileChanged { profile }
        }
        Command::ChangeMailSender(sender) => {
            sender.check()?;
            Event::MailSenderChanged { sender }
        }
        Command::ChangeInvoiceIssuer(issuer) => {
            issuer.check()?;
            Event::InvoiceIssuerChanged { issuer }
        }
        Command::ChangeWaybillCarrier(carrier) => Event::WaybillCarrierChanged { carrier },
        Command::ChangeContractOptions(options) => change_contract_options(details, options)?,
        Command::ConfirmNormalPurchase(works) => Event::NormalPurchaseConfirmed { works },
        Command::ChangeThreeDSecure(new) => {
            new.check(details.contract_options.three_d_secure)?;
            let ThreeDSecure { enabled, merchant_name, hash_key, attempt_control } = new;
            Event::ThreeDSecureChanged { enabled, merchant_name, hash_key, attempt_control }
        }
        Command::ChangeCardLinking(true) if !details.contract_options.card_vault => {
            return Err(Refusal::NoCardVaultOption);
        }
        Command::ChangeCardLinking(enabled) => Event::CardLinkingChanged { enabled },
        Command::ChangeDisplayName(display_name) => {
            text("display name", &display_name, "1 to 60 characters without control characters", 1..=60)?;
            Event::DisplayNameChanged { display_name }
        }
        Command::ChangePaymentNotes(notes) => {
            notes.check()?;
            Event::PaymentNotesChanged { notes }
        }
        Command::ChangePaymentLogo(logo) => {
            logo.as_ref().map_or(Ok(()), Logo::check)?;
            Event::PaymentLogoChanged { logo }
        }
        Command::ChangeText { page, text } => {
            lines("text", &text, PAGE_TEXT_MAX)?;
            Event::ShopTextChanged { page, text }
        }
        Command::ChangeDeliveryCycles(cycles) => {
            if cycles.len() > CYCLES_MAX {
                return Err(Refusal::Field { field: "delivery cycles", rule: "at most 20" });
            }
            Event::DeliveryCyclesChanged { cycles }
        }
        Command::ChangeCartTexts(texts) => {
            texts.check()?;
            Event::CartTextsChanged { texts }
        }
        Command::ChangeCartDesign(design) => {
            design.check()?;
            Event::CartDesignChanged { design }
        }
        Command::ChangeMyPage(my_page) => {
            lines("comment", &my_page.comment, COMMENT_MAX)?;
            Event::MyPageChanged { my_page }
        }
    })
}

/// What is in use cannot leave the record (S6, S7).
fn change_contract_options(details: &Details, options: ContractOptions) -> Result<Event, Refusal> {
    if details.three_d_secure.enabled && !options.three_d_secure {
        return Err(Refusal::OptionInUse("3-D Secure"));
    }
    if details.card_linking && !options.card_vault {
        return Err(Refusal::OptionInUse("the card vault, which card linking needs,"));
    }
    Ok(Event::ContractOptionsChanged { options })
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

use super::commands::{Content, ProductCommand as Command};
use super::events::ProductEvent as Event;
use super::refusals::ProductRefusal as Refusal;
use super::state::{Details, Product, Status};
use crate::cqrs::Decide;
use crate::ids::ProductId;
use crate::money::LARGEST_PAYMENT;

/// Longest name in characters.
const NAME_MAX: usize = 200;

impl Decide for Product {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self, command) {
            (Product::Absent, Command::Register { product_id, content }) => register(product_id, content),
            (Product::Absent, _) => Err(Refusal::DoesNotExist),
            (Product::Registered(details), command) => details.decide(command),
        }
    }

    fn apply(&mut self, event: &Event) {
        self.fold(event);
    }
}

fn register(product_id: ProductId, content: Content) -> Result<Vec<Event>, Refusal> {
    let Content { name, unit_price, tax_percent } = checked(content)?;
    Ok(vec![Event::ProductRegistered { product_id, name, unit_price, tax_percent }])
}

fn checked(content: Content) -> Result<Content, Refusal> {
    let length = content.name.chars().count();
    if !(1..=NAME_MAX).contains(&length) || content.name.chars().any(char::is_control) {
        return Err(Refusal::Name);
    }
    if content.unit_price > LARGEST_PAYMENT {
        return Err(Refusal::Price(content.unit_price));
    }
    if ![0, 8, 10].contains(&content.tax_percent) {
        return Err(Refusal::Tax(content.tax_percent));
    }
    Ok(content)
}

impl Details {
    fn decide(&self, command: Command) -> Result<Vec<Event>, Refusal> {
        match (self.status, command) {
            (Status::OnSale, Command::Register { content, .. }) if self.is(&content) => Ok(vec![]),
            (Status::OnSale, Command::Register { .. }) => Err(Refusal::CodeTaken),
            (Status::Withdrawn, Command::Register { content, .. }) => register(self.product_id.clone(), content),
            (Status::OnSale, Command::Change { content }) if self.is(&content) => Ok(vec![]),
            (Status::OnSale, Command::Change { content }) => {
                let Content { name, unit_price, tax_percent } = checked(content)?;
                Ok(vec![Event::ProductChanged { name, unit_price, tax_percent }])
            }
            (Status::Withdrawn, Command::Change { .. }) => Err(Refusal::Withdrawn),
            (Status::OnSale, Command::Withdraw) => Ok(vec![Event::ProductWithdrawn {}]),
            (Status::Withdrawn, Command::Withdraw) => Ok(vec![]),
        }
    }

    fn is(&self, content: &Content) -> bool {
        self.name == content.name && self.unit_price == content.unit_price && self.tax_percent == content.tax_percent
    }
}

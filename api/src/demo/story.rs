//! What people do while the nights pass: cards are changed, deliveries skipped, subscriptions paused and ended.

use super::DemoError;
use super::shop::{card, cash_on_delivery, change, member_id, shop_id, subscription_id};
use crate::app::App;
use chrono::{Months, NaiveDate};
use paygent_simulator::Simulator;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::shop_settings::ShopSettingsCommand;
use teiki_domain::subscription::{Subscription, SubscriptionCommand as Command};

/// Plays what happens during day `n` of the demonstration, counted from 0. Repeating a day changes nothing.
pub(super) async fn day(app: &App, simulator: &Simulator, n: u32, today: NaiveDate) -> Result<(), DemoError> {
    let lead_days = app.shops.get(shop_id()?).await.map_err(DemoError::other)?.settings.lead_days;
    let (on, command) = match n {
        // A member whose card was refused registers another one (M1, O18).
        25 => return new_card(app, simulator, 2, today).await,
        // The shop wants to confirm sales itself from now on (S4); orders made so far keep their mode.
        60 => {
            let because = app.gateway.because("operator", "sales are confirmed after shipping from now on");
            return change(app, &because, ShopSettingsCommand::ChangeSaleMode(SaleMode::AuthorizeOnly)).await;
        }
        15 => (7, Command::SkipNext { delivery_date: None, today, lead_days }),
        20 => (3, Command::Pause),
        55 => (3, Command::Resume { today, lead_days }),
        40 => (14, Command::ChangePaymentMethod { payment_method: cash_on_delivery() }),
        45 => (12, Command::End),
        _ => return Ok(()),
    };
    let because = app.gateway.because("operator", "the member asked for it");
    match app.gateway.execute::<Subscription>(subscription_id(on)?.as_str(), &because, command).await {
        Ok(_) => Ok(()),
        // A day played again finds its work done.
        Err(crate::command_gateway::CommandError::Refused(_)) => Ok(()),
        Err(error) => Err(DemoError::other(error)),
    }
}

async fn new_card(app: &App, simulator: &Simulator, member: usize, today: NaiveDate) -> Result<(), DemoError> {
    let because = app.gateway.because("member", "the member changed the card on my-page");
    let expiry = today.checked_add_months(Months::new(36)).unwrap_or(today);
    card(app, simulator, &member_id(member)?, &super::people::Fate::Good.number(member), expiry, &because).await
}

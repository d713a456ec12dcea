//! What is done to accounts at the console, put into the shop's history (O12). The accounts stand outside the log; a change
//! and the note of it are one transaction there, and the note is put into the log from there.

use crate::app::App;
use crate::command_gateway::{Because, CommandError};
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand, ShopSettingsRefusal};
use teiki_infrastructure::crash_points::reached;
use teiki_infrastructure::operators::{self, By, OperatorError};

/// Why the history of accounts cannot be continued. It is, by the next change or the next start.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The accounts.
    #[error(transparent)]
    Operators(#[from] OperatorError),
    /// The log.
    #[error("the history of accounts cannot be continued ({0}); the next change or the next start does")]
    Log(#[from] CommandError<ShopSettingsRefusal>),
}

impl App {
    /// Who changes an account and why. Under an id of its own each time: a form sent twice that makes two passwords is two
    /// changes, and both stand in the history.
    pub fn account_change(&self, because: &Because) -> By {
        By {
            command_id: self.gateway.new_id(),
            actor: because.actor.clone(),
            reason: because.reason.clone(),
            request_id: because.request_id.clone(),
            now: self.clock.now(),
        }
    }
}

/// Puts every change of an account that is not in the history yet there. Done twice, it stands there once.
pub async fn write_history(app: &App) -> Result<(), AccountError> {
    reached("account");
    for change in operators::pending(&app.storage).await? {
        let by = change.by;
        let because = Because {
            command_id: by.command_id,
            correlation_id: by.command_id,
            request_id: by.request_id,
            repeats: true,
            ..app.gateway.because(&by.actor, &by.reason)
        };
        let command =
            ShopSettingsCommand::RecordAccountChange { operator_id: change.operator_id, change: change.change };
        app.gateway.execute::<ShopSettings>(&change.shop.to_string(), &because, command).await?;
        app.shops.forget(change.shop);
        operators::noted(&app.storage, by.command_id).await?;
    }
    Ok(())
}

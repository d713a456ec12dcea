//! `teiki history`: the whole story of an order, a subscription, a payment, a member, a product, a mail, a webhook or a
//! shop.

use super::{CliError, start};
use crate::history;
use std::io::Write as _;
use teiki_infrastructure::config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// An order, a subscription, a transaction ID (取引ID), a member, a product, a mail, a webhook or a shop.
    id: String,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let app = start(config).await?;
    let entries = history::of(&app, &arguments.id, true).await;
    app.stop().await;
    let entries = entries.map_err(CliError::other)?;
    let mut text = String::new();
    match arguments.json {
        false => text = history::describe(&arguments.id, &entries),
        true => {
            for entry in entries {
                text.push_str(&serde_json::to_string(&entry).map_err(CliError::other)?);
                text.push('\n');
            }
        }
    }
    match std::io::stdout().write_all(text.as_bytes()) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(CliError::other),
    }
}

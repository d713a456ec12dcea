//! `teiki set-aside`: work that cannot go on, and letting it go on.

use super::{CliError, start};
use crate::app::App;
use crate::console::Language;
use crate::set_aside::{Reason, ReleaseError, told};
use clap::Subcommand;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::set_aside;

/// Most rows printed.
const ROWS_MAX: i64 = 10_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<What>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Let one unit of work go on; its worker tries it at its next round.
    Release {
        /// As listed, such as payment.
        kind: String,
        /// As listed, such as an order number.
        subject: String,
    },
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let app = start(config).await?;
    let result = match &arguments.command {
        Some(What::Release { kind, subject }) => match release(&app, kind, subject).await {
            Ok(true) => {
                println!("{kind} {subject}: 保留を解除しました");
                Ok(())
            }
            Ok(false) => {
                Err(CliError::Other(format!("{kind} {subject} is not set aside; `teiki set-aside` lists what is")))
            }
            Err(error) => Err(CliError::other(error)),
        },
        None => list(&arguments, &app.storage).await,
    };
    app.stop().await;
    result
}

/// As whoever runs the program on this machine.
async fn release(app: &App, kind: &str, subject: &str) -> Result<bool, ReleaseError> {
    let because = app.gateway.because("operator", "work that was set aside was released");
    crate::set_aside::release(app, None, kind, subject, &because).await
}

async fn list(arguments: &Arguments, storage: &teiki_infrastructure::event_store::Storage) -> Result<(), CliError> {
    let rows = set_aside::list(storage, ROWS_MAX).await?;
    if rows.is_empty() && !arguments.json {
        println!("保留はありません");
    }
    for row in rows {
        if arguments.json {
            println!(
                "{}",
                serde_json::json!({"kind": row.kind, "subject": row.subject, "reason": told(&row.reason, Language::English),
                    "code": Reason::read(&row.reason).map(|reason| reason.code()), "since": row.since})
            );
        } else {
            println!("{} {} {}({} から)", row.kind, row.subject, told(&row.reason, Language::Japanese), row.since);
        }
    }
    Ok(())
}

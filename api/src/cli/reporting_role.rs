//! `teiki reporting-role`: the database role that may read the report views and nothing else.

use super::{CliError, start};
use teiki_infrastructure::config::Config;
use teiki_projections::reports::role;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Its name.
    #[arg(long, default_value = "teiki_reporting")]
    role: String,
    /// Only print the statements, for an administrator to run.
    #[arg(long)]
    print: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let app = start(config).await?;
    let result = if arguments.print {
        role::statements(&app.storage, &arguments.role).await.map(|statements| {
            statements.iter().for_each(|statement| println!("{statement};"));
        })
    } else {
        role::set_up(&app.storage, &arguments.role).await.map(|()| {
            println!("{} は report_… のビューだけを読めます", arguments.role);
            println!("接続する利用者に与えるには: GRANT {} TO 利用者", arguments.role);
        })
    };
    app.stop().await;
    result.map_err(CliError::other)
}

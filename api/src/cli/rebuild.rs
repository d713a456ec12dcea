//! `teiki rebuild`: tables anew from the first event, beside the ones in use.

use super::{CliError, renew::progress_bar, start};
use teiki_infrastructure::config::Config;

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Arguments {
    /// Which projection, such as order_list.
    name: Option<String>,
    /// All of them.
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let app = start(config).await?;
    let names: Vec<String> = match arguments.name {
        Some(name) => vec![name],
        None => app.projections.names().into_iter().map(str::to_owned).collect(),
    };
    let mut result = app.settle().await.map(drop).map_err(CliError::from);
    for name in names {
        if result.is_err() {
            break;
        }
        let bar = progress_bar("再構築").with_message(name.clone());
        let follow = bar.clone();
        let progress = move |position: i64, head: i64| {
            follow.set_length(u64::try_from(head).unwrap_or_default());
            follow.set_position(u64::try_from(position).unwrap_or_default());
        };
        let rebuilt = app.projections.rebuild(&name, &progress).await;
        bar.finish_and_clear();
        match rebuilt {
            Ok(position) => println!("{name}: rebuilt through position {position}"),
            Err(error) => result = Err(error.into()),
        }
    }
    app.stop().await;
    result
}

//! `teiki demo`: a shop through many nights.

use super::{CliError, serve};
use crate::demo;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How many nights to live through now.
    #[arg(long, default_value_t = 100)]
    nights: u32,
    /// End after the tables are printed.
    #[arg(long)]
    no_serve: bool,
    /// Start over instead of going on where the last demonstration ended.
    #[arg(long)]
    fresh: bool,
    /// Folder of the demonstration.
    #[arg(long, default_value = "demo")]
    folder: PathBuf,
    /// Address of the pages.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), CliError> {
    let Arguments { nights, no_serve, fresh, folder, listen } = arguments;
    if nights > 10_000 {
        return Err(CliError::Other(format!("--nights must be at most 10000, not {nights}")));
    }
    // The address first: nobody wants to wait for a hundred nights and then hear that it is taken.
    let listener = if no_serve { None } else { Some(serve::bind(&listen).await?) };
    let demonstration = demo::start(&folder, fresh, &listen).await?;
    let result = async {
        demonstration.live(nights).await?;
        print!("{}", demonstration.report().await?);
        match listener {
            None => Ok(()),
            Some(listener) => {
                println!("{}", demonstration.how_to_ask());
                demonstration.send_mails();
                serve::until_signal(demonstration.app.clone(), listener).await
            }
        }
    }
    .await;
    demonstration.stop().await?;
    result
}

//! `teiki export`: a shop's log as JSON Lines, with what is needed to follow the chain through the events of others.

use super::{CliError, clock, renew::progress_bar, store_only};
use crate::export::{self, Header};
use std::io::Write;
use std::path::{Path, PathBuf};
use teiki_domain::ids::ShopId;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::event_store::LogReader;
use teiki_infrastructure::store_id;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shop, by its five digits.
    #[arg(long)]
    shop: ShopId,
    /// Where to write it; standard output if not given. A file that exists is not overwritten.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let storage = store_only::open(&config).await?;
    let log = LogReader::new(storage.clone());
    let store = store_id::of(&storage).await.map_err(CliError::other)?;
    let (head, hash) = log.end().await.map_err(CliError::other)?;
    if log.page_of_shop(arguments.shop, 0, head, 1).await.map_err(CliError::other)?.is_empty() {
        storage.close().await;
        let shop = arguments.shop;
        return Err(CliError::Other(format!("nothing ever happened in a shop {shop}; name one that is in this store")));
    }
    let header = Header::new(store, arguments.shop, clock(&config).now(), head, &hash);
    let bar = progress_bar("書き出し");
    bar.set_length(u64::try_from(head).unwrap_or_default());
    let written = match &arguments.out {
        Some(out) => to_file(&log, &header, out, &bar).await,
        None => export::write(&log, &header, &mut std::io::stdout().lock(), |at| step(&bar, at))
            .await
            .map_err(CliError::other),
    };
    bar.finish_and_clear();
    storage.close().await;
    let events = written?;
    eprintln!("店舗 {} のイベント {events} 件を位置 {head} まで書き出しました", arguments.shop);
    Ok(())
}

fn step(bar: &indicatif::ProgressBar, at: i64) {
    bar.set_position(u64::try_from(at).unwrap_or_default());
}

/// Under another name first, so that a file of this name is always a whole one.
async fn to_file(log: &LogReader, header: &Header, out: &Path, bar: &indicatif::ProgressBar) -> Result<u64, CliError> {
    let failed = |error: std::io::Error| CliError::Other(format!("{} cannot be written: {error}", out.display()));
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    if out.exists() {
        return Err(CliError::Other(format!("{} exists and is not overwritten", out.display())));
    }
    let mut file = std::io::BufWriter::new(std::fs::File::create(&part).map_err(failed)?);
    let written = export::write(log, header, &mut file, |at| step(bar, at)).await;
    let finished = match written {
        Ok(events) => file
            .flush()
            .and_then(|()| file.get_ref().sync_all())
            .and_then(|()| std::fs::rename(&part, out))
            .map(|()| events)
            .map_err(failed),
        Err(error) => Err(CliError::other(error)),
    };
    if finished.is_err() {
        // What is left of it is of no use; that it could not be removed would hide why.
        let _ = std::fs::remove_file(&part);
    }
    finished
}

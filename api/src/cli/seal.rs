//! `teiki seal`: signs where the log stands, for keeping elsewhere.

use super::{CliError, clock, store_only};
use std::path::{Path, PathBuf};
use teiki_infrastructure::config::Config;
use teiki_infrastructure::event_store::LogReader;
use teiki_infrastructure::seal::{SealingKey, public_path};
use teiki_infrastructure::store_id;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The key to sign with, made on first use; seal.key beside the master key if not given.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Where to write the seal; standard output if not given. A file that exists is not overwritten.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The key used when none is named.
pub(super) fn default_key(config: &Config) -> PathBuf {
    config.key_file.with_file_name("seal.key")
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let path = arguments.key.unwrap_or_else(|| default_key(&config));
    let storage = store_only::open(&config).await?;
    let key = SealingKey::open(&path).map_err(CliError::other)?;
    let end = LogReader::new(storage.clone()).end().await;
    let store = store_id::of(&storage).await;
    storage.close().await;
    let (position, hash) = end.map_err(CliError::other)?;
    let seal = key.seal(store.map_err(CliError::other)?, position, &hash, clock(&config).now());
    match &arguments.out {
        Some(out) => {
            write_new(out, &seal.to_text())?;
            println!("位置 {position} までを封印しました: {}", out.display());
        }
        None => print!("{}", seal.to_text()),
    }
    // Beside what is printed for programs.
    eprintln!("公開鍵 {} ({})", key.public(), public_path(&path).display());
    Ok(())
}

/// Writes a file that was not there before.
fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    use std::io::Write as _;
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| CliError::Other(format!("{} cannot be written: {error}", path.display())))
}

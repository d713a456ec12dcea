//! `teiki verify`: whether the log is whole, the tables are what it says, and earlier seals still fit.

use super::{CliError, renew::progress_bar, seal, store_only};
use crate::verification::{self, Outcome};
use std::path::PathBuf;
use std::process::ExitCode;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::seal::{PublicKey, Seal, public_path};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A seal of this store made earlier; may be given several times.
    #[arg(long, value_name = "FILE")]
    seal: Vec<PathBuf>,
    /// The public key that seals are signed with; seal.key.pub beside the master key if not given.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Ends with 0 when everything holds, 1 when something does not.
pub(super) async fn run(arguments: Arguments, config: Config) -> Result<ExitCode, CliError> {
    let public = arguments.public_key.unwrap_or_else(|| public_path(&seal::default_key(&config)));
    let mut seals = vec![];
    for path in &arguments.seal {
        let (seal, key) = (Seal::read(path), PublicKey::read(&public));
        seals.push((seal.map_err(CliError::other)?, key.map_err(CliError::other)?));
    }
    let storage = store_only::open(&config).await?;
    let bar = progress_bar("検証");
    let follow = bar.clone();
    let outcome = verification::verify(&storage, &seals, &config.key_file, &move |what, at, of| {
        follow.set_message(what.to_owned());
        follow.set_length(u64::try_from(of).unwrap_or_default());
        follow.set_position(u64::try_from(at).unwrap_or_default());
    })
    .await;
    bar.finish_and_clear();
    storage.close().await;
    let outcome = outcome.map_err(CliError::other)?;
    match arguments.json {
        true => println!("{}", serde_json::to_string(&outcome).map_err(CliError::other)?),
        false => print!("{}", describe(&outcome)),
    }
    Ok(if outcome.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn describe(outcome: &Outcome) -> String {
    let mut lines = vec![];
    if let Some(hash) = &outcome.hash {
        lines.push(format!("位置 1 から {} までの連鎖と各イベントを確認しました", outcome.head));
        lines.push(format!("  ハッシュ {hash}"));
        lines.push(format!("封印 {} 件、表 {} 種とその帳票ビューを照合しました", outcome.seals, outcome.tables));
        let opened = match outcome.keys_opened {
            true => "すべて開けるか確認しました",
            false => "鍵ファイルがないため、開けるかは確認していません",
        };
        lines.push(format!("会員の鍵 {} 件: {opened}", outcome.keys));
    }
    for finding in &outcome.findings {
        lines.push(match finding.position {
            Some(position) => format!("不一致: 位置 {position}: {}", finding.why),
            None => format!("不一致: {}", finding.why),
        });
    }
    if outcome.findings.is_empty() {
        lines.push("不一致はありません".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

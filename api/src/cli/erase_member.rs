//! `teiki erase-member`: a member's personal data can never be read again.

use super::{CliError, start};
use crate::erasure::{self, Erased};
use crate::payments::CardDeletion;
use teiki_domain::ids::MemberId;
use teiki_infrastructure::config::Config;

/// Longest reason, in characters.
const REASON_MAX: usize = 200;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The member.
    member: MemberId,
    /// Why, in plain words without personal data: it stays in the history.
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let reason = arguments.reason.trim();
    if !(1..=REASON_MAX).contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
        let rule = format!("--reason is 1 to {REASON_MAX} characters without control characters");
        return Err(CliError::Other(rule));
    }
    let app = start(config).await?;
    let because = app.gateway.because("teiki erase-member", reason);
    let erased = erasure::erase(&app, &arguments.member, &because).await;
    app.stop().await;
    let Erased { new, cards } = erased.map_err(CliError::other)?;
    match new {
        true => println!("会員 {} の個人情報を削除しました", arguments.member),
        false => println!("会員 {} の個人情報は削除済みです", arguments.member),
    }
    if let CardDeletion::NotDeleted { code, detail } = cards {
        println!("ペイジェントのカードは削除できていません({code} {detail})。あとでもう一度実行してください");
    }
    Ok(())
}

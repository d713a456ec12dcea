//! `teiki reconcile`: our log held against Paygent's books, payment by payment.

use super::{CliError, renew::progress_bar, schedule, start};
use crate::payments::Compared;
use crate::workers::reconcile;
use chrono::Days;
use std::process::ExitCode;
use teiki_domain::business_day::tokyo_midnight;
use teiki_infrastructure::config::Config;

/// Days looked back when nothing is said: as long as an authorisation can live, and one more.
const DAYS: u64 = 61;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Orders with an attempt on this day or later, YYYY-MM-DD; 61 days back if not given.
    #[arg(long)]
    since: Option<String>,
    /// Only list; do not put on record what Paygent says.
    #[arg(long)]
    dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Ends with 0 when everything agrees, 1 when something differs, 2 when Paygent did not answer every question.
pub(super) async fn run(arguments: Arguments, config: Config) -> Result<ExitCode, CliError> {
    let since = arguments.since.as_deref().map(schedule::date).transpose()?;
    let app = start(config).await?;
    let today = app.clock.today();
    let since = since.or_else(|| today.checked_sub_days(Days::new(DAYS))).unwrap_or(today);
    let bar = progress_bar("ペイジェントと照合");
    let follow = bar.clone();
    let compared = reconcile::run(&app, tokyo_midnight(since), !arguments.dry_run, move |done, known| {
        follow.set_length(known);
        follow.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    app.stop().await;
    let compared = compared.map_err(CliError::other)?;
    if arguments.json {
        let text = serde_json::json!({
            "since": since,
            "asked": compared.asked,
            "open": compared.open,
            "differences": compared.differences,
            "unanswered": compared.unanswered.iter().map(|(order, why)| serde_json::json!({"order_id": order, "why": why})).collect::<Vec<_>>(),
        });
        println!("{text}");
    } else {
        print!("{}", describe(&compared));
    }
    Ok(match (compared.differences.is_empty(), compared.unanswered.is_empty()) {
        (false, _) => ExitCode::from(1),
        (true, false) => ExitCode::from(2),
        (true, true) => ExitCode::SUCCESS,
    })
}

fn describe(compared: &Compared) -> String {
    let mut lines = vec![format!(
        "照会 {} 件、相違 {} 件、結果待ち {} 件、回答なし {} 件",
        compared.asked,
        compared.differences.len(),
        compared.open,
        compared.unanswered.len()
    )];
    for difference in &compared.differences {
        let recorded = if difference.recorded { "(記録しました)" } else { "" };
        lines.push(format!(
            "  {} [{}] 当方: {} / ペイジェント: {}{recorded}",
            difference.order_id, difference.transaction_id, difference.ours, difference.theirs
        ));
    }
    for (order, why) in &compared.unanswered {
        lines.push(format!("  {order} 回答なし: {why}"));
    }
    lines.push(String::new());
    lines.join("\n")
}

//! `teiki renew`: the night run by hand.

use super::{CliError, schedule, start};
use crate::console::Language;
use crate::set_aside::told;
use crate::workers::night_run::{self, Summary};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::set_aside;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only orders due on or before this day, YYYY-MM-DD; today in Tokyo if not given.
    #[arg(long)]
    through: Option<String>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let through = arguments.through.as_deref().map(schedule::date).transpose()?;
    let app = start(config).await?;
    let today = app.clock.today();
    let through = through.unwrap_or(today);
    if through > today {
        app.stop().await;
        return Err(CliError::Other(format!(
            "--through {through} lies in the future: today in Tokyo is {today}, and nobody is charged in advance"
        )));
    }
    let bar = progress_bar("受注反映");
    let result = night_run::run(&app, through, follow(&bar)).await;
    bar.finish_and_clear();
    let aside = set_aside::list(&app.storage, 20).await;
    app.stop().await;
    let (summary, aside) = (result?, aside?);
    if arguments.json {
        let text = serde_json::to_string(&summary).map_err(|error| CliError::Other(error.to_string()))?;
        println!("{text}");
    } else {
        print!("{}", describe(&summary));
        for row in aside {
            println!(
                "  {} {} {}: {}",
                row.kind,
                row.subject,
                row.generation_date,
                told(&row.reason, Language::Japanese)
            );
        }
    }
    Ok(())
}

/// A bar on standard error, drawn only where somebody looks at it.
pub(crate) fn progress_bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} {elapsed_precise} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_prefix(what)
}

/// Moves `bar` as a run goes on.
pub(crate) fn follow(bar: &ProgressBar) -> night_run::Progress {
    let bar = bar.clone();
    Arc::new(move |done, due| {
        bar.set_length(due);
        bar.set_position(done);
    })
}

/// A summary in words.
pub(crate) fn describe(summary: &Summary) -> String {
    let mut lines = vec![format!("受注生成 {} 件", summary.generated)];
    let mut add = |name: &str, count: u64| {
        if count > 0 {
            lines.push(format!("  {name} {count} 件"));
        }
    };
    add("オーソリOK", summary.authorized);
    add("消込済", summary.captured);
    add("ペイジェント以外の支払方法", summary.external);
    for (code, count) in &summary.failed {
        add(&format!("オーソリ失敗 {code}"), *count);
    }
    for (reason, count) in &summary.not_executed {
        add(&format!("未実行 {reason}"), *count);
    }
    add("照会で判明", summary.resolved);
    add("結果不明(照会を続けます)", summary.unknown);
    add("保留", summary.set_aside);
    lines.push(String::new());
    lines.join("\n")
}

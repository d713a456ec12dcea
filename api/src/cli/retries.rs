//! `teiki retries`: what will happen to failed orders by themselves, and when.

use super::{CliError, start};
use crate::words;
use crate::workers::retries;
use teiki_domain::ids::ShopId;
use teiki_domain::money::Yen;
use teiki_infrastructure::config::Config;

/// Orders read at once.
const PAGE: u32 = 500;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only this shop, by its five digits.
    #[arg(long)]
    shop: Option<ShopId>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    /// Make the attempts that are due today now.
    #[arg(long)]
    run: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let app = start(config).await?;
    let result = work(&arguments, &app).await;
    app.stop().await;
    result
}

async fn work(arguments: &Arguments, app: &crate::app::App) -> Result<(), CliError> {
    if arguments.run {
        let retried = retries::run(app, app.clock.today()).await.map_err(CliError::other)?;
        println!("再オーソリ {} 件(成功 {} 件、保留 {} 件)", retried.tried, retried.succeeded, retried.set_aside);
    }
    app.settle().await?;
    let mut after = None;
    let mut any = false;
    loop {
        let (plans, next) = retries::plans(app, arguments.shop, after.as_ref(), PAGE).await.map_err(CliError::other)?;
        for plan in plans {
            any = true;
            let row = &plan.row;
            if arguments.json {
                let line = serde_json::json!({
                    "order_id": row.order_id,
                    "amount": row.amount,
                    "code": row.code,
                    "detail": row.detail,
                    "next_attempt": row.next_attempt,
                    "next_on": plan.next.as_ref().ok(),
                    "not_because": plan.next.as_ref().err().map(ToString::to_string),
                });
                println!("{line}");
                continue;
            }
            let amount =
                row.amount.and_then(|yen| Yen::new(yen).ok()).map_or_else(|| "-".to_owned(), |yen| yen.to_string());
            let meaning = teiki_domain::declines::meaning(&row.code, &row.detail);
            let next = match &plan.next {
                Ok(day) => format!("{day} に {} 回目", row.next_attempt),
                Err(why) => format!("再試行なし: {}", words::no_plan(why)),
            };
            println!("{}  {amount:>12}  {} {meaning}  {next}", row.order_id, row.code);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    if !any && !arguments.json {
        println!("オーソリ失敗の受注はありません");
    }
    Ok(())
}

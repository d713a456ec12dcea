//! `teiki expiring`: authorised orders whose last day is near.

use super::{CliError, on_engine};
use chrono::Days;
use teiki_domain::ids::ShopId;
use teiki_domain::money::Yen;
use teiki_infrastructure::config::Config;
use teiki_projections::{order_list, shop_list};

/// Orders read at once.
const PAGE: u32 = 500;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only this shop, by its five digits.
    #[arg(long)]
    shop: Option<ShopId>,
    /// So many days ahead; each shop's own number of days of warning if not given.
    #[arg(long)]
    days: Option<u16>,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    on_engine(config, async |app| work(&arguments, app).await).await
}

async fn work(arguments: &Arguments, app: &crate::app::App) -> Result<(), CliError> {
    app.settle().await?;
    let today = app.clock.today();
    let mut any = false;
    for shop in shop_list::all(&app.storage).await.map_err(CliError::other)? {
        let id: ShopId = shop.shop_id.parse().map_err(CliError::other)?;
        if arguments.shop.is_some_and(|wanted| wanted != id) {
            continue;
        }
        let days = arguments.days.map_or(u64::try_from(shop.validity_warn_days).unwrap_or_default(), u64::from);
        let through = today.checked_add_days(Days::new(days)).unwrap_or(today);
        let mut after = None;
        loop {
            let page = order_list::expiring_authorizations(&app.storage, Some(id), through, after.as_ref(), PAGE).await;
            let page = page.map_err(CliError::other)?;
            for row in &page.rows {
                any = true;
                let until = row.valid_until.unwrap_or(today);
                let amount = Yen::new(row.amount.unwrap_or_default()).unwrap_or_default();
                let note = if until < today {
                    "期限切れ: 再オーソリしてください"
                } else {
                    "売上確定してください"
                };
                println!(
                    "{} [{}] {amount:>12} {until} まで {note}",
                    row.order_id,
                    row.transaction_id.as_deref().unwrap_or("-")
                );
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    if !any {
        println!("期限の近いオーソリはありません");
    }
    Ok(())
}

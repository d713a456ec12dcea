//! `teiki shops`: the shops of a store. Everything about one is set afterwards, in the console or over HTTP.

use super::access::print_row;
use super::{CliError, on_engine};
use crate::app::App;
use clap::Subcommand;
use teiki_domain::ids::ShopId;
use teiki_domain::shop_settings::{ShopSettings, ShopSettingsCommand};
use teiki_infrastructure::config::Config;
use teiki_projections::shop_list;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: What,
    /// Print one JSON object a line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Open a shop. It sells subscriptions once nothing is missing in its settings (S1).
    Open {
        /// Its five digits, which begin every number and transaction ID of it and never change.
        #[arg(long)]
        shop: ShopId,
        /// Its name, as buyers read it.
        #[arg(long)]
        name: String,
    },
    /// List the shops, and whether each may sell.
    List,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    on_engine(config, async |app| match arguments.command {
        What::Open { shop, name } => open(app, shop, name, arguments.json).await,
        What::List => list(app, arguments.json).await,
    })
    .await
}

async fn open(app: &App, shop: ShopId, name: String, json: bool) -> Result<(), CliError> {
    let because = app.gateway.because("command line", "the shop was opened");
    let command = ShopSettingsCommand::Open { shop_id: shop, name };
    let done = app.gateway.execute::<ShopSettings>(&shop.to_string(), &because, command).await;
    let new = !done.map_err(CliError::other)?.events.is_empty();
    app.shops.forget(shop);
    app.settle().await?;
    if json {
        println!("{}", serde_json::json!({"shop": shop.to_string(), "new": new}));
    } else if new {
        println!("ショップ {shop} を開設しました");
        println!("次に: teiki operators create --shop {shop} --login … --name … --role manager で管理者を登録し、");
        println!("      teiki serve で管理画面を開き、「設定」で不足している項目を登録してください");
    } else {
        println!("ショップ {shop} は開設済みです");
    }
    Ok(())
}

async fn list(app: &App, json: bool) -> Result<(), CliError> {
    let shops = shop_list::all(&app.storage).await.map_err(CliError::other)?;
    if shops.is_empty() && !json {
        println!("ショップはありません。teiki shops open で開設してください");
    }
    for shop in shops {
        let shop: ShopId = shop.shop_id.parse().map_err(CliError::other)?;
        let settings = app.shops.get(shop).await.map_err(CliError::other)?.settings;
        let missing = app.shops.missing(shop).await.map_err(CliError::other)?.len();
        let row = serde_json::json!({"shop": shop.to_string(), "name": settings.name, "missing": missing});
        print_row(json, &row, || match missing {
            0 => format!("{shop}  {}", settings.name),
            _ => format!("{shop}  {}  (設定が {missing} 件不足)", settings.name),
        });
    }
    Ok(())
}

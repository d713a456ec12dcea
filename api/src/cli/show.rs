//! `teiki show`: an order, a subscription, a shop or the card-expiry table, as it stands or stood.

use super::{CliError, start};
use crate::app::App;
use crate::as_of::{self, AsOf, Moment};
use crate::http::cards::ExpiringCards;
use crate::http::orders::present;
use crate::http::shops::ShopView;
use crate::http::subscriptions::SubscriptionDetail;
use serde_json::Value;
use teiki_domain::ids::{OrderId, ShopId, SubscriptionId};
use teiki_infrastructure::config::Config;
use teiki_projections::card_expiry_table;

/// Rows of the card-expiry table at once, the most a page holds.
const ROWS: u32 = 1_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// An order, a subscription, a shop, or the word cards for the card-expiry table.
    what: String,
    /// Of this shop; for cards.
    #[arg(long)]
    shop: Option<ShopId>,
    /// A position of the log, or an instant such as 2026-04-01T00:00:00+09:00; now if not given.
    #[arg(long)]
    as_of: Option<AsOf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    let app = start(config).await?;
    let shown = show(&app, &arguments).await;
    app.stop().await;
    let (moment, shown) = shown?;
    if arguments.json {
        println!("{shown}");
    } else {
        println!("位置 {} ({}) 時点", moment.position, moment.day);
        print!("{}", lines(&shown, 0));
    }
    Ok(())
}

async fn show(app: &App, arguments: &Arguments) -> Result<(Moment, Value), CliError> {
    let as_of = arguments.as_of.unwrap_or_else(|| AsOf::Instant(app.clock.now()));
    let then = as_of::find(app, as_of).await.map_err(CliError::other)?;
    let what = arguments.what.as_str();
    let nothing = || CliError::Other(format!("there was no {what} at position {} of the log", then.position));
    let shown = if what == "cards" {
        let shop =
            arguments.shop.ok_or_else(|| CliError::Other("name the shop of the cards with --shop".to_owned()))?;
        let mut folding = as_of::cards(app, shop, then).await.map_err(CliError::other)?;
        let mut cards: Vec<Value> = vec![];
        let mut after = None;
        loop {
            let page = card_expiry_table::affected_then(&mut folding, then.day, shop, after.as_ref(), ROWS);
            after.clone_from(&page.next);
            let page = serde_json::to_value(ExpiringCards::new(page, then.day, then.position));
            let page = page.map_err(CliError::other)?;
            cards.extend(page["cards"].as_array().cloned().unwrap_or_default());
            if after.is_none() {
                break serde_json::json!({"as_of": then.day, "cards": cards, "position": then.position});
            }
        }
    } else if let Ok(id) = what.parse::<OrderId>() {
        let row = as_of::order(app, &id, then).await.map_err(CliError::other)?.ok_or_else(nothing)?;
        serde_json::to_value(present(row)).map_err(CliError::other)?
    } else if let Ok(id) = what.parse::<SubscriptionId>() {
        let found = as_of::subscription(app, &id, then).await.map_err(CliError::other)?;
        let (row, details) = found.ok_or_else(nothing)?;
        serde_json::to_value(SubscriptionDetail::new(row.into(), &details, 0, 0)).map_err(CliError::other)?
    } else if let Ok(id) = what.parse::<ShopId>() {
        let settings = as_of::shop(app, id, then).await.map_err(CliError::other)?.ok_or_else(nothing)?;
        serde_json::to_value(ShopView::from(&settings)).map_err(CliError::other)?
    } else {
        let names = "name an order, a subscription, a shop, or cards";
        return Err(CliError::Other(format!("{} is nothing that can be shown; {names}", what.escape_debug())));
    };
    Ok((then, shown))
}

/// One line for each value, the names as they stand in the JSON.
fn lines(value: &Value, depth: usize) -> String {
    let space = "  ".repeat(depth + 1);
    let line = |name: &str, value: &Value| match value {
        Value::Object(_) | Value::Array(_) => format!("{space}{name}:\n{}", lines(value, depth + 1)),
        Value::String(text) => format!("{space}{name}: {text}\n"),
        Value::Null => format!("{space}{name}: -\n"),
        other => format!("{space}{name}: {other}\n"),
    };
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| line(name, value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| line(&(at + 1).to_string(), item)).collect(),
        other => format!("{space}{other}\n"),
    }
}

//! `teiki webhooks`: where a shop's events are sent, and what came of it.

use super::{CliError, on_engine};
use crate::app::App;
use crate::http::webhooks::{present, present_delivery};
use crate::webhooks::{self, OVERLAP_HOURS, Registration};
use clap::Subcommand;
use serde_json::{Value, json};
use teiki_domain::ids::ShopId;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::webhooks::{deliveries, endpoints};

/// Deliveries printed.
const ROWS_MAX: i64 = 1_000;
/// Who does it, in what is kept.
const ACTOR: &str = "teiki webhooks";

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
    /// List the webhooks of a shop.
    List {
        /// The shop's five digits.
        #[arg(long)]
        shop: ShopId,
    },
    /// Register an address. Its secret is printed once and cannot be shown again.
    Create {
        /// The shop's five digits.
        #[arg(long)]
        shop: ShopId,
        /// Where the events are sent, https://…
        #[arg(long)]
        url: String,
        /// Which events, separated by commas, such as order.*,member.registered; none: all.
        #[arg(long, default_value = "")]
        types: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Send nothing there any more, and forget what waits.
    Remove {
        /// As listed.
        id: String,
    },
    /// Make a new secret; earlier ones sign beside it for a while.
    Rotate {
        /// As listed.
        id: String,
        /// For how many hours.
        #[arg(long, default_value_t = OVERLAP_HOURS)]
        overlap_hours: u32,
    },
    /// Send to a disabled address again, from where it stood.
    Enable {
        /// As listed.
        id: String,
    },
    /// List what was sent and what waits, newest first.
    Deliveries {
        /// As listed.
        id: String,
        /// Only pending, delivered or dead ones.
        #[arg(long, value_parser = ["pending", "delivered", "dead"])]
        status: Option<String>,
    },
    /// Send one delivery once more under the same webhook-id.
    Redeliver {
        /// As listed.
        id: String,
        /// The delivery as listed, msg_…
        delivery: String,
    },
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    on_engine(config, async |app| work(&arguments, app).await).await
}

async fn work(arguments: &Arguments, app: &App) -> Result<(), CliError> {
    let because = app.gateway.because(ACTOR, "by hand");
    match &arguments.command {
        What::List { shop } => {
            for endpoint in endpoints::of_shop(&app.storage, *shop).await.map_err(CliError::other)? {
                show(arguments.json, &json!(present(&endpoint)), &["id", "status", "url", "types", "disabled_because"]);
            }
        }
        What::Create { shop, url, types, description } => {
            app.shops.get(*shop).await.map_err(CliError::other)?;
            let new = Registration {
                webhook_id: None,
                shop: *shop,
                url: url.clone(),
                types: types.clone(),
                description: description.clone(),
            };
            let (endpoint, secret) = webhooks::register(app, new, &because).await.map_err(CliError::other)?;
            let mut shown = json!(present(&endpoint));
            shown["secret"] = json!(secret.expose());
            show(arguments.json, &shown, &["id", "secret"]);
        }
        What::Remove { id } => {
            webhooks::remove(app, id, &because).await.map_err(CliError::other)?;
            show(arguments.json, &json!({"id": id, "removed": true}), &["id"]);
        }
        What::Rotate { id, overlap_hours } => {
            let secret = webhooks::rotate(app, id, *overlap_hours, &because).await.map_err(CliError::other)?;
            show(arguments.json, &json!({"id": id, "secret": secret.expose()}), &["id", "secret"]);
        }
        What::Enable { id } => {
            let endpoint = webhooks::enable(app, id, &because).await.map_err(CliError::other)?;
            show(arguments.json, &json!(present(&endpoint)), &["id", "status"]);
        }
        What::Deliveries { id, status } => {
            webhooks::get(app, id).await.map_err(CliError::other)?;
            let rows =
                deliveries::list(&app.storage, id, status.as_deref(), None, ROWS_MAX).await.map_err(CliError::other)?;
            for row in rows {
                let columns = ["id", "position", "type", "status", "tries", "response_code", "next_try", "failure"];
                show(arguments.json, &json!(present_delivery(row)), &columns);
            }
        }
        What::Redeliver { id, delivery } => {
            let row = webhooks::redeliver(app, id, delivery, &because).await.map_err(CliError::other)?;
            show(arguments.json, &json!(present_delivery(row)), &["id", "status"]);
        }
    }
    Ok(())
}

/// One row: whole as JSON, or these of its fields in a line.
fn show(as_json: bool, row: &Value, fields: &[&str]) {
    if as_json {
        println!("{row}");
        return;
    }
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts.is_empty() => "*".to_owned(),
        Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    println!("{}", fields.iter().map(|field| text(&row[*field])).collect::<Vec<_>>().join(" "));
}

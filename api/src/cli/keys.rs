//! `teiki keys`: keys of programs that use the HTTP API.

use super::{CliError, access, on_engine};
use crate::app::App;
use clap::Subcommand;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::api_keys::{self, ApiKey, Scope};
use teiki_infrastructure::config::Config;

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
    /// Make a key for one shop. It is printed once and cannot be shown again.
    Create {
        /// The shop's five digits.
        #[arg(long)]
        shop: ShopId,
        /// Whose it is, such as "billing service"; the actor of its commands in the history.
        #[arg(long)]
        name: String,
        /// What it may be used for, separated by commas: commands, reading, audit, personal_data.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
    },
    /// List keys, also revoked ones; never what opens them.
    List {
        /// Only those of this shop.
        #[arg(long)]
        shop: Option<ShopId>,
    },
    /// Make a key open nothing from now on.
    Revoke {
        /// As listed.
        key_id: String,
    },
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    on_engine(config, async |app| carry_out(app, arguments).await).await
}

async fn carry_out(app: &App, arguments: Arguments) -> Result<(), CliError> {
    let (storage, json) = (&app.storage, arguments.json);
    match arguments.command {
        What::Create { shop, name, scopes } => {
            access::of_existing(app, shop).await?;
            let made = api_keys::create(storage, shop, &name, &scopes, app.clock.now()).await;
            let (key, opens) = made.map_err(CliError::other)?;
            let sentence =
                format!("キー {} ({}) を作成しました。このキーは二度と表示されません。", key.key_id, key.name);
            access::print_with_secret(json, present(&key), "key", opens.expose(), &sentence);
        }
        What::List { shop } => {
            let keys = api_keys::list(storage, shop).await.map_err(CliError::other)?;
            if keys.is_empty() && !json {
                println!("キーはありません");
            }
            for key in keys {
                access::print_row(json, &present(&key), || line(&key));
            }
        }
        What::Revoke { key_id } => {
            if !api_keys::revoke(storage, &key_id, app.clock.now()).await.map_err(CliError::other)? {
                return Err(CliError::Other(format!("there is no key {key_id}; `teiki keys list` lists all")));
            }
            println!("{key_id}: 失効しました");
        }
    }
    Ok(())
}

fn line(key: &ApiKey) -> String {
    let state = access::state("失効", key.revoked_at.as_deref());
    let scopes = key.scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(",");
    format!("{}  {}  {}  {scopes}  {}  {state}", key.key_id, key.shop, key.name, key.created_at)
}

fn present(key: &ApiKey) -> serde_json::Value {
    serde_json::json!({
        "key_id": key.key_id,
        "shop_id": key.shop,
        "name": key.name,
        "scopes": key.scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>(),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    })
}

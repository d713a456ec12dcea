//! `teiki keys`: keys of programs that use the HTTP API.

use super::{CliError, start};
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
    let app = start(config).await?;
    let result = match arguments.command {
        What::Create { shop, name, scopes } => {
            // A key for a shop that does not exist is a slip of the fingers.
            match app.shops.get(shop).await {
                Err(error) => Err(CliError::other(error)),
                Ok(_) => api_keys::create(&app.storage, shop, &name, &scopes, app.clock.now())
                    .await
                    .map(|(key, opens)| created(&key, opens.expose(), arguments.json))
                    .map_err(CliError::other),
            }
        }
        What::List { shop } => {
            api_keys::list(&app.storage, shop).await.map(|keys| listed(&keys, arguments.json)).map_err(CliError::other)
        }
        What::Revoke { key_id } => match api_keys::revoke(&app.storage, &key_id, app.clock.now()).await {
            Ok(true) => {
                println!("{key_id}: 失効しました");
                Ok(())
            }
            Ok(false) => Err(CliError::Other(format!("there is no key {key_id}; `teiki keys list` lists all"))),
            Err(error) => Err(CliError::other(error)),
        },
    };
    app.stop().await;
    result
}

fn created(key: &ApiKey, opens: &str, json: bool) {
    if json {
        let mut value = present(key);
        value["key"] = opens.into();
        println!("{value}");
    } else {
        println!("{opens}");
        eprintln!("キー {} ({}) を作成しました。このキーは二度と表示されません。", key.key_id, key.name);
    }
}

fn listed(keys: &[ApiKey], json: bool) {
    if keys.is_empty() && !json {
        println!("キーはありません");
    }
    for key in keys {
        if json {
            println!("{}", present(key));
        } else {
            let state = key.revoked_at.as_ref().map_or("有効".to_owned(), |at| format!("失効 {at}"));
            let scopes = key.scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(",");
            println!("{}  {}  {}  {scopes}  {}  {state}", key.key_id, key.shop, key.name, key.created_at);
        }
    }
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

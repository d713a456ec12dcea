//! `teiki operators`: accounts of people who use the console.

use super::{CliError, access, on_engine};
use crate::app::App;
use clap::Subcommand;
use std::io::Read as _;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::operators::{self, NewOperator, Operator, Role};
use teiki_infrastructure::redacted::Redacted;

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
    /// Make an account. Its password is made up and printed once, unless one is given.
    Create {
        /// The shop's five digits.
        #[arg(long)]
        shop: ShopId,
        /// What is typed at sign-in.
        #[arg(long)]
        login: String,
        /// The person's name, as the history shows it.
        #[arg(long)]
        name: String,
        /// What the person may do: operator, manager or auditor.
        #[arg(long)]
        role: Role,
        /// Read the password from standard input instead of making one up.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List accounts, also disabled ones.
    List {
        /// Only those of this shop.
        #[arg(long)]
        shop: Option<ShopId>,
    },
    /// Give an account another password; it is signed out everywhere.
    Password {
        /// What is typed at sign-in.
        login: String,
        /// Read the password from standard input instead of making one up.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Make an account open nothing from now on; it is signed out everywhere.
    Disable {
        /// What is typed at sign-in.
        login: String,
    },
    /// Let an account be used again that was disabled, or locked after failed sign-ins.
    Enable {
        /// What is typed at sign-in.
        login: String,
    },
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<(), CliError> {
    on_engine(config, async |app| carry_out(app, arguments).await).await
}

async fn carry_out(app: &App, arguments: Arguments) -> Result<(), CliError> {
    let (storage, json) = (&app.storage, arguments.json);
    // As whoever runs the program on this machine.
    let by = app.account_change(&app.gateway.because("operator", "an account at the console was changed"));
    match arguments.command {
        What::Create { shop, login, name, role, password_stdin } => {
            access::of_existing(app, shop).await?;
            let (password, made_up) = password(password_stdin)?;
            let new = NewOperator { shop, login: &login, name: &name, role };
            let made = operators::create(storage, &new, &password, &by).await.map_err(CliError::other)?;
            in_history(app).await?;
            told(&made, made_up.then_some(&password), json);
        }
        What::List { shop } => {
            for operator in operators::list(storage, shop).await.map_err(CliError::other)? {
                access::print_row(json, &present(&operator), || line(&operator));
            }
        }
        What::Password { login, password_stdin } => {
            let operator = find(app, &login).await?;
            let (password, made_up) = password(password_stdin)?;
            let set = operators::set_password(storage, &operator.operator_id, &password, &by).await;
            set.map_err(CliError::other)?;
            in_history(app).await?;
            told(&operator, made_up.then_some(&password), json);
        }
        What::Disable { login } => {
            let operator = find(app, &login).await?;
            let done = operators::disable(storage, &operator.operator_id, &by).await;
            done.map_err(CliError::other)?;
            in_history(app).await?;
            println!("{login}: 使用を停止しました");
        }
        What::Enable { login } => {
            let operator = find(app, &login).await?;
            operators::enable(storage, &operator.operator_id, &by).await.map_err(CliError::other)?;
            in_history(app).await?;
            println!("{login}: 使用できます");
        }
    }
    Ok(())
}

async fn in_history(app: &App) -> Result<(), CliError> {
    crate::accounts::write_history(app).await.map_err(CliError::other)
}

async fn find(app: &App, login: &str) -> Result<Operator, CliError> {
    let found = operators::by_login(&app.storage, login).await.map_err(CliError::other)?;
    found.ok_or_else(|| CliError::Other(format!("there is no account {login}; `teiki operators list` lists all")))
}

/// The password to use, and whether it was made up here.
fn password(from_stdin: bool) -> Result<(Redacted<String>, bool), CliError> {
    if !from_stdin {
        return Ok((operators::new_password(), true));
    }
    let mut text = String::new();
    let read = std::io::stdin().take(4096).read_to_string(&mut text);
    read.map_err(|error| CliError::Other(format!("the password cannot be read from standard input: {error}")))?;
    let line = text.lines().next().unwrap_or("").to_owned();
    Ok((Redacted::new(line), false))
}

fn told(operator: &Operator, password: Option<&Redacted<String>>, json: bool) {
    let (login, name) = (&operator.login, &operator.name);
    match password {
        Some(password) => {
            let sentence = format!("{login} ({name}) のパスワードです。二度と表示されません。");
            access::print_with_secret(json, present(operator), "password", password.expose(), &sentence);
        }
        None => access::print_row(json, &present(operator), || format!("{login} ({name}): パスワードを設定しました")),
    }
}

fn line(operator: &Operator) -> String {
    let state = access::state("停止", operator.disabled_at.as_deref());
    let locked = operator.locked_until.as_ref().map(|until| format!("  ロック {until} まで")).unwrap_or_default();
    format!("{}  {}  {}  {}  {state}{locked}", operator.shop, operator.login, operator.role, operator.name)
}

fn present(operator: &Operator) -> serde_json::Value {
    serde_json::json!({
        "operator_id": operator.operator_id,
        "shop_id": operator.shop,
        "login": operator.login,
        "name": operator.name,
        "role": operator.role.code(),
        "locked_until": operator.locked_until,
        "created_at": operator.created_at,
        "disabled_at": operator.disabled_at,
    })
}

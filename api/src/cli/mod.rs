//! The command line: parse, hand over, say what came of it.

mod access;
mod bind;
mod demo;
mod erase_member;
mod expiring;
mod export;
mod history;
mod keys;
mod operators;
mod rebuild;
mod reconcile;
mod renew;
mod report;
mod reporting_role;
mod retries;
mod schedule;
mod seal;
mod serve;
mod set_aside;
mod shops;
mod show;
mod store_only;
mod verify;
mod webhooks;

pub(crate) use renew::progress_bar;

use crate::app::{App, AppError};
use crate::telemetry::{self, TelemetryError, Tracing};
use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::config::{Config, ConfigError};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Teiki (定期): subscription billing on Paygent, with a history that explains every charge.
#[derive(Debug, Parser)]
#[command(name = "teiki", version, about)]
struct Arguments {
    /// Configuration file; variables TEIKI_… win over it.
    #[arg(long, global = true, default_value = "teiki.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP API and the pages, and run the renewals of each night just after midnight in Tokyo.
    Serve,
    /// Generate and authorise every order that is due, now.
    Renew(renew::Arguments),
    /// List failed orders with the day of their next attempt, or why there is none.
    Retries(retries::Arguments),
    /// Hold our log against Paygent's books and list what differs.
    Reconcile(reconcile::Arguments),
    /// List authorised orders whose last day is near.
    Expiring(expiring::Arguments),
    /// List work that cannot go on, or let it go on.
    SetAside(set_aside::Arguments),
    /// Show which Paygent merchant and host the shops of this store belong to, or bind a shop to another.
    Bind(bind::Arguments),
    /// Open a shop, and list those there are.
    Shops(shops::Arguments),
    /// Make, list and revoke the keys of programs that use the HTTP API.
    Keys(keys::Arguments),
    /// Make, list, disable and enable the accounts of people who use the console.
    Operators(operators::Arguments),
    /// Show where a shop's events are sent and what came of it, or change that.
    Webhooks(webhooks::Arguments),
    /// Print the delivery dates of a cycle, one ISO date a line.
    Schedule(schedule::Arguments),
    /// Print a report, or write it to a file as CSV or Parquet.
    Report(report::Arguments),
    /// Make the database role that may read the report views and nothing else.
    ReportingRole(reporting_role::Arguments),
    /// Build tables anew from the first event, beside the ones in use, and switch.
    Rebuild(rebuild::Arguments),
    /// Tell the whole story of an order, a subscription, a transaction ID, a member or a shop.
    History(history::Arguments),
    /// Show an order, a subscription, a shop or the card-expiry table as it stands, or stood at any moment.
    Show(show::Arguments),
    /// Check that the log is whole, that every table is what it says, and that earlier seals still fit.
    Verify(verify::Arguments),
    /// Sign where the log stands, for keeping elsewhere.
    Seal(seal::Arguments),
    /// Write a shop's log as JSON Lines, verifiable without engine and database.
    Export(export::Arguments),
    /// Erase a member: name, mail, phone and address can never be read again.
    EraseMember(erase_member::Arguments),
    /// Run a demonstration shop through many nights against a simulated Paygent, then serve it.
    Demo(demo::Arguments),
}

/// Why a command ended without doing what was asked; one sentence for whoever called it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Run(#[from] crate::workers::night_run::RunError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error(transparent)]
    Projection(#[from] teiki_projections::ProjectionError),
    #[error(transparent)]
    Demo(#[from] crate::demo::DemoError),
    #[error(transparent)]
    SetAside(#[from] teiki_infrastructure::set_aside::SetAsideError),
    #[error("{0}")]
    Other(String),
}

impl CliError {
    fn other(error: impl std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }
}

/// Runs the program and says how it ended.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What is printed may be cut off by whoever reads it, as `head` does. Not so work: that is never ended by a reader.
    let works = matches!(
        arguments.command,
        Command::Serve | Command::Renew(_) | Command::Reconcile(_) | Command::Rebuild(_) | Command::Demo(_)
    );
    if !works {
        sigpipe::reset();
    }
    // Schedules need neither a store nor a runtime.
    let result = match arguments.command {
        Command::Schedule(schedule) => schedule::run(&schedule).map(|()| ExitCode::SUCCESS),
        command => runtime().and_then(|runtime| {
            let result = runtime.block_on(run(command, &arguments.config));
            // A task that hangs must not keep a finished command from ending.
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
            result
        }),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("teiki: {error}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Other(format!("the runtime cannot start: {error}")))
}

async fn run(command: Command, file: &std::path::Path) -> Result<ExitCode, CliError> {
    // A configuration that cannot be used is told by the command itself.
    let endpoint = Config::load(file).map(|config| config.otel_endpoint).unwrap_or_default();
    let _tracing = log_to_stderr(&endpoint)?;
    match command {
        Command::Reconcile(arguments) => return reconcile::run(arguments, Config::load(file)?).await,
        Command::Verify(arguments) => return verify::run(arguments, Config::load(file)?).await,
        Command::EraseMember(arguments) => erase_member::run(arguments, Config::load(file)?).await,
        Command::History(arguments) => history::run(arguments, Config::load(file)?).await,
        Command::Show(arguments) => show::run(arguments, Config::load(file)?).await,
        Command::Seal(arguments) => seal::run(arguments, Config::load(file)?).await,
        Command::Export(arguments) => export::run(arguments, Config::load(file)?).await,
        Command::Retries(arguments) => retries::run(arguments, Config::load(file)?).await,
        Command::Expiring(arguments) => expiring::run(arguments, Config::load(file)?).await,
        Command::SetAside(arguments) => set_aside::run(arguments, Config::load(file)?).await,
        Command::Shops(arguments) => shops::run(arguments, Config::load(file)?).await,
        Command::Keys(arguments) => keys::run(arguments, Config::load(file)?).await,
        Command::Operators(arguments) => operators::run(arguments, Config::load(file)?).await,
        Command::Bind(arguments) => bind::run(arguments, Config::load(file)?).await,
        Command::Webhooks(arguments) => webhooks::run(arguments, Config::load(file)?).await,
        Command::Serve => serve::run(Config::load(file)?).await,
        Command::Renew(arguments) => renew::run(arguments, Config::load(file)?).await,
        Command::Report(arguments) => report::run(arguments, Config::load(file)?).await,
        Command::ReportingRole(arguments) => reporting_role::run(arguments, Config::load(file)?).await,
        Command::Rebuild(arguments) => rebuild::run(arguments, Config::load(file)?).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Schedule(arguments) => schedule::run(&arguments),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Log lines go to standard error, so that what a command prints stays usable; `RUST_LOG` chooses what is logged and
/// `TEIKI_LOG=json` the form. Traces go to `endpoint` for as long as what is returned lives.
fn log_to_stderr(endpoint: &str) -> Result<Option<Tracing>, TelemetryError> {
    use std::io::IsTerminal as _;
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,teiki=info"));
    let json = std::env::var("TEIKI_LOG").is_ok_and(|form| form == "json");
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match json {
        true => lines.json().with_filter(filter).boxed(),
        false => lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter).boxed(),
    };
    let registry = tracing_subscriber::registry().with(lines);
    // A second call, as in tests, keeps the first subscriber.
    match telemetry::layer(endpoint)? {
        Some((spans, tracing)) => {
            let _ = registry.with(spans).try_init();
            Ok(Some(tracing))
        }
        None => {
            let _ = registry.try_init();
            Ok(None)
        }
    }
}

/// The clock the configuration asks for.
fn clock(config: &Config) -> Clock {
    match DateTime::parse_from_rfc3339(&config.clock) {
        Ok(at) => Clock::manual(at.with_timezone(&Utc)),
        Err(_) => Clock::Real,
    }
}

/// Starts an engine, does this with it, and stops it whatever came of that.
async fn on_engine(config: Config, work: impl AsyncFnOnce(&App) -> Result<(), CliError>) -> Result<(), CliError> {
    let app = start(config).await?;
    let result = work(&app).await;
    app.stop().await;
    result
}

async fn start(config: Config) -> Result<Arc<App>, CliError> {
    let clock = clock(&config);
    Ok(App::start(config, clock).await?)
}

//! `paygent-simulator`: the simulator as a program of its own.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use chrono::{DateTime, Utc};
use clap::Parser;
use paygent_simulator::{Config, Merchant, RandomFaults, RevisionTradingId, Simulator, SimulatorError};
use tokio::signal::unix::{SignalKind, signal};

/// A stand-in for Paygent: its card protocol over mutual TLS, a ledger, and faults on demand.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Address of the TLS server; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Address of the control port (plain HTTP, loopback only); left out, there is none.
    #[arg(long)]
    control: Option<SocketAddr>,
    /// Folder of the certificates; they are made when it holds none.
    #[arg(long, default_value = "certificates")]
    certificates: PathBuf,
    /// A merchant as MERCHANT_ID:CONNECT_ID:CONNECT_PASSWORD:TOKEN_KEY; may be given several times.
    #[arg(long, value_parser = merchant, value_name = "ID:CONNECT_ID:PASSWORD:TOKEN_KEY")]
    merchant: Vec<Merchant>,
    /// File that keeps the ledger between runs.
    #[arg(long)]
    ledger: Option<PathBuf>,
    /// Fixed time every telegram takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Moment at which the clock stands, such as 2026-04-01T00:00:00Z; left out, it follows the real time.
    #[arg(long)]
    now: Option<DateTime<Utc>>,
    /// Random faults as JSON: {"seed":1,"kinds":["020"],"chances":[{"probability":0.1,"fault":"lose_reply"}]}.
    #[arg(long, value_parser = random_faults)]
    random_faults: Option<RandomFaults>,
    /// Write replies in one plain form only, without the liberties that the protocol allows.
    #[arg(long)]
    plain_replies: bool,
    /// Payments made by a revision (028, 029) carry no trading_id.
    #[arg(long)]
    revisions_without_trading_id: bool,
    /// Keep counts of telegrams instead of a record of each.
    #[arg(long)]
    forget_telegrams: bool,
    /// Address that the first merchant's notices are posted to, as http://HOST:PORT/PATH.
    #[arg(long)]
    notices: Option<String>,
    /// Pause of notices after five failures in a row, in milliseconds.
    #[arg(long, default_value_t = 900_000)]
    notice_pause_ms: u64,
    /// Threads of the server.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Print one line `ready base_url=… control_url=…` when serving.
    #[arg(long)]
    print_ready: bool,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), SimulatorError> {
    let (print_ready, notices) = (arguments.print_ready, arguments.notices.clone());
    let simulator = Simulator::start(config(arguments))?;
    simulator.set_notice_url(notices.as_deref());
    if print_ready {
        let control = simulator.control_url().unwrap_or_default();
        println!("ready base_url={} control_url={control}", simulator.base_url());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| SimulatorError::Thread(error.to_string()))?;
    runtime.block_on(until_asked_to_stop(&simulator)).map_err(|error| SimulatorError::Thread(error.to_string()))?;
    simulator.shutdown()
}

async fn until_asked_to_stop(simulator: &Simulator) -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = simulator.stop_requested() => {}
    }
    Ok(())
}

fn config(arguments: Arguments) -> Config {
    let mut config = Config::new(arguments.certificates);
    config.listen = arguments.listen;
    config.control = arguments.control;
    if !arguments.merchant.is_empty() {
        config.merchants = arguments.merchant;
    }
    config.ledger_file = arguments.ledger;
    config.latency = Duration::from_millis(arguments.latency_ms);
    config.now = arguments.now;
    config.random_faults = arguments.random_faults;
    config.awkward_replies = !arguments.plain_replies;
    config.keep_telegrams = !arguments.forget_telegrams;
    config.threads = arguments.threads;
    config.notice_pause = Duration::from_millis(arguments.notice_pause_ms);
    if arguments.revisions_without_trading_id {
        config.revision_trading_id = RevisionTradingId::Empty;
    }
    config
}

fn merchant(text: &str) -> Result<Merchant, String> {
    match text.split(':').collect::<Vec<_>>()[..] {
        [id, connect_id, password, token_key] if !id.is_empty() => {
            Ok(Merchant::new(id, connect_id, password, token_key))
        }
        _ => Err("write the merchant as MERCHANT_ID:CONNECT_ID:CONNECT_PASSWORD:TOKEN_KEY".to_owned()),
    }
}

fn random_faults(text: &str) -> Result<RandomFaults, String> {
    serde_json::from_str(text).map_err(|error| format!("the random faults are not what is expected here: {error}"))
}

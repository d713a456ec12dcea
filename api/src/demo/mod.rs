//! The demonstration: a shop, its members and their cards, lived through night after night against the simulator.

mod folder;
mod people;
mod ready;
mod report;
mod shop;
mod story;

pub use ready::make_ready;

use crate::accounts;
use crate::app::{App, AppError};
use crate::cli::progress_bar;
use crate::workers::mails;
use crate::workers::night_run::{self, RunError};
use chrono::{Days, Duration, NaiveDate};
use folder::Folder;
use paygent_simulator::Simulator;
use std::path::Path;
use std::sync::Arc;
use teiki_domain::business_day::tokyo_midnight;
use teiki_infrastructure::api_keys::{self, Scope};
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::operators::{self, NewOperator, Role};
use teiki_infrastructure::redacted::Redacted;

/// The nights begin here, so that every demonstration tells the same story.
const FIRST_DAY: &str = "2026-04-01";
/// The clock stands this long after midnight during a night run.
const AFTER_MIDNIGHT: Duration = Duration::seconds(30);

/// The file with the key of the HTTP API.
const API_KEY: &str = "api.key";

/// The file with login and password of the demonstration's manager.
const SIGN_IN: &str = "sign-in.txt";
/// What the manager types at sign-in.
const LOGIN: &str = "manager";

/// Why the demonstration cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The engine.
    #[error(transparent)]
    App(#[from] AppError),
    /// A night.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The folder holds something else.
    #[error("{0} holds something that is not a demonstration; choose another with --folder")]
    NotOurs(String),
    /// Parts of the folder are gone.
    #[error("the demonstration in {0} is not complete ({1} is missing or damaged); start over with --fresh")]
    Incomplete(String, &'static str),
    /// Somebody else runs it.
    #[error("a demonstration is already running in {0}; stop it or choose another folder with --folder")]
    Running(String),
    /// Anything else.
    #[error("the demonstration cannot go on: {0}")]
    Other(String),
}

impl DemoError {
    pub(crate) fn other(error: impl std::fmt::Display) -> Self {
        DemoError::Other(error.to_string())
    }
}

/// A demonstration under way.
pub struct Demonstration {
    /// The engine.
    pub app: Arc<App>,
    simulator: Simulator,
    folder: Folder,
}

/// Starts a demonstration in `path`, going on where the last one ended unless `fresh`.
pub async fn start(path: &Path, fresh: bool, listen: &str) -> Result<Demonstration, DemoError> {
    let folder = Folder::open(path, fresh)?;
    let first_day: NaiveDate = FIRST_DAY.parse().map_err(DemoError::other)?;
    let nights = folder.nights()?;
    let clock = Clock::manual(night(first_day, nights)?);
    let mut simulated = paygent_simulator::Config::new(folder.path("paygent"));
    simulated.ledger_file = Some(folder.path("simulator-ledger.json"));
    simulated.now = Some(clock.now());
    let simulator = Simulator::start(simulated).map_err(DemoError::other)?;
    let config = Config {
        database_url: Redacted::new(format!("sqlite:{}", folder.path("teiki.db").display())),
        listen: listen.to_owned(),
        key_file: folder.path("teiki.key"),
        paygent_url: simulator.base_url(),
        paygent_client_certificate: folder.path("paygent").join("client.pem"),
        paygent_ca: folder.path("paygent").join("ca.pem"),
        paygent_timeout_ms: 5_000,
        // A file each, to be looked at; nothing leaves the machine.
        mail_url: Redacted::new(format!("file:{}", folder.path("mails").display())),
        mail_from: "mail@shop.example.jp".to_owned(),
        // One after the other, so that every demonstration gives out the same transaction IDs.
        concurrency: 1,
        ..Config::default()
    };
    let app = App::start(config, clock).await?;
    let demonstration = Demonstration { app, simulator, folder };
    if nights == 0 {
        shop::fill(&demonstration.app, &demonstration.simulator, first_day).await?;
        let (app, shop) = (&demonstration.app, shop::shop_id()?);
        let key = api_keys::create(&app.storage, shop, "demonstration", &Scope::ALL, app.clock.now()).await;
        let (_, opens) = key.map_err(DemoError::other)?;
        demonstration.folder.write_private(API_KEY, opens.expose())?;
        let password = operators::new_password();
        let manager = NewOperator { shop, login: LOGIN, name: "デモ管理者", role: Role::Manager };
        let by = app.account_change(&app.gateway.because("demo", "the demonstration sets up its shop"));
        operators::create(&app.storage, &manager, &password, &by).await.map_err(DemoError::other)?;
        accounts::write_history(app).await.map_err(DemoError::other)?;
        demonstration.folder.write_private(SIGN_IN, &format!("{LOGIN} {}", password.expose()))?;
        demonstration.simulator.save().map_err(DemoError::other)?;
    }
    Ok(demonstration)
}

/// Just after midnight in Tokyo of the `n`-th day.
fn night(first_day: NaiveDate, n: u32) -> Result<chrono::DateTime<chrono::Utc>, DemoError> {
    let day = first_day.checked_add_days(Days::new(u64::from(n)));
    let day = day.ok_or_else(|| DemoError::other("the calendar ends here"))?;
    Ok(tokyo_midnight(day) + AFTER_MIDNIGHT)
}

impl Demonstration {
    /// Lives through `nights` more nights, with a bar.
    pub async fn live(&self, nights: u32) -> Result<(), DemoError> {
        let first_day: NaiveDate = FIRST_DAY.parse().map_err(DemoError::other)?;
        let before = self.folder.nights()?;
        let bar = progress_bar("夜間処理");
        bar.set_length(u64::from(nights));
        for n in before..before.saturating_add(nights) {
            let now = night(first_day, n)?;
            self.app.clock.set(now);
            self.simulator.set_now(now);
            let today = self.app.clock.today();
            bar.set_message(today.to_string());
            night_run::run(&self.app, today, Arc::new(|_, _| {})).await?;
            story::day(&self.app, &self.simulator, n, today).await?;
            mails::round(&self.app).await.map_err(DemoError::other)?;
            // The simulator's books first: a night that is lived again finds its payments there.
            self.simulator.save().map_err(DemoError::other)?;
            self.folder.lived(n + 1)?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// The order list, the card-expiry table and a summary, as text.
    pub async fn report(&self) -> Result<String, DemoError> {
        self.app.settle().await?;
        report::text(&self.app, self.folder.nights()?).await
    }

    /// How people sign in, and how a program reads the demonstration's orders.
    pub fn how_to_ask(&self) -> String {
        let sign_in = std::fs::read_to_string(self.folder.path(SIGN_IN)).unwrap_or_default();
        let (login, password) = sign_in.trim().split_once(' ').unwrap_or((LOGIN, "?"));
        format!(
            "ログイン: ログインID {login} パスワード {password}\nAPI: curl -H \"Authorization: Bearer $(cat {})\" http://{}/v1/orders",
            self.folder.path(API_KEY).display(),
            self.app.config.listen
        )
    }

    /// From now on mails are written as they are asked for, until the engine stops.
    pub fn send_mails(&self) {
        let app = self.app.clone();
        self.app.spawn(async move { mails::keep_sending(&app).await });
    }

    /// Stops the engine and the simulator, keeping everything for the next time.
    pub async fn stop(self) -> Result<(), DemoError> {
        self.app.stop().await;
        self.simulator.save().map_err(DemoError::other)?;
        self.simulator.shutdown().map_err(DemoError::other)
    }
}

//! The store, the simulator and the clock of a run.

use super::paygent::{NOTICE_KEY, Paygent};
use super::{Failure, Settings};
use crate::stage::{change_settings, enrol_with_token, just_after_midnight, key_of, open_shop, shop, subscribe};
use crate::stores;
use chrono::{DateTime, Days, NaiveDate, Utc};
use paygent_simulator::TestCard;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use teiki::app::App;
use teiki::shops::secret_context;
use teiki_domain::payment_method::SaleMode;
use teiki_domain::retry_policy::RetryPolicy;
use teiki_domain::shop_settings::ShopSettingsCommand as Setting;
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::event_store::{Storage, StorageOptions};
use teiki_infrastructure::redacted::Redacted;

/// Longest time of a call to Paygent.
pub(super) const TIMEOUT: Duration = Duration::from_millis(400);
/// The first of every eight members has a card that is declined for now, the second one that is declined for good.
const CARDS: [&str; 8] = ["8205", "8260", "1111", "1111", "1111", "1111", "1111", "1111"];

/// Everything a run stands on.
pub(super) struct Field {
    url: String,
    folder: tempfile::TempDir,
    now: DateTime<Utc>,
    /// What opens the API.
    pub(super) key: String,
    /// The store, read beside the engines.
    pub(super) storage: Storage,
    /// Paygent.
    pub(super) paygent: Paygent,
    /// The day on which the first orders are due.
    pub(super) first_day: NaiveDate,
    /// Today in Tokyo.
    pub(super) today: NaiveDate,
    /// Subscriptions due every day.
    pub(super) due: u32,
    /// Engines started so far: each writes a file of its own.
    pub(super) started: u32,
}

impl Field {
    /// A shop with its members and subscriptions; nothing is due before the next day.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("teiki-torture-").tempdir()?;
        let url = stores::fresh(settings.store, folder.path()).await;
        let today = NaiveDate::from_ymd_opt(2026, 4, 1).ok_or("no such day")?;
        let now = just_after_midnight(today);
        let paygent = Paygent::start(folder.path(), now).await?;
        let first_day = today + Days::new(1);
        let storage = Storage::open(&url, &StorageOptions::default()).await?;
        let field = Self {
            folder,
            now,
            key: key_of(&url, shop(), &Scope::ALL, now).await,
            url,
            storage,
            paygent,
            first_day,
            today,
            due: settings.subscriptions as u32,
            started: 0,
        };
        let app = field.app(Duration::from_secs(10)).await?;
        open_shop(&app, SaleMode::AuthorizeOnly).await;
        let because = app.gateway.because("test", "set up");
        let key = app.keys.seal_secret(&secret_context(shop(), "notice_key"), NOTICE_KEY)?;
        let policy = RetryPolicy { ladder: vec![1, 2], on_card_change: true };
        for command in [Setting::ChangeNoticeKey(Some(key)), Setting::ChangeRetryPolicy(policy)] {
            change_settings(&app, &because, command).await;
        }
        for i in 0..settings.subscriptions {
            let card = TestCard::ending(CARDS[i % CARDS.len()]);
            enrol_with_token(&app, i, field.paygent.token(&card).await?).await;
            subscribe(&app, i, "days:1", first_day, 1_000 + i as i64).await;
        }
        app.stop().await;
        Ok(field)
    }

    /// The next day begins, for Paygent at once and for engines when they are started.
    pub(super) async fn next_day(&mut self) -> Result<(), Failure> {
        self.today = self.today + Days::new(1);
        self.now = just_after_midnight(self.today);
        self.paygent.set_now(self.now).await?;
        // The shop confirms with the authorisation on every third day (S4).
        let app = self.app(TIMEOUT).await?;
        let days = (self.today - self.first_day).num_days();
        let mode = if days % 3 == 2 { SaleMode::AuthorizeAndCapture } else { SaleMode::AuthorizeOnly };
        let because = app.gateway.because("test", "another day");
        change_settings(&app, &because, Setting::ChangeSaleMode(mode)).await;
        app.stop().await;
        Ok(())
    }

    fn config(&self, listen: &str, timeout: Duration) -> Config {
        Config {
            database_url: Redacted::new(self.url.clone()),
            listen: listen.to_owned(),
            console_origin: String::new(),
            key_file: self.folder.path().join("teiki.key"),
            paygent_url: self.paygent.url.clone(),
            paygent_client_certificate: self.paygent.client_certificate.clone(),
            paygent_ca: self.paygent.ca.clone(),
            paygent_timeout_ms: timeout.as_millis() as u64,
            concurrency: 8,
            requests_per_second: 100_000,
            clock: self.now.to_rfc3339(),
            public_url: String::new(),
            webhook_private_addresses: false,
            ..Config::default()
        }
    }

    /// The engine inside this process, for setting up and for judging.
    pub(super) async fn app(&self, timeout: Duration) -> Result<Arc<App>, Failure> {
        Ok(App::start(self.config("127.0.0.1:0", timeout), Clock::manual(self.now)).await?)
    }

    /// The real binary.
    pub(super) fn teiki(&self, listen: &str, arguments: &[&str]) -> tokio::process::Command {
        crate::stage::teiki(&self.config(listen, TIMEOUT), self.folder.path(), arguments)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves everything where it is; the database of a PostgreSQL store as well.
    pub(super) fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    pub(super) async fn close(self) -> Result<(), Failure> {
        drop(self.paygent);
        stores::drop_store(&self.url).await;
        Ok(self.folder.close()?)
    }
}

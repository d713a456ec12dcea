//! A shop on a store of its own, with the simulator beside it and the real binary at hand.

use crate::stores::{self, StoreKind};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use paygent_simulator::{Merchant, Simulator, TestCard};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use teiki::app::App;
use teiki::command_gateway::Because;
use teiki::demo::make_ready;
use teiki::members::{self, Profile};
use teiki::payments::CardRegistration;
use teiki::shops::secret_context;
use teiki::subscriptions::{self, Start};
use teiki_domain::basket::{Basket, Charge, Line};
use teiki_domain::business_day::tokyo_midnight;
use teiki_domain::ids::{MemberId, ShopId, SubscriptionId};
use teiki_domain::money::Yen;
use teiki_domain::payment_method::{PaymentMethod, SaleMode};
use teiki_domain::shop_settings::{Connection, ShopSettings, ShopSettingsCommand as Settings};
use teiki_infrastructure::api_keys::{self, Scope};
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::event_store::{Storage, StorageOptions};
use teiki_infrastructure::redacted::Redacted;
use tokio::process::Command;

/// One shop, alone on its store.
pub struct Stage {
    /// The store's address.
    pub url: String,
    /// The other side, in this process: it survives when the engine is killed.
    pub simulator: Simulator,
    /// Where the clock stands.
    pub now: DateTime<Utc>,
    /// Longest time of a call to Paygent, in milliseconds.
    pub timeout_ms: u64,
    folder: tempfile::TempDir,
}

/// The shop of the tests.
pub fn shop() -> ShopId {
    ShopId::new(2396).unwrap()
}

/// The `i`-th member.
pub fn member(i: usize) -> MemberId {
    MemberId::new(shop(), &format!("M{i:05}")).unwrap()
}

/// The `i`-th subscription.
pub fn subscription(i: usize) -> SubscriptionId {
    SubscriptionId::new(shop(), &format!("D{i:05}")).unwrap()
}

/// A basket of one line that costs `yen` in all.
pub fn basket(yen: i64) -> Basket {
    let line = Line {
        product: "C-1".into(),
        name: "クッキーの定期便".into(),
        unit_price: Yen::new(yen).unwrap(),
        quantity: 1,
        tax_percent: 8,
    };
    Basket::new(vec![line], Charge::Fixed(Yen::ZERO), Charge::Fixed(Yen::ZERO)).unwrap()
}

impl Stage {
    /// An empty store whose clock stands just after midnight in Tokyo of `day`.
    pub async fn new(kind: StoreKind, day: &str) -> Self {
        Self::with(kind, day, |_| {}).await
    }

    /// As [`Stage::new`], with a simulator that is set up differently.
    pub async fn with(kind: StoreKind, day: &str, set_up: impl FnOnce(&mut paygent_simulator::Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = stores::fresh(kind, folder.path()).await;
        let mut config = paygent_simulator::Config::new(folder.path().join("paygent"));
        let now = just_after_midnight(day.parse().unwrap());
        config.now = Some(now);
        set_up(&mut config);
        let simulator = Simulator::start(config).unwrap();
        Self { url, simulator, now, timeout_ms: 1_000, folder }
    }

    /// Moves both clocks to just after midnight in Tokyo of `day`.
    pub fn set_day(&mut self, day: NaiveDate) {
        self.now = just_after_midnight(day);
        self.simulator.set_now(self.now);
    }

    /// The engine's configuration.
    pub fn config(&self) -> Config {
        Config {
            database_url: Redacted::new(self.url.clone()),
            listen: "127.0.0.1:0".to_owned(),
            public_url: String::new(),
            console_origin: String::new(),
            key_file: self.folder.path().join("teiki.key"),
            paygent_url: self.simulator.base_url(),
            paygent_client_certificate: self.simulator.client_certificate(),
            paygent_ca: self.simulator.ca_certificate(),
            paygent_timeout_ms: self.timeout_ms,
            concurrency: 8,
            requests_per_second: 100_000,
            clock: self.now.to_rfc3339(),
            webhook_private_addresses: false,
            ..Config::default()
        }
    }

    /// A key of the shop with these scopes.
    pub async fn key(&self, scopes: &[Scope]) -> String {
        key_of(&self.url, shop(), scopes, self.now).await
    }

    /// Everything the store holds, for searching what must not be in it: the files of an embedded store, or the text of
    /// every row of every table.
    pub async fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![];
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            for file in [path.to_owned(), format!("{path}-wal")] {
                bytes.extend(std::fs::read(file).unwrap_or_default());
            }
            assert!(!bytes.is_empty());
            return bytes;
        }
        let pool = sqlx::PgPool::connect(&self.url).await.unwrap();
        let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&pool).await.unwrap();
        assert!(!tables.is_empty());
        for table in tables {
            let rows = format!("SELECT t::text FROM {table} t");
            for row in sqlx::query_scalar::<_, String>(&rows).fetch_all(&pool).await.unwrap() {
                bytes.extend(row.into_bytes());
            }
        }
        pool.close().await;
        bytes
    }

    /// A folder for files of the test.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The engine inside this process.
    pub async fn app(&self) -> Arc<App> {
        App::start(self.config(), Clock::manual(self.now)).await.unwrap()
    }

    /// The real binary, pointed at this store.
    pub fn teiki(&self, arguments: &[&str]) -> Command {
        teiki(&self.config(), self.folder.path(), arguments)
    }

    /// Ends the stage and removes its store.
    pub async fn close(self) {
        self.simulator.shutdown().unwrap();
        stores::drop_store(&self.url).await;
    }
}

/// A new key of a shop, made straight in the store.
pub async fn key_of(url: &str, shop: ShopId, scopes: &[Scope], now: DateTime<Utc>) -> String {
    let storage = Storage::open(url, &StorageOptions::default()).await.unwrap();
    let (_, opens) = api_keys::create(&storage, shop, "test", scopes, now).await.unwrap();
    storage.close().await;
    opens.expose().clone()
}

/// The real binary with this configuration.
pub fn teiki(config: &Config, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("teiki"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .env("TEIKI_DATABASE_URL", config.database_url.expose())
        .env("TEIKI_LISTEN", &config.listen)
        .env("TEIKI_KEY_FILE", &config.key_file)
        .env("TEIKI_PAYGENT_URL", &config.paygent_url)
        .env("TEIKI_PAYGENT_CLIENT_CERTIFICATE", &config.paygent_client_certificate)
        .env("TEIKI_PAYGENT_CA", &config.paygent_ca)
        .env("TEIKI_PAYGENT_TIMEOUT_MS", config.paygent_timeout_ms.to_string())
        .env("TEIKI_CONCURRENCY", config.concurrency.to_string())
        .env("TEIKI_REQUESTS_PER_SECOND", config.requests_per_second.to_string())
        .env("TEIKI_CLOCK", &config.clock)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Where the program `name` was built, beside the test itself.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().find(|folder| folder.join(name).is_file());
    folder
        .unwrap_or_else(|| panic!("the program {name} is not built; run `make test` or `cargo build --workspace`"))
        .join(name)
}

/// Half a minute past midnight in Tokyo.
pub fn just_after_midnight(day: NaiveDate) -> DateTime<Utc> {
    tokyo_midnight(day) + Duration::seconds(30)
}

/// Opens the shop with everything switched on, ready to sell subscriptions (S1).
pub async fn open_shop(app: &App, sale_mode: SaleMode) {
    open_shop_unready(app, sale_mode).await;
    make_ready(app, shop(), 0, &app.gateway.because("test", "set up")).await.unwrap();
}

/// As [`open_shop`], with nothing set but connection, sale mode, payment methods and switches.
pub async fn open_shop_unready(app: &App, sale_mode: SaleMode) {
    let because = app.gateway.because("test", "set up");
    let merchant = Merchant::demonstration();
    let seal = |name: &str, secret: &str| app.keys.seal_secret(&secret_context(shop(), name), secret).unwrap();
    let connection = Connection {
        merchant_id: merchant.merchant_id.clone(),
        connect_id: merchant.connect_id.clone(),
        connect_password: seal("connect_password", &merchant.connect_password),
        token_key: seal("token_key", &merchant.token_key),
    };
    for command in [
        Settings::Open { shop_id: shop(), name: "テストの店".to_owned() },
        Settings::ChangeConnection(connection),
        Settings::ChangeSaleMode(sale_mode),
        Settings::ChangeUseForSubscriptions(true),
        Settings::ChangeAuthorizeAtGeneration(true),
        Settings::ChangePaymentMethods(vec![PaymentMethod::Card]),
    ] {
        change_settings(app, &because, command).await;
    }
}

/// Changes one setting.
pub async fn change_settings(app: &App, because: &Because, command: Settings) {
    app.gateway.execute::<ShopSettings>(&shop().to_string(), because, command).await.unwrap();
    app.shops.forget(shop());
}

/// Registers the `i`-th member with a card that ends in `last_four` and is good until December 2035.
pub async fn enrol(app: &App, simulator: &Simulator, i: usize, last_four: &str) {
    enrol_with(app, simulator, i, &TestCard::ending(last_four)).await;
}

/// Registers the `i`-th member with `card`.
pub async fn enrol_with(app: &App, simulator: &Simulator, i: usize, card: &TestCard) {
    enrol_with_token(app, i, simulator.issue_token(card)).await;
}

/// Registers the `i`-th member with the card behind this token.
pub async fn enrol_with_token(app: &App, i: usize, token: String) {
    let because = app.gateway.because("test", "set up");
    let profile = Profile { name: "山田 花子".into(), mail: "hanako@example.jp".into(), ..Profile::default() };
    members::register(app, &member(i), &profile, &because).await.unwrap();
    let kept = app.payments.register_card(&member(i), Redacted::new(token), &because).await.unwrap();
    assert!(matches!(kept, CardRegistration::Registered(_)), "{kept:?}");
}

/// Starts the `i`-th subscription for the `i`-th member.
pub async fn subscribe(app: &App, i: usize, cycle: &str, first_delivery: NaiveDate, yen: i64) {
    let because = app.gateway.because("test", "set up");
    let start = Start {
        subscription_id: Some(subscription(i)),
        member_id: member(i),
        basket: basket(yen),
        payment_method: PaymentMethod::Card,
        cycle: cycle.parse().unwrap(),
        first_delivery,
    };
    subscriptions::start(app, start, &because).await.unwrap();
}

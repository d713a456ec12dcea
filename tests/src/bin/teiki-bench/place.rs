//! A shop on a store of its own, the simulator as a process beside it, and the engine as another one.

use crate::Failure;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use std::io::BufRead as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use teiki::app::App;
use teiki_domain::business_day::tokyo_midnight;
use teiki_infrastructure::clock::Clock;
use teiki_infrastructure::config::Config;
use teiki_infrastructure::redacted::Redacted;
use teiki_tests::stage::binary;
use teiki_tests::stores::{self, StoreKind};

/// Renewals under way at once: the engine's default, and so many connections commit single rows beside it.
pub(crate) const CONCURRENCY: usize = 16;

/// The night everything is due in.
pub(crate) fn night() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 4, 1).unwrap_or_default()
}

/// A store with its shop, and its Paygent.
pub(crate) struct Place {
    /// Which kind of store.
    pub(crate) kind: StoreKind,
    /// The store's address.
    pub(crate) url: String,
    /// The simulator.
    pub(crate) paygent: Paygent,
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) async fn new(kind: StoreKind) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let url = stores::fresh(kind, folder.path()).await;
        let paygent = Paygent::start(folder.path().join("paygent"))?;
        Ok(Self { kind, url, paygent, folder })
    }

    /// The file of a second store on the same disk, or the address of one on the same server.
    pub(crate) async fn beside(&self) -> Result<String, Failure> {
        let folder = self.folder.path().join("beside");
        std::fs::create_dir_all(&folder)?;
        Ok(stores::fresh(self.kind, &folder).await)
    }

    fn config(&self) -> Config {
        Config {
            database_url: Redacted::new(self.url.clone()),
            listen: "127.0.0.1:0".to_owned(),
            key_file: self.folder.path().join("teiki.key"),
            paygent_url: self.paygent.base_url.clone(),
            paygent_client_certificate: self.paygent.certificates.join("client.pem"),
            paygent_ca: self.paygent.certificates.join("ca.pem"),
            paygent_timeout_ms: 35_000,
            concurrency: CONCURRENCY,
            clock: just_after_midnight().to_rfc3339(),
            ..Config::default()
        }
    }

    /// The engine inside this process.
    pub(crate) async fn app(&self) -> Result<Arc<App>, Failure> {
        Ok(App::start(self.config(), Clock::manual(just_after_midnight())).await?)
    }

    /// The real program, pointed at this store.
    pub(crate) fn teiki(&self, arguments: &[&str]) -> Command {
        let config = self.config();
        let mut command = Command::new(binary("teiki"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            .env("TEIKI_DATABASE_URL", &self.url)
            .env("TEIKI_LISTEN", &config.listen)
            .env("TEIKI_KEY_FILE", &config.key_file)
            .env("TEIKI_PAYGENT_URL", &config.paygent_url)
            .env("TEIKI_PAYGENT_CLIENT_CERTIFICATE", &config.paygent_client_certificate)
            .env("TEIKI_PAYGENT_CA", &config.paygent_ca)
            .env("TEIKI_PAYGENT_TIMEOUT_MS", config.paygent_timeout_ms.to_string())
            .env("TEIKI_CONCURRENCY", config.concurrency.to_string())
            .env("TEIKI_CLOCK", &config.clock);
        command
    }

    /// Ends the simulator and removes the store.
    pub(crate) async fn close(self) {
        stores::drop_store(&self.url).await;
    }
}

/// Where the clocks stand.
pub(crate) fn just_after_midnight() -> DateTime<Utc> {
    tokyo_midnight(night()) + Duration::seconds(30)
}

/// The simulator as a process of its own; it ends with this value.
pub(crate) struct Paygent {
    child: Child,
    base_url: String,
    control_url: String,
    certificates: PathBuf,
}

impl Paygent {
    fn start(certificates: PathBuf) -> Result<Self, Failure> {
        let mut child = Command::new(binary("paygent-simulator"))
            .args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--print-ready", "--forget-telegrams"])
            .args(["--now", &just_after_midnight().to_rfc3339(), "--latency-ms", "0"])
            .arg("--certificates")
            .arg(&certificates)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = &mut child.stdout {
            std::io::BufReader::new(output).read_line(&mut line)?;
        }
        let part = |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name)).map(str::to_owned);
        let (base_url, control_url) = (part("base_url="), part("control_url="));
        let paygent = Self {
            child,
            base_url: base_url.ok_or("the simulator did not say where it serves")?,
            control_url: control_url.ok_or("the simulator did not say where it listens for control")?,
            certificates,
        };
        Ok(paygent)
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the control port.
    pub(crate) async fn get(&self, path: &str) -> Result<serde_json::Value, Failure> {
        answer(reqwest::Client::new().get(format!("{}{path}", self.control_url))).await
    }

    /// Tells the control port.
    pub(crate) async fn post(&self, path: &str, order: &serde_json::Value) -> Result<serde_json::Value, Failure> {
        let request = reqwest::Client::new().post(format!("{}{path}", self.control_url));
        answer(request.header("content-type", "application/json").body(order.to_string())).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<serde_json::Value, Failure> {
    let text = request.send().await?.error_for_status()?.text().await?;
    Ok(serde_json::from_str(&text)?)
}

impl Drop for Paygent {
    fn drop(&mut self) {
        // Nothing can be done about a process that does not end, and it ends with the terminal at the latest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

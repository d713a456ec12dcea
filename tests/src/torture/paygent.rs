//! Paygent's simulator as a process of its own, steered through its control port.

use super::{Failure, Tally};
use crate::stage::binary;
use chrono::{DateTime, Utc};
use paygent_simulator::{Chance, ConsoleAction, Fault, Mischief, NoticeCounts, PaymentRecord, RandomFaults, TestCard};
use reqwest::Client;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The key the simulator signs its notices with.
pub(super) const NOTICE_KEY: &str = "notice_simulator_token_key";
/// Longest time Paygent books after the connection is gone. With the engine's time-out it stays below the time the
/// engine waits before it believes that nothing was booked.
const LATE_MS: u64 = 500;

/// The simulator; ends with this value.
pub(super) struct Paygent {
    _process: Child,
    /// `https://127.0.0.1:PORT`.
    pub(super) url: String,
    /// The client's certificate with its key.
    pub(super) client_certificate: PathBuf,
    /// Whom the client trusts.
    pub(super) ca: PathBuf,
    control: Control,
}

/// The control port, for anybody.
#[derive(Clone)]
pub(super) struct Control {
    url: String,
    client: Client,
}

impl Paygent {
    pub(super) async fn start(folder: &Path, now: DateTime<Utc>) -> Result<Self, Failure> {
        let certificates = folder.join("paygent");
        let mut process = Command::new(binary("paygent-simulator"))
            .args(["--control", "127.0.0.1:0", "--print-ready", "--latency-ms", "5", "--notice-pause-ms", "200"])
            .arg("--certificates")
            .arg(&certificates)
            .args(["--now", &now.to_rfc3339()])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = process.stdout.take().ok_or("the simulator has no output")?;
        let line = BufReader::new(stdout).lines().next_line().await?.ok_or("the simulator did not start")?;
        let part = |name: &str| {
            let found = line.split_whitespace().find_map(|part| part.strip_prefix(name)).map(str::to_owned);
            found.ok_or_else(|| format!("the simulator said {line:?}, without {name}"))
        };
        let control = Control { url: part("control_url=")?, client: Client::builder().no_proxy().build()? };
        Ok(Self {
            url: part("base_url=")?,
            client_certificate: certificates.join("client.pem"),
            ca: certificates.join("ca.pem"),
            control,
            _process: process,
        })
    }

    /// Who wants to steer it from a task.
    pub(super) fn control(&self) -> Control {
        self.control.clone()
    }

    pub(super) async fn set_now(&self, now: DateTime<Utc>) -> Result<(), Failure> {
        self.control.post("/clock", &json!({ "now": now })).await.map(drop)
    }

    /// From here on many answers go wrong and notices are mischievous.
    pub(super) async fn break_answers(&self, seed: u64) -> Result<(), Failure> {
        let wait = |milliseconds| [Fault::DelayBefore { milliseconds }, Fault::DelayAfter { milliseconds }];
        let mut faults = vec![
            Fault::LoseReply,
            Fault::DropBeforeBooking,
            Fault::BookLate { milliseconds: LATE_MS },
            Fault::HalfReply,
            Fault::Garbage,
            Fault::WrongEncoding,
            Fault::Http503,
            Fault::network_timeout(),
            Fault::locked(),
            Fault::access_limit(),
        ];
        faults.extend(wait(LATE_MS));
        faults.extend(wait(50));
        let chances = faults.into_iter().map(|fault| Chance { probability: 0.025, fault }).collect();
        let faults = RandomFaults { seed, kinds: vec![], chances };
        self.control.post("/faults", &serde_json::to_value(faults)?).await?;
        let mischief = Mischief { seed, dropped: 0.1, doubled: 0.2, held: 0.2, forged: 0.1 };
        self.control.post("/notices/mischief", &serde_json::to_value(mischief)?).await.map(drop)
    }

    /// Paygent works as it should again.
    pub(super) async fn mend(&self) -> Result<(), Failure> {
        self.control.post("/faults", &Value::Null).await?;
        self.control.post("/notices/mischief", &serde_json::to_value(Mischief::default())?).await.map(drop)
    }

    pub(super) async fn send_notices_to(&self, engine: &str) -> Result<(), Failure> {
        let url = format!("{engine}/paygent/notices/02396");
        self.control.post("/notices/target", &json!({ "url": url })).await.map(drop)
    }

    pub(super) async fn faults_met(&self) -> Result<Tally, Failure> {
        Ok(self.control.get::<BTreeMap<String, u64>>("/faults").await?.into())
    }

    pub(super) async fn notice_counts(&self) -> Result<NoticeCounts, Failure> {
        self.control.get("/notices").await
    }

    pub(super) async fn payments(&self) -> Result<Vec<PaymentRecord>, Failure> {
        self.control.get("/payments").await
    }

    pub(super) async fn token(&self, card: &TestCard) -> Result<String, Failure> {
        self.control.token(card).await
    }
}

impl Control {
    async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = body.to_string();
        let request = self.client.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        let response = request.body(body).send().await?.error_for_status()?;
        Ok(serde_json::from_str(&response.text().await?).unwrap_or(Value::Null))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let response = self.client.get(format!("{}{path}", self.url)).send().await?.error_for_status()?;
        Ok(serde_json::from_str(&response.text().await?)?)
    }

    pub(super) async fn token(&self, card: &TestCard) -> Result<String, Failure> {
        let answer = self.post("/tokens", &serde_json::to_value(card)?).await?;
        Ok(answer["token"].as_str().ok_or("the simulator issued no token")?.to_owned())
    }

    /// The newest payments, failed ones included.
    pub(super) async fn newest_payments(&self, count: usize) -> Result<Vec<PaymentRecord>, Failure> {
        let all: Vec<PaymentRecord> = self.get("/payments").await?;
        let skip = all.len().saturating_sub(count);
        Ok(all.into_iter().skip(skip).collect())
    }

    /// Somebody at Paygent's console; says whether the payment allowed it.
    pub(super) async fn at_console(&self, payment_id: &str, action: ConsoleAction) -> Result<bool, Failure> {
        let order = json!({ "payment_id": payment_id, "action": serde_json::to_value(action)? });
        Ok(self.post("/console", &order).await?["done"] == true)
    }
}

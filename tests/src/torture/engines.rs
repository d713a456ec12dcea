//! The engine's processes: started, killed, stopped, and left to settle.

use super::field::{Field, TIMEOUT};
use super::judge;
use super::{Failure, Report};
use paygent_simulator::Merchant;
use reqwest::Client;
use serde_json::Value;
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use teiki_infrastructure::notice_inbox;
use tokio::process::Child;

/// Longest time an engine takes to settle what is open when nothing is in its way any more.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);
/// How often an engine settles before what is still different counts as a violation.
const SETTLINGS: u32 = 4;

/// What an engine has in itself: a labelled point to crash or to stop at.
pub(super) type Weapon = Option<(&'static str, String)>;

/// One process.
pub(super) struct Engine {
    child: Child,
    id: u32,
    /// Where it serves.
    pub(super) base: String,
    weapon: Weapon,
    log: PathBuf,
    /// Since when it stands still.
    pub(super) stopped: Option<Instant>,
}

/// How a process stands.
pub(super) enum Standing {
    /// It runs.
    Runs,
    /// It stands still.
    Stopped,
    /// It ended at the labelled point it was given.
    Crashed(String),
    /// It ended by itself.
    Ended(String),
}

/// An address that nobody uses.
pub(super) fn free_address() -> Result<String, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

impl Engine {
    pub(super) fn start(field: &mut Field, address: &str, weapon: Weapon) -> Result<Self, Failure> {
        field.started += 1;
        let log = field.folder().join(format!("engine-{}.log", field.started));
        let mut command = field.teiki(address, &["serve"]);
        if let Some((variable, at)) = &weapon {
            command.env(variable, at);
        }
        let child = command.stdout(Stdio::null()).stderr(File::create(&log)?).spawn()?;
        let id = child.id().ok_or("the engine ended at once")?;
        Ok(Self { child, id, base: format!("http://{address}"), weapon, log, stopped: None })
    }

    pub(super) fn standing(&mut self) -> Result<Standing, Failure> {
        if let Some(status) = self.child.try_wait()? {
            let crash = self.weapon.as_ref().filter(|(variable, _)| *variable == "TEIKI_CRASH_AT");
            return Ok(match crash {
                Some((_, at)) if status.signal() == Some(6) => Standing::Crashed(label(at)),
                _ => Standing::Ended(format!("{status}")),
            });
        }
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id)).unwrap_or_default();
        // The state is the first word after the name in parentheses.
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        Ok(if state == Some('T') { Standing::Stopped } else { Standing::Runs })
    }

    /// Whether it ended because it found no database when it started, which is said to whoever started it.
    pub(super) fn found_no_database(&self) -> bool {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines()
            .last()
            .is_some_and(|line| line.starts_with("teiki: the database") && line.contains("cannot be reached"))
    }

    /// The label it stops at, if it was given one.
    pub(super) fn stall(&self) -> Option<String> {
        self.weapon.as_ref().filter(|(variable, _)| *variable == "TEIKI_STALL_AT").map(|(_, at)| label(at))
    }

    pub(super) fn signal(&self, signal: &str) {
        // A process that ended meanwhile cannot be signalled, and need not be.
        let _ = std::process::Command::new("kill").args([signal, &self.id.to_string()]).stderr(Stdio::null()).status();
    }

    pub(super) async fn kill(mut self) -> Result<(), Failure> {
        self.child.start_kill()?;
        self.child.wait().await?;
        Ok(())
    }

    /// Stops it as an operator does.
    async fn end(mut self) -> Result<Option<String>, Failure> {
        self.signal("-TERM");
        let status = tokio::time::timeout(SETTLED_WITHIN, self.child.wait()).await;
        let status = status.map_err(|_| "the engine did not stop when asked to")??;
        Ok((!status.success()).then(|| format!("an engine that was asked to stop ended with {status}")))
    }
}

fn label(at: &str) -> String {
    at.split(':').next().unwrap_or(at).to_owned()
}

/// One engine without anything in its way, until nothing is open and Paygent's books agree.
pub(super) async fn settle(field: &mut Field, report: &mut Report) -> Result<(), Failure> {
    field.paygent.mend().await?;
    let address = free_address()?;
    let mut last = String::new();
    for _ in 0..SETTLINGS {
        let mut engine = Engine::start(field, &address, None)?;
        field.paygent.send_notices_to(&engine.base).await?;
        if let Some(violation) = calm(field, &mut engine).await? {
            report.violations.push(format!("{violation} (engine-{}.log)", field.started));
            return engine.kill().await;
        }
        report.violations.extend(engine.end().await?);
        let since = field.first_day.to_string();
        let output = field.teiki(&address, &["reconcile", "--json", "--since", &since]).output().await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let found: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        report.reconciled += found["differences"].as_array().map_or(0, |all| all.len() as u64);
        let app = field.app(TIMEOUT).await?;
        let open = judge::unresolved(&app).await;
        app.stop().await;
        let open = open?;
        if output.status.success() && open.is_empty() {
            return Ok(());
        }
        last = format!(
            "open: {open:?}; reconcile ended with {}: {text} {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    report.violations.push(format!("not settled after {SETTLINGS} quiet engines: {last}"));
    Ok(())
}

/// Waits until the night is over, nothing is asked of Paygent and no notice is on its way; says what did not come.
async fn calm(field: &Field, engine: &mut Engine) -> Result<Option<String>, Failure> {
    let client = crate::served::client(&field.key);
    let merchant = Merchant::demonstration().merchant_id;
    let begun = Instant::now();
    loop {
        if let Standing::Ended(how) = engine.standing()? {
            return Ok(Some(format!("a quiet engine ended by itself: {how}")));
        }
        let open = open_orders(&client, &engine.base, field).await;
        let made = field.paygent.notice_counts().await?.made as u64;
        let (had, unread) = notice_inbox::counts(&field.storage, &merchant).await?;
        if open.as_ref().is_ok_and(Vec::is_empty) && had == made && unread == 0 {
            return Ok(None);
        }
        if begun.elapsed() > SETTLED_WITHIN {
            let open = open.unwrap_or_else(|error| vec![error.to_string()]);
            return Ok(Some(format!(
                "still open after {SETTLED_WITHIN:?}: {open:?}; notices: {made} made, {had} had, {unread} not acted on"
            )));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Orders of which Paygent was asked something without a definite answer, and whether today's are missing.
async fn open_orders(client: &Client, base: &str, field: &Field) -> Result<Vec<String>, Failure> {
    let mut open = vec![];
    let mut today = 0;
    let mut path = "/v1/orders?limit=500".to_owned();
    loop {
        let text = client.get(format!("{base}{path}")).send().await?.error_for_status()?.text().await?;
        let page: Value = serde_json::from_str(&text)?;
        for order in page["orders"].as_array().ok_or("no orders in the answer")? {
            today += u32::from(order["generation_date"] == field.today.to_string());
            let waits = matches!(order["payment_status"].as_str(), Some("requested" | "unknown"));
            if waits || !order["open_request"].is_null() {
                open.push(order["order_id"].to_string());
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => path = format!("/v1/orders?limit=500&cursor={next}"),
            None => break,
        }
    }
    if today < field.due {
        open.push(format!("{today} of today's {} orders are there", field.due));
    }
    Ok(open)
}

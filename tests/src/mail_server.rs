//! A real mail server beside a test (`tests/smtp`), which outlives the engine and can be stopped and started.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use teiki_infrastructure::config::Config;
use teiki_infrastructure::redacted::Redacted;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The address that the tests' mails come from.
pub const FROM: &str = "mail@teiki.example";
/// Longest time something that must come about is waited for; the first start may install the server.
const WITHIN: Duration = Duration::from_secs(120);

/// A running mail server. Ends with the test.
pub struct MailServer {
    child: Child,
    /// Where it listens on this machine.
    pub port: u16,
    folder: PathBuf,
    options: Vec<String>,
}

impl MailServer {
    /// Starts one whose mails are kept below `folder`.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[]).await
    }

    /// As [`MailServer::start`], with options of `tests/smtp`.
    pub async fn start_with(folder: &Path, options: &[&str]) -> Self {
        let folder = folder.join("mails");
        std::fs::create_dir_all(&folder).unwrap();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let (child, port) = spawn(&folder, 0, &options).await;
        Self { child, port, folder, options }
    }

    /// Where mails are sent for it to get them.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The configuration with this server in it.
    pub fn in_config(&self, config: Config) -> Config {
        Config { mail_url: Redacted::new(self.url()), mail_from: FROM.to_owned(), ..config }
    }

    /// The server is gone.
    pub async fn stop(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// The server is back at its old address.
    pub async fn restart(&mut self) {
        let (child, port) = spawn(&self.folder, self.port, &self.options).await;
        assert_eq!(port, self.port);
        self.child = child;
    }

    /// From now on these rules hold, a line each.
    pub fn rules(&self, rules: &str) {
        std::fs::write(self.folder.join("rules"), rules).unwrap();
    }

    /// Every mail taken so far, in the order of taking.
    pub fn received(&self) -> Vec<Value> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|end| end == "json"));
        files.sort_unstable();
        files.iter().map(|file| serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()).collect()
    }

    /// Waits until so many mails were taken; returns them.
    pub async fn until(&self, count: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(begun.elapsed() < WITHIN, "{} mails of {count} came", received.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn spawn(folder: &Path, port: u16, options: &[String]) -> (Child, u16) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("smtp");
    let mut command = Command::new(program);
    command.arg(folder).args(["--port", &port.to_string()]).args(options);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(WITHIN, lines.next_line()).await.expect("the mail server starts in time");
    let port = line.unwrap().expect("the mail server says where it listens").parse().unwrap();
    (child, port)
}

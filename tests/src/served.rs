//! The real engine serving over real HTTP, and a client of it.

use crate::stage::Stage;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::time::{Duration, Instant};
use teiki_infrastructure::api_keys::Scope;
use teiki_infrastructure::event_store::{EventStore, Sequencer, Storage, StorageOptions};
use teiki_infrastructure::mail_cursor;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

/// Longest time something that must come about is waited for.
const WITHIN: Duration = Duration::from_secs(60);

/// A client that sends this key with every request.
pub fn client(key: &str) -> Client {
    let mut value = HeaderValue::from_str(&format!("Bearer {key}")).unwrap();
    value.set_sensitive(true);
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    Client::builder().no_proxy().default_headers(headers).build().unwrap()
}

/// Waits until the mails that follow from what was set up before are on record, so that what a test then counts is what
/// it does itself. An engine that ends is waited for no longer.
async fn mails_asked_for(stage: &Stage, child: &mut Child) {
    let storage = Storage::open(&stage.url, &StorageOptions::default()).await.unwrap();
    let sequencer = Sequencer::new(EventStore::new(storage.clone()));
    let begun = Instant::now();
    // The place moves on after the mails were written, so a place at the very end leaves none to be written.
    while child.try_wait().unwrap().is_none()
        && mail_cursor::position(&storage).await.unwrap() < sequencer.catch_up().await.unwrap()
    {
        assert!(begun.elapsed() < WITHIN, "the engine does not look at the log for mails");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    storage.close().await;
}

/// A running `teiki serve`.
pub struct Served {
    /// The process.
    pub child: Child,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// The client, for requests that the methods do not make.
    pub client: Client,
}

impl Served {
    /// Starts the engine on the stage's store, with these variables beside the stage's own.
    pub async fn start(stage: &Stage, variables: &[(&str, &str)]) -> Self {
        let key = stage.key(&Scope::ALL).await;
        Self::start_with(stage, variables, &key).await
    }

    /// As [`Served::start`], with this key in every request.
    pub async fn start_with(stage: &Stage, variables: &[(&str, &str)], key: &str) -> Self {
        let mut command = stage.teiki(&["serve"]);
        command.envs(variables.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // What it logs is shown where a test fails; a full pipe must not stop it.
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = errors.next_line().await {
                println!("{line}");
            }
        });
        let line = lines.next_line().await.unwrap().expect("the server says where it serves");
        let base = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let base = base.trim_end_matches('/').to_owned();
        mails_asked_for(stage, &mut child).await;
        Self { child, base, client: client(key) }
    }

    /// Sends a request with a JSON body, or none for `Value::Null`.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
    }

    /// Posts a JSON body, or none for `Value::Null`.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send("POST", path, body).await
    }

    /// Puts a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send("PUT", path, body).await
    }

    /// Reads text.
    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = self.client.get(format!("{}{path}", self.base)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    /// Reads JSON that must be there.
    pub async fn get_json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until what stands at `path` is as it must become; returns it.
    pub async fn until(&self, path: &str, what: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let (status, text) = self.get(path).await;
            let seen = serde_json::from_str(&text).unwrap_or(Value::Null);
            if status == StatusCode::OK && what(&seen) {
                return seen;
            }
            assert!(begun.elapsed() < WITHIN, "{path} did not come about: {text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the order has this payment status; returns it.
    pub async fn until_status(&self, order: &str, status: &str) -> Value {
        self.until(&format!("/v1/orders/{order}"), |order| order["payment_status"] == status).await
    }

    /// Stops the server as an operator does, and waits for it to end well.
    pub async fn stop(mut self) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().await.unwrap().success(), "a stopped server ends well");
    }

    /// Kills the server where it stands.
    pub async fn kill(mut self) {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
    }
}

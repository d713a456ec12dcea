//! What the deployer sets: a file `teiki.toml`, overridden by environment variables `TEIKI_…`.
//!
//! What an operator sets on a page is not here: that is shop settings, and event-sourced.

use crate::redacted::Redacted;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Configuration of one engine. Every field can stand in `teiki.toml` under its name, or in the environment as
/// `TEIKI_` and its name in capitals.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The store: `sqlite:PATH` or `postgres://…`. May carry a password, so it is never printed.
    pub database_url: Redacted<String>,
    /// Address and port of the HTTP API and the pages.
    pub listen: String,
    /// Address under which buyers reach this engine's pages, such as `https://cart.example.jp`; empty: `http://` and
    /// [`listen`](Self::listen).
    pub public_url: String,
    /// The address under which people come to the pages through a proxy, such as `https://teiki.example.jp`; empty: the
    /// pages are for this machine alone.
    pub console_origin: String,
    /// File with the master key for personal data and secrets; made on first use.
    pub key_file: PathBuf,
    /// Paygent, such as `https://module.paygent.co.jp`; empty: no calls to Paygent from this engine.
    pub paygent_url: String,
    /// Client certificate and key, PEM, as handed out by Paygent.
    pub paygent_client_certificate: PathBuf,
    /// Certificates to trust, PEM.
    pub paygent_ca: PathBuf,
    /// Longest time a call to Paygent may take, in milliseconds.
    pub paygent_timeout_ms: u64,
    /// Calls to Paygent under way at once, and connections to a PostgreSQL store.
    pub concurrency: usize,
    /// Requests a second that one key of the HTTP API may make, on average; twice as many at once.
    pub requests_per_second: u32,
    /// Longest silence of who is connected, in milliseconds: from one answer to the head of the next request, and while
    /// an answer is taken.
    pub connection_timeout_ms: u64,
    /// For demonstrations and tests: an RFC 3339 instant at which the clock stands still; empty: the real time.
    pub clock: String,
    /// Whether webhooks may go to this machine and private networks, and over plain HTTP.
    pub webhook_private_addresses: bool,
    /// Where mails go: `smtp://USER:PASSWORD@HOST:PORT` (encrypted by STARTTLS), `smtps://…`, or `file:FOLDER`; empty:
    /// nowhere, and they wait. May carry a password, so it is never printed.
    pub mail_url: Redacted<String>,
    /// The mail address that mails come from; needed with `mail_url`.
    pub mail_from: String,
    /// Certificate to trust beside the machine's own when the mail server is spoken to, PEM; may be empty.
    pub mail_ca: PathBuf,
    /// A PEM file of certificates that vouch for receivers of webhooks, beside those the system trusts; empty: none.
    pub webhook_ca: PathBuf,
    /// Where traces are sent by OpenTelemetry's protocol over HTTP, such as `http://127.0.0.1:4318`; empty: nowhere.
    pub otel_endpoint: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: Redacted::new("sqlite:data/teiki.db".to_owned()),
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            console_origin: String::new(),
            key_file: PathBuf::from("data/teiki.key"),
            paygent_url: String::new(),
            paygent_client_certificate: PathBuf::from("data/paygent/client.pem"),
            paygent_ca: PathBuf::from("data/paygent/ca.pem"),
            paygent_timeout_ms: 35_000,
            concurrency: 16,
            requests_per_second: 100,
            connection_timeout_ms: 15_000,
            clock: String::new(),
            webhook_private_addresses: false,
            mail_url: Redacted::new(String::new()),
            mail_from: String::new(),
            mail_ca: PathBuf::new(),
            webhook_ca: PathBuf::new(),
            otel_endpoint: String::new(),
        }
    }
}

/// Configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or a value of it cannot be read.
    #[error("the configuration cannot be used: {0}; correct teiki.toml or the TEIKI_… variable")]
    Unreadable(String),
    /// A value is out of range.
    #[error("{name} = {given} cannot be used: {rule}")]
    Value {
        /// Which value.
        name: &'static str,
        /// As given.
        given: String,
        /// What would be accepted.
        rule: &'static str,
    },
}

const NAMES: [&str; 19] = [
    "database_url",
    "listen",
    "public_url",
    "console_origin",
    "key_file",
    "paygent_url",
    "paygent_client_certificate",
    "paygent_ca",
    "paygent_timeout_ms",
    "concurrency",
    "requests_per_second",
    "connection_timeout_ms",
    "clock",
    "webhook_private_addresses",
    "mail_url",
    "mail_from",
    "mail_ca",
    "webhook_ca",
    "otel_endpoint",
];

impl Config {
    /// Reads `file` if it exists, then the environment.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        Self::from(file, |name| std::env::var(name).ok())
    }

    fn from(file: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let unreadable = |error: config::ConfigError| ConfigError::Unreadable(describe(&error, file));
        let source = config::File::from(file).format(config::FileFormat::Toml).required(false);
        let mut builder = config::Config::builder().add_source(source);
        for name in NAMES {
            // Only the names we know: other TEIKI_… variables belong to tests and tools.
            if let Some(value) = variable(&format!("TEIKI_{}", name.to_ascii_uppercase())) {
                builder = builder.set_override(name, value).map_err(unreadable)?;
            }
        }
        let config: Config = builder.build().and_then(config::Config::try_deserialize).map_err(unreadable)?;
        config.check()
    }

    /// Where buyers reach this engine's pages, without a slash at the end.
    pub fn public_url(&self) -> String {
        match self.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.listen),
            url => url.to_owned(),
        }
    }

    fn check(self) -> Result<Self, ConfigError> {
        if !(1..=256).contains(&self.concurrency) {
            let given = self.concurrency.to_string();
            return Err(ConfigError::Value { name: "concurrency", given, rule: "it is 1 to 256" });
        }
        if !(1..=100_000).contains(&self.requests_per_second) {
            let given = self.requests_per_second.to_string();
            return Err(ConfigError::Value { name: "requests_per_second", given, rule: "it is 1 to 100000" });
        }
        if !(100..=600_000).contains(&self.connection_timeout_ms) {
            let given = self.connection_timeout_ms.to_string();
            return Err(ConfigError::Value { name: "connection_timeout_ms", given, rule: "it is 100 to 600000" });
        }
        if !(10..=120_000).contains(&self.paygent_timeout_ms) {
            let given = self.paygent_timeout_ms.to_string();
            return Err(ConfigError::Value { name: "paygent_timeout_ms", given, rule: "it is 10 to 120000" });
        }
        if !self.console_origin.is_empty() && !is_origin(&self.console_origin) {
            let rule = "it is https:// or http:// and a host name in lower case, and nothing behind it";
            return Err(ConfigError::Value { name: "console_origin", given: self.console_origin, rule });
        }
        if !self.clock.is_empty() && chrono::DateTime::parse_from_rfc3339(&self.clock).is_err() {
            let rule = "it is an RFC 3339 instant such as 2026-04-01T00:00:30+09:00";
            return Err(ConfigError::Value { name: "clock", given: self.clock, rule });
        }
        if !self.otel_endpoint.is_empty() {
            let start = ["http://", "https://"].into_iter().any(|start| self.otel_endpoint.starts_with(start));
            // What stands before an @ is a password, and must not come out again.
            if !start
                || self.otel_endpoint.contains(['@', '?', '#'])
                || self.otel_endpoint.contains(char::is_whitespace)
            {
                let rule = "it is http://HOST:PORT or https://HOST:PORT, without user, query or fragment";
                return Err(ConfigError::Value { name: "otel_endpoint", given: "(not shown)".to_owned(), rule });
            }
        }
        Ok(self)
    }

    /// Longest time a call to Paygent may take.
    pub fn paygent_timeout(&self) -> Duration {
        Duration::from_millis(self.paygent_timeout_ms)
    }

    /// Longest silence of who is connected.
    pub fn connection_timeout(&self) -> Duration {
        Duration::from_millis(self.connection_timeout_ms)
    }
}

/// Whether it is an origin as browsers write it.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(allowed))
}

/// What is wrong and where, without what stands there: that may be a password.
fn describe(error: &config::ConfigError, file: &Path) -> String {
    let name = file.display();
    match error {
        config::ConfigError::FileParse { cause, .. } => {
            // The parser's first line tells the place, the next ones quote it.
            let text = cause.to_string();
            let place = text.lines().next().filter(|line| line.starts_with("TOML parse error at line "));
            let place = place.and_then(|line| line.strip_prefix("TOML parse error "));
            format!("{name} is not TOML{}", place.map(|place| format!(" {place}")).unwrap_or_default())
        }
        config::ConfigError::Type { expected, key, .. } => {
            format!("{} must be {expected}", key.as_deref().unwrap_or("a value"))
        }
        config::ConfigError::At { error, key, .. } => match key {
            Some(key) => format!("{key}: {}", describe(error, file)),
            None => describe(error, file),
        },
        config::ConfigError::Message(text) if text.starts_with("unknown field ") => text.clone(),
        config::ConfigError::NotFound(key) => format!("{key} is missing"),
        config::ConfigError::Foreign(error) if error.downcast_ref::<std::io::Error>().is_some() => {
            format!("{name} cannot be read ({error})")
        }
        _ => format!("a value in {name} or a variable does not have the form it must have"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Config::from(file.path(), |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let config = load("listen = \"127.0.0.1:1\"\nconcurrency = 4\n", &[("TEIKI_CONCURRENCY", "8")]).unwrap();
        assert_eq!((config.listen.as_str(), config.concurrency), ("127.0.0.1:1", 8));
        assert_eq!(config.paygent_timeout_ms, 35_000);
    }

    #[test]
    fn bad_configuration_is_refused_with_a_sentence() {
        for (text, variables, part) in [
            ("nonsense = 1", &[][..], "nonsense"),
            ("listen = ", &[], "teiki.toml"),
            ("", &[("TEIKI_CONCURRENCY", "0")], "1 to 256"),
            ("", &[("TEIKI_CONCURRENCY", "many")], "concurrency"),
            ("", &[("TEIKI_CONNECTION_TIMEOUT_MS", "99")], "100 to 600000"),
            ("", &[("TEIKI_CONSOLE_ORIGIN", "teiki.example.jp")], "https://"),
            ("", &[("TEIKI_CONSOLE_ORIGIN", "https://teiki.example.jp/")], "nothing behind it"),
            ("", &[("TEIKI_CLOCK", "tomorrow")], "RFC 3339"),
            ("", &[("TEIKI_OTEL_ENDPOINT", "collector:4318")], "http://"),
            ("", &[("TEIKI_OTEL_ENDPOINT", "http://user:hunter2@collector:4318")], "without user"),
        ] {
            let error = load(text, variables).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_password_of_the_store_is_never_printed() {
        let database = ("TEIKI_DATABASE_URL", "postgres://teiki:hunter2@db/teiki");
        let mails = ("TEIKI_MAIL_URL", "smtp://teiki:hunter2@mail.example.jp");
        let config = load("", &[database, mails]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}

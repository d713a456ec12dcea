//! A mail server, spoken to over SMTP.

use super::{Delivery, MailerError};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use std::path::Path;
use std::time::Duration;

/// Longest wait for one answer of the mail server.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Longest time of one try in all.
const TRY_WITHIN: Duration = Duration::from_secs(120);

pub(super) struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    /// From the first byte (`smtps://`).
    Wrapped,
    /// By STARTTLS, or nothing is sent.
    StartTls,
    /// Not at all.
    None,
}

impl SmtpMailer {
    pub(super) fn open(url: &str, ca: &Path) -> Result<Self, MailerError> {
        let url = Url::parse(url).map_err(|_| MailerError::Url("it is no address"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(MailerError::Url("it names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let encryption = encryption(&url, &host)?;
        let port = url.port().unwrap_or(match encryption {
            Encryption::Wrapped => 465,
            Encryption::StartTls => 587,
            Encryption::None => 25,
        });
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.clone())
            .port(port)
            .timeout(Some(ANSWER_WITHIN))
            .pool_config(PoolConfig::new().max_size(2))
            .tls(match encryption {
                Encryption::Wrapped => Tls::Wrapper(parameters(&host, ca)?),
                Encryption::StartTls => Tls::Required(parameters(&host, ca)?),
                Encryption::None => Tls::None,
            });
        if let Some(password) = url.password() {
            let plain = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
            let user = plain(url.username()).map_err(|_| MailerError::Url("the user is not UTF-8"))?;
            let password = plain(password).map_err(|_| MailerError::Url("the password is not UTF-8"))?;
            transport = transport.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: transport.build() })
    }

    pub(super) async fn ready(&self) -> Result<(), String> {
        match tokio::time::timeout(TRY_WITHIN, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the mail server does not answer as one".to_owned()),
            Ok(Err(error)) => Err(in_words(&error)),
            Err(_) => Err("the mail server did not answer in time".to_owned()),
        }
    }

    pub(super) async fn send(&self, message: Message) -> Delivery {
        match tokio::time::timeout(TRY_WITHIN, self.transport.send(message)).await {
            Ok(Ok(_)) => Delivery::Sent,
            Ok(Err(error)) if error.is_permanent() => Delivery::Refused(in_words(&error)),
            Ok(Err(error)) => Delivery::Delayed(in_words(&error)),
            Err(_) => Delivery::Delayed("the mail server did not answer in time".to_owned()),
        }
    }
}

/// `smtp://` is encrypted by STARTTLS unless the server is this machine or the address says `?tls=none`; a password
/// never leaves the machine unencrypted.
fn encryption(url: &Url, host: &str) -> Result<Encryption, MailerError> {
    let here = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    let wanted = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    match (url.scheme(), wanted.as_deref()) {
        ("smtps", None | Some("required")) => Ok(Encryption::Wrapped),
        ("smtp", Some("required")) => Ok(Encryption::StartTls),
        ("smtp", None) if !here => Ok(Encryption::StartTls),
        ("smtp", None) => Ok(Encryption::None),
        ("smtp", Some("none")) if here || url.password().is_none() => Ok(Encryption::None),
        ("smtp", Some("none")) => Err(MailerError::Url("a password is not sent unencrypted, so leave tls=none out")),
        ("smtp" | "smtps", Some(_)) => Err(MailerError::Url("tls is required or none")),
        _ => Err(MailerError::Url("it begins with neither smtp:// nor smtps:// nor file:")),
    }
}

fn parameters(host: &str, ca: &Path) -> Result<TlsParameters, MailerError> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if !ca.as_os_str().is_empty() {
        let unusable = |reason: String| MailerError::Ca { path: ca.to_owned(), reason };
        let pem = std::fs::read(ca).map_err(|error| unusable(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters.build().map_err(|error| MailerError::Tls(error.to_string()))
}

/// What went wrong, by its kind and the server's code alone: its own words may quote an address.
fn in_words(error: &Error) -> String {
    let code = error.status().map(|code| format!(" ({code})")).unwrap_or_default();
    if error.is_permanent() {
        format!("the mail server refused{code}")
    } else if error.is_transient() {
        format!("the mail server put it off{code}")
    } else if error.is_timeout() {
        "the mail server did not answer in time".to_owned()
    } else if error.is_tls() {
        "the connection to the mail server cannot be encrypted; see mail_ca and its certificate".to_owned()
    } else if error.is_response() {
        "the mail server's answer cannot be understood".to_owned()
    } else if error.is_client() {
        "the mail server does not offer what is needed, such as STARTTLS, sign-in or these characters in addresses"
            .to_owned()
    } else {
        "the mail server cannot be reached".to_owned()
    }
}

//! Connections to Paygent: mutual TLS, time limits, and what a failed exchange means.

use super::outcome::{NotSent, Outcome, UnknownReason};
use super::reply::{LARGEST_REPLY, ReplyError};
use reqwest::{Client, StatusCode, Url, header};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, ClientConfig, RootCertStore};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How to reach Paygent.
#[derive(Debug, Clone)]
pub struct TransportConfig {
    /// Such as `https://module.paygent.co.jp`; HTTPS only.
    pub base_url: String,
    /// PEM file with the client certificate (and its chain) and its private key without a passphrase.
    pub client_certificate: PathBuf,
    /// PEM file with the certificates that vouch for Paygent's server; no others are trusted.
    pub ca_certificate: PathBuf,
    /// Limit for a whole call, connecting included.
    pub timeout: Duration,
    /// Limit for connecting, TLS handshake included. Shorter than `timeout`, so that a host that cannot be reached
    /// is known to have got nothing.
    pub connect_timeout: Duration,
}

impl TransportConfig {
    /// Paygent's usual limit for a whole call.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(35);
    /// Limit for connecting where nothing else is configured.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

    /// A configuration with the usual time limits.
    pub fn new(
        base_url: impl Into<String>,
        client_certificate: impl Into<PathBuf>,
        ca_certificate: impl Into<PathBuf>,
    ) -> Self {
        Self {
            base_url: base_url.into(),
            client_certificate: client_certificate.into(),
            ca_certificate: ca_certificate.into(),
            timeout: Self::DEFAULT_TIMEOUT,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
        }
    }
}

/// A transport that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// A certificate file cannot be read.
    #[error("the file {} for {what} cannot be read ({why}); check the path and its permissions", .path.display())]
    Unreadable {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// A certificate file does not hold what it should.
    #[error("the file {} for {what} cannot be used: {why}", .path.display())]
    Unusable {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The address is not one of Paygent's form.
    #[error(
        "the address configured for Paygent is not usable: {0}; write it as https://HOST without user, query or fragment"
    )]
    Address(&'static str),
    /// The limit for connecting is not below the limit for the call, or one is zero.
    #[error("the time limit for connecting to Paygent must be above zero and shorter than the one for the whole call")]
    Timeouts,
    /// The HTTP client could not be built.
    #[error("the client for Paygent could not be built ({0})")]
    Client(String),
}

const CLIENT: &str = "Paygent's client certificate";
const AUTHORITY: &str = "Paygent's certificate authority";

/// Open connections to Paygent, shared by all shops that use the same certificate.
#[derive(Debug)]
pub struct Transport {
    client: Client,
    base_url: String,
    timeout: Duration,
}

impl Transport {
    /// Reads the certificates and prepares the connections; nothing is sent yet. Blocks shortly for the two files.
    pub fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        if config.connect_timeout.is_zero() || config.connect_timeout >= config.timeout {
            return Err(TransportError::Timeouts);
        }
        let base_url = check_address(&config.base_url)?;
        // Whoever installed a provider first wins; this transport brings its own in any case.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder();
        // A request given up by us may still lie in the system's send buffer while the network is away. It must not
        // arrive after everybody has agreed that it is over.
        #[cfg(target_os = "linux")]
        let builder = builder.tcp_user_timeout(config.timeout);
        let client = builder
            .tls_backend_preconfigured(tls(config)?)
            .https_only(true)
            .http1_only()
            // A redirect would carry the password elsewhere; a repetition would book twice; a proxy from the
            // environment would be a party nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .timeout(config.timeout)
            .connect_timeout(config.connect_timeout)
            .tcp_keepalive(Duration::from_secs(30))
            // Short, because a server that closes an idle connection just as a payment goes out leaves it unknown.
            .pool_idle_timeout(Duration::from_secs(10))
            .user_agent(concat!("Teiki/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| TransportError::Client(chain(&error)))?;
        Ok(Self { client, base_url, timeout: config.timeout })
    }

    /// Sends a form once and gives the body of a 200 reply.
    pub(super) async fn post(&self, path: &str, form: Vec<u8>) -> Outcome<Vec<u8>> {
        let request = self
            .client
            .post(format!("{}{path}", self.base_url))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return self.failed(error),
        };
        if response.status() != StatusCode::OK {
            return Outcome::Unknown(UnknownReason::HttpStatus(response.status().as_u16()));
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST_REPLY => {
                    return Outcome::Unknown(ReplyError::TooLarge.into());
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Outcome::Approved(body),
                // Whatever the error is, the request was read by then.
                Err(error) if error.is_timeout() => return self.timed_out(),
                Err(error) => {
                    return Outcome::Unknown(UnknownReason::ConnectionLost(chain(&error.without_url())));
                }
            }
        }
    }

    fn failed<T>(&self, error: reqwest::Error) -> Outcome<T> {
        let error = error.without_url();
        if error.is_connect() || error.is_builder() || refused_our_certificate(&error) {
            Outcome::NotSent(NotSent::Connection(chain(&error)))
        } else if error.is_timeout() {
            self.timed_out()
        } else {
            Outcome::Unknown(UnknownReason::ConnectionLost(chain(&error)))
        }
    }

    fn timed_out<T>(&self) -> Outcome<T> {
        Outcome::Unknown(UnknownReason::TimedOut(self.timeout.as_millis()))
    }
}

/// With TLS 1.3 a server's refusal of the client certificate arrives when the client already believes to be
/// connected. These alerts are sent in a handshake only, so the server never read the request.
fn refused_our_certificate(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // An io::Error hides what it wraps from `source()`.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        let tls = wrapped.and_then(|e| e.downcast_ref::<rustls::Error>()).or_else(|| error.downcast_ref());
        if let Some(rustls::Error::AlertReceived(alert)) = tls {
            return matches!(
                alert,
                AlertDescription::BadCertificate
                    | AlertDescription::UnsupportedCertificate
                    | AlertDescription::CertificateRevoked
                    | AlertDescription::CertificateExpired
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::UnknownCA
                    | AlertDescription::CertificateRequired
                    | AlertDescription::DecryptError
            );
        }
        next = error.source();
    }
    false
}

/// An error with its causes in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

fn check_address(address: &str) -> Result<String, TransportError> {
    let url = Url::parse(address).map_err(|_| TransportError::Address("it is not a URL"))?;
    if url.scheme() != "https" {
        return Err(TransportError::Address("it does not begin with https://"));
    }
    // A password written here would come out again in logs and errors.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TransportError::Address("it holds a user or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(TransportError::Address("it holds a query or fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn tls(config: &TransportConfig) -> Result<ClientConfig, TransportError> {
    let unusable = |what, path: &Path, why: String| TransportError::Unusable { what, path: path.to_owned(), why };
    let (path, pem) = (&config.ca_certificate, read(AUTHORITY, &config.ca_certificate)?);
    let mut roots = RootCertStore::empty();
    for certificate in certificates(AUTHORITY, path, &pem)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(AUTHORITY, path, format!("a certificate in it is bad ({error})")))?;
    }
    let (path, pem) = (&config.client_certificate, read(CLIENT, &config.client_certificate)?);
    let chain = certificates(CLIENT, path, &pem)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        let encrypted = pem.windows(9).any(|word| word == b"ENCRYPTED");
        let why = if encrypted {
            "its private key is protected by a passphrase; store the key without one and protect the file"
        } else {
            "it holds no readable private key; put certificate and key into this one PEM file"
        };
        unusable(CLIENT, path, why.to_owned())
    })?;
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TransportError::Client(error.to_string()))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(|error| unusable(CLIENT, path, format!("certificate and private key do not work together ({error})")))
}

fn read(what: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, TransportError> {
    fs::read(path).map(Zeroizing::new).map_err(|error| TransportError::Unreadable {
        what,
        path: path.to_owned(),
        why: error.to_string(),
    })
}

fn certificates(what: &'static str, path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let why = match found {
        Ok(found) if !found.is_empty() => return Ok(found),
        Ok(_) => "it holds no certificate in PEM form".to_owned(),
        Err(error) => format!("it is not readable as PEM ({error})"),
    };
    Err(TransportError::Unusable { what, path: path.to_owned(), why })
}

//! A receiver of webhooks, as a shop's own program would be: keeps what arrives, answers as told, and checks signatures
//! by itself.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Longest time something that must arrive is waited for.
const WITHIN: Duration = Duration::from_secs(60);

/// What a path answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// This status.
    Status(u16),
    /// A redirect to `/elsewhere`.
    Redirect,
    /// Nothing, ever.
    Silence,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// The body, byte by byte.
    pub body: Bytes,
}

impl Received {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether one of the signatures is made with this secret (`whsec_…`). Computed here from the definition of HMAC, so
    /// that nothing of the sender's computation is used.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", &self.body].concat();
        let expected = format!("v1,{}", BASE64.encode(hmac_sha256(&key, &signed)));
        self.signature.split(' ').any(|signature| signature == expected)
    }
}

/// HMAC (RFC 2104) over SHA-256, for keys of at most one block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let pad = |byte: u8| -> Vec<u8> { (0..64).map(|i| key.get(i).copied().unwrap_or(0) ^ byte).collect() };
    let inner = Sha256::digest([pad(0x36).as_slice(), message].concat());
    Sha256::digest([pad(0x5c).as_slice(), inner.as_slice()].concat()).to_vec()
}

#[derive(Default)]
struct Kept {
    replies: Mutex<HashMap<String, Reply>>,
    received: Mutex<HashMap<String, Vec<Received>>>,
    count: watch::Sender<usize>,
}

/// The receiver; it ends with the runtime.
pub struct Receiver {
    base: String,
    kept: Arc<Kept>,
}

impl Receiver {
    /// A receiver on a port of its own.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Kept::default());
        let router = Router::new().fallback(take).with_state(kept.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, kept }
    }

    /// As [`Receiver::start`], over TLS with a certificate made for it; returns also the PEM file of the authority that vouches
    /// for it.
    pub async fn start_tls(folder: &Path) -> (Self, PathBuf) {
        let mut authority = CertificateParams::new(vec![]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let certificate = authority.self_signed(&authority_key).unwrap();
        let file = folder.join("receivers-ca.pem");
        std::fs::write(&file, certificate.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let own = own.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = tls.with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let kept = Arc::new(Kept::default());
        let router = Router::new().fallback(take).with_state(kept.clone());
        let listener = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(tls)) };
        tokio::spawn(async move { axum::serve(listener, router).await });
        (Self { base, kept }, file)
    }

    /// The address of a path such as `/hook`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What the path answers from now on; 204 when nothing was said.
    pub fn reply(&self, path: &str, reply: Reply) {
        self.kept.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// What arrived at a path so far.
    pub fn received(&self, path: &str) -> Vec<Received> {
        self.kept.received.lock().unwrap().get(path).cloned().unwrap_or_default()
    }

    /// Waits until so many requests arrived at a path; returns all of them.
    pub async fn until(&self, path: &str, count: usize) -> Vec<Received> {
        let mut changed = self.kept.count.subscribe();
        let arrived = changed.wait_for(|_| self.received(path).len() >= count);
        let well = tokio::time::timeout(WITHIN, arrived).await.is_ok();
        let received = self.received(path);
        assert!(well, "{count} requests did not arrive at {path}: {}", received.len());
        received
    }
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, peer) = self.listener.accept().await.unwrap();
            // A client that does not trust us hangs up.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

async fn take(State(kept): State<Arc<Kept>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let path = uri.path().to_owned();
    let received = Received {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
        body,
    };
    kept.received.lock().unwrap().entry(path.clone()).or_default().push(received);
    let reply = kept.replies.lock().unwrap().get(&path).copied();
    kept.count.send_modify(|count| *count += 1);
    match reply.unwrap_or(Reply::Status(204)) {
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Redirect => (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
        Reply::Silence => std::future::pending().await,
    }
}

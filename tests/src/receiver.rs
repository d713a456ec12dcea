//! A receiver of webhooks, as a shop's own program would be: keeps what arrives, answers as told, and checks signatures
//! by itself.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

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

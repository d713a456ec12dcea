//! A receiver of traces, as an operator's collector would be: OpenTelemetry's protocol over HTTP.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// The receiver; it ends with the runtime.
pub struct Collector {
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    /// A receiver on a port of its own.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let bodies: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let take = async |State(bodies): State<Arc<Mutex<Vec<Bytes>>>>, body: Bytes| bodies.lock().unwrap().push(body);
        let router = Router::new().route("/v1/traces", post(take)).with_state(bodies.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, bodies }
    }

    /// Everything received so far, byte by byte.
    pub fn received(&self) -> Vec<Bytes> {
        self.bodies.lock().unwrap().clone()
    }
}

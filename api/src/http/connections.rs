//! Connections: accepted, given to the routes, and closed where the other side does not go on.

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Largest head of a request in bytes: the address, such as one that names hundreds of orders, and the headers.
pub(super) const HEAD_MAX: usize = 64 * 1024;

/// How long others may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the head of a request, from the moment the last answer was given; for taking any more of an answer.
    pub(super) silence: Duration,
    /// For what is under way when the end is asked for.
    pub(super) last: Duration,
}

/// Serves until `stop`, then lets requests under way finish, within bounds. Connections end with this future.
pub(super) async fn serve(mut listener: TcpListener, routes: Router, patience: Patience, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.silence).max_header_size(HEAD_MAX);
    let (open, cut) = (TaskTracker::new(), CancellationToken::new());
    let _end = cut.clone().drop_guard();
    loop {
        // Passes over what cannot be accepted, and waits where the system has no place for more.
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = Listener::accept(&mut listener) => accepted,
        };
        let io = Written { stream, silence: patience.silence, waiting: None };
        open.spawn(connection(http.clone(), io, peer, routes.clone(), stop.clone(), cut.clone()));
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(patience.last, open.wait()).await.is_err() {
        tracing::warn!(open = open.len(), "connections whose requests did not end were cut off");
    }
}

/// One connection, from its first request to its last.
async fn connection(
    http: http1::Builder,
    io: Written,
    peer: SocketAddr,
    routes: Router,
    stop: CancellationToken,
    cut: CancellationToken,
) {
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.call(request)
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(io), service));
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = cut.cancelled() => return,
        }
    }
}

/// A connection whose other side must go on taking what is written: one that takes nothing for too long is given up.
struct Written {
    stream: TcpStream,
    silence: Duration,
    /// The end of the other side's time, while it takes nothing.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Written {
    fn judged<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let silence = self.silence;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(silence)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Written {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, read: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, read)
    }
}

impl AsyncWrite for Written {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judged(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.judged(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.judged(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judged(cx, closed)
    }
}

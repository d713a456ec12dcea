//! Bodies of requests: whole within the time that whoever is connected has, or answered so. What takes long because the
//! caller is slow is not our failure.

use super::problem::Problem;
use crate::app::App;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// Answers a request whose body does not come in time.
pub(super) async fn in_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Result<Response, Problem> {
    let (request, late) = timed(&app, request);
    late.instead_of(next.run(request).await)
}

/// The request with a body that ends in an error when its time is over, and whether it did.
pub(super) fn timed(app: &App, request: Request) -> (Request, Late) {
    let (limit, late) = (app.config.connection_timeout(), Late(Arc::default()));
    let told = late.clone();
    (request.map(|body| Body::new(Arriving { body, limit, end: None, late: told })), late)
}

/// Whether the body of a request came too late.
#[derive(Clone)]
pub(super) struct Late(Arc<AtomicBool>);

impl Late {
    /// The answer, unless it is to a body that never came: whoever read it could not know why.
    pub(super) fn instead_of(&self, answer: Response) -> Result<Response, Problem> {
        if self.0.load(Ordering::Relaxed) {
            let title = "The body did not come in time; nothing was done, send it again as a whole";
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", title).retryable());
        }
        Ok(answer)
    }
}

/// A body that must be there as a whole within a time that begins when it is first waited for.
struct Arriving {
    body: Body,
    limit: Duration,
    end: Option<Pin<Box<Sleep>>>,
    late: Late,
}

impl hyper::body::Body for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let limit = this.limit;
        ready!(this.end.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit))).as_mut().poll(cx));
        this.late.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! Errors as RFC 9457 problem documents: a stable code, a sentence, Paygent's own words beside it.

mod refusals;
mod requests;

pub(crate) use refusals::{product, settings_problem};
pub(super) use refusals::{settings, subscription, webhook};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use teiki_infrastructure::key_ring::KeyError;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// One problem. The document is kept apart, so that results stay small.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Problem(Box<Document>);

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Document::schema()
    }
}

impl ToSchema for Problem {}

/// What is wrong, as RFC 9457 writes it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Document {
    /// Always `about:blank`: `code` is the name of the problem.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What happened and what to do, in one sentence.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// Stable name of the problem, for programs.
    code: String,
    /// To what it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The field of the request that is meant, such as `lines[0].unit_price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Paygent's code, as received (E4).
    #[serde(skip_serializing_if = "Option::is_none")]
    paygent_code: Option<String>,
    /// Paygent's detail, as received (E4).
    #[serde(skip_serializing_if = "Option::is_none")]
    paygent_detail: Option<String>,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// The request this answers, as its `X-Request-Id` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Seconds after which to try again.
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: Option<u64>,
    /// What the pages say of it in Japanese, where more is known than its code.
    #[serde(skip)]
    #[schema(ignore)]
    japanese: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Self {
        Self(Box::new(Document {
            kind: "about:blank",
            title: title.into(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: None,
            field: None,
            paygent_code: None,
            paygent_detail: None,
            retryable: false,
            request_id: None,
            retry_after: None,
            japanese: None,
        }))
    }

    pub(crate) fn validation(field: &str, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation", "The request cannot be used");
        problem.0.field = Some(field.to_owned());
        problem.0.detail = Some(detail.into());
        problem
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem in one line, for people.
    pub(crate) fn sentence(&self) -> String {
        match (&self.0.field, &self.0.detail) {
            (Some(field), Some(detail)) => format!("{}: {field}: {detail}", self.0.title),
            (None, Some(detail)) => format!("{}: {detail}", self.0.title),
            _ => self.0.title.clone(),
        }
    }

    /// Its stable name.
    pub(crate) fn code(&self) -> &str {
        &self.0.code
    }

    /// The field of the request that is meant.
    pub(crate) fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// What the pages say of it in Japanese, where more is known than its code.
    pub(crate) fn japanese(&self) -> Option<&str> {
        self.0.japanese.as_deref()
    }

    /// With its whole sentence for the Japanese pages.
    pub(crate) fn in_japanese(mut self, sentence: impl Into<String>) -> Self {
        self.0.japanese = Some(sentence.into());
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub(crate) fn retryable(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// Retryable, after so many seconds.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self.retryable()
    }

    pub(crate) fn paygent(mut self, code: String, detail: String) -> Self {
        self.0.paygent_code = Some(code);
        self.0.paygent_detail = Some(detail);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let status = self.status();
        self.0.request_id = super::request_id::current();
        let body = serde_json::to_string(&self).unwrap_or_else(|_| "{}".to_owned());
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.0.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The request's time is over; what was begun goes on by itself.
pub(super) fn timed_out() -> Problem {
    let title = "It took too long; what it asked for may still come about, read it before asking again";
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", title).retryable()
}

/// Something of ours failed. What exactly goes to the log, not to the caller.
pub(crate) fn internal() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The engine failed; its log says why")
}

pub(crate) fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "the store is out of reach");
    let title = "The store is out of reach; try again in a moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", title).retryable()
}

/// The keys of personal data and secrets do not do what is asked of them.
impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match &error {
            KeyError::Store(_) => return unavailable(&error),
            KeyError::StillInLog | KeyError::StillInTable => {
                tracing::warn!(%error, "an erasure is not finished");
                let title = "Readers of the store keep bytes of a destroyed key";
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "key_bytes_left", title);
                return problem.detail(error.to_string()).retryable();
            }
            KeyError::Missing { .. }
            | KeyError::Mismatch { .. }
            | KeyError::Unusable { .. }
            | KeyError::DoesNotOpen(_) => {}
        }
        tracing::error!(%error, "the key ring does not open or close what is asked for");
        let title = "The keys of this store do not open what is asked for; the log of the engine says which, \
                     restore the keys from their backup";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "keys_unusable", title)
    }
}

pub(crate) fn not_found(detail: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing").detail(detail)
}

/// Answers that are ours in every case; here since they are problems too.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "read by the description of the API alone")]
pub(super) enum Declined {
    /// Paygent refused; its own code and detail stand beside ours.
    #[response(status = 402, content_type = "application/problem+json")]
    Refused(#[to_schema] Problem),
    /// Paygent was not reached or gave no usable answer, and nothing was changed there; ask again.
    #[response(status = 502, content_type = "application/problem+json")]
    Unreached(#[to_schema] Problem),
}

//! Errors as RFC 9457 problem documents: a stable code, a sentence, Paygent's own words beside it.

use crate::command_gateway::CommandError;
use crate::members::RegisterError;
use crate::payments::PaymentError;
use crate::shops::ShopError;
use crate::subscriptions::StartError;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use teiki_domain::member::MemberRefusal;
use teiki_domain::order::OrderRefusal;
use teiki_domain::subscription::SubscriptionRefusal;

/// One problem. The document is kept apart, so that results stay small.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Problem(Box<Document>);

#[derive(Debug, Clone, Serialize)]
struct Document {
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    status: u16,
    /// Stable name of the problem, for programs.
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The field of the request that is meant.
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
    retry_after: Option<u64>,
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

/// Something of ours failed. What exactly goes to the log, not to the caller.
pub(crate) fn internal() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The engine failed; its log says why")
}

pub(crate) fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "the store is out of reach");
    let title = "The store is out of reach; try again in a moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", title).retryable()
}

fn not_found(detail: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing").detail(detail)
}

fn conflict(code: &str, detail: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, "The request does not fit the present state").detail(detail)
}

fn command<R: std::error::Error>(error: CommandError<R>, refused: impl FnOnce(R) -> Problem) -> Problem {
    match error {
        CommandError::Refused(refusal) => refused(refusal),
        error @ CommandError::Contended { .. } => conflict("contended", error.to_string()).retryable(),
        error => unavailable(&error),
    }
}

impl From<crate::members::NamesError> for Problem {
    fn from(error: crate::members::NamesError) -> Self {
        unavailable(&error)
    }
}

impl From<ShopError> for Problem {
    fn from(error: ShopError) -> Self {
        match error {
            ShopError::DoesNotExist(_) => not_found(error.to_string()),
            ShopError::NotConnected(_) | ShopError::NoTransport => conflict("not_connected", error.to_string()),
            ShopError::OtherEnvironment { .. } => conflict("other_environment", error.to_string()),
            ShopError::Store(_) | ShopError::Key(_) | ShopError::Binding(_) => unavailable(&error),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Field { field, rule } => Problem::validation(field, rule),
            RegisterError::Key(error) => unavailable(&error),
            RegisterError::Command(error) => member(error),
        }
    }
}

fn member(error: CommandError<MemberRefusal>) -> Problem {
    command(error, |refusal| match refusal {
        MemberRefusal::DoesNotExist => not_found(refusal.to_string()),
        refusal => conflict("refused", refusal.to_string()),
    })
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Order(error) => command(error, |refusal| match refusal {
                OrderRefusal::DoesNotExist => not_found(refusal.to_string()),
                refusal @ OrderRefusal::OutcomeOpen => conflict("outcome_open", refusal.to_string()).retryable(),
                refusal => conflict("refused", refusal.to_string()),
            }),
            PaymentError::Member(error) => member(error),
            PaymentError::Shop(error) => error.into(),
            PaymentError::Store(error) => unavailable(&error),
            PaymentError::Serial(error) => unavailable(&error),
            PaymentError::Id(error) => unavailable(&error),
            PaymentError::Inbox(error) => unavailable(&error),
            error @ PaymentError::UnderWay(_) => conflict("outcome_open", error.to_string()).retryable(),
        }
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Shop(error) => error.into(),
            StartError::Settings(refusal) => Problem::validation("payment_method", refusal.to_string()),
            StartError::NoSuchMember(_) => Problem::validation("member_id", error.to_string()),
            StartError::NoCard(_) => conflict("no_card", error.to_string()),
            StartError::OtherShop => Problem::validation("subscription_id", error.to_string()),
            StartError::Command(error) => command(error, |refusal| match refusal {
                refusal @ (SubscriptionRefusal::TooEarly { .. } | SubscriptionRefusal::BeyondCalendar(_)) => {
                    Problem::validation("first_delivery", refusal.to_string())
                }
                refusal @ SubscriptionRefusal::NumberTaken => conflict("number_taken", refusal.to_string()),
                refusal => conflict("refused", refusal.to_string()),
            }),
            StartError::Store(error) => unavailable(&error),
            StartError::Serial(error) => unavailable(&error),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            // serde names the field and what it wants; it may quote what was given, which may be personal.
            JsonRejection::JsonDataError(error) => {
                let text = error.body_text();
                let field = text.split('`').nth(1).unwrap_or("body").to_owned();
                Problem::validation(&field, "the JSON does not have the form of this request; see the field named here")
            }
            JsonRejection::JsonSyntaxError(_) => {
                Problem::new(StatusCode::BAD_REQUEST, "broken_json", "The body is not JSON")
            }
            JsonRejection::MissingJsonContentType(_) => Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "The body must be sent as application/json",
            ),
            other => Problem::new(other.status(), "unreadable_body", "The body cannot be read"),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(_: QueryRejection) -> Self {
        Problem::validation("query", "a parameter of the address is unknown or does not have the form it must have")
    }
}

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        not_found("the address names nothing that can exist".to_owned())
    }
}

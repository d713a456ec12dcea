//! Errors as RFC 9457 problem documents: a stable code, a sentence, Paygent's own words beside it.

use crate::command_gateway::CommandError;
use crate::erasure::EraseError;
use crate::mails::MailError;
use crate::members::RegisterError;
use crate::payments::PaymentError;
use crate::shops::ShopError;
use crate::subscriptions::StartError;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use teiki_domain::mail::MailRefusal;
use teiki_domain::member::MemberRefusal;
use teiki_domain::order::OrderRefusal;
use teiki_domain::product::ProductRefusal;
use teiki_domain::shop_settings::ShopSettingsRefusal;
use teiki_domain::subscription::SubscriptionRefusal;
use teiki_domain::webhook::WebhookRefusal;
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

    /// Its stable name.
    pub(crate) fn code(&self) -> &str {
        &self.0.code
    }

    /// To what it happened: the field, or what is known about it.
    pub(crate) fn about(&self) -> Option<String> {
        match (&self.0.field, &self.0.detail) {
            (Some(field), Some(detail)) => Some(format!("{field}: {detail}")),
            (None, detail) => detail.clone(),
            (field, None) => field.clone(),
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

pub(crate) fn not_found(detail: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing").detail(detail)
}

fn conflict(code: &str, detail: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, "The request does not fit the present state").detail(detail)
}

fn command<R: std::error::Error>(error: CommandError<R>, refused: impl FnOnce(R) -> Problem) -> Problem {
    match error {
        CommandError::Refused(refusal) => refused(refusal),
        error @ CommandError::Changed { .. } => conflict("changed_meanwhile", error.to_string()),
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
            ShopError::Store(_) | ShopError::Key(_) | ShopError::Binding(_) | ShopError::Products(_) => {
                unavailable(&error)
            }
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Subscribed(_) => conflict("subscription_running", error.to_string()),
            EraseError::Contended(_) => conflict("contended", error.to_string()).retryable(),
            EraseError::Command(error) => member(error),
            EraseError::Subscription(error) => subscription(error, "id"),
            EraseError::Payment(error) => (*error).into(),
            EraseError::Gate(error) => unavailable(&error),
            EraseError::SetAside(error) => unavailable(&error),
            EraseError::Key(error) => unavailable(&error),
            EraseError::Note(error) => unavailable(&error),
            EraseError::Store(error) => unavailable(&error),
            EraseError::Table(error) => error.into(),
            EraseError::App(error) => unavailable(&error),
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
            error @ PaymentError::Overtaken(_) => conflict("overtaken", error.to_string()).retryable(),
            error @ PaymentError::UnderWay(_) => conflict("outcome_open", error.to_string()).retryable(),
        }
    }
}

/// A refused setting; `field` is what it is about unless the refusal knows better.
pub(super) fn settings(error: CommandError<ShopSettingsRefusal>, field: &str) -> Problem {
    command(error, |refusal| match &refusal {
        ShopSettingsRefusal::DoesNotExist => not_found(refusal.to_string()),
        // Named as the field of the request is.
        ShopSettingsRefusal::Field { field: named, .. } | ShopSettingsRefusal::TooLong { field: named, .. } => {
            let named = match *named {
                "instalment note" | "payment method name" | "shop name" => field.to_owned(),
                named => named.to_lowercase().replace(' ', "_"),
            };
            Problem::validation(&named, refusal.to_string())
        }
        ShopSettingsRefusal::NoThreeDSecureOption
        | ShopSettingsRefusal::NoCardVaultOption
        | ShopSettingsRefusal::OptionInUse(_) => conflict("refused", refusal.to_string()),
        _ => Problem::validation(field, refusal.to_string()),
    })
}

/// A refused setting where nothing says which field it was.
pub(crate) fn settings_problem(error: CommandError<ShopSettingsRefusal>) -> Problem {
    settings(error, "setting")
}

/// A refused command on a product.
pub(crate) fn product(error: CommandError<ProductRefusal>) -> Problem {
    command(error, |refusal| match &refusal {
        ProductRefusal::DoesNotExist => not_found(refusal.to_string()),
        ProductRefusal::Name => Problem::validation("name", refusal.to_string()),
        ProductRefusal::Price(_) => Problem::validation("unit_price", refusal.to_string()),
        ProductRefusal::Tax(_) => Problem::validation("tax_percent", refusal.to_string()),
        ProductRefusal::CodeTaken | ProductRefusal::Withdrawn => conflict("refused", refusal.to_string()),
    })
}

/// A refused command on a webhook.
pub(super) fn webhook(error: CommandError<WebhookRefusal>) -> Problem {
    command(error, |refusal| match &refusal {
        WebhookRefusal::DoesNotExist => not_found(refusal.to_string()),
        WebhookRefusal::IdTaken | WebhookRefusal::Removed => conflict("refused", refusal.to_string()),
    })
}

/// A refused command on a subscription; `date` is the field a date that cannot be is in.
pub(super) fn subscription(error: CommandError<SubscriptionRefusal>, date: &str) -> Problem {
    command(error, |refusal| match refusal {
        SubscriptionRefusal::DoesNotExist => not_found(refusal.to_string()),
        SubscriptionRefusal::TooEarly { .. } | SubscriptionRefusal::BeyondCalendar(_) => {
            Problem::validation(date, refusal.to_string())
        }
        SubscriptionRefusal::NumberTaken => conflict("number_taken", refusal.to_string()),
        refusal => conflict("refused", refusal.to_string()),
    })
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Shop(error) => error.into(),
            StartError::Settings(refusal) => Problem::validation("payment_method", refusal.to_string()),
            StartError::NotReady { .. } => conflict("shop_not_ready", error.to_string()),
            StartError::NoSuchMember(_) => Problem::validation("member_id", error.to_string()),
            StartError::NoCard(_) => conflict("no_card", error.to_string()),
            StartError::OtherShop => Problem::validation("subscription_id", error.to_string()),
            StartError::Command(error) => subscription(error, "first_delivery"),
            StartError::Store(error) => unavailable(&error),
            StartError::Serial(error) => unavailable(&error),
            StartError::Gate(error) => unavailable(&error),
            StartError::Erased(_) => conflict("member_erased", error.to_string()),
        }
    }
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Letter(error) => Problem::validation(error.field(), error.to_string()),
            MailError::NoSuchOrder(_) | MailError::NoSuchMember(_) => not_found(error.to_string()),
            MailError::Completed(_) => conflict("order_completed", error.to_string()),
            MailError::Erased(_) => conflict("member_erased", error.to_string()),
            MailError::Nobody => Problem::validation("subscription_ids", error.to_string()),
            MailError::Shop(error) => error.into(),
            MailError::Table(error) => error.into(),
            MailError::Command(error) => command(error, |refusal| match refusal {
                MailRefusal::DoesNotExist => not_found(refusal.to_string()),
                refusal => conflict("refused", refusal.to_string()),
            }),
            MailError::Key(_) | MailError::Store(_) | MailError::App(_) => unavailable(&error),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            // serde names the field and what it wants; it may quote what was given, which may be personal.
            JsonRejection::JsonDataError(error) => {
                let field = field_of(&error.body_text(), "body");
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
    fn from(rejection: QueryRejection) -> Self {
        let field = field_of(&rejection.body_text(), "query");
        Problem::validation(&field, "this parameter is unknown or does not have the form it must have")
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        Problem::new(rejection.status(), "unreadable_body", "The body cannot be read")
    }
}

/// The field that serde's words are about, such as `lines[0].name`; `whole` when they are about all of it. Only names
/// of fields are taken out of them, never what was given.
fn field_of(text: &str, whole: &str) -> String {
    let is_place =
        |text: &&str| text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_[].".contains(&b));
    let mut parts = text.splitn(3, ": ").skip(1);
    let (first, second) = (parts.next().unwrap_or(""), parts.next());
    let (place, what) = match second {
        Some(what) if is_place(&first) => (first, what),
        _ => ("", first),
    };
    let named = ["missing field `", "unknown field `"].iter().find_map(|lead| what.strip_prefix(lead));
    let named = named.and_then(|rest| rest.split('`').next()).filter(is_place).unwrap_or("");
    match (place, named) {
        ("" | ".", "") => whole.to_owned(),
        (place, named) if place == named || place.ends_with(&format!(".{named}")) => place.to_owned(),
        ("" | ".", named) => named.to_owned(),
        (place, "") => place.to_owned(),
        (place, named) => format!("{place}.{named}"),
    }
}

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        not_found("the address names nothing that can exist".to_owned())
    }
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

#[cfg(test)]
mod tests {
    use super::field_of;

    #[test]
    fn the_field_of_a_rejection_is_named_and_nothing_else() {
        let json = "Failed to deserialize the JSON body into the target type: ";
        for (text, field) in [
            ("lines[0].unit_price: invalid type: floating point `1.5`, expected i64", "lines[0].unit_price"),
            ("lines[0]: missing field `name` at line 1 column 9", "lines[0].name"),
            ("missing field `name` at line 1 column 9", "name"),
            ("surprise: unknown field `surprise`, expected one of `a`", "surprise"),
            ("unknown field `山田 花子`, expected one of `a`", "body"),
            ("payment_method: unknown variant `山田`, expected `card`", "payment_method"),
            ("invalid type: sequence, expected struct X", "body"),
        ] {
            assert_eq!(field_of(&format!("{json}{text}"), "body"), field, "{text}");
        }
    }
}

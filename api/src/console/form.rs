//! What a form brings. Every form carries the session's token, so that no other site can send it, and a key made when the
//! page was drawn: sent twice, it is carried out once.

use super::Page;
use super::session::Signed;
use crate::app::App;
use crate::command_gateway::Because;
use crate::http::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// Name of the field with the session's token.
pub(super) const TOKEN: &str = "token";
/// Name of the field with the form's key.
pub(super) const KEY: &str = "key";
/// Name of the field with the version of what the page showed.
pub(super) const VERSION: &str = "version";

/// The fields of a form that was sent from one of our own pages by somebody signed in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// The field as it was typed, without blanks around it; empty if it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// The field as it was sent, with every blank: for passwords.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field that may be sent several times, such as chosen rows.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim()).collect()
    }

    /// Whether a box was ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The version of the thing that the page showed: the last sequence number of its stream.
    pub(crate) fn version(&self) -> Option<usize> {
        self.get(VERSION).parse().ok()
    }

    /// Who asks and why. The same form sent again with the same content is the same command.
    pub(crate) fn because(&self, app: &App, signed: &Signed, reason: &str) -> Because {
        let mut because = app.gateway.because(&signed.actor(), reason);
        // Under the person's own id: a key that somebody else's form had names another command. And with all that was
        // sent: another button of the same page, or the form sent again with something else in it, is another command.
        let mut digest = Sha256::new();
        let whole = [("", signed.operator.operator_id.as_str()), ("", reason)];
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in whole.into_iter().chain(fields) {
            for text in [name, value] {
                digest.update(text.len().to_be_bytes());
                digest.update(text);
            }
        }
        let digest = digest.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        (because.command_id, because.correlation_id, because.repeats) = (id, id, true);
        because.request_id = crate::http::request_id::current();
        because
    }

    /// As [`Self::because`], for a form that changes what the page showed: refused if somebody changed it since, or if
    /// the form does not say what it showed.
    pub(crate) fn because_of_version(&self, app: &App, signed: &Signed, reason: &str) -> Because {
        Because { expects: Some(self.version().unwrap_or(0)), ..self.because(app, signed, reason) }
    }

    /// Reads the fields of a body that a form sent.
    pub(super) fn fields(headers: &axum::http::HeaderMap, body: &Bytes) -> Result<Vec<(String, String)>, Problem> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if !kind.starts_with("application/x-www-form-urlencoded") {
            let title = "The body must be sent as a form";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_form", title));
        }
        Ok(form_urlencoded::parse(body).into_owned().collect())
    }
}

impl FromRequest<Arc<App>> for Form {
    type Rejection = Page;
    async fn from_request(request: Request, state: &Arc<App>) -> Result<Self, Page> {
        let signed = request.extensions().get::<Signed>().cloned();
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await.map_err(Problem::from)?;
        let fields = Self::fields(&headers, &body)?;
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
        if !signed.is_some_and(|signed| signed.token_is(field(TOKEN))) {
            let title = "The form is not one of this session; load the page again and send it once more";
            return Err(Problem::new(StatusCode::FORBIDDEN, "form_of_another_session", title).into());
        }
        let key = Uuid::parse_str(field(KEY));
        key.map_err(|_| Problem::validation(KEY, "the key of the form is missing"))?;
        Ok(Self { fields })
    }
}

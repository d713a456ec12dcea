//! What was just done, told once on the page that is shown next.

use super::cookies;
use axum::http::{HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The cookie that carries it there.
pub(super) const COOKIE: &str = "teiki_told";
/// Longest text, in characters; a cookie holds about 4,000 bytes.
const LONGEST: usize = 300;

/// How it came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Done.
    Done,
    /// Under way, or done only in part.
    Notice,
    /// Not done.
    Failed,
}

/// One sentence about what was just done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    /// How it came out.
    pub(crate) kind: Kind,
    /// The sentence.
    pub(crate) text: String,
}

impl Flash {
    /// It is done.
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self { kind: Kind::Done, text: text.into() }
    }

    /// It is under way, or done only in part.
    pub(crate) fn notice(text: impl Into<String>) -> Self {
        Self { kind: Kind::Notice, text: text.into() }
    }

    /// It was not done.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self { kind: Kind::Failed, text: text.into() }
    }

    /// The class of its box, and whether screen readers say it at once.
    pub(crate) fn class(&self) -> &'static str {
        match self.kind {
            Kind::Done => "done",
            Kind::Notice => "notice",
            Kind::Failed => "failed",
        }
    }

    /// What the request carries.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let (kind, text) = cookies::get(headers, COOKIE)?.split_once('.')?;
        let kind = match kind {
            "done" => Kind::Done,
            "notice" => Kind::Notice,
            _ => Kind::Failed,
        };
        let text = percent_decode_str(text).decode_utf8().ok()?.chars().take(LONGEST).collect();
        Some(Self { kind, text })
    }

    /// The header that carries it to the next page.
    pub(super) fn cookie(&self, secure: bool) -> HeaderValue {
        let text: String = self.text.chars().take(LONGEST).collect();
        let value = format!("{}.{}", self.class(), utf8_percent_encode(&text, NON_ALPHANUMERIC));
        cookies::set(COOKIE, &value, Some(60), secure)
    }
}

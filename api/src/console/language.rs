//! The language of the pages: Japanese, or English where somebody switched to it.

use super::session::secure;
use super::{cookies, parameter};
use crate::app::App;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

/// The cookie that remembers it.
const COOKIE: &str = "teiki_language";

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    /// 日本語.
    #[default]
    Japanese,
    /// English.
    English,
}

impl Language {
    /// The one of two texts that is in this language.
    pub(crate) fn t<'a>(self, japanese: &'a str, english: &'a str) -> &'a str {
        match self {
            Language::Japanese => japanese,
            Language::English => english,
        }
    }

    /// Its code, as HTML names it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Language::Japanese => "ja",
            Language::English => "en",
        }
    }

    /// The language a browser was switched to.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if cookies::get(headers, COOKIE) == Some("en") { Language::English } else { Language::Japanese }
    }
}

/// `GET /language`: from now on the pages are in this language.
pub(super) async fn switch(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let code = if parameter(&uri, "to").as_deref() == Some("en") { "en" } else { "ja" };
    let back = parameter(&uri, "back");
    let back = back.as_deref().map_or("/", super::local);
    let cookie = cookies::set(COOKIE, code, Some(365 * 24 * 3600), secure(&app, &headers));
    ([(header::SET_COOKIE, cookie)], Redirect::to(back)).into_response()
}

//! The first pages for operators, in Japanese, rendered here and usable without scripts.

pub mod card_expiry;
pub mod orders;

use crate::http::Problem;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};

/// A page, or what is wrong with the request, as a page too.
pub(crate) type PageResult = Result<Response, Page>;

/// A problem shown as a page.
pub struct Page(Problem);

macro_rules! shown_as_page {
    ($($error:ty),+) => {
        $(impl From<$error> for Page {
            fn from(error: $error) -> Self {
                Page(error.into())
            }
        })+
    };
}

shown_as_page!(
    Problem,
    axum::extract::rejection::QueryRejection,
    crate::members::NamesError,
    teiki_projections::QueryError
);

#[derive(askama::Template)]
#[template(path = "console/problem.html")]
struct ProblemPage<'a> {
    text: &'a str,
}

impl axum::response::IntoResponse for Page {
    fn into_response(self) -> Response {
        let status = self.0.status();
        let text = self.0.sentence();
        match askama::Template::render(&ProblemPage { text: &text }) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => self.0.into_response(),
        }
    }
}

fn render(template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(html) => ([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The address of the next page: the present parameters with another cursor.
fn next_address(path: &str, parameters: &[(&str, Option<&str>)], cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("cursor", cursor);
    format!("{path}?{}", query.finish())
}

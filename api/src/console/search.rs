//! Searches that remember themselves: a list opened without a search shows the last one of the person in this browser,
//! until it is cleared.
//!
//! A list's handler begins with [`Search::of`]; if that answers, the answer leads to the remembered search. It ends with
//! [`Search::remember`] around its page. `?clear=1` forgets; the cursor of a page is never remembered, and neither is what a
//! link of another page asks for with [`ONCE`]: it would take the place of the person's own.

use super::cookies;
use super::session::{Signed, secure};
use crate::app::App;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Longest search that is remembered, in bytes as it stands in an address; a cookie holds about 4,000.
const LONGEST: usize = 1_000;

/// Said by links that show a list without changing the search people have there.
pub(crate) const ONCE: &str = "once=1";

/// What of a request is remembered, or forgotten, for the list it opened.
pub(crate) struct Search {
    cookie: Option<HeaderValue>,
}

impl Search {
    /// Looks at the request for the list at `path`, which is named `list` in the cookie: either there is a search to be
    /// shown and remembered, or the answer leads elsewhere.
    pub(crate) fn of(
        app: &App,
        signed: &Signed,
        headers: &HeaderMap,
        uri: &Uri,
        (list, path): (&str, &str),
    ) -> Result<Self, Box<Response>> {
        let name = format!("teiki_search_{list}");
        let owner = &signed.operator.operator_id;
        let secure = secure(app, headers);
        let asked = uri.query().unwrap_or("");
        if asked.is_empty() {
            return match remembered(headers, &name, owner) {
                Some(query) => Err(Box::new(Redirect::to(&format!("{path}?{query}")).into_response())),
                None => Ok(Self { cookie: Some(cookies::set(&name, "", Some(0), secure)) }),
            };
        }
        let gone = cookies::set(&name, "", Some(0), secure);
        if form_urlencoded::parse(asked.as_bytes()).any(|(key, _)| key == "clear") {
            return Err(Box::new(([(header::SET_COOKIE, gone)], Redirect::to(path)).into_response()));
        }
        if asked.split('&').any(|part| part == ONCE) {
            return Ok(Self { cookie: None });
        }
        let query = kept(asked);
        if query.is_empty() || query.len() > LONGEST {
            return Ok(Self { cookie: Some(gone) });
        }
        let value = format!("{owner}.{}", utf8_percent_encode(&query, NON_ALPHANUMERIC));
        Ok(Self { cookie: Some(cookies::set(&name, &value, None, secure)) })
    }

    /// The page, with the search put in mind.
    pub(crate) fn remember(self, mut page: Response) -> Response {
        if let Some(cookie) = self.cookie {
            page.headers_mut().append(header::SET_COOKIE, cookie);
        }
        page
    }
}

/// The last search of this person; one of somebody else who used the browser is nobody's.
fn remembered(headers: &HeaderMap, name: &str, owner: &str) -> Option<String> {
    let (of, query) = cookies::get(headers, name)?.split_once('.')?;
    let query = percent_decode_str(query).decode_utf8().ok()?;
    let query = kept(&query);
    (of == owner && !query.is_empty()).then_some(query)
}

/// The parameters that are a search: not empty, and not the place of a page.
fn kept(query: &str) -> String {
    let mut kept = form_urlencoded::Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if !value.trim().is_empty() && !matches!(&*key, "cursor" | "before" | "clear") {
            kept.append_pair(&key, &value);
        }
    }
    kept.finish()
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn o2_a_search_is_remembered_without_its_page() {
        for (query, left) in [
            ("status=failed&member=&from=2026-04-01&cursor=2026~x", "status=failed&from=2026-04-01"),
            ("cursor=a~b", ""),
            ("member=&status=+", ""),
            ("member=a%26b", "member=a%26b"),
        ] {
            assert_eq!(kept(query), left, "{query}");
        }
    }
}

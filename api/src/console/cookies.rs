//! Cookies of the console. None of them is for scripts, or for other sites.

use axum::http::{HeaderMap, HeaderValue, header};

/// The value of a cookie that came with the request.
pub(super) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The header that sets a cookie for so many seconds, or until the browser is closed; zero removes it. `value` may hold
/// only what a cookie may hold: letters, digits and percent-encoding.
pub(super) fn set(name: &str, value: &str, seconds: Option<u32>, secure: bool) -> HeaderValue {
    let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Some(seconds) = seconds {
        text.push_str(&format!("; Max-Age={seconds}"));
    }
    if secure {
        text.push_str("; Secure");
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

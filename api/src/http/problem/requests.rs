//! Requests that cannot be read, as problems that name the field and never quote what was given.

use super::{Problem, not_found};
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;

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

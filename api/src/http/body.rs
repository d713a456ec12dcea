//! What every JSON body of this API is: an object, and lists in it hold no lists. serde also takes an array for a struct,
//! field by field in their order, which nobody who writes one means. Where a request takes no body, one that says something
//! is refused: whoever sends an amount with a capture believes that it counts.

use super::idempotency::read;
use super::problem::Problem;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::openapi::{OpenApi, path::Operation};

/// The requests that take no body, by method and address as described.
pub(super) type Bodiless = Arc<HashSet<(Method, String)>>;

/// Those of a description.
pub(super) fn bodiless(described: &OpenApi) -> Bodiless {
    let taking_none = |operation: &Option<Operation>| operation.as_ref().is_some_and(|it| it.request_body.is_none());
    let mut found = HashSet::new();
    for (path, item) in &described.paths.paths {
        let methods = [(Method::POST, &item.post), (Method::PUT, &item.put), (Method::DELETE, &item.delete)];
        let methods = methods.into_iter().filter(|(_, operation)| taking_none(operation));
        found.extend(methods.map(|(method, _)| (method, path.clone())));
    }
    Arc::new(found)
}

/// Refuses an array where an object must be, and a body where none is taken; anything else is read, and refused, by the
/// handler.
pub(super) async fn is_an_object(
    State(bodiless): State<Bodiless>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.method().is_safe() {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    if path.is_some_and(|path| bodiless.contains(&(parts.method.clone(), path))) {
        says_nothing(&body)?;
    }
    // What is no JSON at all, the handler says better.
    if let Ok(value) = serde_json::from_slice::<Value>(&body)
        && let Some(place) = array_for_object(&value, "body")
    {
        return Err(Problem::validation(&place, "it is an object, not an array"));
    }
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

/// Accepts no body, and an object without fields, which clients send that cannot do without.
fn says_nothing(body: &[u8]) -> Result<(), Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    const RULE: &str = "this request takes no body";
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => match fields.keys().next() {
            None => Ok(()),
            Some(field) if field.len() <= 100 && !field.chars().any(char::is_control) => {
                Err(Problem::validation(field, format!("{RULE}, and has no such field")))
            }
            Some(_) => Err(Problem::validation("body", RULE)),
        },
        _ => Err(Problem::validation("body", RULE)),
    }
}

/// Where an array stands in the place of an object.
fn array_for_object(value: &Value, at: &str) -> Option<String> {
    match value {
        Value::Array(_) => Some(at.to_owned()),
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let items = field.as_array()?;
            items.iter().enumerate().find_map(|(i, item)| array_for_object(item, &format!("{name}[{i}]")))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_that_says_something_is_refused_where_none_is_taken() {
        for (body, taken) in [
            ("", true),
            (" \n", true),
            ("{}", true),
            (r#"{"amount":1}"#, false),
            ("null", false),
            ("[]", false),
            ("amount=1", false),
        ] {
            assert_eq!(says_nothing(body.as_bytes()).is_ok(), taken, "{body}");
        }
        assert!(says_nothing(b"\xff\xfe").is_err());
    }

    #[test]
    fn an_array_in_the_place_of_an_object_is_found_at_its_place() {
        for (body, place) in [
            (json!({"lines": [{"name": "C"}], "ladder": [1, 3]}), None),
            (json!([null, null]), Some("body")),
            (json!({"lines": [{"name": "C"}, ["C", "C", 1]]}), Some("lines[1]")),
            (json!({"orders": [[]]}), Some("orders[0]")),
            (json!("text"), None),
        ] {
            assert_eq!(array_for_object(&body, "body").as_deref(), place, "{body}");
        }
    }
}

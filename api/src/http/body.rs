//! What every JSON body of this API is: an object, and lists in it hold no lists. serde also takes an array for a struct,
//! field by field in their order, which nobody who writes one means.

use super::idempotency::read;
use super::problem::Problem;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

/// Refuses an array where an object must be; anything else is read, and refused, by the handler.
pub(super) async fn is_an_object(request: Request, next: Next) -> Result<Response, Problem> {
    if request.method().is_safe() {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    // What is no JSON at all, the handler says better.
    if let Ok(value) = serde_json::from_slice::<Value>(&body)
        && let Some(place) = array_for_object(&value, "body")
    {
        return Err(Problem::validation(&place, "it is an object, not an array"));
    }
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
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

//! What every JSON body of this API is: an object. serde also takes an array for a struct, field by field in their
//! order, which nobody who writes one means.

use super::idempotency::read;
use super::problem::Problem;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// Refuses a body that is an array; anything else is read, and refused, by the handler.
pub(super) async fn is_an_object(request: Request, next: Next) -> Result<Response, Problem> {
    if request.method().is_safe() {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Problem::validation("body", "it is an object, not an array"));
    }
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

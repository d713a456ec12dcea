//! Where Paygent posts its difference notices (O9).

use crate::app::App;
use crate::shops::ShopError;
use crate::workers::notices;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use teiki_domain::ids::ShopId;
use teiki_infrastructure::paygent::Notice;

/// `POST /paygent/notices/{shop}`: the address to be registered with Paygent. Answers `result=0` once the notice is
/// durable, and anything else has Paygent send it again. Who sent it is proved by its check value, so this is the one
/// address that other machines may reach, through a proxy.
#[utoipa::path(post, path = "/paygent/notices/{shop}", operation_id = "receive_notice", tag = "engine",
    params(("shop" = String, Path, description = "The shop's five digits.", example = "02396")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "The notice as Paygent posts it, in Windows-31J."),
    responses(
        (status = 200, body = String, content_type = "text/plain; charset=utf-8", example = "result=0"),
        (status = 400, body = String, content_type = "text/plain; charset=utf-8", description = "It is no notice, or its check value is wrong."),
        (status = 404, body = String, content_type = "text/plain; charset=utf-8", description = "The shop takes no notices."),
        (status = 413, body = String, content_type = "text/plain; charset=utf-8", description = "It is larger than any notice."),
        (status = 503, body = String, content_type = "text/plain; charset=utf-8", description = "It cannot be kept in this moment."),
    ))]
pub(super) async fn receive(State(app): State<Arc<App>>, Path(shop): Path<String>, body: Bytes) -> Response {
    match take(&app, &shop, &body).await {
        Ok(()) => answer(StatusCode::OK, Notice::ACCEPTED),
        Err((status, why)) => {
            tracing::warn!(shop = ?shop.chars().take(16).collect::<String>(), why, "a notice was not taken");
            answer(status, "result=1")
        }
    }
}

async fn take(app: &App, shop: &str, body: &[u8]) -> Result<(), (StatusCode, String)> {
    let shop: ShopId = shop.parse().map_err(|_| (StatusCode::NOT_FOUND, "the address names no shop".to_owned()))?;
    let failed = |error: ShopError| match error {
        ShopError::DoesNotExist(_) => (StatusCode::NOT_FOUND, error.to_string()),
        error => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    };
    let key = app.shops.notice_key(shop).await.map_err(failed)?;
    let key = key.ok_or((StatusCode::NOT_FOUND, format!("shop {shop} has no notice key; enter it first")))?;
    let read = app.shops.get(shop).await.map_err(failed)?;
    let Some((merchant, ..)) = &read.settings.connection else {
        return Err((StatusCode::NOT_FOUND, ShopError::NotConnected(shop).to_string()));
    };
    let notice = Notice::receive(body, &key).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    notices::take(app, merchant, &notice)
        .await
        .map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    app.notices_waiting().notify_one();
    Ok(())
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

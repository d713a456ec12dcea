//! Style and script of the pages, part of the program.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

const CSS: &str = include_str!("../../templates/console/console.css");
const JS: &str = include_str!("../../templates/console/console.js");

/// Stands behind the addresses of the files, so that browsers may keep them and still see a new program's.
static VERSION: LazyLock<String> = LazyLock::new(|| hex::encode(&Sha256::digest(format!("{CSS}{JS}"))[..6]));

/// The version of the files.
pub(crate) fn version() -> &'static str {
    &VERSION
}

pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/console.css", get(|| async { file("text/css; charset=utf-8", CSS) }))
        .route("/console.js", get(|| async { file("text/javascript; charset=utf-8", JS) }))
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], text)
}

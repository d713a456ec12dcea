//! The description of this API in OpenAPI 3.1, made from the handlers themselves.
//!
//! Handlers say what is theirs: parameters, bodies, what a success looks like. What every request can meet, such as
//! a missing key, is added here, once, from what an operation is.

use super::problem::Problem;
use crate::app::App;
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::openapi::{Info, License, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Addresses that programs use. One that is not described cannot be registered.
pub(super) struct Routes(OpenApiRouter<Arc<App>>);

impl Routes {
    pub(super) fn new() -> Self {
        let mut info = Info::new("Teiki", env!("CARGO_PKG_VERSION"));
        info.description = Some(include_str!("openapi.md").to_owned());
        let mut license = License::new("MIT OR Apache-2.0");
        license.identifier = Some("MIT OR Apache-2.0".to_owned());
        info.license = Some(license);
        Self(OpenApiRouter::with_openapi(OpenApi::new(info, utoipa::openapi::Paths::new())))
    }

    /// Registers what `routes!` made of one or more handlers.
    pub(super) fn routes(self, described: UtoipaMethodRouter<Arc<App>>) -> Self {
        Self(self.0.routes(described))
    }

    /// These and those.
    pub(super) fn and(self, others: Routes) -> Self {
        Self(self.0.merge(others.0))
    }

    pub(super) fn split(self) -> (Router<Arc<App>>, OpenApi) {
        self.0.split_for_parts()
    }
}

/// What every operation may be answered with beside its own answers: status, name, when, an example.
const COMMON: [(u16, &str, &str, &str); 12] = [
    (400, "BrokenBody", "The body is not JSON.", "broken_json"),
    (401, "NoKey", "There is no key, or one that opens nothing.", "no_key"),
    (403, "ScopeMissing", "The key does not have the scope that this takes.", "scope_missing"),
    (404, "NotFound", "There is no such thing in the shop of the key.", "not_found"),
    (408, "TooSlow", "The body did not come in time; nothing was done.", "body_too_slow"),
    (409, "Conflict", "The present state does not allow it; nothing was changed.", "refused"),
    (413, "TooLarge", "The body is larger than 256 KiB.", "unreadable_body"),
    (415, "NotJson", "The body was not sent as application/json.", "not_json"),
    (422, "Validation", "A field cannot be used; `field` names it, such as `lines[0].unit_price`.", "validation"),
    (429, "TooManyRequests", "The key asked too often; `Retry-After` says when to ask again.", "too_many_requests"),
    (503, "Unavailable", "The store is out of reach; try again in a moment.", "store_unavailable"),
    (504, "TimedOut", "It took too long; read what it asked for before asking again.", "timed_out"),
];

/// What is refused before it is a request, with an empty body: status, name, when.
const BELOW: [(u16, &str, &str); 2] = [
    (414, "AddressTooLong", "The address is longer than 65,534 bytes. There is no body."),
    (431, "HeadTooLarge", "The head is larger than 64 KiB, or has more than 100 headers. There is no body."),
];

/// The document: what the handlers say, and what holds for all of them.
pub(super) fn complete(api: &OpenApi) -> Value {
    let mut api = serde_json::to_value(api).unwrap_or_default();
    let problem = serde_json::to_value(<Problem as utoipa::PartialSchema>::schema()).unwrap_or_default();
    api["components"]["schemas"]["Problem"] = problem;
    for (status, name, text, code) in COMMON {
        api["components"]["responses"][name] = response(status, text, code);
    }
    for (_, name, text) in BELOW {
        api["components"]["responses"][name] = json!({"description": text});
    }
    api["components"]["securitySchemes"]["key"] = json!({
        "type": "http",
        "scheme": "bearer",
        "description": "A key of one shop, made by `teiki keys create`.",
    });
    api["tags"] = json!(TAGS.map(|(name, description)| json!({"name": name, "description": description})));
    let schemas = api["components"]["schemas"].clone();
    let paths = api["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                describe(path, method, operation);
                name_schemas(operation, schemas.as_object().into_iter().flatten());
            }
        }
    }
    api
}

const TAGS: [(&str, &str); 12] = [
    ("members", "Members (会員) and their cards in Paygent's vault."),
    ("subscriptions", "Subscriptions (定期購入): what is delivered to whom, how often, paid how."),
    ("orders", "Orders (受注) and their payments."),
    ("mails", "Mails to buyers and to the shop."),
    ("documents", "Documents (帳票) and data for waybills."),
    ("renewals", "What the next nights will bring."),
    ("products", "Products that subscriptions may contain."),
    ("shops", "Settings of the shop."),
    ("history", "Events as they were recorded, for auditors."),
    ("reports", "Figures for reporting tools."),
    ("events", "Events as they happen, for programs that follow."),
    ("engine", "The state of the engine itself."),
];

fn response(status: u16, text: &str, code: &str) -> Value {
    let retryable = matches!(status, 408 | 429 | 503 | 504);
    let mut example = json!({
        "type": "about:blank", "title": text, "status": status, "code": code, "retryable": retryable,
        "request_id": "019a0a3e-5a3e-7c31-8f53-0d9b7a1c2e4f",
    });
    if status == 422 {
        example["field"] = json!("lines[0].unit_price");
    }
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    let mut headers = json!({"X-Request-Id": request_id_header()});
    if status == 429 {
        headers["Retry-After"] = json!({"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}});
    }
    if status == 401 {
        headers["WWW-Authenticate"] = json!({"schema": {"type": "string"}});
    }
    json!({
        "description": text,
        "headers": headers,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    })
}

fn request_id_header() -> Value {
    json!({
        "description": "The name of the request: the caller's own, or one given here.",
        "schema": {"type": "string"},
    })
}

/// Adds to one operation what follows from what it is.
fn describe(path: &str, method: &str, operation: &mut Map<String, Value>) {
    if let Some(summary) = operation.get("summary").and_then(Value::as_str) {
        // Where it stands is said by the document itself.
        let summary = summary.split_once("`: ").map_or(summary, |(_, rest)| rest);
        let mut letters = summary.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let summary: String = first.chain(letters).collect();
        operation.insert("summary".to_owned(), json!(summary));
    }
    let v1 = path.starts_with("/v1/");
    let writes = method != "get";
    let body = operation.contains_key("requestBody");
    let parameters = operation.get("parameters").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let mut statuses = vec![];
    if v1 {
        operation.insert("security".to_owned(), json!([{"key": []}]));
        statuses.extend([401, 403, 404, 422, 429, 503, 504]);
        if writes {
            // Whatever comes with it is read, also where none is taken.
            statuses.extend([408, 409, 413]);
        }
        if body {
            statuses.extend([400, 415]);
        }
        let list = operation.entry("parameters").or_insert_with(|| json!([]));
        if let (true, Some(list)) = (writes, list.as_array_mut()) {
            list.extend(said());
            if method == "post" {
                list.push(idempotency_key());
            }
        }
    } else {
        operation.insert("security".to_owned(), json!([]));
        if parameters {
            statuses.push(404);
        }
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    for (status, name, ..) in COMMON.iter().filter(|(status, ..)| statuses.contains(status)) {
        if responses.get(status.to_string()).is_none() {
            responses[status.to_string()] = json!({"$ref": format!("#/components/responses/{name}")});
        }
    }
    for (status, name, _) in BELOW {
        responses[status.to_string()] = json!({"$ref": format!("#/components/responses/{name}")});
    }
    for response in responses.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if response.get("$ref").is_none() {
            response["headers"]["X-Request-Id"] = request_id_header();
        }
    }
}

/// Answers that are written out whole become references to what they are.
fn name_schemas<'a>(operation: &mut Map<String, Value>, known: impl Iterator<Item = (&'a String, &'a Value)> + Clone) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for response in responses.into_iter().flat_map(Map::values_mut) {
        let contents = response.get_mut("content").and_then(Value::as_object_mut);
        for content in contents.into_iter().flat_map(Map::values_mut) {
            let name = known.clone().find(|(_, schema)| **schema == content["schema"]).map(|(name, _)| name);
            if let Some(name) = name {
                content["schema"] = json!({"$ref": format!("#/components/schemas/{name}")});
            }
        }
    }
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "New for each request, such as a UUID. Repeated with the same key within 7 days, the request is \
                        answered as before, with `Idempotency-Replayed: true`.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    })
}

/// What a caller may say with every command; it ends up beside the events.
fn said() -> [Value; 2] {
    let of = |name: &str, longest: u32, description: &str| {
        json!({
            "name": name, "in": "header", "required": false, "description": description,
            "schema": {"type": "string", "minLength": 1, "maxLength": longest},
        })
    };
    [
        of("X-Actor", 60, "The person on whose behalf the program asks; other letters percent-encoded UTF-8."),
        of("X-Reason", 200, "Why, in people's words; other letters percent-encoded UTF-8."),
    ]
}

/// The document as it is served and kept in `docs/openapi.json`.
pub fn document() -> String {
    let (_, api) = super::described().split();
    // A document that cannot be written is a test's failure, not a caller's.
    let mut text = serde_json::to_string_pretty(&complete(&api)).unwrap_or_default();
    text.push('\n');
    text
}

pub(super) async fn serve() -> impl IntoResponse {
    static DOCUMENT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.get_or_init(document).as_str())
}

/// The browsable page; everything it shows comes from this program.
pub(super) fn pages() -> Router<Arc<App>> {
    let config = utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none");
    utoipa_swagger_ui::SwaggerUi::new("/docs").config(config).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_committed_document_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        let now = document();
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(path, &now).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == now, "docs/openapi.json is not what the handlers say; renew it with `make openapi`");
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_a_summary_a_group_and_a_success() {
        let api: Value = serde_json::from_str(&document()).unwrap();
        let tags: HashSet<&str> = TAGS.iter().map(|(name, _)| *name).collect();
        let mut names = HashSet::new();
        for (path, item) in api["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let what = format!("{method} {path}");
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{what}: {name} is taken");
                assert!(operation["summary"].is_string(), "{what}: no summary");
                assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{what}: no group");
                let statuses = operation["responses"].as_object().unwrap();
                assert!(statuses.keys().any(|status| status.starts_with('2')), "{what}: no success");
            }
        }
        assert!(names.len() > 20, "{names:?}");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, api: &Value) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(to)) = map.get("$ref") {
                        assert!(api.pointer(to.trim_start_matches('#')).is_some(), "{to}");
                    }
                    map.values().for_each(|value| walk(value, api));
                }
                Value::Array(list) => list.iter().for_each(|value| walk(value, api)),
                _ => {}
            }
        }
        let api: Value = serde_json::from_str(&document()).unwrap();
        walk(&api, &api);
    }
}

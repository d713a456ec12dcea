//! Documents of orders (帳票, O13): issued once, printed as often as they are asked for, always the same.

use super::caller::Caller;
use super::orders::order_id;
use super::problem::{Problem, not_found, unavailable};
use super::query::{NoParams, Params, parse};
use super::request::field;
use crate::app::App;
use crate::documents::{self, DocumentError, Wording};
use crate::words;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use teiki_domain::ids::OrderId;
use teiki_domain::order::{DocumentKind, DocumentNumber, Issued};
use teiki_infrastructure::api_keys::Scope;
use utoipa::{IntoParams, ToSchema};

/// Most documents of one request.
const DOCUMENTS_MAX: usize = 100;

/// What shall be issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDocument)]
pub(super) struct NewDocument {
    #[schema(schema_with = super::schema::document_kind)]
    kind: DocumentKind,
    /// Of a receipt: to whom it is made out (宛名), with the honorific; left out: the buyer.
    #[serde(default)]
    #[schema(max_length = 100, example = "株式会社みどり商店 御中")]
    made_out_to: Option<String>,
    /// Of a receipt: for what (但し書き); left out: お品代として.
    #[serde(default)]
    #[schema(max_length = 100, example = "珈琲代として")]
    made_out_for: Option<String>,
}

/// A document that was issued.
#[derive(Serialize, ToSchema)]
#[schema(as = Document)]
pub(super) struct DocumentView {
    /// Its number.
    #[schema(example = "02396-D0001-20260401-R1")]
    number: String,
    /// What it is.
    #[schema(schema_with = super::schema::document_kind)]
    kind: &'static str,
    /// What it is called on paper.
    #[schema(example = "領収書")]
    title: &'static str,
    /// The business day in Tokyo it was issued on.
    issued_on: NaiveDate,
    /// Where its PDF is.
    #[schema(example = "/v1/orders/02396-D0001-20260401/documents/02396-D0001-20260401-R1")]
    url: String,
}

impl From<&Issued> for DocumentView {
    fn from(issued: &Issued) -> Self {
        let (number, kind) = (&issued.number, issued.number.kind());
        Self {
            url: format!("/v1/orders/{}/documents/{number}", number.order()),
            number: number.to_string(),
            kind: kind.code(),
            title: words::document(kind),
            issued_on: issued.issued_on,
        }
    }
}

/// Documents of an order, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Documents {
    documents: Vec<DocumentView>,
}

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Order(error) => crate::payments::PaymentError::Order(error).into(),
            DocumentError::NotIssued(_) => not_found(error.to_string()),
            DocumentError::Then(error) => error.into(),
            DocumentError::Render(error) => {
                tracing::error!(%error, "a document cannot be printed");
                super::problem::internal()
            }
            DocumentError::Key(error) => error.into(),
            error @ (DocumentError::Log(_) | DocumentError::Sequencer(_)) => unavailable(&error),
        }
    }
}

/// `POST /v1/orders/{id}/documents`: issues an order slip, a delivery note, an invoice or a receipt (O13). Where the
/// newest of its kind says the same, that one is the answer.
#[utoipa::path(post, path = "/v1/orders/{id}/documents", operation_id = "issue_document", tag = "documents",
    params(super::schema::OrderPath), request_body = NewDocument,
    responses((status = 201, body = DocumentView, description = "Issued."),
        (status = 200, body = DocumentView, description = "Was issued before, and says what it would say now.")))]
pub(super) async fn issue(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<NewDocument>, JsonRejection>,
) -> Result<(StatusCode, Json<DocumentView>), Problem> {
    let (Json(NewDocument { kind, made_out_to, made_out_for }), id) = (body?, order_id(id)?);
    if kind != DocumentKind::Receipt && (made_out_to.is_some() || made_out_for.is_some()) {
        let name = if made_out_to.is_some() { "made_out_to" } else { "made_out_for" };
        return Err(Problem::validation(name, "only a receipt is made out otherwise"));
    }
    let (to, for_what) = (made_out_to.unwrap_or_default(), made_out_for.unwrap_or_default());
    let wording =
        Wording::typed(&to, &for_what).map_err(|error| Problem::validation(error.field, error.to_string()))?;
    let because = caller.because(&app, "a document was asked for");
    let (issued, new) = documents::issue(&app, &id, kind, &wording, &because).await?;
    app.settle().await.map_err(|error| unavailable(&error))?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json((&issued).into())))
}

/// `GET /v1/orders/{id}/documents`: every document issued for the order.
#[utoipa::path(get, path = "/v1/orders/{id}/documents", operation_id = "list_documents", tag = "documents",
    params(super::schema::OrderPath), responses((status = 200, body = Documents)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Json<Documents>, Problem> {
    let id = order_id(id)?;
    let issued = documents::list(&app, &id).await?;
    let issued = issued.ok_or_else(|| not_found(format!("order {id}")))?;
    Ok(Json(Documents { documents: issued.iter().map(DocumentView::from).collect() }))
}

/// `GET /v1/orders/{id}/documents/{number}`: the PDF, the same to the byte whenever it is asked for; only the name and
/// address of a member who was erased since are not in it any more. Takes the scope personal_data.
#[utoipa::path(get, path = "/v1/orders/{id}/documents/{number}", operation_id = "get_document", tag = "documents",
    params(super::schema::DocumentPath), responses((status = 200, body = Vec<u8>, content_type = "application/pdf")))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<Response, Problem> {
    let Path((id, number)) = path?;
    let (id, number): (OrderId, DocumentNumber) = (parse("id", &id)?, field("number", number.parse())?);
    caller.may(Scope::PersonalData)?;
    if *number.order() != id {
        return Err(not_found(format!("document {number} is not of order {id}")));
    }
    let printed = documents::print(&app, std::slice::from_ref(&number)).await?;
    Ok(pdf(&number.to_string(), printed))
}

/// Which documents.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Numbers {
    /// Up to 100 numbers, separated by commas.
    #[param(max_length = 6000, example = "02396-D0001-20260401-D1,02396-D0002-20260401-D1")]
    numbers: String,
}

/// `GET /v1/documents`: several documents in one PDF, each beginning on a page of its own. Takes the scope
/// personal_data.
#[utoipa::path(get, path = "/v1/documents", operation_id = "get_documents", tag = "documents", params(Numbers),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf")))]
pub(super) async fn several(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(Numbers { numbers }): Params<Numbers>,
) -> Result<Response, Problem> {
    caller.may(Scope::PersonalData)?;
    let numbers: Vec<_> = numbers.split(',').collect();
    if numbers.len() > DOCUMENTS_MAX {
        return Err(Problem::validation("numbers", format!("1 to {DOCUMENTS_MAX} documents, not {}", numbers.len())));
    }
    let numbers: Vec<DocumentNumber> =
        numbers.into_iter().map(|number| field("numbers", number.parse())).collect::<Result<_, _>>()?;
    for number in &numbers {
        caller.owns(number.order().shop())?;
    }
    Ok(pdf("documents", documents::print(&app, &numbers).await?))
}

/// A PDF to be shown or saved under this name.
pub(crate) fn pdf(name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("inline; filename=\"{name}.pdf\"");
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, bytes).into_response()
}

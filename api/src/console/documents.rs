//! 帳票: documents of an order (O13), to be issued and printed.

use super::{Flash, Form, Frame, Page, PageResult, Signed, render};
use crate::app::App;
use crate::documents::{self, DocumentError, Wording};
use crate::http::{Problem, no_such};
use crate::words_documents::why_not;
use crate::{http, words};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;
use teiki_domain::ids::OrderId;
use teiki_domain::order::{Details, DocumentKind, DocumentNumber, Order};

/// The documents of an order as its page shows them: what may be issued, and what was.
pub(crate) struct Panel {
    pub(crate) order_id: String,
    pub(crate) kinds: Vec<KindRow>,
    pub(crate) issued: Vec<IssuedRow>,
    /// To whom and for what a receipt shall be made out, as typed, and what is wrong with it.
    pub(crate) to: String,
    pub(crate) for_what: String,
    pub(crate) to_error: Option<String>,
    pub(crate) for_error: Option<String>,
}

/// A kind of document, and why it cannot be issued where it cannot.
pub(crate) struct KindRow {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) why_not: Option<String>,
}

/// A document that was issued.
pub(crate) struct IssuedRow {
    pub(crate) number: String,
    pub(crate) name: &'static str,
    pub(crate) issued_on: String,
}

impl Panel {
    /// Of an order as it stands. Templates include `console/documents_panel.html`, with this as `documents`.
    pub(crate) fn of(frame: &Frame, details: &Details) -> Self {
        let kind = |kind: DocumentKind| KindRow {
            code: kind.code(),
            name: name(frame, kind),
            why_not: details.may_issue(kind).err().map(|refusal| why_not(frame.language, &refusal)),
        };
        let issued = details.documents.iter().rev().map(|issued| IssuedRow {
            number: issued.number.to_string(),
            name: name(frame, issued.number.kind()),
            issued_on: issued.issued_on.to_string(),
        });
        Self {
            order_id: details.order_id.to_string(),
            kinds: DocumentKind::ALL.map(kind).into(),
            issued: issued.collect(),
            to: String::new(),
            for_what: documents::FOR_GOODS.to_owned(),
            to_error: None,
            for_error: None,
        }
    }
}

fn name(frame: &Frame, kind: DocumentKind) -> &'static str {
    let english = match kind {
        DocumentKind::OrderSlip => "Order slip",
        DocumentKind::DeliveryNote => "Delivery note",
        DocumentKind::Invoice => "Invoice",
        DocumentKind::Receipt => "Receipt",
    };
    frame.t(words::document(kind), english)
}

#[derive(askama::Template)]
#[template(path = "console/documents.html")]
struct DocumentsPage {
    frame: Frame,
    documents: Panel,
}

type Id = Result<Path<String>, PathRejection>;

/// The order of an address, if it is of the person's shop.
async fn order(app: &App, signed: &Signed, id: Id) -> Result<(OrderId, Details), Page> {
    let Path(id) = id?;
    let missing = || no_such(format!("order {id}"));
    let order: OrderId = id.parse().map_err(|_| missing())?;
    signed.owns(order.shop())?;
    let loaded = app.gateway.load::<Order>(order.as_str()).await.map_err(|error| http::unavailable(&error))?;
    let details = loaded.aggregate.details().cloned().ok_or_else(missing)?;
    Ok((order, details))
}

/// `GET /orders/{id}/documents`.
pub(crate) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let (_, details) = order(&app, &signed, id).await?;
    Ok(render(&DocumentsPage { documents: Panel::of(&frame, &details), frame }))
}

/// `POST /orders/{id}/documents`: issues one, and says so.
pub(crate) async fn issue(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id, form: Form) -> PageResult {
    let (order, details) = order(&app, &signed, id).await?;
    let known = DocumentKind::ALL.into_iter().find(|kind| kind.code() == form.get("kind"));
    let kind = known.ok_or_else(|| Problem::validation("kind", "choose one of the documents"))?;
    let wording = match Wording::typed(form.get("made_out_to"), form.get("made_out_for")) {
        Ok(wording) => wording,
        Err(error) => {
            let to = error.field == "made_out_to";
            let text = frame.t("100 文字以内の1行で入力してください", "one line of up to 100 characters").to_owned();
            let panel = Panel {
                to: form.get("made_out_to").to_owned(),
                for_what: form.get("made_out_for").to_owned(),
                to_error: Some(text.clone()).filter(|_| to),
                for_error: Some(text).filter(|_| !to),
                ..Panel::of(&frame, &details)
            };
            let mut response = render(&DocumentsPage { documents: panel, frame });
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(response);
        }
    };
    let because = form.because(&app, &signed, "a document was asked for");
    let back = format!("/orders/{order}/documents");
    let (issued, new) = match documents::issue(&app, &order, kind, &wording, &because).await {
        Err(DocumentError::Order(crate::command_gateway::CommandError::Refused(refusal))) => {
            return Ok(frame.leave(&back, &Flash::failed(why_not(frame.language, &refusal))));
        }
        done => done.map_err(Problem::from)?,
    };
    app.settle().await?;
    let name = name(&frame, kind);
    let told = match new {
        true => format!("{name} {} {}", issued.number, frame.t("を発行しました。", "was issued.")),
        false => format!("{name} {} {}", issued.number, frame.t("は発行済みです。", "was issued before.")),
    };
    Ok(frame.leave(&back, &Flash::done(told)))
}

/// `GET /orders/{id}/documents/{number}`: the PDF, for those who may see whom it is for.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    path: Result<Path<(String, String)>, PathRejection>,
) -> PageResult {
    let Path((id, number)) = path?;
    let number: DocumentNumber = number.parse().map_err(|_| no_such(format!("document {number}")))?;
    signed.owns(number.order().shop())?;
    personal(&frame)?;
    if number.order().as_str() != id {
        return Err(no_such(format!("document {number}")).into());
    }
    let printed = documents::print(&app, std::slice::from_ref(&number)).await.map_err(Problem::from)?;
    Ok(http::documents::pdf(&number.to_string(), printed))
}

pub(super) fn personal(frame: &Frame) -> Result<(), Problem> {
    match frame.sees_personal_data() {
        true => Ok(()),
        false => Err(Problem::new(StatusCode::FORBIDDEN, "role_missing", "Your role does not see personal data")),
    }
}

//! 帳票: documents of an order (O13), to be issued and printed; and data for waybills (O14).

use super::{Flash, Form, Frame, Page, PageResult, Signed, render};
use crate::app::App;
use crate::documents::{self, DocumentError};
use crate::http::{Problem, no_such};
use crate::waybills::{self, Which};
use crate::words_documents::why_not;
use crate::{http, words};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::ids::OrderId;
use teiki_domain::order::{Details, DocumentKind, DocumentNumber, Order};
use teiki_domain::shop_settings::WaybillCarrier;

/// The documents of an order as its page shows them: what may be issued, and what was.
pub(crate) struct Panel {
    pub(crate) order_id: String,
    pub(crate) kinds: Vec<KindRow>,
    pub(crate) issued: Vec<IssuedRow>,
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
    let (order, _) = order(&app, &signed, id).await?;
    let known = DocumentKind::ALL.into_iter().find(|kind| kind.code() == form.get("kind"));
    let kind = known.ok_or_else(|| Problem::validation("kind", "choose one of the documents"))?;
    let because = form.because(&app, &signed, "a document was asked for");
    let back = format!("/orders/{order}/documents");
    let (issued, new) = match documents::issue(&app, &order, kind, &because).await {
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

fn personal(frame: &Frame) -> Result<(), Problem> {
    match frame.sees_personal_data() {
        true => Ok(()),
        false => Err(Problem::new(StatusCode::FORBIDDEN, "role_missing", "Your role does not see personal data")),
    }
}

/// Which parcels.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ask {
    /// Just these orders, separated by commas.
    orders: String,
    from: String,
    to: String,
    carrier: String,
    ship_on: String,
}

#[derive(askama::Template)]
#[template(path = "console/waybills.html")]
struct WaybillsPage {
    frame: Frame,
    /// Orders that are named one by one, separated by commas; empty: by dates.
    orders: String,
    count: usize,
    from: String,
    carriers: Vec<(&'static str, &'static str, bool)>,
    chosen: bool,
}

/// `GET /waybills`: which parcels' data shall be written.
pub(crate) async fn waybills(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    ask: Result<Query<Ask>, QueryRejection>,
) -> PageResult {
    personal(&frame)?;
    let Query(Ask { orders, .. }) = ask?;
    let count = match orders.as_str() {
        "" => 0,
        orders => http::waybills::chosen(signed.shop(), "orders", orders)?.len(),
    };
    let settings = app.shops.get(signed.shop()).await.map_err(Problem::from)?.settings;
    let of_shop = settings.waybill_carrier;
    let carriers =
        WaybillCarrier::ALL.map(|carrier| (carrier.as_str(), waybills::name(carrier), of_shop == Some(carrier)));
    let from = app.clock.today().to_string();
    Ok(render(&WaybillsPage { orders, count, from, carriers: carriers.into(), chosen: of_shop.is_some(), frame }))
}

/// `GET /waybills/file`: the file for the carrier's program.
pub(crate) async fn waybill_file(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    ask: Result<Query<Ask>, QueryRejection>,
) -> Result<Response, Page> {
    personal(&frame)?;
    let Query(ask) = ask?;
    let date = |name: &str, text: &str| -> Result<Option<NaiveDate>, Problem> {
        Some(text).filter(|text| !text.is_empty()).map(|text| http::query::date(name, text)).transpose()
    };
    let which = match ask.orders.as_str() {
        "" => Which::Dates(date("from", &ask.from)?, date("to", &ask.to)?),
        orders => Which::Chosen(http::waybills::chosen(signed.shop(), "orders", orders)?),
    };
    let ship_on = date("ship_on", &ask.ship_on)?.unwrap_or_else(|| app.clock.today());
    let carrier = Some(ask.carrier.as_str()).filter(|text| !text.is_empty());
    let carrier = carrier.map(http::waybills::carrier_named).transpose()?;
    let file = waybills::file(&app, signed.shop(), &which, carrier, ship_on).await.map_err(Problem::from)?;
    Ok(http::waybills::file(file, ship_on))
}

//! Data for the parcel carriers' waybill programs (宅配便送り状, O14).

use super::caller::Caller;
use super::problem::{Problem, internal, not_found as no_such};
use super::query::{Params, date, optional};
use super::request::field;
use crate::app::App;
use crate::waybills::{self, LeftOut, WaybillError, Waybills, Which};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::ids::{OrderId, ShopId};
use teiki_domain::shop_settings::WaybillCarrier;
use teiki_infrastructure::api_keys::Scope;
use utoipa::IntoParams;

/// Most orders that are named one by one.
const CHOSEN_MAX: usize = 200;

/// Which parcels.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Ask {
    /// The shop; only the key's own is answered.
    #[param(pattern = "^[0-9]{5}$")]
    shop: Option<String>,
    /// Whose import format; left out: as the shop's settings have it.
    #[param(schema_with = super::schema::waybill_carrier)]
    carrier: Option<String>,
    /// Orders generated for this date or later.
    #[param(value_type = Option<NaiveDate>)]
    from: Option<String>,
    /// Orders generated for this date or earlier.
    #[param(value_type = Option<NaiveDate>)]
    to: Option<String>,
    /// Just these orders: up to 200 numbers, separated by commas. Without: those of the open list.
    #[param(max_length = 8000, example = "02396-D0001-20260401,02396-D0002-20260401")]
    order_ids: Option<String>,
    /// The day the parcels leave; today if left out.
    #[param(value_type = Option<NaiveDate>)]
    ship_on: Option<String>,
    /// `true`: orders that are not paid too. Left out: those that are authorised, paid, or settled outside.
    #[param(value_type = Option<bool>)]
    include_unpaid: Option<String>,
}

/// Most orders left out that are named one by one.
const NAMED_MAX: usize = 200;

impl From<WaybillError> for Problem {
    fn from(error: WaybillError) -> Self {
        match error {
            WaybillError::NoCarrier => Problem::new(StatusCode::CONFLICT, "no_carrier", error.to_string()),
            WaybillError::TooMany => Problem::validation("from", error.to_string()),
            WaybillError::Shop(error) => error.into(),
            WaybillError::Query(error) => error.into(),
            WaybillError::Key(error) => error.into(),
            error @ WaybillError::Form(_) => {
                tracing::error!(%error, "waybill data cannot be written");
                internal()
            }
        }
    }
}

/// `GET /v1/waybills`: the parcels of open orders as the carrier's program imports them, CSV in Windows-31J. The header
/// `teiki-parcels` says how many, `teiki-left-out` how many orders are not among them, each with the reason `unpaid`,
/// `erased` (the member's address is gone) or `to_be_quoted`, as far as 200 go. Takes the scope personal_data.
#[utoipa::path(get, path = "/v1/waybills", operation_id = "get_waybills", tag = "documents", params(Ask),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(ask): Params<Ask>,
) -> Result<Response, Problem> {
    caller.may(Scope::PersonalData)?;
    let shop = caller.shop_asked_for(ask.shop.as_deref())?;
    let given = |name: &str, text: Option<&str>| text.map(|text| date(name, text)).transpose();
    let (from, to) = (given("from", ask.from.as_deref())?, given("to", ask.to.as_deref())?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::validation("from", "it is later than `to`; no day lies between them"));
    }
    let ship_on = given("ship_on", ask.ship_on.as_deref())?.unwrap_or_else(|| app.clock.today());
    let carrier: Option<String> = optional("carrier", ask.carrier.as_deref())?;
    let carrier = carrier.map(|text| carrier_named(&text)).transpose()?;
    let which = match ask.order_ids.as_deref() {
        None => Which::Dates(from, to),
        Some(_) if from.or(to).is_some() => {
            return Err(Problem::validation("order_ids", "name orders or dates, not both"));
        }
        Some(text) => Which::Chosen(chosen(shop, "order_ids", text)?),
    };
    let unpaid_too = match ask.include_unpaid.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::validation("include_unpaid", "it is true or false")),
    };
    let plan = waybills::plan(&app, shop, &which, unpaid_too).await?;
    if let Some((order, _)) = plan.left_out.iter().find(|(_, why)| *why == LeftOut::NotOpen) {
        let text = format!("order {order} is not in the list of open orders, so no parcel of it is sent");
        return Err(Problem::validation("order_ids", text));
    }
    Ok(file(waybills::file(&app, shop, plan, carrier, ship_on).await?, ship_on))
}

/// The orders that are named one by one, all of the same shop.
pub(crate) fn chosen(shop: ShopId, name: &str, text: &str) -> Result<Vec<OrderId>, Problem> {
    let ids = text.split(',').map(|id| field::<OrderId, _>(name, id.parse()));
    let ids: Vec<OrderId> = ids.collect::<Result<_, _>>()?;
    if ids.len() > CHOSEN_MAX {
        return Err(Problem::validation(name, format!("1 to {CHOSEN_MAX} orders, not {}", ids.len())));
    }
    match ids.iter().find(|id| id.shop() != shop) {
        Some(foreign) => Err(no_such(format!("order {foreign}"))),
        None => Ok(ids),
    }
}

pub(crate) fn carrier_named(text: &str) -> Result<WaybillCarrier, Problem> {
    let known = WaybillCarrier::ALL.into_iter().find(|carrier| carrier.as_str() == text);
    let names = || WaybillCarrier::ALL.map(WaybillCarrier::as_str).join(", ");
    known.ok_or_else(|| Problem::validation("carrier", format!("it is one of {}", names())))
}

/// The file, to be saved.
pub(crate) fn file(waybills: Waybills, ship_on: NaiveDate) -> Response {
    let carrier = match waybills.carrier {
        WaybillCarrier::Yamato => "yamato",
        WaybillCarrier::Sagawa => "sagawa",
        WaybillCarrier::JapanPost => "japan-post",
    };
    let disposition = format!("attachment; filename=\"waybills-{carrier}-{}.csv\"", ship_on.format("%Y%m%d"));
    let count = waybills.parcels.to_string();
    let named = waybills.left_out.iter().take(NAMED_MAX).map(|(order, why)| format!("{order}={}", why.code()));
    let left_out: Vec<String> = std::iter::once(waybills.left_out.len().to_string()).chain(named).collect();
    let left_out = left_out.join(", ");
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/csv; charset=windows-31j"),
        (header::CONTENT_DISPOSITION.as_str(), disposition.as_str()),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        ("teiki-parcels", count.as_str()),
        ("teiki-left-out", left_out.as_str()),
    ];
    (headers, waybills.bytes).into_response()
}

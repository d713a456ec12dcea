//! Data for the parcel carriers' waybill programs (宅配便送り状, O14): one file per carrier's import format, in
//! Windows-31J. The columns and their order are the carrier's; what Teiki does not know stays empty, and the carrier's
//! program asks for it or has it set.
//!
//! Nothing is cut off: a text too long for its columns stands whole in the last of them, so that the carrier's program
//! says so before a parcel goes to half an address.

mod japan_post;
mod parcel;
mod sagawa;
mod yamato;

use crate::app::App;
use crate::members;
use crate::reports::windows_31j;
use crate::shops::ShopError;
use chrono::NaiveDate;
use parcel::Parcel;
use std::collections::{HashMap, HashSet};
use teiki_domain::ids::{MemberId, OrderId, ShopId};
use teiki_domain::shop_settings::WaybillCarrier;
use teiki_infrastructure::key_ring::KeyError;
use teiki_projections::QueryError;
use teiki_projections::order_list::{self, OrderFilter, OrderRow};
use teiki_projections::query::LARGEST_PAGE;

/// Most parcels of one file.
pub const PARCELS_MAX: usize = 5_000;
/// Payment statuses (O4) of orders that are to be sent: what is authorised, paid, or settled outside.
const TO_BE_SENT: [&str; 4] = ["authorized", "captured", "sales_confirmed", "external"];

/// Which orders' parcels.
#[derive(Debug, Clone)]
pub enum Which {
    /// Orders of the open list, generated between these dates, both inclusive.
    Dates(Option<NaiveDate>, Option<NaiveDate>),
    /// Just these.
    Chosen(Vec<OrderId>),
}

/// A file for a carrier's program.
#[derive(Debug)]
pub struct Waybills {
    /// Whose program it is for.
    pub carrier: WaybillCarrier,
    /// How many parcels are in it.
    pub parcels: usize,
    /// Orders whose parcels are not in it, and why.
    pub left_out: Vec<(String, LeftOut)>,
    /// The file in Windows-31J.
    pub bytes: Vec<u8>,
}

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum WaybillError {
    /// The shop has not chosen a carrier.
    #[error("this shop has chosen no parcel carrier; choose one in its settings (送り状)")]
    NoCarrier,
    /// More than fit into one file.
    #[error("these are more than {PARCELS_MAX} orders; narrow the dates")]
    TooMany,
    /// The shop's settings.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// The tables.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Personal data cannot be opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A row does not become CSV.
    #[error("the file cannot be written ({0}); this is a fault of the program")]
    Form(String),
}

/// Why an order's parcel is not among those that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// It is not paid; by the stable name of its payment status (O4).
    Unpaid(&'static str),
    /// It is completed, cancelled, or does not exist.
    NotOpen,
    /// Its member was erased, and the address with it.
    Erased,
    /// What the carrier has to collect is still to be quoted.
    ToBeQuoted,
}

impl LeftOut {
    /// A stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unpaid(_) => "unpaid",
            Self::NotOpen => "not_open",
            Self::Erased => "erased",
            Self::ToBeQuoted => "to_be_quoted",
        }
    }
}

/// Which orders' parcels are sent, and which are not.
#[derive(Debug, Default)]
pub struct Plan {
    /// Those that are.
    pub(crate) rows: Vec<OrderRow>,
    /// Those that are not: order number, and why.
    pub left_out: Vec<(String, LeftOut)>,
}

impl Plan {
    /// How many parcels there will be.
    pub fn parcels(&self) -> usize {
        self.rows.len()
    }

    /// How many of them were to be delivered before this day.
    pub fn due_before(&self, day: NaiveDate) -> usize {
        self.rows.iter().filter(|row| row.delivery_date < day).count()
    }
}

/// Which orders are sent. What is not paid is not sent, unless somebody says so.
pub async fn plan(app: &App, shop: ShopId, which: &Which, unpaid_too: bool) -> Result<Plan, WaybillError> {
    let mut plan = Plan::default();
    let rows = rows(app, shop, which).await?;
    if let Which::Chosen(ids) = which {
        let known: HashSet<&str> = rows.iter().map(|row| row.order_id.as_str()).collect();
        let unknown = ids.iter().filter(|id| !known.contains(id.as_str()));
        plan.left_out.extend(unknown.map(|id| (id.to_string(), LeftOut::NotOpen)));
    }
    let ids: Vec<MemberId> = rows.iter().filter_map(|row| row.member_id.parse().ok()).collect();
    let mut living = HashSet::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let members = teiki_projections::member_list::many(&app.storage, chunk).await?;
        living.extend(members.into_iter().filter(|member| member.erased_at.is_none()).map(|member| member.member_id));
    }
    for row in rows {
        let details = row.state.details();
        let paid = TO_BE_SENT.contains(&row.payment_status.as_str());
        let why = match details {
            _ if row.list != "open" => Some(LeftOut::NotOpen),
            None => Some(LeftOut::NotOpen),
            Some(details) if !paid && !unpaid_too => Some(LeftOut::Unpaid(details.payment.code())),
            Some(_) if !living.contains(&row.member_id) => Some(LeftOut::Erased),
            Some(details) if parcel::collects(details) && details.basket.total().is_none() => Some(LeftOut::ToBeQuoted),
            Some(_) => None,
        };
        match why {
            Some(why) => plan.left_out.push((row.order_id, why)),
            None => plan.rows.push(row),
        }
    }
    Ok(plan)
}

/// Makes the file for `carrier`, or the one of the shop's settings, of what [`plan`] sends. Where an address does not
/// open, the row says so in place of it.
pub async fn file(
    app: &App,
    shop: ShopId,
    mut plan: Plan,
    carrier: Option<WaybillCarrier>,
    ship_on: NaiveDate,
) -> Result<Waybills, WaybillError> {
    let settings = app.shops.get(shop).await?.settings;
    let carrier = carrier.or(settings.waybill_carrier).ok_or(WaybillError::NoCarrier)?;
    let ids: Vec<MemberId> = plan.rows.iter().filter_map(|row| row.member_id.parse().ok()).collect();
    let mut profiles = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        for member in teiki_projections::member_list::many(&app.storage, chunk).await? {
            let Ok(id) = member.member_id.parse::<MemberId>() else { continue };
            if let Some(profile) = members::open_for_list(app, &id, &member.sealed_profile).await? {
                profiles.insert(member.member_id, profile);
            }
        }
    }
    let mut parcels = Vec::with_capacity(plan.rows.len());
    for row in plan.rows {
        let (Some(details), Some(profile)) = (row.state.details(), profiles.get(&row.member_id)) else {
            // Erased since the plan was made.
            plan.left_out.push((row.order_id, LeftOut::Erased));
            continue;
        };
        match Parcel::of(details, profile, &settings, ship_on) {
            Some(parcel) => parcels.push(parcel),
            None => plan.left_out.push((row.order_id, LeftOut::ToBeQuoted)),
        }
    }
    let bytes = write(carrier, &parcels)?;
    Ok(Waybills { carrier, parcels: parcels.len(), left_out: plan.left_out, bytes })
}

async fn rows(app: &App, shop: ShopId, which: &Which) -> Result<Vec<OrderRow>, WaybillError> {
    match which {
        Which::Chosen(ids) => {
            let mut rows = order_list::many(&app.storage, ids).await?;
            rows.sort_by_key(|row| ids.iter().position(|id| id.as_str() == row.order_id));
            Ok(rows)
        }
        Which::Dates(from, to) => {
            let list = Some("open".to_owned());
            let filter = OrderFilter { shop: Some(shop), from: *from, to: *to, list, ..OrderFilter::default() };
            let (mut rows, mut after) = (vec![], None);
            loop {
                let page = order_list::list(&app.storage, &filter, after.as_ref(), LARGEST_PAGE).await?;
                rows.extend(page.rows);
                after = page.next;
                if rows.len() > PARCELS_MAX {
                    return Err(WaybillError::TooMany);
                }
                if after.is_none() {
                    return Ok(rows);
                }
            }
        }
    }
}

/// The name of a carrier and its program.
pub fn name(carrier: WaybillCarrier) -> &'static str {
    match carrier {
        WaybillCarrier::Yamato => "ヤマト運輸 B2クラウド",
        WaybillCarrier::Sagawa => "佐川急便 e飛伝III",
        WaybillCarrier::JapanPost => "日本郵便 ゆうプリR",
    }
}

/// Writes a parcel as one row.
type Row = fn(&Parcel) -> Vec<String>;

fn write(carrier: WaybillCarrier, parcels: &[Parcel]) -> Result<Vec<u8>, WaybillError> {
    let (headings, row): (Vec<String>, Row) = match carrier {
        WaybillCarrier::Yamato => (yamato::headings(), yamato::row),
        WaybillCarrier::Sagawa => (sagawa::headings(), sagawa::row),
        WaybillCarrier::JapanPost => (japan_post::headings(), japan_post::row),
    };
    let failed = |error: String| WaybillError::Form(error);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    for row in std::iter::once(headings).chain(parcels.iter().map(row)) {
        writer.write_record(row).map_err(|error| failed(error.to_string()))?;
    }
    let text = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::with_capacity(text.len());
    windows_31j::append(&text, &mut bytes);
    Ok(bytes)
}

/// Cells by their column, counted from 1 as the carriers' manuals count; the others are empty.
fn cells<const N: usize>(filled: &[(usize, String)]) -> Vec<String> {
    let mut row = vec![String::new(); N];
    for (column, cell) in filled {
        if let Some(place) = column.checked_sub(1).and_then(|i| row.get_mut(i)) {
            cell.clone_into(place);
        }
    }
    row
}

#[cfg(test)]
mod tests;

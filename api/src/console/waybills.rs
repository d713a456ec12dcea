//! 送り状データ (O14): which parcels, what is left out of them and why, and the file for the carrier's program.

use super::documents::personal;
use super::{Frame, Language, Page, PageResult, Signed, render, written};
use crate::app::App;
use crate::http::{self, Problem};
use crate::waybills::{self, LeftOut, Plan, WaybillError, Which};
use crate::words_order;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::shop_settings::WaybillCarrier;

/// Which parcels, as typed.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ask {
    /// Just these orders, separated by commas.
    orders: String,
    from: String,
    to: String,
    carrier: String,
    ship_on: String,
    /// Ticked: orders that are not paid too.
    unpaid: String,
}

/// What is wrong with it, beside each field.
#[derive(Default)]
struct Errors {
    orders: Option<String>,
    from: Option<String>,
    to: Option<String>,
    ship_on: Option<String>,
}

impl Errors {
    fn any(&self) -> bool {
        [&self.orders, &self.from, &self.to, &self.ship_on].into_iter().any(Option::is_some)
    }
}

#[derive(askama::Template)]
#[template(path = "console/waybills.html")]
struct WaybillsPage {
    frame: Frame,
    ask: Ask,
    errors: Errors,
    /// Orders that are named one by one; none: by dates.
    chosen: Option<usize>,
    carriers: Vec<(&'static str, &'static str, bool)>,
    carrier_known: bool,
    /// How many parcels there will be, and which orders are left out; none where something is wrong.
    parcels: Option<usize>,
    /// How many of them leave after the day they were to arrive.
    late: usize,
    left_out: Vec<(String, String)>,
}

/// What was asked for, read.
struct Read {
    which: Which,
    ship_on: NaiveDate,
}

impl Ask {
    fn unpaid_too(&self) -> bool {
        !self.unpaid.is_empty()
    }

    /// What was typed, or what is wrong with each field.
    fn read(&self, app: &App, signed: &Signed, frame: &Frame) -> Result<Read, Errors> {
        let today = app.clock.today();
        let mut errors = Errors::default();
        let rule = frame.t("日付は 2026/4/1 のように入力してください", "write a date such as 2026/4/1");
        let date = |text: &str, error: &mut Option<String>| {
            let date = written::date(text, today);
            if date.is_none() && !text.is_empty() {
                *error = Some(rule.to_owned());
            }
            date
        };
        let (from, to) = (date(&self.from, &mut errors.from), date(&self.to, &mut errors.to));
        let ship_on = date(&self.ship_on, &mut errors.ship_on).unwrap_or(today);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            let text = frame.t("開始日が終了日より後です", "this day is later than the last one");
            errors.from = Some(text.to_owned());
        }
        let mut which = Which::Dates(from, to);
        if !self.orders.is_empty() {
            match http::waybills::chosen(signed.shop(), "orders", &self.orders) {
                Ok(ids) => which = Which::Chosen(ids),
                Err(problem) => errors.orders = Some(super::problem_sentence(frame.language, &problem)),
            }
        }
        if errors.any() { Err(errors) } else { Ok(Read { which, ship_on }) }
    }
}

/// Why an order is left out.
fn told(language: Language, why: LeftOut) -> String {
    match why {
        LeftOut::Unpaid(code) => {
            format!("{}({})", language.t("未決済", "not paid"), words_order::payment_status(language, code))
        }
        LeftOut::NotOpen => {
            language.t("受注一覧にない受注(完了・キャンセル済みなど)", "not in the list of open orders").to_owned()
        }
        LeftOut::Erased => language
            .t("会員の個人情報が削除され、お届け先がありません", "its member was erased, and the address with it")
            .to_owned(),
        LeftOut::ToBeQuoted => language
            .t(
                "送料または手数料が別途連絡のため、代引金額が決まっていません",
                "what is to be collected is still to be quoted",
            )
            .to_owned(),
    }
}

/// `GET /waybills`: which parcels' data shall be written, and what is left out of it.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    ask: Result<Query<Ask>, QueryRejection>,
) -> PageResult {
    personal(&frame)?;
    let Query(mut ask) = ask?;
    let today = app.clock.today().to_string();
    if ask.orders.is_empty() && ask.from.is_empty() && ask.to.is_empty() {
        (ask.from, ask.to) = (today.clone(), today.clone());
    }
    if ask.ship_on.is_empty() {
        ask.ship_on = today;
    }
    match ask.read(&app, &signed, &frame) {
        Err(errors) => shown(&app, &signed, frame, ask, errors, None).await,
        Ok(Read { which, .. }) => match waybills::plan(&app, signed.shop(), &which, ask.unpaid_too()).await {
            Ok(plan) => shown(&app, &signed, frame, ask, Errors::default(), Some(plan)).await,
            Err(error) => refused(&app, &signed, frame, ask, error).await,
        },
    }
}

/// The page with what is wrong with the dates; everything else is no fault of the form.
async fn refused(app: &App, signed: &Signed, frame: Frame, ask: Ask, error: WaybillError) -> PageResult {
    let WaybillError::TooMany = error else { return Err(Problem::from(error).into()) };
    let text = frame.t("受注が 5,000 件を超えています。期間を短くしてください", "these are more than 5,000 orders");
    let errors = Errors { from: Some(text.to_owned()), ..Errors::default() };
    shown(app, signed, frame, ask, errors, None).await
}

async fn shown(app: &App, signed: &Signed, frame: Frame, ask: Ask, errors: Errors, plan: Option<Plan>) -> PageResult {
    let of_shop = app.shops.get(signed.shop()).await.map_err(Problem::from)?.settings.waybill_carrier;
    let picked = WaybillCarrier::ALL.into_iter().find(|carrier| carrier.as_str() == ask.carrier).or(of_shop);
    let carriers =
        WaybillCarrier::ALL.map(|carrier| (carrier.as_str(), waybills::name(carrier), picked == Some(carrier)));
    let today = app.clock.today();
    let mut ask = ask;
    for day in [&mut ask.from, &mut ask.to, &mut ask.ship_on] {
        *day = written::picked(day, today);
    }
    let wrong = errors.any();
    let left_out = plan.iter().flat_map(|plan| &plan.left_out);
    let mut response = render(&WaybillsPage {
        chosen: (!ask.orders.is_empty()).then(|| ask.orders.split(',').count()),
        carriers: carriers.into(),
        carrier_known: picked.is_some(),
        parcels: plan.as_ref().map(Plan::parcels),
        late: plan.as_ref().zip(ask.ship_on.parse().ok()).map_or(0, |(plan, day)| plan.due_before(day)),
        left_out: left_out.map(|(order, why)| (order.clone(), told(frame.language, *why))).collect(),
        ask,
        errors,
        frame,
    });
    if wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// `GET /waybills/file`: the file for the carrier's program.
pub(crate) async fn file(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    ask: Result<Query<Ask>, QueryRejection>,
) -> PageResult {
    personal(&frame)?;
    let Query(ask) = ask?;
    let Read { which, ship_on } = match ask.read(&app, &signed, &frame) {
        Ok(read) => read,
        Err(errors) => return shown(&app, &signed, frame, ask, errors, None).await,
    };
    let carrier = Some(ask.carrier.as_str()).filter(|text| !text.is_empty());
    let carrier = carrier.map(http::waybills::carrier_named).transpose()?;
    let plan = match waybills::plan(&app, signed.shop(), &which, ask.unpaid_too()).await {
        Ok(plan) => plan,
        Err(error) => return refused(&app, &signed, frame, ask, error).await,
    };
    let file = waybills::file(&app, signed.shop(), plan, carrier, ship_on).await.map_err(Problem::from)?;
    Ok::<_, Page>(http::waybills::file(file, ship_on))
}

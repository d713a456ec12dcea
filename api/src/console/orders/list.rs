//! 受注一覧, 受注完了一覧, 受注キャンセル一覧: the transaction ID in brackets, a search that remembers itself, rows to choose
//! (O1, O2, O4, O11).

use super::search::{FieldError, LIMITS, OrderSearch};
use crate::app::App;
use crate::console::{Frame, Language, Page, PageResult, Search, Signed, render};
use crate::http::query::cursor;
use crate::{members, words_order};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use std::convert::Infallible;
use std::sync::Arc;
use teiki_domain::declines;
use teiki_domain::money::Yen;
use teiki_domain::order::Payment;
use teiki_projections::order_list::{self, OrderRow};
use teiki_projections::query::Cursor;

/// One of the three lists.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) path: &'static str,
    pub(super) code: &'static str,
    japanese: &'static str,
    english: &'static str,
}

pub(super) const LISTS: [List; 3] = [
    List { path: "/orders", code: "open", japanese: "受注一覧", english: "Orders" },
    List { path: "/orders/completed", code: "completed", japanese: "受注完了一覧", english: "Completed orders" },
    List {
        path: "/orders/cancelled", code: "cancelled", japanese: "受注キャンセル一覧", english: "Cancelled orders"
    },
];

impl List {
    /// The list that an order of this kind stands in.
    pub(super) fn of(code: &str) -> Self {
        LISTS.into_iter().find(|list| list.code == code).unwrap_or(LISTS[0])
    }

    pub(super) fn name(self, frame: &Frame) -> &'static str {
        frame.language.t(self.japanese, self.english)
    }
}

#[derive(askama::Template)]
#[template(path = "console/orders/list.html")]
struct ListPage {
    frame: Frame,
    list: List,
    search: OrderSearch,
    errors: Vec<FieldError>,
    statuses: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Row>,
    links: Links,
    limits: Vec<(u32, bool)>,
    csv: String,
}

/// Where the pages around this one are.
#[derive(Default)]
struct Links {
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
}

impl ListPage {
    fn lists(&self) -> Vec<(&'static str, &'static str, bool)> {
        let tab = |list: List| (list.path, list.name(&self.frame), list.code == self.list.code);
        LISTS.into_iter().map(tab).collect()
    }

    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.text.as_str())
    }

    fn selects(&self) -> bool {
        self.frame.may_act() && self.list.code == "open" && !self.rows.is_empty()
    }
}

/// One order as people read it.
pub(crate) struct Row {
    pub(crate) generation_date: String,
    pub(crate) delivery_date: String,
    pub(crate) order_id: String,
    pub(crate) name: String,
    pub(crate) amount: String,
    pub(crate) method: String,
    pub(crate) status: &'static str,
    /// `[20 digits]`, or nothing.
    pub(crate) transaction_id: Option<String>,
    /// Code and text of a failure, or why nothing was tried.
    pub(crate) problem: Option<String>,
    pub(crate) failed: bool,
    pub(crate) checked: bool,
    pub(crate) three_d_secure: bool,
}

impl Row {
    /// `name` is the buyer's, as the reader may see it.
    pub(crate) fn new(language: Language, row: &OrderRow, name: Option<String>) -> Self {
        // Once an order is paid otherwise, what Paygent refused before is history.
        let failure = row.failure_code.as_ref().filter(|_| row.payment_status != "external").map(|code| {
            let detail = row.failure_detail.as_deref().unwrap_or("");
            let means = declines::means(code, detail);
            format!("{code} {detail} {}", language.t(means.ja, means.en)).trim().replace("  ", " ")
        });
        let not_executed = row.not_executed_reason.as_deref();
        let not_executed = not_executed.map(|code| words_order::not_executed(language, code).to_owned());
        let quoted = || language.t("別途連絡", "to be quoted").to_owned();
        let method = row.payment_method.strip_prefix("external:").unwrap_or(language.t("カード", "card"));
        Self {
            generation_date: row.generation_date.to_string(),
            delivery_date: row.delivery_date.to_string(),
            order_id: row.order_id.clone(),
            name: name.unwrap_or_else(|| row.member_id.clone()),
            amount: row.total.and_then(|yen| Yen::new(yen).ok()).map_or_else(quoted, |yen| yen.to_string()),
            method: method.to_owned(),
            status: words_order::payment_status(language, &row.payment_status),
            transaction_id: row.transaction_id.as_ref().map(|id| format!("[{id}]")),
            failed: row.payment_status == "failed",
            problem: failure.or(not_executed),
            checked: row.payment_checked,
            three_d_secure: row.three_d_secure,
        }
    }
}

/// What an address asks for, and who remembers it.
pub(super) struct Asked {
    headers: HeaderMap,
    uri: Uri,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { headers: parts.headers.clone(), uri: parts.uri.clone() })
    }
}

/// `GET /orders`.
pub(super) async fn open(app: State<Arc<App>>, signed: Signed, frame: Frame, asked: Asked) -> PageResult {
    page(LISTS[0], app, signed, frame, asked).await
}

/// `GET /orders/completed`.
pub(super) async fn completed(app: State<Arc<App>>, signed: Signed, frame: Frame, asked: Asked) -> PageResult {
    page(LISTS[1], app, signed, frame, asked).await
}

/// `GET /orders/cancelled`.
pub(super) async fn cancelled(app: State<Arc<App>>, signed: Signed, frame: Frame, asked: Asked) -> PageResult {
    page(LISTS[2], app, signed, frame, asked).await
}

async fn page(list: List, State(app): State<Arc<App>>, signed: Signed, frame: Frame, asked: Asked) -> PageResult {
    let memory =
        match Search::of(&app, &signed, &asked.headers, &asked.uri, (&format!("orders_{}", list.code), list.path)) {
            Ok(memory) => memory,
            Err(elsewhere) => return Ok(*elsewhere),
        };
    let query = asked.uri.query().unwrap_or("").to_owned();
    let search = OrderSearch::read(&query);
    let place = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        cursor(found.map(|(_, value)| value.into_owned()).as_deref())
    };
    let (after, before) = (place("cursor")?, place("before")?);
    let filter = search.filter(frame.language, signed.shop(), app.clock.today());
    let (mut rows, mut links, mut errors) = (vec![], Links::default(), vec![]);
    match filter {
        Ok(mut filter) => {
            filter.shop = Some(signed.shop());
            // A payment that somebody must decide about may be of an order in any list.
            filter.list = (!filter.undecided_only).then(|| list.code.to_owned());
            (rows, links) = read(&app, list, &search, &filter, after, before).await?;
        }
        Err(found) => errors = found,
    }
    let names = members::names(&app, rows.iter().map(|row| row.member_id.as_str())).await?;
    let mut csv = form_urlencoded::Serializer::new(search.written());
    csv.append_pair("list", list.code);
    let wrong = !errors.is_empty();
    let limit = search.limit();
    let language = frame.language;
    let name = |row: &OrderRow| names.get(&row.member_id).map(|name| frame.name(name));
    let shown = rows.iter().map(|row| Row::new(language, row, name(row))).collect();
    let mut response = render(&ListPage {
        statuses: Payment::CODES
            .iter()
            .map(|code| (*code, words_order::payment_status(language, code), search.status == *code))
            .collect(),
        rows: shown,
        limits: LIMITS.iter().map(|number| (*number, *number == limit)).collect(),
        csv: csv.finish(),
        frame,
        list,
        search,
        errors,
        links,
    });
    if wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(memory.remember(response))
}

async fn read(
    app: &App,
    list: List,
    search: &OrderSearch,
    filter: &order_list::OrderFilter,
    after: Option<Cursor>,
    before: Option<Cursor>,
) -> Result<(Vec<OrderRow>, Links), Page> {
    let address = |parameter: Option<(&str, String)>| {
        let mut query = form_urlencoded::Serializer::new(search.written());
        match parameter {
            Some((name, value)) => query.append_pair(name, &value),
            None => &mut query,
        };
        format!("{}?{}", list.path, query.finish())
    };
    let at = |row: Option<&OrderRow>| row.map(|row| Cursor::new(row.generation_date, &row.order_id).to_string());
    let limit = search.limit();
    let (rows, earlier, later) = match before {
        Some(before) => {
            let (rows, more) = order_list::list_before(&app.storage, filter, &before, limit).await?;
            (rows, more, true)
        }
        None => {
            let page = order_list::list(&app.storage, filter, after.as_ref(), limit).await?;
            (page.rows, after.is_some(), page.next.is_some())
        }
    };
    let first = earlier.then(|| address(None));
    let previous = at(rows.first()).filter(|_| earlier).map(|place| address(Some(("before", place))));
    let next = at(rows.last()).filter(|_| later).map(|place| address(Some(("cursor", place))));
    Ok((rows, Links { first, previous, next }))
}

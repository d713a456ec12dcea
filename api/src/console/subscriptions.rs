//! 定期購入一覧: every subscription of the shop, where it stands and what comes next.

use super::csv_file::csv_file;
use super::subscription::at;
use super::{FieldErrors, Frame, Page, PageResult, Search, Signed, ids, next_address, render, written};
use crate::app::App;
use crate::http::Problem;
use crate::http::query::cursor;
use crate::{members, words_subscription as words};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use teiki_domain::ids::ShopId;
use teiki_domain::money::Yen;
use teiki_domain::subscription::Status;
use teiki_projections::query::Cursor;
use teiki_projections::subscription_list::{self, MethodKind, SubscriptionFilter, SubscriptionRow};

/// Rows of a page.
const LIMIT: u32 = 50;
/// Rows of the file read at once.
const FILE_PAGE: u32 = 500;

/// The search as it was typed.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filters {
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) member: String,
    #[serde(default)]
    pub(super) number: String,
    #[serde(default)]
    pub(super) from: String,
    #[serde(default)]
    pub(super) to: String,
    #[serde(default)]
    pub(super) method: String,
    #[serde(default)]
    pub(super) failed: String,
    cursor: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/subscriptions.html")]
struct SubscriptionsPage {
    frame: Frame,
    filters: Filters,
    statuses: Vec<(&'static str, &'static str, bool)>,
    methods: Vec<(&'static str, &'static str, bool)>,
    /// What is wrong with the search.
    errors: FieldErrors,
    searched: bool,
    rows: Vec<Row>,
    next: Option<String>,
    file: String,
}

/// One subscription as people read it.
pub(super) struct Row {
    pub(super) subscription_id: String,
    pub(super) status: String,
    pub(super) status_text: &'static str,
    pub(super) member_id: String,
    pub(super) name: String,
    pub(super) cycle: String,
    pub(super) method: String,
    pub(super) total: String,
    pub(super) generation: String,
    pub(super) delivery: String,
    pub(super) orders: i64,
}

impl Row {
    pub(super) fn new(frame: &Frame, row: &SubscriptionRow, name: Option<&String>) -> Self {
        let language = frame.language;
        let date =
            |date: Option<NaiveDate>| date.map_or("―".to_owned(), |date| written::with_weekday(language, date));
        let total = row.total.and_then(|yen| Yen::new(yen).ok());
        Self {
            subscription_id: row.subscription_id.clone(),
            status: row.status.clone(),
            status_text: words::status(language, &row.status),
            member_id: row.member_id.clone(),
            name: name.map_or_else(|| row.member_id.clone(), |name| frame.name(name)),
            cycle: words::cycle_text(language, &row.cycle),
            method: words::method_text(language, &row.payment_method),
            total: total.map_or_else(|| language.t("別途連絡", "to be quoted").to_owned(), |yen| yen.to_string()),
            generation: date(row.next_generation_date),
            delivery: date(row.next_delivery_date),
            orders: row.orders,
        }
    }
}

/// An id as people type it: with the shop's digits or without them, in whatever width.
pub(crate) fn whole_id(shop: ShopId, text: &str) -> String {
    let text = written::narrow(text);
    let text = text.trim();
    let whole = text.split_once('-').is_some_and(|(shop, _)| shop.parse::<ShopId>().is_ok());
    if whole { text.to_owned() } else { format!("{shop}-{text}") }
}

impl Filters {
    /// The search, or every field that cannot be used.
    fn read(&self, frame: &Frame, shop: ShopId, today: NaiveDate) -> Result<SubscriptionFilter, FieldErrors> {
        let given = |text: &str| !text.trim().is_empty();
        let mut errors = FieldErrors::default();
        let mut date = |field: &'static str, text: &str| {
            let date = written::date(text, today);
            if given(text) && date.is_none() {
                let rule = ("日付は 2026/4/1 のように入力してください", "Write a date such as 2026/4/1");
                errors.add(field, frame.t(rule.0, rule.1));
            }
            date
        };
        let (next_from, next_to) = (date("from", &self.from), date("to", &self.to));
        let member = ids::member(frame, shop, "member", &self.member, &mut errors);
        let subscription = ids::subscription(frame, shop, "number", &self.number, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(SubscriptionFilter {
            shop: Some(shop),
            status: match self.status.as_str() {
                "running" => Some(Status::Running),
                "paused" => Some(Status::Paused),
                "ended" => Some(Status::Ended),
                _ => None,
            },
            member,
            subscription,
            failed: given(&self.failed),
            payment_method: match self.method.as_str() {
                "card" => Some(MethodKind::Card),
                "external" => Some(MethodKind::External),
                _ => None,
            },
            next_from,
            next_to,
        })
    }

    fn parameters(&self) -> [(&str, Option<&str>); 7] {
        [
            ("status", Some(self.status.as_str())),
            ("member", Some(self.member.as_str())),
            ("number", Some(self.number.as_str())),
            ("from", Some(self.from.as_str())),
            ("to", Some(self.to.as_str())),
            ("method", Some(self.method.as_str())),
            ("failed", Some(self.failed.as_str())),
        ]
    }

    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.parameters() {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// `GET /subscriptions`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    headers: HeaderMap,
    uri: Uri,
    filters: Result<Query<Filters>, QueryRejection>,
) -> PageResult {
    let search = match Search::of(&app, &signed, &headers, &uri, ("subscriptions", "/subscriptions")) {
        Ok(search) => search,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let Query(filters) = filters?;
    let after = cursor(filters.cursor.as_deref())?;
    let (rows, next, errors) = match filters.read(&frame, signed.shop(), app.clock.today()) {
        Ok(filter) => {
            let page = subscription_list::list(&app.storage, &filter, after.as_ref(), LIMIT).await?;
            (page.rows, page.next, FieldErrors::default())
        }
        Err(errors) => (vec![], None, errors),
    };
    let names = members::names(&app, rows.iter().map(|row| row.member_id.as_str())).await?;
    let query = filters.query();
    let status = errors.status();
    let page = render(&SubscriptionsPage {
        statuses: ["running", "paused", "ended"]
            .map(|code| (code, words::status(frame.language, code), filters.status == code))
            .to_vec(),
        methods: vec![
            ("card", frame.language.t("クレジットカード", "card"), filters.method == "card"),
            ("external", frame.language.t("カード以外", "other than card"), filters.method == "external"),
        ],
        rows: rows.iter().map(|row| Row::new(&frame, row, names.get(&row.member_id))).collect(),
        next: next.map(|next| next_address("/subscriptions", &filters.parameters(), &next.to_string())),
        file: if query.is_empty() { "/subscriptions.csv".to_owned() } else { format!("/subscriptions.csv?{query}") },
        searched: !query.is_empty(),
        frame,
        filters,
        errors,
    });
    Ok(search.remember(at(status, page)))
}

/// `GET /subscriptions.csv`: the whole search as a file.
pub(crate) async fn file(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Response, Page> {
    let Query(filters) = filters?;
    let filter = filters.read(&frame, signed.shop(), app.clock.today());
    let filter = filter.map_err(|errors| {
        let (field, text) = errors.list().first().cloned().unwrap_or_default();
        Problem::validation(field, text.clone()).in_japanese(text)
    })?;
    let columns = [
        frame.t("定期購入番号", "subscription"),
        frame.t("状態", "state"),
        frame.t("会員ID", "member"),
        frame.t("購入者", "buyer"),
        frame.t("配送サイクル", "cycle"),
        frame.t("支払方法", "payment method"),
        frame.t("次回請求額", "next amount"),
        frame.t("次回受注反映日", "next generation date"),
        frame.t("次回配送日", "next delivery date"),
        frame.t("受注回数", "orders"),
        frame.t("開始日", "started on"),
    ];
    let columns = columns.map(str::to_owned).to_vec();
    let pages = futures::stream::try_unfold(Some(None::<Cursor>), move |place| {
        let (app, frame, filter) = (app.clone(), frame.clone(), filter.clone());
        async move {
            let Some(after) = place else { return Ok::<_, Problem>(None) };
            let page = subscription_list::list(&app.storage, &filter, after.as_ref(), FILE_PAGE).await?;
            let names = members::names(&app, page.rows.iter().map(|row| row.member_id.as_str())).await?;
            let lines = page.rows.iter().map(|row| line(&frame, row, &names)).collect();
            Ok(Some((lines, page.next.map(Some))))
        }
    });
    Ok(csv_file("subscriptions", columns, pages))
}

fn line(frame: &Frame, row: &SubscriptionRow, names: &HashMap<String, String>) -> Vec<String> {
    let date = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    vec![
        row.subscription_id.clone(),
        words::status(frame.language, &row.status).to_owned(),
        row.member_id.clone(),
        names.get(&row.member_id).map(|name| frame.name(name)).unwrap_or_default(),
        words::cycle_text(frame.language, &row.cycle),
        words::method_text(frame.language, &row.payment_method),
        row.total.map(|yen| yen.to_string()).unwrap_or_default(),
        date(row.next_generation_date),
        date(row.next_delivery_date),
        row.orders.to_string(),
        row.started_on.to_string(),
    ]
}

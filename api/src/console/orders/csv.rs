//! The search as a CSV file, streamed a page of the table at a time (O2).

use super::list::List;
use super::search::OrderSearch;
use crate::app::App;
use crate::console::{Frame, Page, PageResult, Signed};
use crate::http::Problem;
use crate::reports::csv_lines;
use crate::{members, words};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use std::borrow::Cow;
use std::sync::Arc;
use teiki_domain::declines;
use teiki_projections::order_list::{self, OrderFilter, OrderRow};
use teiki_projections::query::Cursor;

/// Rows read at once.
const PAGE: u32 = 500;

const HEADINGS: [&str; 16] = [
    "受注番号",
    "取引ID",
    "反映日",
    "配送日",
    "会員ID",
    "購入者",
    "定期購入番号",
    "商品金額",
    "請求金額",
    "支払方法",
    "決済状況",
    "エラーコード",
    "エラー詳細",
    "エラーの意味・未実行の理由",
    "3Dセキュア",
    "入金チェック",
];

/// Where the file has come to.
struct Reading {
    app: Arc<App>,
    filter: OrderFilter,
    frame: Frame,
    windows_31j: bool,
    begun: bool,
    after: Option<Cursor>,
    done: bool,
}

/// `GET /orders/csv`.
pub(super) async fn download(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let query = query.unwrap_or_default();
    let parameter = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let windows_31j = match parameter("encoding").as_str() {
        "" => false,
        "windows-31j" => true,
        _ => return Err(Problem::validation("encoding", "windows-31j, or left out for UTF-8").into()),
    };
    let list = List::of(&parameter("list"));
    let filter = OrderSearch::read(&query).filter(frame.language, signed.shop(), app.clock.today());
    let mut filter = filter.map_err(|errors| {
        let first = errors.into_iter().next();
        let (field, text) = first.map_or(("search", String::new()), |error| (error.field, error.text));
        Page::from(Problem::validation(field, text.clone()).in_japanese(text))
    })?;
    filter.shop = Some(signed.shop());
    filter.list = Some(list.code.to_owned());
    let name = format!("orders-{}-{}.csv", list.code, app.clock.today());
    let reading = Reading { app, filter, frame, windows_31j, begun: false, after: None, done: false };
    let body = stream::unfold(reading, |mut reading| async move {
        if reading.done {
            return None;
        }
        let part = reading.next().await;
        if let Err(error) = &part {
            // The file ends in the middle of nothing, and the browser says that it is broken.
            tracing::error!(%error, "a list of orders could not be written to its end");
            reading.done = true;
        }
        Some((part, reading))
    });
    let kind = if windows_31j { "text/csv; charset=Windows-31J" } else { "text/csv; charset=utf-8" };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(body.boxed())).into_response())
}

impl Reading {
    async fn next(&mut self) -> Result<Bytes, std::io::Error> {
        let other = |error: &dyn std::fmt::Display| std::io::Error::other(error.to_string());
        let page = order_list::list(&self.app.storage, &self.filter, self.after.as_ref(), PAGE).await;
        let page = page.map_err(|error| other(&error))?;
        let names = members::names(&self.app, page.rows.iter().map(|row| row.member_id.as_str())).await;
        let names = names.map_err(|error| other(&error))?;
        let mut bytes = vec![];
        if !self.begun {
            self.begun = true;
            let headings = std::iter::once(HEADINGS.iter().map(|name| Cow::Borrowed(*name)).collect());
            bytes = csv_lines(headings, self.windows_31j, true).map_err(|error| other(&error))?;
        }
        let name = |row: &OrderRow| names.get(&row.member_id).map(|name| self.frame.name(name)).unwrap_or_default();
        let rows = page.rows.iter().map(|row| cells(row, name(row)));
        bytes.extend(csv_lines(rows, self.windows_31j, false).map_err(|error| other(&error))?);
        self.done = page.next.is_none();
        self.after = page.next;
        Ok(bytes.into())
    }
}

fn cells(row: &OrderRow, name: String) -> Vec<Cow<'_, str>> {
    let detail = row.failure_detail.as_deref().unwrap_or("");
    let meaning = match (&row.failure_code, &row.not_executed_reason) {
        (Some(code), _) => declines::meaning(code, detail),
        (None, Some(reason)) => words::not_executed(reason),
        (None, None) => "",
    };
    let method = row.payment_method.strip_prefix("external:").unwrap_or("クレジットカード");
    vec![
        row.order_id.as_str().into(),
        // In brackets, as on the pages: 20 digits alone would lose their last ones in a spreadsheet.
        row.transaction_id.as_ref().map(|id| format!("[{id}]")).unwrap_or_default().into(),
        row.generation_date.to_string().into(),
        row.delivery_date.to_string().into(),
        row.member_id.as_str().into(),
        name.into(),
        row.subscription_id.as_str().into(),
        row.goods.to_string().into(),
        row.total.map_or_else(|| "別途連絡".to_owned(), |yen| yen.to_string()).into(),
        method.into(),
        words::payment_status(&row.payment_status).into(),
        row.failure_code.as_deref().unwrap_or("").into(),
        detail.into(),
        meaning.into(),
        if row.three_d_secure { "認証済" } else { "" }.into(),
        if row.payment_checked { "済" } else { "" }.into(),
    ]
}

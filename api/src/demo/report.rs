//! What the demonstration prints: the order list, the card-expiry table, a summary.

use super::DemoError;
use crate::app::App;
use crate::console::{Language, card_expiry, orders};
use crate::members;
use crate::words;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use teiki_projections::order_list::{self, OrderFilter};
use teiki_projections::{card_expiry_table, payment_work};
use unicode_width::UnicodeWidthStr as _;

/// Newest orders printed.
const ORDERS: usize = 25;
/// Cards printed.
const CARDS: u32 = 50;
/// Orders read at once for the summary.
const PAGE: u32 = 1_000;

/// All of it, as text.
pub(super) async fn text(app: &App, nights: u32) -> Result<String, DemoError> {
    let mut out = String::new();
    let mut by_status: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    let mut by_problem: BTreeMap<String, u64> = BTreeMap::new();
    let mut newest = Vec::new();
    let (mut after, mut all) = (None, 0);
    loop {
        let filter = OrderFilter::default();
        let page = order_list::list(&app.storage, &filter, after.as_ref(), PAGE).await.map_err(DemoError::other)?;
        for row in page.rows {
            all += 1;
            let (count, yen) = by_status.entry(row.payment_status.clone()).or_default();
            *count += 1;
            *yen += row.total.unwrap_or(0);
            if let Some(code) = &row.failure_code {
                let detail = row.failure_detail.as_deref().unwrap_or("");
                *by_problem.entry(format!("{code} {detail}")).or_default() += 1;
            }
            if let Some(reason) = &row.not_executed_reason {
                *by_problem.entry(words::not_executed(reason).to_owned()).or_default() += 1;
            }
            if newest.len() < ORDERS {
                newest.push(row);
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    order_list_text(app, &newest, all, &mut out).await?;
    card_expiry_text(app, &mut out).await?;
    let unknown = payment_work::count_open(&app.storage).await.map_err(DemoError::other)?;
    let head = app.log.head().await.map_err(DemoError::other)?;
    let _ = writeln!(out, "\nまとめ: {nights} 夜、受注 {all} 件、イベント {head} 件、結果不明 {unknown} 件");
    for (status, (count, yen)) in by_status {
        let yen = teiki_domain::money::Yen::new(yen).map_err(DemoError::other)?.to_string();
        let _ = writeln!(out, "  {} {count:>5} 件 {yen:>14}", pad(words::payment_status(&status), 18));
    }
    if !by_problem.is_empty() {
        let _ = writeln!(out, "失敗・未実行の内訳:");
        for (problem, count) in by_problem {
            let _ = writeln!(out, "  {} {count:>5} 件", pad(&problem, 48));
        }
    }
    Ok(out)
}

async fn order_list_text(
    app: &App,
    newest: &[order_list::OrderRow],
    all: u64,
    out: &mut String,
) -> Result<(), DemoError> {
    let names = members::names(app, newest.iter().map(|row| row.member_id.as_str())).await.map_err(DemoError::other)?;
    let _ = writeln!(out, "\n受注一覧 (新しい順に {} 件 / 全 {all} 件)", newest.len());
    let rows = newest.iter().map(|row| {
        let row = orders::Row::new(Language::Japanese, row, names.get(&row.member_id).cloned());
        let mark = if row.failed { "✗" } else { " " };
        let last = [row.transaction_id, row.problem].into_iter().flatten().collect::<Vec<_>>().join(" ");
        vec![mark.to_owned(), row.generation_date, row.order_id, row.name, row.amount, row.status.to_owned(), last]
    });
    table(&["", "反映日", "受注番号", "購入者", ">請求金額", "決済状況", "取引ID / エラー"], rows.collect(), out);
    Ok(())
}

async fn card_expiry_text(app: &App, out: &mut String) -> Result<(), DemoError> {
    let today = app.clock.today();
    let page = card_expiry_table::affected(&app.storage, today, None, None, CARDS).await.map_err(DemoError::other)?;
    let ids = page.rows.iter().map(|row| row.member_id.as_str());
    let names = members::names(app, ids).await.map_err(DemoError::other)?;
    let _ = writeln!(out, "\nカード管理 ({today} 現在、有効期限が3か月をきっている、または切れている定期購入)");
    let rows = page.rows.iter().map(|row| {
        let row = card_expiry::Row::new(row, names.get(&row.member_id));
        let mark = if row.expired { "✗" } else { " " };
        vec![mark.to_owned(), row.expiry, row.standing.to_owned(), row.subscription_id, row.name, row.masked_number]
    });
    table(&["", "有効期限", "状態", "定期購入番号", "購入者", "カード番号"], rows.collect(), out);
    Ok(())
}

/// Columns as wide as their widest cell; `>` before a heading aligns its column to the right.
fn table(headings: &[&str], rows: Vec<Vec<String>>, out: &mut String) {
    let heading: Vec<String> = headings.iter().map(|text| text.trim_start_matches('>').to_owned()).collect();
    let mut widths: Vec<usize> = heading.iter().map(|text| text.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    for row in std::iter::once(&heading).chain(&rows) {
        let mut line = String::new();
        for ((cell, width), heading) in row.iter().zip(&widths).zip(headings) {
            let space = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) =
                if heading.starts_with('>') { (space, String::new()) } else { (String::new(), space) };
            let _ = write!(line, "{before}{cell}{after}  ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Filled up with spaces to `width` columns of a terminal, where kana and kanji take two.
fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

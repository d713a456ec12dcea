//! 再オーソリ予定: each failed order with the day of its next attempt, or why there is none by itself (O17).

use super::{Frame, Language, PageResult, Signed, next_address, render, written};
use crate::app::App;
use crate::http::query::cursor;
use crate::http::unavailable;
use crate::workers::retries::{self, NoPlan, Plan};
use crate::{members, words, words_order};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use std::sync::Arc;
use teiki_domain::declines;
use teiki_domain::money::Yen;

/// Rows of a page.
const LIMIT: u32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    cursor: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "console/retries.html")]
struct RetriesPage {
    frame: Frame,
    /// The shop's rule in words.
    rule: String,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    order_id: String,
    subscription_id: String,
    member_id: String,
    name: String,
    amount: String,
    code: String,
    meaning: String,
    first_on: String,
    attempt: i64,
    /// The day of the next attempt.
    next_on: Option<String>,
    /// Why there is none.
    why: Option<String>,
}

impl Row {
    fn new(frame: &Frame, plan: &Plan, name: Option<&String>) -> Self {
        let row = &plan.row;
        let means = declines::means(&row.code, &row.detail);
        Self {
            order_id: row.order_id.clone(),
            subscription_id: row.subscription_id.clone(),
            member_id: row.member_id.clone(),
            name: name.map_or_else(|| row.member_id.clone(), |name| frame.name(name)),
            amount: row
                .amount
                .and_then(|yen| Yen::new(yen).ok())
                .map_or_else(|| frame.t("別途連絡", "to be quoted").to_owned(), |yen| yen.to_string()),
            code: row.code.clone(),
            meaning: frame.t(means.ja, means.en).to_owned(),
            first_on: row.first_on.to_string(),
            attempt: row.next_attempt,
            next_on: plan.next.as_ref().ok().map(|day| written::with_weekday(frame.language, *day)),
            why: plan.next.as_ref().err().map(|why| match (frame.language, why) {
                (Language::Japanese, why) => words::no_plan(why),
                (Language::English, NoPlan::Order(refusal)) => words_order::refusal(Language::English, refusal),
                (Language::English, why) => why.to_string(),
            }),
        }
    }
}

/// `GET /retries`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    place: Result<Query<Place>, QueryRejection>,
) -> PageResult {
    let Query(place) = place?;
    let after = cursor(place.cursor.as_deref())?;
    let plans = retries::plans(&app, Some(signed.shop()), after.as_ref(), LIMIT).await;
    let (plans, next) = plans.map_err(|error| unavailable(&error))?;
    let names = members::names(&app, plans.iter().map(|plan| plan.row.member_id.as_str())).await?;
    let policy = app.shops.get(signed.shop()).await?.settings.retry_policy.clone();
    let days: Vec<String> = policy.ladder.iter().map(ToString::to_string).collect();
    let days = days.join(frame.t("、", ", "));
    let on_change = if policy.on_card_change {
        frame.t("カードの変更時にも1回行います。", " A changed card makes one attempt at once.")
    } else {
        ""
    };
    let rule = match (policy.ladder.is_empty(), frame.language) {
        (true, Language::Japanese) => format!("このショップは、日数による再オーソリをしない設定です。{on_change}"),
        (true, Language::English) => format!("The shop tries nothing again by days.{on_change}"),
        (false, Language::Japanese) => {
            format!("一時的な失敗は、最初のオーソリから {days} 日後に再オーソリします。{on_change}")
        }
        (false, Language::English) => format!("Soft declines are tried again {days} days after the first.{on_change}"),
    };
    Ok(render(&RetriesPage {
        rows: plans.iter().map(|plan| Row::new(&frame, plan, names.get(&plan.row.member_id))).collect(),
        next: next.map(|next| next_address("/retries", &[], &next.to_string())),
        rule,
        frame,
    }))
}

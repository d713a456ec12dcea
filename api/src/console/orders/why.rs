//! Why was this charged: the chain from the subscription to Paygent's answer, each step with when, who, why and where in the
//! log it stands (R2, R5, S4, O12).

use super::view::tokyo_text;
use super::{Id, order_id};
use crate::app::App;
use crate::as_of::{self, AsOf};
use crate::console::{Frame, Page, PageResult, Signed, render};
use crate::history::{self, Entry};
use crate::http::Problem;
use axum::extract::State;
use std::collections::HashMap;
use std::sync::Arc;
use teiki_domain::ids::ShopId;
use teiki_domain::money::Yen;
use teiki_domain::payment_method::SaleMode;

/// Deepest step that is set in further than its cause.
const DEEPEST: usize = 7;

#[derive(askama::Template)]
#[template(path = "console/orders/why.html")]
struct WhyPage {
    frame: Frame,
    id: String,
    steps: Vec<Step>,
}

/// One step of the chain.
struct Step {
    depth: usize,
    kind: &'static str,
    kind_text: &'static str,
    /// What it is about, with where it is shown.
    about: String,
    link: Option<String>,
    text: String,
    at: String,
    actor: String,
    reason: String,
    position: i64,
    caused_by: Option<i64>,
    /// Good or bad news, or neither.
    tone: &'static str,
    /// What was in force, where the step depended on it.
    settings: Vec<String>,
}

/// `GET /orders/{id}/why`.
pub(super) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let id = order_id(id, &signed)?;
    let entries = history::of(&app, id.as_str(), frame.sees_personal_data()).await.map_err(Problem::from)?;
    let mut depths: HashMap<i64, usize> = HashMap::new();
    let mut steps = Vec::with_capacity(entries.len());
    for entry in &entries {
        let depth = entry.caused_by.and_then(|cause| depths.get(&cause)).map_or(0, |depth| depth + 1);
        depths.insert(entry.position, depth);
        // The settings decide when the order appears and when a card is tried.
        let decides = matches!(entry.event_type.as_str(), "OrderGenerated" | "AuthorizationRequested");
        let settings = if decides { settings(&app, &frame, signed.shop(), entry.position).await? } else { vec![] };
        steps.push(step(&frame, entry, depth.min(DEEPEST), settings));
    }
    Ok(render(&WhyPage { frame, id: id.to_string(), steps: in_order_of_causes(steps) }))
}

/// Every step behind what caused it, before whatever else that caused later.
fn in_order_of_causes(steps: Vec<Step>) -> Vec<Step> {
    let mut children: HashMap<Option<i64>, Vec<i64>> = HashMap::new();
    let known: Vec<i64> = steps.iter().map(|step| step.position).collect();
    for step in &steps {
        let cause = step.caused_by.filter(|cause| known.contains(cause) && *cause < step.position);
        children.entry(cause).or_default().push(step.position);
    }
    let mut by_position: HashMap<i64, Step> = steps.into_iter().map(|step| (step.position, step)).collect();
    let mut ordered = Vec::with_capacity(by_position.len());
    let mut next: Vec<i64> = children.get(&None).into_iter().flatten().rev().copied().collect();
    while let Some(position) = next.pop() {
        ordered.extend(by_position.remove(&position));
        next.extend(children.get(&Some(position)).into_iter().flatten().rev());
    }
    ordered
}

fn step(frame: &Frame, entry: &Entry, depth: usize, settings: Vec<String>) -> Step {
    let language = frame.language;
    let (kind, kind_text, link) = match entry.aggregate_type.as_str() {
        "subscription" => {
            let link = format!("/subscriptions/{}", entry.aggregate_id);
            ("subscription", language.t("定期購入", "Subscription"), Some(link))
        }
        "order" => ("order", language.t("受注", "Order"), Some(format!("/orders/{}", entry.aggregate_id))),
        "member" => ("member", language.t("会員・カード", "Member, card"), None),
        "shop_settings" => ("shop", language.t("店舗設定", "Settings"), None),
        "mail" => ("mail", language.t("メール", "Mail"), None),
        _ => ("other", language.t("その他", "Other"), None),
    };
    let tone = match entry.event_type.as_str() {
        "AuthorizationSucceeded" | "SalesConfirmed" | "MailSent" => "good",
        name if name.ends_with("Failed") || name.ends_with("Expired") || name.ends_with("GivenUp") => "bad",
        name if name.ends_with("Unknown") || name.ends_with("NotExecuted") || name.starts_with("Surplus") => "warn",
        _ => "plain",
    };
    Step {
        depth,
        kind,
        kind_text,
        about: entry.aggregate_id.clone(),
        link,
        text: entry.what(language).to_owned(),
        at: tokyo_text(&entry.recorded_at),
        actor: entry.who(language).to_owned(),
        reason: entry.why(language).into_owned(),
        position: entry.position,
        caused_by: entry.caused_by,
        tone,
        settings,
    }
}

/// What the shop's settings said at that position of the log (S4, S9, S13, S17).
async fn settings(app: &App, frame: &Frame, shop: ShopId, position: i64) -> Result<Vec<String>, Page> {
    let then = as_of::find(app, AsOf::Position(position)).await.map_err(Problem::from)?;
    let Some(settings) = as_of::shop(app, shop, then).await.map_err(Problem::from)? else { return Ok(vec![]) };
    let text = |japanese: &str, english: &str| frame.t(japanese, english).to_owned();
    let on = |set: bool| if set { text("する", "on") } else { text("しない", "off") };
    let mode = match settings.sale_mode {
        SaleMode::AuthorizeOnly => text("オーソリのみ", "authorise only"),
        SaleMode::AuthorizeAndCapture => text("オーソリ+売上", "authorise and capture"),
    };
    let mut lines = vec![
        format!("{}: {mode}", frame.t("同時売上フラグ", "Simultaneous sale")),
        format!("{}: {}", frame.t("与信を同時に実行", "Authorise at generation"), on(settings.authorize_at_generation)),
    ];
    let yen = |yen: Option<Yen>| yen.map(|yen| yen.to_string()).unwrap_or_default();
    if settings.goods_min.is_some() || settings.goods_max.is_some() {
        let range = format!("{}〜{}", yen(settings.goods_min), yen(settings.goods_max));
        lines.push(format!("{}: {range}", frame.t("適用条件(商品金額)", "Goods amount")));
    }
    if settings.contract_start.is_some() || settings.contract_end.is_some() {
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let period = format!("{}〜{}", day(settings.contract_start), day(settings.contract_end));
        lines.push(format!("{}: {period}", frame.t("契約期間", "Contract period")));
    }
    Ok(lines)
}

//! 本日: what last night's run did, what needs somebody, and how renewals and sales go.

use super::chart::{Bar, Chart};
use super::search::ONCE;
use super::{Frame, Page, PageResult, Signed, render};
use crate::app::App;
use crate::http::unavailable;
use crate::words_order;
use axum::extract::State;
use chrono::{Days, NaiveDate};
use std::sync::Arc;
use teiki_domain::card_expiry::ExpiryStanding;
use teiki_domain::ids::ShopId;
use teiki_domain::mail::Status as MailStatus;
use teiki_domain::money::Yen;
use teiki_domain::shop_settings::Details as Shop;
use teiki_infrastructure::set_aside;
use teiki_projections::cell::Cell;
use teiki_projections::query::LARGEST_PAGE;
use teiki_projections::reports::read::Ask;
use teiki_projections::reports::{self, Report};
use teiki_projections::today::{Counted, MOST, count};
use teiki_projections::{card_expiry_table, failed_orders, mail_list};

/// Days that the charts show, today among them.
const DAYS: u64 = 30;
/// Payment statuses (O4) whose outcome is not known.
const UNKNOWN: [&str; 6] =
    ["unknown", "given_up", "capture_unknown", "revision_unknown", "void_unknown", "refund_unknown"];
/// Where work that is set aside is released.
const SET_ASIDE: &str = "/set-aside";
/// Where mails that were given up are sent again.
const MAILS: &str = "/mails?status=given_up";
/// Reasons not to execute (R5), with the columns of the report that count them.
const NOT_EXECUTED: [(&str, &str); 6] = [
    ("not_executed_off", "authorize_at_generation_off"),
    ("not_executed_goods_amount", "goods_amount_out_of_range"),
    ("not_executed_to_be_quoted", "amount_to_be_quoted"),
    ("not_executed_contract", "outside_contract_period"),
    ("not_executed_no_card", "no_stored_card"),
    ("not_executed_nothing_to_pay", "nothing_to_pay"),
];

#[derive(askama::Template)]
#[template(path = "console/today.html")]
struct TodayPage {
    frame: Frame,
    run: Option<Run>,
    needs: Vec<Need>,
    rate: Chart,
    sales: Chart,
}

/// The newest night on which orders were generated.
struct Run {
    day: String,
    /// What happened how often.
    figures: Vec<Figure>,
    /// Refusals of that day by Paygent's code.
    failures: Vec<Figure>,
    /// Orders not executed, by reason.
    not_executed: Vec<Figure>,
}

/// A number with its name, and where its orders are, if a list shows just these.
struct Figure {
    name: String,
    number: String,
    href: Option<String>,
}

/// Something that needs somebody.
struct Need {
    text: String,
    number: String,
    href: String,
    urgent: bool,
}

/// `GET /`.
pub(crate) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame) -> PageResult {
    let (shop, today) = (signed.shop(), app.clock.today());
    let settings = app.shops.get(shop).await.map_err(crate::http::Problem::from)?;
    let from = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let ask = Ask { shop, from: Some(from), to: Some(today), today };
    let (renewals, sales) = (table(&app, "renewals", &ask).await?, table(&app, "daily_sales", &ask).await?);
    let run = match renewals.rows.last() {
        Some(row) => Some(run(&app, &frame, &ask, &renewals, row).await?),
        None => None,
    };
    let needs = needs(&app, &frame, shop, settings.bound_to(), &settings.settings, today).await?;
    let days: Vec<NaiveDate> = from.iter_days().take_while(|day| *day <= today).collect();
    let rate = rate(&frame, &days, &renewals);
    let sales = sold(&frame, &days, &sales);
    Ok::<_, Page>(render(&TodayPage { frame, run, needs, rate, sales }))
}

/// Rows of a report, read by the names of its columns.
struct Rows {
    report: &'static Report,
    rows: Vec<Vec<Cell>>,
}

impl Rows {
    fn text<'r>(&self, row: &'r [Cell], name: &str) -> &'r str {
        match self.report.column(name).and_then(|(at, _)| row.get(at)) {
            Some(Cell::Text(text)) => text,
            _ => "",
        }
    }

    fn number(&self, row: &[Cell], name: &str) -> Option<i64> {
        match self.report.column(name).and_then(|(at, _)| row.get(at)) {
            Some(Cell::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// The row of a day.
    fn of(&self, by: &str, day: NaiveDate) -> Option<&Vec<Cell>> {
        let day = day.to_string();
        self.rows.iter().find(|row| self.text(row, by) == day)
    }
}

async fn table(app: &App, name: &str, ask: &Ask) -> Result<Rows, Page> {
    let report = reports::find(name).ok_or_else(crate::http::internal)?;
    Ok(Rows { report, rows: report.page(&app.storage, ask, None, LARGEST_PAGE).await?.rows })
}

async fn run(app: &App, frame: &Frame, ask: &Ask, renewals: &Rows, row: &[Cell]) -> Result<Run, Page> {
    let day: NaiveDate = renewals.text(row, "generation_date").parse().unwrap_or(ask.today);
    let on = Ask { from: Some(day), to: Some(day), ..*ask };
    let (sales, refusals) = (table(app, "daily_sales", &on).await?, table(app, "daily_failures", &on).await?);
    let of_day = |status: &str| format!("/orders?from={day}&to={day}{status}&{ONCE}");
    let number = |name: &str| renewals.number(row, name).unwrap_or_default();
    let captured = sales.rows.first().and_then(|row| sales.number(row, "captured_count")).unwrap_or_default();
    let not_executed: Vec<Figure> = NOT_EXECUTED
        .iter()
        .filter(|(column, _)| number(column) > 0)
        .map(|(column, code)| Figure {
            name: words_order::not_executed(frame.language, code).to_owned(),
            number: counted(frame, number(column)),
            href: None,
        })
        .collect();
    let failures = refusals.rows.iter().map(|row| {
        let code = refusals.text(row, "code");
        let name = if code.is_empty() { frame.t("応答なし", "no answer").to_owned() } else { code.to_owned() };
        let number = counted(frame, refusals.number(row, "failed_count").unwrap_or_default());
        Figure { name, number, href: None }
    });
    let figures = [
        (frame.t("受注の作成", "Generated"), number("generated"), ""),
        (frame.t("オーソリOK", "Authorised"), number("authorized"), ""),
        (frame.t("売上(この日)", "Captured that day"), captured, ""),
        (frame.t("オーソリ失敗", "Failed"), number("failed"), "&status=failed"),
        (frame.t("未実行", "Not executed"), number("not_executed"), "&status=not_executed"),
        (frame.t("カード以外", "Not by card"), number("external"), "&status=external"),
        (frame.t("結果待ち・結果不明", "Waiting or unknown"), number("open"), "&status=unknown"),
    ];
    // What the night did is told as it was; a list tells how orders stand now, so only what is work leads to one.
    let figures = figures.map(|(name, number, status)| Figure {
        name: name.to_owned(),
        number: counted(frame, number),
        href: Some(of_day(status)).filter(|_| !status.is_empty() && number > 0),
    });
    Ok(Run { day: day.to_string(), figures: figures.into(), failures: failures.collect(), not_executed })
}

/// Everything that does not go on by itself, and only what there is of it.
async fn needs(
    app: &App,
    frame: &Frame,
    shop: ShopId,
    merchant: Option<&str>,
    settings: &Shop,
    today: NaiveDate,
) -> Result<Vec<Need>, Page> {
    let mut needs = vec![];
    let mut need = |urgent: bool, number: i64, text: &str, href: &str| {
        if number > 0 {
            needs.push(Need { text: text.to_owned(), number: counted(frame, number), href: href.to_owned(), urgent });
        }
    };
    let stuck = failed_without_plan(app, shop, settings, today).await?;
    let text = frame.t("オーソリ失敗(自動の再オーソリなし)", "Failed, and not tried again by itself");
    need(true, stuck, text, "/retries");
    for status in UNKNOWN {
        let number = count(&app.storage, shop, &Counted::Status(status)).await?;
        let text = format!(
            "{}: {}",
            frame.t("結果の確認", "Outcome to be seen to"),
            words_order::payment_status(frame.language, status)
        );
        need(true, number, &text, &format!("/orders?status={status}&{ONCE}"));
    }
    let undecided = count(&app.storage, shop, &Counted::Undecided).await?;
    let text = frame.t("余分な決済(返金か充当かの判断待ち)", "Surplus payments to be decided about");
    need(true, undecided, text, &format!("/orders?undecided_only=true&{ONCE}"));
    let through = super::orders::lapsing_through(today, settings.validity_warn_days);
    let lapsing = count(&app.storage, shop, &Counted::LapsingThrough(through)).await?;
    let text = frame.t("オーソリの期限が近い受注", "Authorisations about to lapse");
    need(true, lapsing, text, "/orders/lapsing");
    let limit = i64::from(LARGEST_PAGE);
    let aside = set_aside::list_of(&app.storage, shop, merchant, limit).await.map_err(|error| unavailable(&error))?;
    let other = merchant.is_some_and(|bound| settings.connection.as_ref().is_some_and(|(now, ..)| now != bound));
    let text = frame.t(
        "マーチャントIDが決済済みのものと異なるため、ペイジェントへ送信していません",
        "The merchant ID is not the one payments were made with; nothing is sent to Paygent",
    );
    need(true, i64::from(other), text, "/settings/connection");
    let text = frame.t("保留中の処理", "Work set aside");
    need(true, i64::try_from(aside.len()).unwrap_or(limit), text, SET_ASIDE);
    let mails = mail_list::count(&app.storage, shop, MailStatus::GivenUp, LARGEST_PAGE).await?;
    let text = frame.t("送信できなかったメール", "Mails that could not be sent");
    need(true, i64::try_from(mails).unwrap_or(limit), text, MAILS);
    let cards = card_expiry_table::affected(&app.storage, today, Some(shop), None, LARGEST_PAGE).await?;
    let more = i64::from(cards.next.is_some());
    for (standing, text) in [
        (ExpiryStanding::Expired, frame.t("カードの有効期限切れ", "Cards that have expired")),
        (ExpiryStanding::Close, frame.t("カードの有効期限間近", "Cards about to expire")),
    ] {
        let number = cards.rows.iter().filter(|row| row.standing == standing).count();
        let list =
            if standing == ExpiryStanding::Expired { "/cards?standing=expired" } else { "/cards?standing=close" };
        need(false, i64::try_from(number).unwrap_or(limit) + more, text, list);
    }
    Ok(needs)
}

/// Failed orders that the shop's retry policy does not try again.
async fn failed_without_plan(app: &App, shop: ShopId, settings: &Shop, today: NaiveDate) -> Result<i64, Page> {
    let policy = &settings.retry_policy;
    let page = failed_orders::list(&app.storage, Some(shop), None, LARGEST_PAGE).await?;
    let stuck = page.rows.iter().filter(|row| {
        let tried = usize::try_from(row.ladder_attempts).unwrap_or(usize::MAX);
        let next = policy.next(row.first_on, row.last_on, tried, &row.code, &row.detail);
        next.is_err() || policy.in_time(row.first_on, today).is_err()
    });
    Ok(i64::try_from(stuck.count()).unwrap_or(MOST) + i64::from(page.next.is_some()))
}

/// A number as people read it; beyond what is counted, that it is more.
fn counted(frame: &Frame, number: i64) -> String {
    let text = |number: i64| Yen::new(number).map(|yen| yen.to_string()).unwrap_or_default();
    let digits = text(number.min(MOST)).trim_end_matches('円').to_owned();
    match (number > MOST, frame.t("件", "")) {
        (true, unit) => format!("{digits}{unit}{}", frame.t("以上", "+")),
        (false, unit) => format!("{}{unit}", text(number).trim_end_matches('円')),
    }
}

fn rate(frame: &Frame, days: &[NaiveDate], renewals: &Rows) -> Chart {
    let bars = days.iter().map(|day| {
        let row = renewals.of("generation_date", *day);
        let points = row.and_then(|row| renewals.number(row, "success_rate"));
        Bar {
            day: *day,
            value: points,
            text: points.map_or_else(|| "-".to_owned(), |points| format!("{}.{}%", points / 100, points / 10 % 10)),
        }
    });
    let title = frame.t("継続課金の初回成功率", "Renewals authorised at the first attempt");
    Chart::new("rate", title, frame.t("日付", "Day"), frame.t("成功率", "Rate"), bars.collect(), Some((10_000, "100%")))
}

fn sold(frame: &Frame, days: &[NaiveDate], sales: &Rows) -> Chart {
    let bars = days.iter().map(|day| {
        let row = sales.of("business_day", *day);
        let yen = row.and_then(|row| sales.number(row, "captured_yen")).unwrap_or_default();
        Bar { day: *day, value: Some(yen), text: Yen::new(yen).unwrap_or_default().to_string() }
    });
    let title = frame.t("日別の売上金額", "Sales by day");
    Chart::new("sales", title, frame.t("日付", "Day"), frame.t("売上", "Sales"), bars.collect(), None)
}

//! 保留一覧: work that cannot go on by itself, with its reason; and letting it go on.

use super::{Flash, Form, Frame, Language, PageResult, Signed, render, written};
use crate::app::App;
use crate::http::unavailable;
use crate::http::work::Own;
use crate::set_aside;
use crate::words_engine;
use axum::extract::State;
use std::sync::Arc;
use teiki_infrastructure::set_aside::SetAside;

/// Most rows shown, oldest first.
const ROWS: i64 = 500;

#[derive(askama::Template)]
#[template(path = "console/set_aside.html")]
struct SetAsidePage {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    kind: String,
    what: &'static str,
    /// What releasing it does.
    then: &'static str,
    subject: String,
    /// Where the subject is looked at.
    link: Option<String>,
    generation_date: String,
    /// Why it cannot go on, in the language of the page.
    reason: String,
    /// Whether it is a sentence of a former version, in English.
    plain: bool,
    since: String,
}

impl Row {
    fn new(frame: &Frame, row: SetAside) -> Self {
        let t = |japanese: &'static str, english: &'static str| frame.language.t(japanese, english);
        let what = set_aside::work(frame.language, &row.kind);
        let then = match row.kind.as_str() {
            "renewal" => t("次の夜間処理で作成します", "made in the next night's run"),
            "payment" => t("もう一度照会します", "asked of Paygent again"),
            "release" => t("もう一度取り消します", "cancelled again"),
            "retry" => t("予定に従って行います", "made when it is due"),
            "notice" => t("もう一度処理します", "taken in again"),
            "shop" => t("もう一度接続します", "Paygent is asked again"),
            "cards" => t("もう一度削除を依頼します", "Paygent is asked again to delete them"),
            set_aside::MAIL_KIND => t("もう一度作成します", "written again"),
            _ => t("もう一度行います", "tried again"),
        };
        let digits = row.subject.matches('-').count();
        let link = match (row.kind.as_str(), digits) {
            ("renewal", 1) => Some(format!("/subscriptions/{}", row.subject)),
            ("cards", 1) => Some(format!("/members/{}", row.subject)),
            ("payment" | "release" | "retry", 2) => Some(format!("/orders/{}", row.subject)),
            _ => None,
        };
        // A reason that a former version put down as a sentence is in English on record.
        let reason = match set_aside::Reason::read(&row.reason) {
            Some(_) => Some(set_aside::told(&row.reason, frame.language)),
            None if frame.language == Language::Japanese => words_engine::japanese(&row.reason),
            None => None,
        };
        Self {
            what,
            then,
            link,
            since: written::local_time(&row.since),
            kind: row.kind,
            subject: row.subject,
            generation_date: row.generation_date,
            plain: reason.is_none(),
            reason: reason.unwrap_or(row.reason),
        }
    }
}

/// `GET /set-aside`.
pub(crate) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame) -> PageResult {
    let own = Own::of(&app, signed.shop()).await?;
    let rows = own.list(&app.storage, ROWS).await.map_err(|error| unavailable(&error))?;
    Ok(render(&SetAsidePage { rows: rows.into_iter().map(|row| Row::new(&frame, row)).collect(), frame }))
}

/// `POST /set-aside/release`: its worker tries it at its next round.
pub(crate) async fn release(State(app): State<Arc<App>>, signed: Signed, frame: Frame, form: Form) -> PageResult {
    let (kind, subject) = (form.get("kind"), form.get("subject"));
    let own = Own::of(&app, signed.shop()).await?.is(kind, subject);
    let because = form.because(&app, &signed, "work that was set aside was released");
    let released = own
        && set_aside::release(&app, Some(signed.shop()), kind, subject, &because)
            .await
            .map_err(|error| unavailable(&error))?;
    let flash = if released {
        tracing::info!(kind, subject, operator = %signed.operator.operator_id, "work set aside was released");
        Flash::done(frame.t("保留を解除しました。次の回で処理します", "It goes on with the next round"))
    } else {
        Flash::notice(frame.t("この保留はすでに解除されています", "It had been released already"))
    };
    Ok(frame.leave("/set-aside", &flash))
}

//! Moving the next delivery to another day, once.

use super::{Came, Doing, Id, Loaded, Wrong, at, carry_out, leave};
use crate::app::App;
use crate::console::{Form, Frame, PageResult, Signed, render, written};
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;
use teiki_domain::subscription::SubscriptionCommand as Command;

#[derive(askama::Template)]
#[template(path = "console/subscription_next_date.html")]
struct NextDatePage {
    frame: Frame,
    /// Why nothing can be changed.
    closed: Option<String>,
    id: String,
    version: usize,
    wrong: Wrong,
    current: Option<String>,
    date: String,
    earliest: String,
    latest: String,
    lead_days: u16,
}

fn show(frame: Frame, loaded: &Loaded, wrong: Wrong, date: String) -> Response {
    let current = loaded.details.next.map(|next| written::with_weekday(frame.language, next.delivery_date));
    let window = loaded.details.delivery_window(loaded.today, loaded.settings.lead_days);
    let status = wrong.status();
    let page = render(&NextDatePage {
        closed: loaded.closed(&frame, Doing::NextDate),
        frame,
        id: loaded.id.to_string(),
        version: loaded.version,
        current,
        date,
        earliest: window.earliest.to_string(),
        latest: window.latest.to_string(),
        lead_days: loaded.settings.lead_days,
        wrong,
    });
    at(status, page)
}

/// `GET /subscriptions/{id}/next-date`.
pub(crate) async fn page(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let date = loaded.details.next.map(|next| next.delivery_date.to_string()).unwrap_or_default();
    Ok(show(frame, &loaded, Wrong::default(), date))
}

/// `POST /subscriptions/{id}/next-date`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    form: Form,
) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let typed = form.get("date").to_owned();
    let Some(date) = written::date(&typed, loaded.today) else {
        let text = frame.t("日付は 2026/4/1 のように入力してください", "Write a date such as 2026/4/1");
        let wrong = Wrong::refused(text);
        return Ok(show(frame, &loaded, wrong, typed));
    };
    let (today, lead_days) = (loaded.today, loaded.settings.lead_days);
    let command = Command::ChangeNextDate { delivery_date: date, today, lead_days };
    let said = (frame.language, "the next delivery was moved");
    match carry_out(&app, &signed, &form, &loaded, command, said).await? {
        Came::Refused(text) => Ok(show(frame, &loaded, Wrong::refused(text), typed)),
        Came::Changed(since) => {
            let wrong = Wrong::changed(frame.language, since);
            Ok(show(frame, &loaded, wrong, typed))
        }
        done => {
            let day = written::with_weekday(frame.language, date);
            let text = match frame.language {
                crate::console::Language::Japanese => format!("次回配送日を {day} に変更しました"),
                crate::console::Language::English => format!("The next delivery is on {day} now"),
            };
            Ok(leave(&frame, &loaded, done, &text))
        }
    }
}

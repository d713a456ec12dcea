//! What is done with a subscription by one button: leave one delivery out, pause, resume, end.

use super::{Id, Loaded, carry_out, leave};
use crate::app::App;
use crate::console::{Form, Frame, PageResult, Signed, render, written};
use crate::http::Problem;
use axum::extract::State;
use std::sync::Arc;
use teiki_domain::subscription::SubscriptionCommand as Command;

/// `POST /subscriptions/{id}/skip`: leaves the next delivery out, the one the page showed.
pub(crate) async fn skip(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id, form: Form) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let (today, lead_days) = (loaded.today, loaded.settings.lead_days);
    // A form that does not say which delivery it means would leave out whichever is next by now.
    let Some(date) = written::date(form.get("delivery_date"), today) else {
        let text = frame.t(
            "どの配送をお休みにするか読み取れませんでした。画面を開き直して、もう一度行ってください",
            "Which delivery to leave out cannot be read; load the page again and send it once more",
        );
        return Err(Problem::validation("delivery_date", text).into());
    };
    let command = Command::SkipNext { delivery_date: Some(date), today, lead_days };
    let said = (frame.language, "the next delivery was left out");
    let came = carry_out(&app, &signed, &form, &loaded, command, said).await?;
    Ok(leave(&frame, &loaded, came, frame.t("次回の配送を1回お休みにしました", "The next delivery is left out")))
}

/// `POST /subscriptions/{id}/pause`.
pub(crate) async fn pause(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id, form: Form) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let said = (frame.language, "the subscription was paused");
    let came = carry_out(&app, &signed, &form, &loaded, Command::Pause, said).await?;
    Ok(leave(&frame, &loaded, came, frame.t("定期購入を休止しました", "The subscription is paused")))
}

/// `POST /subscriptions/{id}/resume`.
pub(crate) async fn resume(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    form: Form,
) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let command = Command::Resume { today: loaded.today, lead_days: loaded.settings.lead_days };
    let said = (frame.language, "the subscription was resumed");
    let came = carry_out(&app, &signed, &form, &loaded, command, said).await?;
    Ok(leave(&frame, &loaded, came, frame.t("定期購入を再開しました", "The subscription is resumed")))
}

#[derive(askama::Template)]
#[template(path = "console/subscription_end.html")]
struct EndPage {
    frame: Frame,
    id: String,
    version: usize,
    next: Option<String>,
    ended: bool,
}

/// `GET /subscriptions/{id}/end`: what ending means, before it is done.
pub(crate) async fn confirm_end(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let next = loaded.dates(frame.language).into_iter().next().map(|(_, delivery)| delivery);
    let ended = loaded.details.status == teiki_domain::subscription::Status::Ended;
    Ok(render(&EndPage { id: loaded.id.to_string(), version: loaded.version, frame, next, ended }))
}

/// `POST /subscriptions/{id}/end`: ends it for good (定期購入終了, O18).
pub(crate) async fn end(State(app): State<Arc<App>>, signed: Signed, frame: Frame, id: Id, form: Form) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let said = (frame.language, "the subscription was ended");
    let came = carry_out(&app, &signed, &form, &loaded, Command::End, said).await?;
    Ok(leave(&frame, &loaded, came, frame.t("定期購入を終了しました", "The subscription has ended")))
}

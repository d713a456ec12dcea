//! Another rhythm (R3): the form, the dates it would give, and the change.

use super::cycle_fields::CycleFields;
use super::{Came, Doing, Id, Loaded, Wrong, at, carry_out, dates, leave};
use crate::app::App;
use crate::console::{Form, Frame, PageResult, Signed, render, written};
use crate::words_subscription as words;
use axum::extract::{Query, State};
use axum::response::Response;
use chrono::NaiveDate;
use std::collections::HashMap;
use std::sync::Arc;
use teiki_domain::cqrs::Decide as _;
use teiki_domain::delivery_cycle::DeliveryCycle;
use teiki_domain::subscription::SubscriptionCommand as Command;

#[derive(askama::Template)]
#[template(path = "console/subscription_cycle.html")]
struct CyclePage {
    frame: Frame,
    /// Why nothing can be changed.
    closed: Option<String>,
    id: String,
    version: usize,
    wrong: Wrong,
    current: String,
    dates_now: Vec<(String, String)>,
    fields: CycleFields,
    from: String,
    earliest: String,
    latest: String,
    preview: Option<Preview>,
}

/// What the change would bring.
struct Preview {
    /// The cycle's text.
    cycle: String,
    words: String,
    from: NaiveDate,
    dates: Vec<(String, String)>,
    /// Nothing would change.
    same: bool,
}

fn command(loaded: &Loaded, cycle: DeliveryCycle, from: NaiveDate) -> Command {
    Command::ChangeCycle { cycle, from, today: loaded.today, lead_days: loaded.settings.lead_days }
}

impl Preview {
    /// Asks the domain what the change would bring, or why it is refused.
    fn of(frame: &Frame, loaded: &Loaded, cycle: DeliveryCycle, from: NaiveDate) -> Result<Self, String> {
        let language = frame.language;
        let events = loaded.state.decide(command(loaded, cycle, from));
        let events = events.map_err(|refusal| words::refusal(language, &refusal))?;
        let mut after = loaded.state.clone();
        for event in &events {
            after.apply(event);
        }
        let lead_days = loaded.settings.lead_days;
        Ok(Self {
            cycle: cycle.to_string(),
            words: words::cycle(language, cycle),
            from,
            dates: after.details().map(|details| dates(language, details, lead_days)).unwrap_or_default(),
            same: events.is_empty(),
        })
    }
}

fn show(
    frame: Frame,
    loaded: &Loaded,
    wrong: Wrong,
    fields: CycleFields,
    from: String,
    preview: Option<Preview>,
) -> Response {
    let status = wrong.status();
    let window = loaded.details.delivery_window(loaded.today, loaded.settings.lead_days);
    let page = render(&CyclePage {
        earliest: window.earliest.to_string(),
        latest: window.latest.to_string(),
        id: loaded.id.to_string(),
        version: loaded.version,
        current: words::cycle(frame.language, loaded.details.cycle),
        closed: loaded.closed(&frame, Doing::Cycle),
        dates_now: loaded.dates(frame.language),
        frame,
        wrong,
        fields,
        from: written::picked(&from, loaded.today),
        preview,
    });
    at(status, page)
}

/// `GET /subscriptions/{id}/cycle`: the form; with its fields, what they would bring.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    Query(typed): Query<HashMap<String, String>>,
) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let earliest = loaded.details.delivery_window(loaded.today, loaded.settings.lead_days).earliest;
    let offered = &loaded.settings.delivery_cycles;
    let fields = CycleFields::of(frame.language, Some(loaded.details.cycle), offered).typed(&typed);
    let Some(from) = typed.get("from").cloned() else {
        return Ok(show(frame, &loaded, Wrong::default(), fields, earliest.to_string(), None));
    };
    let read = fields.read(&frame).and_then(|cycle| {
        let rule = frame.t("日付は 2026/4/1 のように入力してください", "Write a date such as 2026/4/1");
        let date = written::date(&from, loaded.today).ok_or_else(|| rule.to_owned())?;
        Preview::of(&frame, &loaded, cycle, date)
    });
    Ok(match read {
        Ok(preview) => show(frame, &loaded, Wrong::default(), fields, from, Some(preview)),
        Err(text) => show(frame, &loaded, Wrong::refused(text), fields, from, None),
    })
}

/// `POST /subscriptions/{id}/cycle`: the change, as it was shown.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    signed: Signed,
    frame: Frame,
    id: Id,
    form: Form,
) -> PageResult {
    let loaded = Loaded::read(&app, &signed, id).await?;
    let offered = &loaded.settings.delivery_cycles;
    let read: (Option<DeliveryCycle>, _) =
        (form.get("cycle").parse().ok(), written::date(form.get("from"), loaded.today));
    let (Some(cycle), Some(from)) = read else {
        let fields = CycleFields::of(frame.language, Some(loaded.details.cycle), offered);
        let text = frame.t("配送サイクルと日付を入力し直してください", "Enter cycle and date again").to_owned();
        return Ok(show(frame, &loaded, Wrong::refused(text), fields, form.get("from").to_owned(), None));
    };
    let said = (frame.language, "the delivery cycle was changed");
    let came = carry_out(&app, &signed, &form, &loaded, command(&loaded, cycle, from), said).await?;
    let fields = CycleFields::of(frame.language, Some(cycle), offered);
    Ok(match came {
        Came::Refused(text) => show(frame, &loaded, Wrong::refused(text), fields, from.to_string(), None),
        Came::Changed(since) => {
            let preview = Preview::of(&frame, &loaded, cycle, from).ok();
            show(frame.clone(), &loaded, Wrong::changed(frame.language, since), fields, from.to_string(), preview)
        }
        done => leave(&frame, &loaded, done, frame.t("配送サイクルを変更しました", "The cycle is changed")),
    })
}

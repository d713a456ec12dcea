//! 一括売上確定 and 一括完了: asked for once more, then a job whose progress is shown (O5, O11).

use super::Id;
use crate::app::App;
use crate::bulk::{self, Action, ORDERS_MAX};
use crate::console::{Form, Frame, Page, PageResult, Signed, render};
use crate::http::Problem;
use crate::words_order;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use teiki_domain::ids::OrderId;
use teiki_domain::money::Yen;
use teiki_domain::order::OrderCommand;
use teiki_infrastructure::bulk_jobs::{self, Job};
use teiki_projections::order_list;

#[derive(askama::Template)]
#[template(path = "console/orders/bulk_ask.html")]
struct AskPage {
    frame: Frame,
    action: Action,
    /// Order number, and why it will not be done.
    orders: Vec<(String, Option<String>)>,
    possible: usize,
    total: String,
}

/// Which orders, and what with them.
fn asked(form: &Form) -> Result<(Action, Vec<OrderId>), Problem> {
    let action = Action::of(form.get("action"));
    let action = action.ok_or_else(|| Problem::validation("action", "capture or complete"))?;
    let mut seen = HashSet::new();
    let ids = form.all("order").into_iter().filter(|id| seen.insert(id.to_string()));
    let ids: Vec<OrderId> = ids
        .map(|id| id.parse().map_err(|_| Problem::validation("order", "no order number")))
        .collect::<Result<_, _>>()?;
    if ids.len() > ORDERS_MAX {
        return Err(Problem::validation("order", format!("at most {ORDERS_MAX} at once"))
            .in_japanese(format!("一度に行えるのは{ORDERS_MAX}件までです")));
    }
    Ok((action, ids))
}

/// `POST /orders/bulk`: shows what is about to be done, and does nothing yet.
pub(super) async fn ask(State(app): State<Arc<App>>, signed: Signed, frame: Frame, form: Form) -> PageResult {
    if form.get("action") == "waybills" {
        if form.all("order").is_empty() {
            let text =
                frame.t("受注が選ばれていません。一覧でチェックを付けてください", "No order is ticked; tick some");
            return Ok(frame.leave("/orders", &crate::console::Flash::failed(text)));
        }
        // Nothing is done to the orders; the carrier's file is asked for on its own page.
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("orders", &form.all("order").join(","));
        return Ok(Redirect::to(&format!("/waybills?{}", query.finish())).into_response());
    }
    let (action, ids) = asked(&form)?;
    if ids.is_empty() {
        let text = frame.t("受注が選ばれていません。一覧でチェックを付けてください", "No order is ticked; tick some");
        return Ok(frame.leave("/orders", &crate::console::Flash::failed(text)));
    }
    let ids: Vec<OrderId> = ids.into_iter().filter(|id| id.shop() == signed.shop()).collect();
    let rows = order_list::many(&app.storage, &ids).await?;
    let today = app.clock.today();
    let (mut orders, mut sum, mut possible) = (vec![], 0, 0);
    for row in rows {
        let command = match action {
            Action::Capture => OrderCommand::Capture { today },
            Action::Complete => OrderCommand::Complete,
        };
        let why = row.state.would_accept(command).err().map(|why| words_order::withheld(frame.language, &why));
        if why.is_none() {
            possible += 1;
            sum += row.amount.or(row.total).unwrap_or(0);
        }
        orders.push((row.order_id, why));
    }
    let total = Yen::new(sum).map_or_else(|_| String::new(), |yen| yen.to_string());
    Ok(render(&AskPage { frame, action, orders, possible, total }))
}

/// `POST /orders/bulk/start`: begins the job. The form sent again leads to the same job.
pub(super) async fn start(State(app): State<Arc<App>>, signed: Signed, form: Form) -> PageResult {
    let (action, ids) = asked(&form)?;
    if ids.is_empty() {
        let problem = Problem::validation("order", "no order is ticked");
        return Err(problem.in_japanese("受注が選ばれていません").into());
    }
    for id in &ids {
        signed.owns(id.shop())?;
    }
    let because = form.because(&app, &signed, "many orders at once");
    let job_id = because.command_id.to_string();
    let job = Job {
        job_id: job_id.clone(),
        shop: signed.shop(),
        actor: signed.actor(),
        action: action.code().to_owned(),
        order_ids: ids.iter().map(ToString::to_string).collect(),
        created_at: app.clock.now().to_rfc3339(),
        finished_at: None,
    };
    bulk::begin(&app, job).await.map_err(Problem::from)?;
    Ok(Redirect::to(&format!("/orders/bulk/{job_id}")).into_response())
}

#[derive(askama::Template)]
#[template(path = "console/orders/bulk_progress.html")]
struct ProgressPage {
    frame: Frame,
    name: &'static str,
    actor: String,
    at: String,
    total: usize,
    answered: usize,
    done: usize,
    open: usize,
    finished: bool,
    /// Order number, and the sentence.
    failed: Vec<(String, String)>,
    waiting: Vec<(String, String)>,
}

/// `GET /orders/bulk/{job}`.
pub(super) async fn progress(State(app): State<Arc<App>>, signed: Signed, frame: Frame, job: Id) -> PageResult {
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing");
    let Path(job) = job?;
    let sound = job.parse::<uuid::Uuid>().is_ok();
    let job =
        if sound { bulk_jobs::get(&app.storage, signed.shop(), &job).await.map_err(Problem::from)? } else { None };
    let job = job.ok_or_else(missing)?;
    let outcomes = bulk_jobs::outcomes(&app.storage, &job.job_id).await.map_err(Problem::from)?;
    // What is answered stands in the tables by the time the page says so.
    app.settle().await?;
    let by_order: HashMap<&str, _> = outcomes.iter().map(|outcome| (outcome.order_id.as_str(), outcome)).collect();
    let of = |kind: &str| -> Vec<(String, String)> {
        let found = job.order_ids.iter().filter_map(|order| by_order.get(order.as_str()));
        let found = found.filter(|outcome| outcome.outcome == kind);
        found
            .map(|outcome| (outcome.order_id.clone(), frame.t(&outcome.japanese, &outcome.english).to_owned()))
            .collect()
    };
    let (failed, waiting) = (of("failed"), of("open"));
    let action = Action::of(&job.action);
    Ok::<_, Page>(render(&ProgressPage {
        name: action.map_or("", |action| action.name(frame.language)),
        actor: job.actor.clone(),
        at: super::view::tokyo_text(&job.created_at),
        total: job.order_ids.len(),
        answered: outcomes.len(),
        done: outcomes.iter().filter(|outcome| outcome.outcome == "done").count(),
        open: waiting.len(),
        finished: job.finished_at.is_some(),
        failed,
        waiting,
        frame,
    }))
}

#[derive(askama::Template)]
#[template(path = "console/orders/bulk_list.html")]
struct JobsPage {
    frame: Frame,
    /// Id, when, what, who, how many orders, whether it is finished.
    jobs: Vec<(String, String, &'static str, String, usize, bool)>,
}

/// `GET /orders/bulk`: the newest jobs.
pub(super) async fn list(State(app): State<Arc<App>>, signed: Signed, frame: Frame) -> PageResult {
    let jobs = bulk_jobs::newest(&app.storage, signed.shop()).await.map_err(Problem::from)?;
    let jobs = jobs.into_iter().map(|job| {
        let name = Action::of(&job.action).map_or("", |action| action.name(frame.language));
        let at = super::view::tokyo_text(&job.created_at);
        (job.job_id, at, name, job.actor, job.order_ids.len(), job.finished_at.is_some())
    });
    Ok::<_, Page>(render(&JobsPage { jobs: jobs.collect(), frame }))
}

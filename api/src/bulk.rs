//! One command for many orders, as a job: it goes on when nobody looks, and after a restart. Each order is answered by
//! itself, and none stops the others (O5, O11).

use crate::app::App;
use crate::command_gateway::{Because, Done};
use crate::console::{Frame, Language};
use crate::http::Problem;
use crate::payments::PaymentError;
use crate::words_order;
use futures::StreamExt as _;
use std::collections::HashSet;
use std::sync::Arc;
use teiki_domain::ids::OrderId;
use teiki_domain::order::{Order, OrderEvent, Payment};
use teiki_infrastructure::bulk_jobs::{self, Job, JobError, Outcome};
use uuid::Uuid;

/// Most orders of one job.
pub(crate) const ORDERS_MAX: usize = 500;

/// What can be done with many orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// 一括売上確定.
    Capture,
    /// 一括完了.
    Complete,
}

impl Action {
    /// Its stable name.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Action::Capture => "capture",
            Action::Complete => "complete",
        }
    }

    /// The action of this name.
    pub(crate) fn of(code: &str) -> Option<Self> {
        [Action::Capture, Action::Complete].into_iter().find(|action| action.code() == code)
    }

    /// What people call it.
    pub(crate) fn name(self, language: Language) -> &'static str {
        match self {
            Action::Capture => language.t("一括売上確定", "confirming sales"),
            Action::Complete => language.t("一括完了", "completing orders"),
        }
    }

    /// As [`Self::name`], in the language of the page.
    pub(crate) fn text(self, frame: &Frame) -> &'static str {
        self.name(frame.language)
    }

    fn reason(self) -> &'static str {
        match self {
            Action::Capture => "the sale was confirmed with others",
            Action::Complete => "the order was completed with others",
        }
    }
}

/// Puts the job on record and begins it; asked for twice, it is begun once.
pub(crate) async fn begin(app: &Arc<App>, job: Job) -> Result<(), JobError> {
    if bulk_jobs::begin(&app.storage, &job).await? {
        app.spawn(run(app.clone(), job));
    }
    Ok(())
}

/// Goes on with what was interrupted. What was done by then is found done, and not done again.
pub(crate) fn resume(app: &Arc<App>) {
    let app = app.clone();
    app.clone().spawn(async move {
        match bulk_jobs::unfinished(&app.storage).await {
            Ok(jobs) => {
                for job in jobs {
                    run(app.clone(), job).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "interrupted jobs could not be read; the next start goes on with them")
            }
        }
    });
}

async fn run(app: Arc<App>, job: Job) {
    if let Err(error) = carry_out(&app, &job).await {
        tracing::error!(job = job.job_id, %error, "a job stopped; the next start goes on with it");
    }
}

async fn carry_out(app: &App, job: &Job) -> Result<(), JobError> {
    let answered: HashSet<String> =
        bulk_jobs::outcomes(&app.storage, &job.job_id).await?.into_iter().map(|outcome| outcome.order_id).collect();
    let left = job.order_ids.iter().filter(|order| !answered.contains(*order));
    let answers: Vec<_> = left
        .map(|order| async move {
            // A stop waits for what is under way and begins nothing else.
            if app.stopping().is_cancelled() {
                return Ok(false);
            }
            let outcome = one(app, job, order).await;
            bulk_jobs::answer(&app.storage, &job.job_id, &outcome).await.map(|()| true)
        })
        .collect();
    let answers: Vec<Result<bool, JobError>> =
        futures::stream::iter(answers).buffer_unordered(app.config.concurrency).collect().await;
    let all = answers.into_iter().collect::<Result<Vec<bool>, JobError>>()?;
    if all.contains(&false) {
        return Ok(());
    }
    bulk_jobs::finish(&app.storage, &job.job_id, app.clock.now()).await
}

async fn one(app: &App, job: &Job, order: &str) -> Outcome {
    let outcome = |outcome: &str, japanese: String, english: String| Outcome {
        order_id: order.to_owned(),
        outcome: outcome.to_owned(),
        japanese,
        english,
    };
    let failed = |japanese: &str, english: &str| outcome("failed", japanese.to_owned(), english.to_owned());
    let (id, action) = match (order.parse::<OrderId>(), Action::of(&job.action)) {
        (Ok(id), Some(action)) if id.shop() == job.shop => (id, action),
        _ => return failed("この受注はありません", "there is no such order"),
    };
    let Ok(command_id) = job.job_id.parse::<Uuid>() else {
        return failed("一括処理の番号が読み取れません", "the number of the job cannot be read");
    };
    // The same command whenever the job is taken up again: an order that it changed already is not changed again.
    let base = app.gateway.because(&job.actor, action.reason());
    let because = Because { command_id, correlation_id: command_id, repeats: true, ..base };
    let done = match action {
        Action::Capture => app.payments.capture(&id, &because).await,
        Action::Complete => app.payments.complete(&id, &because).await,
    };
    match done {
        Ok(done) => came(order, action, &done),
        Err(error) => {
            let (japanese, english) = sentences(&error);
            outcome("failed", japanese, english)
        }
    }
}

/// What an order's command came to, now or when the job was interrupted.
fn came(order: &str, action: Action, done: &Done<Order>) -> Outcome {
    let outcome = |outcome: &str, japanese: String, english: String| Outcome {
        order_id: order.to_owned(),
        outcome: outcome.to_owned(),
        japanese,
        english,
    };
    let details = done.aggregate.details();
    let achieved = details.is_some_and(|details| match action {
        Action::Capture => matches!(details.payment, Payment::Captured { .. }),
        Action::Complete => details.completed,
    });
    if achieved {
        return outcome("done", String::new(), String::new());
    }
    if details.is_some_and(|details| details.operation.is_some()) {
        let japanese = "ペイジェントの結果を待っています。自動で確認します";
        let english = "Paygent's answer is not known yet; it is asked for by itself";
        return outcome("open", japanese.to_owned(), english.to_owned());
    }
    let before = details.and_then(|details| details.failure.as_ref());
    let before = before.map(|(code, detail)| (code.as_str(), detail.as_str()));
    match refused(done).or(before) {
        Some(("", _)) => {
            let japanese = "ペイジェントへ接続できませんでした。もう一度行ってください";
            outcome("failed", japanese.to_owned(), "Paygent was not reached; do it again".to_owned())
        }
        Some((code, detail)) => {
            let means = teiki_domain::declines::means(code, detail);
            let japanese = format!("ペイジェントで受け付けられませんでした(コード {code} {detail} {})", means.ja);
            outcome("failed", japanese, format!("Paygent refused it (code {code} {detail}: {})", means.en))
        }
        None => {
            let japanese = "行えませんでした。受注を確認してください";
            outcome("failed", japanese.to_owned(), "it was not done; look at the order".to_owned())
        }
    }
}

/// Paygent's refusal of what was just asked: code and detail.
pub(crate) fn refused(done: &Done<Order>) -> Option<(&str, &str)> {
    done.events.iter().find_map(|event| match event {
        OrderEvent::AuthorizationFailed { code, detail, .. }
        | OrderEvent::CaptureFailed { code, detail, .. }
        | OrderEvent::RevisionFailed { code, detail, .. }
        | OrderEvent::VoidFailed { code, detail, .. }
        | OrderEvent::RefundFailed { code, detail, .. } => Some((code.as_str(), detail.as_str())),
        _ => None,
    })
}

/// Why it was not done, in both languages.
fn sentences(error: &PaymentError) -> (String, String) {
    if let Some(refusal) = error.refusal() {
        return (words_order::refusal(Language::Japanese, refusal), refusal.to_string());
    }
    match error {
        PaymentError::UnderWay(_) => ("この受注は別の処理中です。もう一度行ってください".to_owned(), error.to_string()),
        error if error.is_unavailable() => (
            "データベースに接続できませんでした。もう一度行ってください".to_owned(),
            "the store is out of reach; do it again".to_owned(),
        ),
        PaymentError::Shop(error) => {
            ("ペイジェントに接続できません。接続設定を確認してください".to_owned(), error.to_string())
        }
        error => ("行えませんでした。受注を確認してください".to_owned(), error.to_string()),
    }
}

/// A job that cannot be read, as the pages show it.
impl From<JobError> for Problem {
    fn from(error: JobError) -> Self {
        crate::http::unavailable(&error)
    }
}

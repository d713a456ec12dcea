//! Mails: asked for by what happens and by the calendar, and sent. One process of several does it.
//!
//! | step | what it does | never twice because |
//! |---|---|---|
//! | [`follow`] | looks at the log from its own durable place: thanks mails, notices of changed cards | ids follow from the cause |
//! | [`daily`] | once a day: cards close to their end or past it (K1), the month's list (K2) | ids follow from card, form and month |
//! | [`send`] | sends what is due | each mail is asked before; a crash in between sends the same Message-ID again |
//!
//! The place is no checkpoint of a table, so rebuilding tables sends nothing.

mod daily;
mod follow;
mod send;

pub use follow::FollowError;
pub(crate) use follow::again;
pub use send::{SendError, Sent};

use crate::app::{App, AppError};
use crate::mails::MailError;
use chrono::NaiveDate;
use std::time::Duration;
use teiki_infrastructure::worker_lease::{BEAT_EVERY, WorkerLease};
use teiki_projections::ProjectionError;
use tokio::time::sleep;

/// The work's name among leases.
pub const LEASE: &str = "mails";
/// Who asks for these mails and records what became of them.
pub(crate) const ACTOR: &str = "worker:mails";
/// Pause between two looks for mails whose next try has come, and after trouble.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for the list of mails to show what was just written.
const LIST_WITHIN: Duration = Duration::from_secs(60);

/// Why a round came to an end.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// Looking at the log.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The day's mails.
    #[error(transparent)]
    Daily(#[from] MailError),
    /// Sending.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The tables are behind.
    #[error(transparent)]
    App(#[from] AppError),
    /// The list of mails is behind.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
}

/// Asks for mails and sends them until the engine stops.
pub(crate) async fn keep_sending(app: &App) {
    let mut lease = WorkerLease::new(app.storage.clone(), LEASE);
    while !app.stopping().is_cancelled() {
        match lease.try_take().await {
            Ok(Some(fence)) => lead(app, &lease, fence).await,
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "mails are not sent for the moment"),
        }
        tokio::select! {
            () = app.stopping().cancelled() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// Does the work for as long as this process has it. The beat goes on by itself: a slow mail server must not look like
/// a process that is gone.
async fn lead(app: &App, lease: &WorkerLease, fence: i64) {
    let beating = async {
        loop {
            sleep(BEAT_EVERY).await;
            match lease.beat(fence).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::error!(%error, "mails are sent without showing so"),
            }
        }
    };
    tokio::select! {
        () = beating => tracing::warn!("another process sends the mails now"),
        () = work(app) => {}
    }
    if let Err(error) = lease.release(fence).await {
        tracing::warn!(%error, "another process takes the mails over a little later");
    }
}

async fn work(app: &App) {
    let mut head = app.sequencer.head();
    let mut day_done: Option<NaiveDate> = None;
    while !app.stopping().is_cancelled() {
        head.mark_unchanged();
        let today = app.clock.today();
        let done = async {
            follow::to_the_end(app).await?;
            if day_done != Some(today) {
                daily::run(app, today).await?;
                day_done = Some(today);
            }
            list_shows_all(app).await?;
            Ok::<_, RoundError>(send::batch(app).await?)
        };
        match done.await {
            // There may be more at once.
            Ok(sent) if sent.tried > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "mails wait, and it is tried again"),
        }
        tokio::select! {
            () = app.stopping().cancelled() => {}
            Ok(()) = head.changed() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// One round of everything, for the demonstration and for tests: whoever calls it sees to it that nobody else does.
pub async fn round(app: &App) -> Result<Sent, RoundError> {
    follow::to_the_end(app).await?;
    daily::run(app, app.clock.today()).await?;
    let mut all = Sent::default();
    loop {
        list_shows_all(app).await?;
        let sent = send::batch(app).await?;
        if sent.tried == 0 {
            return Ok(all);
        }
        all.add(&sent);
    }
}

/// Waits until the list of mails shows everything committed: a mail just sent is not looked at again.
async fn list_shows_all(app: &App) -> Result<(), RoundError> {
    let head = app.sequencer.catch_up().await.map_err(AppError::from)?;
    Ok(app.projections.wait_for_these(&["mail_list"], head, LIST_WITHIN).await?)
}

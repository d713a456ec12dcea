//! What the server, the control port and the library's handles have in common.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    book::Book,
    clock::Clock,
    config::Config,
    faults::Script,
    kind::TelegramKind,
    notices::{Mischief, NoticeCounts, Target},
    refusal::Refusal,
    telegram::Request,
};

/// The state that the server, the control port and the library's handles have in common.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) stop: CancellationToken,
    /// Bookings that go on although nobody waits for their reply.
    pub(crate) tasks: TaskTracker,
    book: Mutex<Book>,
    script: Mutex<Script>,
    notices: Mutex<Notices>,
    /// By configured merchant: the index in the book, and whether a difference inquiry is under way.
    merchants: Vec<(u16, AtomicBool)>,
    replies: AtomicU64,
}

impl Shared {
    pub(crate) fn new(config: Config, mut book: Book) -> Self {
        book.prepare(&config.merchants);
        let index = |merchant_id: &str| book.merchant_index(merchant_id).unwrap_or(0);
        let merchants = config.merchants.iter().map(|known| (index(&known.merchant_id), AtomicBool::new(false)));
        Self {
            clock: Clock::new(config.now),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            merchants: merchants.collect(),
            script: Mutex::new(Script::new(config.random_faults.clone())),
            notices: Mutex::default(),
            book: Mutex::new(book),
            replies: AtomicU64::new(0),
            config,
        }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notices(&self) -> MutexGuard<'_, Notices> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Posts a merchant's notices to this address from the next one that it has not had; `None` posts no more.
    pub(crate) fn set_notice_url(&self, merchant: u16, url: Option<String>) {
        let read = self.book().merchants.get(usize::from(merchant)).map_or(0, |known| known.notices_read);
        let mut notices = self.notices();
        // What was under way goes on where it was.
        let kept = notices.targets.iter().position(|target| target.merchant == merchant);
        match (url, kept) {
            (Some(url), Some(at)) => notices.targets[at].url = url,
            (Some(url), None) => notices.targets.push(Target::new(merchant, url, read)),
            (None, Some(at)) => drop(notices.targets.remove(at)),
            (None, None) => {}
        }
    }

    /// What became of the notices.
    pub(crate) fn notice_counts(&self) -> NoticeCounts {
        let made: Vec<usize> = self.book().merchants.iter().map(|merchant| merchant.notices.len()).collect();
        let notices = self.notices();
        let of = |target: &Target| made.get(usize::from(target.merchant)).copied().unwrap_or(0);
        let pending = notices.targets.iter().map(|target| target.pending(of(target))).sum();
        NoticeCounts { made: made.iter().sum(), pending, ..notices.counts }
    }

    /// The position of a merchant in the configuration and its index in the book.
    pub(crate) fn merchant(&self, merchant_id: &str) -> Option<(usize, u16)> {
        let position = self.config.merchants.iter().position(|known| known.merchant_id == merchant_id)?;
        self.merchants.get(position).map(|(index, _)| (position, *index))
    }

    /// The form of the next reply: plain, or one of those the protocol leaves open.
    pub(crate) fn mood(&self) -> u64 {
        if self.config.awkward_replies { self.replies.fetch_add(1, Ordering::Relaxed) } else { 0 }
    }

    /// Waits, but not beyond a shutdown: what is booked late is booked before the simulator is gone.
    pub(crate) async fn wait(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// Where notices go and what became of them.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    pub(crate) targets: Vec<Target>,
    pub(crate) mischief: Mischief,
    pub(crate) counts: NoticeCounts,
}

/// Held while a merchant's difference inquiry is under way; a second one at that time is refused with 9004.
pub(crate) struct DifferenceGuard {
    shared: Arc<Shared>,
    position: usize,
}

impl DifferenceGuard {
    /// Enters if the telegram is a difference inquiry of a known merchant.
    pub(crate) fn enter(
        shared: &Arc<Shared>,
        kind: Option<TelegramKind>,
        request: &Request,
    ) -> Result<Option<Self>, Refusal> {
        if kind != Some(TelegramKind::DifferenceInquiry) {
            return Ok(None);
        }
        let Some((position, _)) = request.get("merchant_id").and_then(|id| shared.merchant(id)) else {
            return Ok(None);
        };
        if shared.merchants[position].1.swap(true, Ordering::AcqRel) {
            return Err(Refusal::code("9004"));
        }
        Ok(Some(Self { shared: shared.clone(), position }))
    }
}

impl Drop for DifferenceGuard {
    fn drop(&mut self) {
        self.shared.merchants[self.position].1.store(false, Ordering::Release);
    }
}

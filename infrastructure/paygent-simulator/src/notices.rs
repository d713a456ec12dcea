//! Difference notices, posted to the merchant as each payment changes, and the mischief that tests want with them.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{inquiry, shared::Shared, telegram::Reply};

/// How long the simulator looks away when there is nothing to post.
const IDLE: Duration = Duration::from_millis(10);
/// Longest time a merchant may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// After so many failures in a row a merchant's notices pause.
const FAILURES_MAX: u32 = 5;

/// What tests want to go wrong with notices; each is a probability from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Mischief {
    /// Seed of the draws.
    pub seed: u64,
    /// Never posted; it can still be fetched by its number.
    pub dropped: f64,
    /// Posted twice.
    pub doubled: f64,
    /// Held back and posted after the next two.
    pub held: f64,
    /// Preceded by forged ones: one with a wrong check value, one with a true check value and a false status.
    pub forged: f64,
}

/// What became of the notices of all merchants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NoticeCounts {
    /// Notices made.
    pub made: usize,
    /// Taken by the merchant.
    pub delivered: usize,
    /// Answered with anything but `result=0`, or not at all; forged ones not counted.
    pub failed: usize,
    /// Not posted on purpose.
    pub dropped: usize,
    /// Forged ones posted.
    pub forged: usize,
    /// Forged ones with a wrong check value that the merchant took all the same.
    pub forged_taken: usize,
    /// Still to be posted.
    pub pending: usize,
}

/// Where a merchant's notices go, and how far they have gone.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) merchant: u16,
    pub(crate) url: String,
    /// The next notice, counted from 0.
    next: usize,
    held: VecDeque<(usize, u32)>,
    failures: u32,
}

impl Target {
    pub(crate) fn new(merchant: u16, url: String, next: usize) -> Self {
        Self { merchant, url, next, held: VecDeque::new(), failures: 0 }
    }

    pub(crate) fn pending(&self, made: usize) -> usize {
        made.saturating_sub(self.next) + self.held.len()
    }
}

/// Posts notices until the simulator stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut random = StdRng::seed_from_u64(0);
    let mut seed = None;
    while !shared.stop.is_cancelled() {
        let mischief = shared.notices().mischief;
        if seed != Some(mischief.seed) {
            seed = Some(mischief.seed);
            random = StdRng::seed_from_u64(mischief.seed);
        }
        let Some(work) = next(&shared, mischief, &mut random) else {
            shared.wait(IDLE).await;
            continue;
        };
        post(&shared, work, &mut random, mischief).await;
    }
}

struct Work {
    merchant: u16,
    url: String,
    index: usize,
    from_held: bool,
}

/// The next notice to be posted, of any merchant.
fn next(shared: &Shared, mischief: Mischief, random: &mut StdRng) -> Option<Work> {
    shared.book().sweep(shared.clock.now());
    let made: Vec<usize> = shared.book().merchants.iter().map(|merchant| merchant.notices.len()).collect();
    let mut notices = shared.notices();
    let mut dropped = 0;
    let mut work = None;
    for target in &mut notices.targets {
        let all = made.get(usize::from(target.merchant)).copied().unwrap_or(0);
        if let Some((index, _)) = target.held.front().copied().filter(|(_, wait)| *wait == 0 || target.next >= all) {
            work = Some(Work { merchant: target.merchant, url: target.url.clone(), index, from_held: true });
            break;
        }
        while target.next < all {
            let index = target.next;
            if random.random_bool(mischief.dropped.clamp(0.0, 1.0)) {
                target.next += 1;
                dropped += 1;
            } else if random.random_bool(mischief.held.clamp(0.0, 1.0)) {
                target.next += 1;
                target.held.push_back((index, 2));
            } else {
                work = Some(Work { merchant: target.merchant, url: target.url.clone(), index, from_held: false });
                break;
            }
        }
        if work.is_some() {
            break;
        }
    }
    notices.counts.dropped += dropped;
    work
}

async fn post(shared: &Shared, work: Work, random: &mut StdRng, mischief: Mischief) {
    let Some(form) = form(shared, work.merchant, work.index) else { return };
    if random.random_bool(mischief.forged.clamp(0.0, 1.0)) {
        let wrong = form.replace("payment_amount=", "payment_amount=9");
        let lying = form.replace("payment_status=", "payment_status=6");
        let taken = send(&work.url, &wrong).await;
        let _ = send(&work.url, &lying).await;
        let mut notices = shared.notices();
        notices.counts.forged += 2;
        notices.counts.forged_taken += usize::from(taken);
    }
    let times = if random.random_bool(mischief.doubled.clamp(0.0, 1.0)) { 2 } else { 1 };
    let mut taken = true;
    for _ in 0..times {
        taken &= send(&work.url, &form).await;
    }
    let pause = {
        let mut notices = shared.notices();
        if taken {
            notices.counts.delivered += 1
        } else {
            notices.counts.failed += 1
        }
        let target = notices.targets.iter_mut().find(|target| target.merchant == work.merchant);
        // The target may have been changed meanwhile; then this one counts no more.
        let Some(target) = target.filter(|target| target.url == work.url) else { return };
        if taken {
            target.failures = 0;
            if work.from_held {
                target.held.pop_front();
            } else {
                target.next += 1;
                target.held.iter_mut().for_each(|(_, wait)| *wait = wait.saturating_sub(1));
            }
            None
        } else {
            target.failures += 1;
            let paused = target.failures.is_multiple_of(FAILURES_MAX);
            Some(if paused { shared.config.notice_pause } else { shared.config.notice_retry })
        }
    };
    match pause {
        Some(pause) => shared.wait(pause).await,
        None => {
            let mut book = shared.book();
            let read = &mut book.merchants[usize::from(work.merchant)].notices_read;
            *read = (*read).max(work.index + 1);
        }
    }
}

/// The form of one notice.
fn form(shared: &Shared, merchant: u16, index: usize) -> Option<String> {
    let book = shared.book();
    let known = book.merchants.get(usize::from(merchant))?;
    let contract = shared.config.merchants.iter().find(|contract| contract.merchant_id == known.merchant_id)?;
    let reply = inquiry::notice(&book, known, index, &contract.notice_key, Reply::plain())?;
    Some(reply.form())
}

/// Posts a form to `http://HOST:PORT/PATH`; says whether the merchant took it.
async fn send(url: &str, form: &str) -> bool {
    matches!(tokio::time::timeout(ANSWER_WITHIN, exchange(url, form)).await, Ok(Ok(true)))
}

async fn exchange(url: &str, form: &str) -> std::io::Result<bool> {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).await?;
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or(("", ""));
    Ok(head.starts_with("HTTP/1.1 200") && body == "result=0")
}

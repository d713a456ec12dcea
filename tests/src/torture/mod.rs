//! Days of a shop in which everything that can break does, and a judge after each.
//!
//! The real engine on a real store, Paygent's simulator as a process of its own. On each day the engine generates and
//! authorises, operators give commands at random, somebody works at Paygent's console, and meanwhile engines are
//! killed and stopped, Paygent's answers are lost, late, torn or nonsense, PostgreSQL is restarted, notices come
//! doubled, out of order, forged or never. Then everything is calm again, one engine settles what is open, and the
//! judge holds the log against Paygent's books.

mod chaos;
mod engines;
mod field;
mod judge;
mod operators;
mod paygent;
mod report;

pub use report::{Report, Tally};

use crate::stores::StoreKind;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::time::{Duration, Instant};

/// What can go wrong with the harness itself, or with something it waits for.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How much.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which store.
    pub store: StoreKind,
    /// Days.
    pub rounds: u32,
    /// No new day begins after this time.
    pub within: Duration,
    /// Every draw of every day comes from it.
    pub seed: u64,
    /// Subscriptions, each due every day.
    pub subscriptions: usize,
    /// Things that happen to the engines in a day.
    pub blows: u32,
}

/// Lives the days; `each` hears of every day once it is judged. Ends early at the first day with a violation.
pub async fn run(settings: &Settings, each: impl Fn(&Report)) -> Result<Report, Failure> {
    // The first to ask for it decides; asked again it stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let begun = Instant::now();
    let mut field = field::Field::open(settings).await?;
    let mut report = Report::new(settings);
    for round in 1..=settings.rounds {
        if begun.elapsed() >= settings.within {
            break;
        }
        // A day of its own draws: how many were used on the days before does not matter.
        let mut random = StdRng::seed_from_u64(settings.seed ^ u64::from(round).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        field.next_day().await?;
        live(&mut field, settings, &mut random, &mut report).await?;
        engines::settle(&mut field, &mut report).await?;
        judge::judge(&field, settings, &mut report).await?;
        report.rounds = round;
        report.paygent = field.paygent.faults_met().await?;
        report.notices = field.paygent.notice_counts().await?;
        each(&report);
        if !report.violations.is_empty() {
            report.left_at = Some(field.keep());
            return Ok(report);
        }
    }
    field.close().await?;
    Ok(report)
}

/// The bad part of a day.
async fn live(
    field: &mut field::Field,
    settings: &Settings,
    random: &mut StdRng,
    report: &mut Report,
) -> Result<(), Failure> {
    field.paygent.break_answers(random.random()).await?;
    let shared = operators::Doors::default();
    let hours = operators::start(field, settings, &shared, random.random());
    let blows = chaos::strike(field, settings, &shared, random, report).await;
    // Operators stop when the day is over, whatever became of it.
    let heard = hours.end().await;
    report.commands.add(&heard.tally);
    report.violations.extend(heard.violations);
    blows
}

//! What happens to the engines and the database in the course of a day.

use super::engines::{Engine, Standing, Weapon, free_address};
use super::field::{Field, TIMEOUT};
use super::operators::Doors;
use super::{Failure, Report, Settings};
use crate::stores::StoreKind;
use rand::Rng as _;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};
use teiki_infrastructure::crash_points::LABELS;

/// So long a stopped engine stands still: its right to call is gone, and others have asked and sent again.
const PAST_LEASE: Duration = TIMEOUT.saturating_mul(4);
/// Names the program that restarts the test's PostgreSQL.
const RESTART: &str = "TEIKI_TEST_POSTGRES_RESTART";
/// How a restart of it is counted.
const RESTARTED: &str = "PostgreSQL restarted";

/// One or two engines through the day; the last of them are killed.
pub(super) async fn strike(
    field: &mut Field,
    settings: &Settings,
    doors: &Doors,
    random: &mut StdRng,
    report: &mut Report,
) -> Result<(), Failure> {
    let addresses = [free_address()?, free_address()?];
    let mut engines: Vec<(usize, Engine)> = vec![(0, Engine::start(field, &addresses[0], weapon(random))?)];
    for _ in 0..settings.blows {
        doors.set(engines.iter().map(|(_, engine)| engine.base.clone()).collect());
        field.paygent.send_notices_to(&engines[0].1.base).await?;
        tokio::time::sleep(Duration::from_millis(random.random_range(150..700))).await;
        look_after(field, &addresses, &mut engines, random, report)?;
        match random.random_range(0..10) {
            0..4 => {
                let at = random.random_range(0..engines.len());
                let (place, engine) = engines.swap_remove(at);
                engine.kill().await?;
                report.blows.count("kill -9");
                engines.push((place, Engine::start(field, &addresses[place], weapon(random))?));
            }
            4..6 if engines.iter().all(|(_, engine)| engine.stopped.is_none()) => {
                let at = random.random_range(0..engines.len());
                engines[at].1.signal("-STOP");
                engines[at].1.stopped = Some(Instant::now());
                report.blows.count("stopped past its lease");
            }
            // Two engines on one SQLite file are not a way to run it.
            6..9 if settings.store == StoreKind::Postgres && engines.len() < 2 => {
                let place = 1 - engines[0].0;
                engines.push((place, Engine::start(field, &addresses[place], weapon(random))?));
                report.blows.count("second engine");
            }
            9 if settings.store == StoreKind::Postgres => restart_database(report).await?,
            _ => {}
        }
    }
    doors.set(vec![]);
    for (_, engine) in engines {
        engine.kill().await?;
        report.blows.count("kill -9");
    }
    Ok(())
}

/// A point to crash at, or to stop at just before the call, or none.
fn weapon(random: &mut StdRng) -> Weapon {
    let passing = random.random_range(1..=8);
    match random.random_range(0..10) {
        0..6 => Some(("TEIKI_CRASH_AT", format!("{}:{passing}", LABELS[random.random_range(0..LABELS.len())]))),
        6..8 => Some(("TEIKI_STALL_AT", format!("W9:{passing}"))),
        _ => None,
    }
}

/// Starts what crashed, wakes what stood still for long enough.
fn look_after(
    field: &mut Field,
    addresses: &[String; 2],
    engines: &mut [(usize, Engine)],
    random: &mut StdRng,
    report: &mut Report,
) -> Result<(), Failure> {
    for (place, engine) in engines {
        match engine.standing()? {
            Standing::Runs => {}
            Standing::Stopped => match engine.stopped {
                None => {
                    engine.stopped = Some(Instant::now());
                    report.blows.count(format!("stopped at {}", engine.stall().unwrap_or_default()));
                }
                Some(since) if since.elapsed() > PAST_LEASE => {
                    engine.signal("-CONT");
                    engine.stopped = None;
                }
                Some(_) => {}
            },
            Standing::Crashed(label) => {
                report.blows.count(format!("crash at {label}"));
                *engine = Engine::start(field, &addresses[*place], weapon(random))?;
            }
            // As a supervisor does.
            Standing::Ended(_) if report.blows.of(RESTARTED) > 0 && engine.found_no_database() => {
                report.blows.count("started while PostgreSQL was down");
                *engine = Engine::start(field, &addresses[*place], weapon(random))?;
            }
            Standing::Ended(how) => {
                report.violations.push(format!("an engine ended by itself: {how} (engines of day {})", field.today));
                *engine = Engine::start(field, &addresses[*place], None)?;
            }
        }
    }
    Ok(())
}

/// As after a crash: connections break, what was not committed is gone.
async fn restart_database(report: &mut Report) -> Result<(), Failure> {
    // A server that is not ours is not ours to restart.
    let Ok(program) = std::env::var(RESTART) else { return Ok(()) };
    let output = tokio::process::Command::new(program).output().await?;
    if !output.status.success() {
        return Err(format!("PostgreSQL did not restart: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    report.blows.count(RESTARTED);
    Ok(())
}

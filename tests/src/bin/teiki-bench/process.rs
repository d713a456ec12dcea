//! Watching another process: processor time and peak memory, as Linux tells them.

use crate::Failure;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks a second of the times in `/proc/PID/stat`; Linux fixes it for everything user space reads.
const TICKS: f64 = 100.0;
/// The peak only grows, so looking often is all that is needed to miss nothing of it but the very end.
const LOOK: Duration = Duration::from_millis(10);

/// What a process used from its start to its end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// From start to end.
    pub(crate) wall: Duration,
    /// Processor time of all its threads.
    pub(crate) processor: Duration,
    /// Most memory it held at once, in KiB (`VmHWM`).
    pub(crate) peak_kib: u64,
}

/// Runs `command` to its end; returns what it printed and what it used. A failed command is an error.
pub(crate) fn run(mut command: Command) -> Result<(String, Used), Failure> {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    let mut used = Used::default();
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        used.peak_kib = used.peak_kib.max(peak_kib(&status).unwrap_or(0));
        // An ended process keeps its times until it is waited for.
        if status.lines().any(|line| line.starts_with("State:") && line.contains('Z')) {
            used.wall = started.elapsed();
            used.processor = processor_time(child.id())?;
            break;
        }
        std::thread::sleep(LOOK);
    }
    let printed = printed(&mut child)?;
    let ended = child.wait()?;
    match ended.success() {
        true => Ok((printed, used)),
        false => Err(format!("{:?} ended with {ended}", command.get_program()).into()),
    }
}

fn printed(child: &mut Child) -> Result<String, Failure> {
    let mut text = String::new();
    if let Some(output) = &mut child.stdout {
        std::io::Read::read_to_string(output, &mut text)?;
    }
    Ok(text)
}

fn peak_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time a process used so far, with its ended threads.
pub(crate) fn processor_time(id: u32) -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name in brackets may hold anything, so fields are counted behind it; utime and stime are the 12th and 13th.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 =
        fields.get(11..13).ok_or("/proc/PID/stat is too short")?.iter().flat_map(|f| f.parse::<f64>()).sum();
    Ok(Duration::from_secs_f64(ticks / TICKS))
}

/// Processor time the whole machine spent so far on anything: all of it but idling and waiting for disks.
pub(crate) fn machine_time() -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line.split_whitespace().skip(1).take(8).flat_map(str::parse).collect();
    let idle = ticks.get(3..5).map_or(0.0, |idle| idle.iter().sum());
    Ok(Duration::from_secs_f64((ticks.iter().sum::<f64>() - idle) / TICKS))
}

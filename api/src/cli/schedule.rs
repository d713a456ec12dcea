//! `teiki schedule`: preview of a delivery cycle (R3).

use super::CliError;
use chrono::NaiveDate;
use std::io::Write as _;
use teiki_domain::delivery_cycle::DeliveryCycle;

/// Most dates of one preview.
const COUNT_MAX: u32 = 100_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// days:N · weeks:N:fri · months:N:31 · months:N:2nd-tue · months:N:last-fri
    #[arg(long)]
    cycle: String,
    /// First day to consider, YYYY-MM-DD; printed first where it fits the cycle.
    #[arg(long)]
    from: String,
    /// How many dates.
    #[arg(long, default_value_t = 10)]
    count: u32,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let cycle: DeliveryCycle = arguments.cycle.parse().map_err(|error| CliError::Other(format!("{error}")))?;
    let from = date(&arguments.from)?;
    if !(1..=COUNT_MAX).contains(&arguments.count) {
        return Err(CliError::Other(format!("--count must be 1 to {COUNT_MAX}, not {}", arguments.count)));
    }
    let dates: Vec<NaiveDate> = cycle.preview(from, arguments.count).collect();
    if dates.len() < arguments.count as usize {
        return Err(CliError::Other(format!(
            "the calendar ends after {} of {} dates; ask for fewer or an earlier start",
            dates.len(),
            arguments.count
        )));
    }
    let mut out = std::io::stdout().lock();
    let written = if arguments.json {
        let texts: Vec<String> = dates.iter().map(ToString::to_string).collect();
        writeln!(out, "{}", serde_json::json!(texts))
    } else {
        dates.iter().try_for_each(|date| writeln!(out, "{date}"))
    };
    match written {
        // Whoever reads may have seen enough, as `head` does.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::Other(error.to_string())),
        _ => Ok(()),
    }
}

/// A civil date as it is written everywhere: YYYY-MM-DD, nothing else.
pub(super) fn date(text: &str) -> Result<NaiveDate, CliError> {
    let strict = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    let date = if strict { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None };
    date.ok_or_else(|| {
        let given: String = text.chars().take(40).collect();
        CliError::Other(format!("{given:?} is not a date; write it as YYYY-MM-DD, such as 2026-04-01"))
    })
}

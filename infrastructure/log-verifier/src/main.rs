//! `teiki-verify-export`: checks an export of `teiki export` by itself.
//!
//! It shares no code with the engine and reads nothing but the files it is given; the form it reads is written down in
//! `docs/AUDIT.md`. It ends with 0 when everything holds, with 1 when something does not, and with 2 when it cannot
//! tell, because a file cannot be read.

mod chain;
mod export;
mod fields;
mod seal;

use clap::Parser;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Checks an export of a shop's log: every event against its hash, the chain from the first position to the last, the
/// order inside every stream, and a seal.
#[derive(Debug, Parser)]
#[command(name = "teiki-verify-export", version, about)]
struct Arguments {
    /// The export.
    export: PathBuf,
    /// A seal of the same store; may be given several times. Without one, only what is inside the export is checked.
    #[arg(long, value_name = "FILE", requires = "public_key")]
    seal: Vec<PathBuf>,
    /// The public key the seals must be signed with, as it was handed over when it was made.
    #[arg(long, value_name = "FILE", requires = "seal")]
    public_key: Option<PathBuf>,
    /// The shop the export must be of, by its five digits.
    #[arg(long)]
    shop: Option<String>,
}

/// What does not hold, or cannot be told.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Something does not hold, at this position of the log; 0: before the first event.
    Broken(i64, String),
    /// Nothing can be said.
    Unreadable(String),
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(Verdict::Broken(position, why)) => {
            println!("does not hold at position {position}: {why}");
            ExitCode::from(1)
        }
        Err(Verdict::Unreadable(why)) => {
            eprintln!("teiki-verify-export: {why}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<String, Verdict> {
    let mut seals = vec![];
    if let Some(path) = &arguments.public_key {
        let key = seal::public_key(&text_of(path)?)
            .ok_or_else(|| Verdict::Unreadable(format!("{} is not a public key of 64 digits", path.display())))?;
        for path in &arguments.seal {
            seals.push(seal::Seal::read(&text_of(path)?, &key)?);
        }
    }
    let file = File::open(&arguments.export).map_err(|error| unreadable(&arguments.export, &error))?;
    let checked = export::check(BufReader::new(file), arguments.shop.as_deref(), &seals)?;
    let sealed = match seals.iter().map(|seal| seal.position).max() {
        Some(position) => format!("sealed up to position {position}"),
        None => "not held against a seal".to_owned(),
    };
    // Nothing that is checked says what these are, so they are named and not repeated.
    let unbound = match seals.is_empty() {
        true => "of the first line, store_id and exported_at are not protected by anything",
        false => "of the first line, exported_at is not protected by anything",
    };
    Ok(format!(
        "holds: {} events of shop {} among positions 1 to {}, {sealed}\nhash {}\n{unbound}",
        checked.events, checked.shop, checked.head, checked.hash
    ))
}

fn text_of(path: &Path) -> Result<String, Verdict> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Verdict {
    Verdict::Unreadable(format!("{} cannot be read: {error}", path.display()))
}

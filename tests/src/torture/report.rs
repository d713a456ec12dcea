use super::Settings;
use crate::stores::StoreKind;
use paygent_simulator::NoticeCounts;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// How often each thing happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// Once more.
    pub fn count(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    /// All of another.
    pub fn add(&mut self, other: &Tally) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    /// How often this happened.
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// How often anything happened.
    pub fn sum(&self) -> u64 {
        self.0.values().sum()
    }
}

impl From<BTreeMap<String, u64>> for Tally {
    fn from(counts: BTreeMap<String, u64>) -> Self {
        Self(counts)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(what, count)| format!("{what} {count}")).collect();
        f.write_str(&parts.join(", "))
    }
}

/// What the days came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which store.
    pub store: StoreKind,
    /// The seed.
    pub seed: u64,
    /// Days lived and judged.
    pub rounds: u32,
    /// What happened to engines and database.
    pub blows: Tally,
    /// What became of Paygent's answers.
    pub paygent: Tally,
    /// What became of notices.
    pub notices: NoticeCounts,
    /// Operators' commands by what was answered.
    pub commands: Tally,
    /// Orders judged on the last day.
    pub orders: usize,
    /// Payments at Paygent on the last day, failed ones included.
    pub payments: usize,
    /// Differences that only the reconciliation found.
    pub reconciled: u64,
    /// Yen captured and not given back, and yen held, on the last day; the same on both sides unless violated.
    pub yen: (i64, i64),
    /// What must never be.
    pub violations: Vec<String>,
    /// Where everything was left for looking at, after a violation.
    pub left_at: Option<PathBuf>,
}

impl Report {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            store: settings.store,
            seed: settings.seed,
            rounds: 0,
            blows: Tally::default(),
            paygent: Tally::default(),
            notices: NoticeCounts::default(),
            commands: Tally::default(),
            orders: 0,
            payments: 0,
            reconciled: 0,
            yen: (0, 0),
            violations: vec![],
            left_at: None,
        }
    }

    /// All faults injected.
    pub fn faults(&self) -> u64 {
        let notices = self.notices.dropped + self.notices.forged;
        self.blows.sum() + self.paygent.sum() + notices as u64
    }

    /// One line a day.
    pub fn line(&self) -> String {
        format!(
            "{:?} day {}: {} orders, {} payments, {} commands, {} faults, {} violations",
            self.store,
            self.rounds,
            self.orders,
            self.payments,
            self.commands.sum(),
            self.faults(),
            self.violations.len()
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}, seed {}: {} rounds", self.store, self.seed, self.rounds)?;
        writeln!(f, "  orders {}, payments at Paygent {}", self.orders, self.payments)?;
        writeln!(f, "  captured and kept {} yen, held {} yen, on both sides", self.yen.0, self.yen.1)?;
        writeln!(f, "  commands by answer: {}", self.commands)?;
        writeln!(f, "  found by reconciliation only: {}", self.reconciled)?;
        writeln!(f, "  faults injected: {}", self.faults())?;
        writeln!(f, "    engines and database: {}", self.blows)?;
        writeln!(f, "    Paygent's answers: {}", self.paygent)?;
        let notices = &self.notices;
        writeln!(
            f,
            "    notices: made {}, delivered {}, failed {}, dropped {}, forged {}",
            notices.made, notices.delivered, notices.failed, notices.dropped, notices.forged
        )?;
        writeln!(f, "  violations: {}", self.violations.len())?;
        for violation in &self.violations {
            writeln!(f, "    {violation}")?;
        }
        if let Some(left_at) = &self.left_at {
            writeln!(f, "  left for looking at: {}", left_at.display())?;
        }
        Ok(())
    }
}

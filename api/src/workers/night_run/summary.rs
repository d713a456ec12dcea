//! What a night run did.

use crate::payments::Authorised;
use std::collections::BTreeMap;

/// Different codes counted one by one in a summary; more are counted together.
const CODES_MAX: usize = 50;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Orders generated, whatever came of their payment.
    pub generated: u64,
    /// Authorised, to be confirmed later (オーソリOK).
    pub authorized: u64,
    /// Authorised and captured together (消込済).
    pub captured: u64,
    /// Refused by Paygent, by code.
    pub failed: BTreeMap<String, u64>,
    /// Not tried, by reason (R5).
    pub not_executed: BTreeMap<String, u64>,
    /// Settled outside.
    pub external: u64,
    /// Outcomes that became known by asking Paygent.
    pub resolved: u64,
    /// Outcomes that are not known at the end of the run.
    pub unknown: u64,
    /// Subscriptions that could not go on, each listed with its reason.
    pub set_aside: u64,
}

impl Summary {
    pub(super) fn count(&mut self, authorised: Authorised) {
        self.generated += 1;
        match authorised {
            Authorised::External => self.external += 1,
            Authorised::Succeeded { captured: true } => self.captured += 1,
            Authorised::Succeeded { captured: false } => self.authorized += 1,
            Authorised::NotExecuted(reason) => *self.not_executed.entry(reason.code().to_owned()).or_default() += 1,
            Authorised::Failed { code } if self.failed.len() < CODES_MAX => *self.failed.entry(code).or_default() += 1,
            Authorised::Failed { .. } => *self.failed.entry("others".to_owned()).or_default() += 1,
            Authorised::Open | Authorised::Gone => {}
        }
    }
}

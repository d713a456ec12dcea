//! Labelled points at which tests end or stop the process, as a crash or a stalled machine would. In a release build
//! they are nothing.
//!
//! The labels are those of the crash windows in docs/ARCHITECTURE.md: W0 before the intent commits, W1 after it, W3
//! after Paygent's answer and before its outcome commits, W6 after that and before the tables know, W7 before the
//! client hears, W9 just before the call, W12 and W13 as W1 and W3 of a capture, a cancel or a change of the amount,
//! W14 after a notice is durable and before anybody acts on it. Not among the labels of payments are `erasure`, after the
//! event that a member was erased and before the key is destroyed, `H1`, after a webhook was answered and before that is
//! on record, `M1`, after a mail server took a mail and before that is on record, `account`, after an account was changed
//! and before that stands in the history, and `release`, after the release of work set aside stands in the history and
//! before the work goes on.

/// Every label there is.
pub const LABELS: [&str; 8] = ["W0", "W1", "W3", "W6", "W7", "W12", "W13", "W14"];

/// A process that passes here may end here: `TEIKI_CRASH_AT=W3:2` ends it at the second passing of W3, and
/// `TEIKI_STALL_AT=W9:1` stops it at the first passing of W9 until it is continued.
#[cfg(not(debug_assertions))]
#[inline]
pub fn reached(_label: &'static str) {}

/// See above.
#[cfg(debug_assertions)]
pub fn reached(label: &'static str) {
    use std::collections::HashMap;
    use std::sync::{Mutex, OnceLock, PoisonError};
    static PASSED: OnceLock<Mutex<HashMap<&'static str, u64>>> = OnceLock::new();
    let passed = PASSED.get_or_init(Mutex::default);
    let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
    let count = passed.entry(label).or_default();
    *count += 1;
    let is_here = |variable: &str| std::env::var(variable).is_ok_and(|at| at == format!("{label}:{count}"));
    if is_here("TEIKI_CRASH_AT") {
        eprintln!("crash point {label} reached");
        std::process::abort();
    }
    if is_here("TEIKI_STALL_AT") {
        eprintln!("stalled at {label}");
        drop(passed);
        let me = std::process::id().to_string();
        let _ = std::process::Command::new("kill").args(["-STOP", &me]).status();
    }
}

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// When this process first saw each open attempt. An attempt belongs to a call that began before it was seen, so
/// time counted from here is on the safe side whatever the clocks say.
#[derive(Debug, Default)]
pub struct FirstSeen(HashMap<String, (usize, Instant)>);

impl FirstSeen {
    pub(super) fn age(&mut self, order: &str, sequence: usize) -> Duration {
        match self.0.get(order) {
            Some((known, since)) if *known == sequence => since.elapsed(),
            // New, or another state than the one seen before: its call may have begun just now.
            _ => {
                self.0.insert(order.to_owned(), (sequence, Instant::now()));
                Duration::ZERO
            }
        }
    }

    pub(super) fn forget(&mut self, order: &str) {
        self.0.remove(order);
    }

    /// Forgets everything but `open`: what others resolved is never asked about here again.
    pub fn keep_only(&mut self, open: &HashSet<String>) {
        self.0.retain(|order, _| open.contains(order));
    }
}

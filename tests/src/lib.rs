//! Support of the acceptance tests: a shop on a real store, the real binary, and the simulator as judge.

// Support of tests: what cannot go on here has failed the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod browser;
pub mod collector;
pub mod console;
pub mod judge;
pub mod mail_server;
pub mod receiver;
pub mod served;
pub mod slow_answers;
pub mod stage;
pub mod stores;
pub mod tamper;
pub mod torture;
pub mod webdriver;

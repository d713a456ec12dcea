//! Acceptance tests: the real binary, both stores, the simulator.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod bad_input;
mod demonstration;
mod doors;
mod kill_nine;
mod midnight;
mod night_run;
mod recovery;
mod schedule;

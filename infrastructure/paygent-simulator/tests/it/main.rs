//! The simulator as a client meets it: over real TLS connections.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod authorise;
mod cards;
mod control;
mod faults;
mod inquiry;
mod ledger;
mod notices;
mod program;
mod protocol;
mod states;
mod support;
mod tokens;

//! Support of the acceptance tests: a shop on a real store, the real binary, and the simulator as judge.

pub mod judge;
pub mod stage;
pub mod stores;

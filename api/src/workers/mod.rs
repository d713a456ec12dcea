//! Work that nobody has to ask for.

pub mod night_run;
pub mod recovery_round;
pub mod schedule;

//! Work that nobody has to ask for.

pub mod mails;
pub mod night_run;
pub mod notices;
pub mod reconcile;
pub mod recovery_round;
pub mod retries;
pub mod schedule;
pub mod webhooks;

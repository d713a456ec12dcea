//! What Teiki needs from machines: the event log, Paygent, the clock, configuration, keys.

pub mod clock;
pub mod config;
pub mod event_store;
pub mod key_ring;
pub mod paygent;
pub mod redacted;
pub mod serial_numbers;
pub mod set_aside;

//! What Teiki needs from machines: the event log, Paygent, the clock, configuration, keys.

pub mod api_keys;
mod both_stores;
pub mod bulk_jobs;
pub mod clock;
pub mod config;
pub mod crash_points;
pub mod erasures;
pub mod event_store;
pub mod idempotency_keys;
pub mod key_ring;
pub mod mail_cursor;
pub mod mailer;
pub mod member_gates;
pub mod notice_inbox;
pub mod operator_sessions;
pub mod operators;
pub mod paygent;
pub mod paygent_binding;
pub mod redacted;
pub mod seal;
pub mod serial_numbers;
pub mod set_aside;
pub mod store_id;
pub mod webhooks;
pub mod worker_lease;

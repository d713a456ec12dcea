//! Teiki's decisions: pure, synchronous, without clock, randomness or I/O.
//!
//! An aggregate folds its events into a state (`apply`) and answers a command with new events or a refusal
//! (`decide`). A refused command is an error; a failure at Paygent is an event.

pub mod applicability;
pub mod basket;
pub mod business_day;
pub mod card_expiry;
pub mod cqrs;
pub mod declines;
pub mod delivery_cycle;
pub mod ids;
pub mod mail;
pub mod member;
pub mod money;
pub mod order;
pub mod payment_method;
pub mod product;
pub mod recorded;
pub mod retry_policy;
pub mod sealed;
pub mod shop_settings;
pub mod subscription;
pub mod tax;
pub mod webhook;

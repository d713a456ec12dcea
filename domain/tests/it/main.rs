//! What holds for the domain: invariants under any sequence of commands, tables of examples, and the stored form of
//! every event.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod golden;
mod history;
mod mail_invariants;
mod member_examples;
mod member_invariants;
mod order_asking;
mod order_documents;
mod order_examples;
mod order_invariants;
mod order_offers;
mod order_paygent_model;
mod product_examples;
mod product_invariants;
mod renewal_examples;
mod samples;
mod shop_settings_examples;
mod shop_settings_invariants;
mod stored_form;
mod subscription_backlog;
mod subscription_examples;
mod subscription_invariants;
mod tax;
mod values;
mod webhook_examples;

//! Acceptance tests: the real binary, both stores, the simulator.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

/// Each test once on SQLite and once on PostgreSQL.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::StoreKind::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::StoreKind::Postgres).await;
            })+
        }
    };
}

mod access;
mod accounts_pages;
mod adversary;
mod as_of;
mod astray;
mod bad_input;
mod browser_errors;
mod browser_first;
mod browser_orders;
mod browser_payments;
mod browser_settings;
mod browser_subscriptions;
mod browser_today;
mod bulk;
mod buttons;
mod connections;
mod console_history;
mod console_orders;
mod console_subscriptions;
mod console_work;
mod damaged_keys;
mod demonstration;
mod documents;
mod door_adversary;
mod doors;
mod erasure;
mod every_page;
mod export;
mod feed;
mod history;
mod idempotency;
mod kill_nine;
mod languages;
mod logs;
mod mail_pages;
mod mails;
mod mails_api;
mod mails_trouble;
mod members_api;
mod metrics;
mod midnight;
mod night_run;
mod openapi;
mod orders_api;
mod paygents_side;
mod payment_adversary;
mod payment_life;
mod products;
mod recovery;
mod released;
mod reports;
mod reports_exported;
mod retries;
mod schedule;
mod settings_pages;
mod shops_api;
mod sign_in;
mod subscriptions_api;
mod today;
mod traces;
mod upcoming;
mod verify;
mod verify_beside;
mod waybills;
mod webhooks;
mod webhooks_managed;
mod who_did_it;

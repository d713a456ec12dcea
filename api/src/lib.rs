//! Everything of Teiki that runs: the HTTP API, the pages, the workers and the command line, around one [`app::App`].

pub mod app;
pub mod as_of;
mod bulk;
pub mod cart_button;
pub mod cli;
pub mod command_gateway;
pub mod console;
pub mod demo;
pub mod erasure;
pub mod export;
pub mod feed;
pub mod history;
pub mod http;
pub mod mails;
pub mod members;
pub mod metrics;
pub mod payments;
pub mod renewals;
mod reports;
pub mod shops;
pub mod subscriptions;
mod telemetry;
pub mod verification;
pub mod webhooks;
pub mod words;
mod words_order;
pub mod workers;

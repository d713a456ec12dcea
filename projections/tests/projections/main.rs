//! Projections over a real store: every test holds for SQLite and for PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod following;
mod lists;
mod new_projection;
mod rebuilding;
mod report_pages;
mod report_views;
mod reports;
mod support;
mod throughput;

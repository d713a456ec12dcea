//! Projections over a real store: every test holds for SQLite and for PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod following;
mod lists;
mod rebuilding;
mod support;
mod throughput;

//! Projections over a real store: every test holds for SQLite and for PostgreSQL.

mod following;
mod lists;
mod rebuilding;
mod support;
mod throughput;

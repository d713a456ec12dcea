-- One command for many orders, asked for at the console: it goes on when nobody looks, and after a restart.
CREATE TABLE bulk_jobs (
    job_id      TEXT PRIMARY KEY NOT NULL,
    shop_id     TEXT NOT NULL,
    actor       TEXT NOT NULL,
    action      TEXT NOT NULL,
    order_ids   TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    finished_at TEXT
) STRICT;
CREATE INDEX bulk_jobs_shops ON bulk_jobs (shop_id, created_at);
CREATE INDEX bulk_jobs_open ON bulk_jobs (created_at) WHERE finished_at IS NULL;
CREATE TABLE bulk_job_outcomes (
    job_id   TEXT NOT NULL,
    order_id TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    japanese TEXT NOT NULL,
    english  TEXT NOT NULL,
    PRIMARY KEY (job_id, order_id)
) STRICT, WITHOUT ROWID;

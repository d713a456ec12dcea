-- What was done to accounts and does not stand in the history yet: written in one transaction with the change itself, so
-- that none is without its history, and put there at once or at the next start.
CREATE TABLE account_changes (
    change_id   TEXT PRIMARY KEY NOT NULL,
    shop_id     TEXT NOT NULL,
    operator_id TEXT NOT NULL,
    change      TEXT NOT NULL,
    actor       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    request_id  TEXT,
    changed_at  TEXT NOT NULL
);

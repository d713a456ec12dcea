-- Answers to requests that carry an Idempotency-Key, kept so that a repeated request gets the same one. What was asked
-- and answered is sealed with the master key: an answer may show a secret once, and only once.
CREATE TABLE idempotency_keys (
    shop_id         TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request         TEXT NOT NULL,
    holder          TEXT NOT NULL,
    held_until      TEXT NOT NULL,
    reserved        TEXT,
    answer          TEXT,
    since           TEXT NOT NULL,
    PRIMARY KEY (shop_id, idempotency_key)
) STRICT;
CREATE INDEX idempotency_keys_since ON idempotency_keys (since);

-- Answers to requests that carry an Idempotency-Key, kept so that a repeated request gets the same one. What was asked
-- and answered is sealed with the master key: an answer may show a secret once, and only once.
CREATE TABLE idempotency_keys (
    shop_id         text NOT NULL,
    idempotency_key text NOT NULL,
    request         text NOT NULL,
    holder          text NOT NULL,
    held_until      text NOT NULL,
    reserved        text,
    answer          text,
    since           text NOT NULL,
    PRIMARY KEY (shop_id, idempotency_key)
);
CREATE INDEX idempotency_keys_since ON idempotency_keys (since);

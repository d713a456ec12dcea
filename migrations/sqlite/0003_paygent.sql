-- The Paygent merchant and host that a shop's payments were made with; nothing is sent to any other.
CREATE TABLE paygent_bindings (
    shop_id     TEXT PRIMARY KEY NOT NULL,
    merchant_id TEXT NOT NULL,
    host        TEXT NOT NULL,
    bound_at    TEXT NOT NULL,
    bound_by    TEXT NOT NULL
) STRICT;

-- Bindings that were replaced because somebody said so.
CREATE TABLE paygent_bindings_before (
    shop_id     TEXT NOT NULL,
    merchant_id TEXT NOT NULL,
    host        TEXT NOT NULL,
    bound_at    TEXT NOT NULL,
    bound_by    TEXT NOT NULL,
    replaced_at TEXT NOT NULL
) STRICT;

-- Paygent's difference notices, durable before Paygent is told that they arrived; numbered by Paygent per merchant.
CREATE TABLE paygent_notices (
    merchant_id    TEXT    NOT NULL,
    notice_id      INTEGER NOT NULL,
    payment_id     TEXT    NOT NULL,
    trading_id     TEXT,
    payment_status TEXT    NOT NULL,
    payment_amount INTEGER NOT NULL,
    came_by        TEXT    NOT NULL,
    received_at    TEXT    NOT NULL,
    handled_at     TEXT,
    verdict        TEXT,
    PRIMARY KEY (merchant_id, notice_id)
) STRICT;
CREATE INDEX paygent_notices_open ON paygent_notices (received_at, merchant_id, notice_id) WHERE handled_at IS NULL;
CREATE INDEX paygent_notices_trading ON paygent_notices (trading_id);

-- Notices that will never come, and why.
CREATE TABLE paygent_notices_lost (
    merchant_id TEXT    NOT NULL,
    notice_id   INTEGER NOT NULL,
    why         TEXT    NOT NULL,
    since       TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, notice_id)
) STRICT;

-- The Paygent merchant and host that a shop's payments were made with; nothing is sent to any other.
CREATE TABLE paygent_bindings (
    shop_id     text PRIMARY KEY NOT NULL,
    merchant_id text NOT NULL,
    host        text NOT NULL,
    bound_at    text NOT NULL,
    bound_by    text NOT NULL
);

-- Bindings that were replaced because somebody said so.
CREATE TABLE paygent_bindings_before (
    shop_id     text NOT NULL,
    merchant_id text NOT NULL,
    host        text NOT NULL,
    bound_at    text NOT NULL,
    bound_by    text NOT NULL,
    replaced_at text NOT NULL
);

-- Paygent's difference notices, durable before Paygent is told that they arrived; numbered by Paygent per merchant.
CREATE TABLE paygent_notices (
    merchant_id    text    NOT NULL,
    notice_id      bigint NOT NULL,
    payment_id     text    NOT NULL,
    trading_id     text,
    payment_status text    NOT NULL,
    payment_amount bigint NOT NULL,
    came_by        text    NOT NULL,
    received_at    text    NOT NULL,
    handled_at     text,
    verdict        text,
    PRIMARY KEY (merchant_id, notice_id)
);
CREATE INDEX paygent_notices_open ON paygent_notices (received_at, merchant_id, notice_id) WHERE handled_at IS NULL;
CREATE INDEX paygent_notices_trading ON paygent_notices (trading_id);

-- Notices that will never come, and why.
CREATE TABLE paygent_notices_lost (
    merchant_id text    NOT NULL,
    notice_id   bigint NOT NULL,
    why         text    NOT NULL,
    since       text    NOT NULL,
    PRIMARY KEY (merchant_id, notice_id)
);

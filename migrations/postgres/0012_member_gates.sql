-- Whether subscriptions may start for a member: closed for good once the member's erasure is decided. starts counts how often
-- the gate was passed, so that whoever looked before closing it finds out what came in between.
CREATE TABLE member_gates (
    member_id text PRIMARY KEY NOT NULL,
    starts    bigint NOT NULL,
    closed    bigint NOT NULL
);

-- Subscriptions that passed the gate and may not have started yet; taken away once they have, or were refused.
CREATE TABLE subscription_starts (
    member_id       text NOT NULL,
    subscription_id text NOT NULL,
    PRIMARY KEY (member_id, subscription_id)
);

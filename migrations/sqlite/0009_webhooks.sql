-- Where a shop wants its events sent, and how far that is: everything up to position has its deliveries.
CREATE TABLE webhook_endpoints (
    endpoint_id      TEXT    PRIMARY KEY NOT NULL,
    shop_id          TEXT    NOT NULL,
    url              TEXT    NOT NULL,
    types            TEXT    NOT NULL,
    description      TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    disabled_because TEXT,
    failing_since    TEXT,
    created_at       TEXT    NOT NULL,
    created_by       TEXT    NOT NULL
) STRICT;
CREATE INDEX webhook_endpoints_shops ON webhook_endpoints (shop_id, endpoint_id);

-- What the deliveries of an endpoint are signed with, sealed by the master key. During a rotation there are several.
CREATE TABLE webhook_secrets (
    endpoint_id TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    sealed      TEXT    NOT NULL,
    created_at  TEXT    NOT NULL,
    expires_at  TEXT,
    PRIMARY KEY (endpoint_id, number)
) STRICT;

-- One row for each event and endpoint. status is pending, delivered or dead; step is the place on the ladder of tries.
CREATE TABLE webhook_deliveries (
    endpoint_id   TEXT    NOT NULL,
    position      INTEGER NOT NULL,
    webhook_id    TEXT    NOT NULL,
    event_type    TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    tries         INTEGER NOT NULL,
    step          INTEGER NOT NULL,
    next_try      TEXT,
    last_tried_at TEXT,
    response_code INTEGER,
    failure       TEXT,
    created_at    TEXT    NOT NULL,
    PRIMARY KEY (endpoint_id, position)
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_try, position) WHERE next_try IS NOT NULL;
CREATE INDEX webhook_deliveries_ids ON webhook_deliveries (webhook_id);
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (status, last_tried_at);

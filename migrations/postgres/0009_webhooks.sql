-- Where a shop wants its events sent, and how far that is: everything up to position has its deliveries.
CREATE TABLE webhook_endpoints (
    endpoint_id      text   PRIMARY KEY NOT NULL,
    shop_id          text   NOT NULL,
    url              text   NOT NULL,
    types            text   NOT NULL,
    description      text   NOT NULL,
    position         bigint NOT NULL,
    disabled_because text,
    failing_since    text,
    created_at       text   NOT NULL,
    created_by       text   NOT NULL
);
CREATE INDEX webhook_endpoints_shops ON webhook_endpoints (shop_id, endpoint_id);

-- What the deliveries of an endpoint are signed with, sealed by the master key. During a rotation there are several.
CREATE TABLE webhook_secrets (
    endpoint_id text   NOT NULL,
    number      bigint NOT NULL,
    sealed      text   NOT NULL,
    created_at  text   NOT NULL,
    expires_at  text,
    PRIMARY KEY (endpoint_id, number)
);

-- One row for each event and endpoint. status is pending, delivered or dead; step is the place on the ladder of tries.
CREATE TABLE webhook_deliveries (
    endpoint_id   text   NOT NULL,
    position      bigint NOT NULL,
    webhook_id    text   NOT NULL,
    event_type    text   NOT NULL,
    status        text   NOT NULL,
    tries         bigint NOT NULL,
    step          bigint NOT NULL,
    next_try      text,
    last_tried_at text,
    response_code bigint,
    failure       text,
    created_at    text   NOT NULL,
    PRIMARY KEY (endpoint_id, position)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_try, position) WHERE next_try IS NOT NULL;
CREATE INDEX webhook_deliveries_ids ON webhook_deliveries (webhook_id);
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (status, last_tried_at);

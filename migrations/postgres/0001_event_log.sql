-- What happened, per stream. Written through postgres-es, which never sees the last three columns. arrival has no
-- unique index: a second unique constraint would be taken for a conflict between writers.
CREATE TABLE events (
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    sequence       bigint      NOT NULL CHECK (sequence >= 0),
    event_type     text        NOT NULL,
    event_version  text        NOT NULL,
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    arrival        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
CREATE INDEX events_in_commit_order ON events (xid, arrival);

-- The same events in one order for all readers: positions 1, 2, 3 … and a chain of hashes. Written by the sequencer.
CREATE TABLE event_log (
    position       bigint PRIMARY KEY CHECK (position > 0),
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    sequence       bigint NOT NULL,
    event_type     text   NOT NULL,
    event_version  text   NOT NULL,
    payload        text   NOT NULL,
    metadata       text   NOT NULL,
    recorded_at    text   NOT NULL,
    hash           bytea  NOT NULL CHECK (length(hash) = 32)
);
CREATE UNIQUE INDEX event_log_streams ON event_log (aggregate_type, aggregate_id, sequence);

-- How far the sequencer is: the end of event_log, and the last row of events that is in it. last_xid means something
-- only in the cluster named by cluster; in any other one the sequencer compares the two tables once (see
-- event_store/sequence_postgres.rs). Rows up to first_arrival were sequenced before last_xid began to count.
CREATE TABLE sequencer_state (
    only_row      integer PRIMARY KEY CHECK (only_row = 1),
    position      bigint NOT NULL,
    hash          bytea  NOT NULL,
    cluster       text   NOT NULL,
    first_arrival bigint NOT NULL,
    last_xid      xid8   NOT NULL,
    last_arrival  bigint NOT NULL
);
INSERT INTO sequencer_state (only_row, position, hash, cluster, first_arrival, last_xid, last_arrival)
VALUES (1, 0, decode(repeat('00', 32), 'hex'), '', 0, '0', 0);

-- What happened, per stream. Written through sqlite-es, which never sees recorded_at and knows a conflict only by the
-- primary key; the implicit rowid is the commit order, because there is a single writer and nothing is ever deleted.
CREATE TABLE events (
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL CHECK (sequence >= 0),
    event_type     TEXT    NOT NULL,
    event_version  TEXT    NOT NULL,
    payload        TEXT    NOT NULL CHECK (json_valid(payload)),
    metadata       TEXT    NOT NULL CHECK (json_valid(metadata)),
    recorded_at    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
) STRICT;

-- The same events in one order for all readers: positions 1, 2, 3 … and a chain of hashes. Written by the sequencer.
CREATE TABLE event_log (
    position       INTEGER PRIMARY KEY CHECK (position > 0),
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL,
    event_type     TEXT    NOT NULL,
    event_version  TEXT    NOT NULL,
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    recorded_at    TEXT    NOT NULL,
    hash           BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE UNIQUE INDEX event_log_streams ON event_log (aggregate_type, aggregate_id, sequence);

-- How far the sequencer is: the end of event_log, and the last row of events that is in it.
CREATE TABLE sequencer_state (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    position   INTEGER NOT NULL,
    hash       BLOB    NOT NULL,
    last_rowid INTEGER NOT NULL
) STRICT;
INSERT INTO sequencer_state (only_row, position, hash, last_rowid) VALUES (1, 0, zeroblob(32), 0);

-- How far each projection is. A rebuild runs as another version beside the one that serves.
CREATE TABLE projection_checkpoints (
    name       TEXT   PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    status     TEXT NOT NULL,
    error      TEXT
) STRICT;

-- Work that could not be done and waits for a person; the rest goes on.
CREATE TABLE set_aside (
    kind            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    generation_date TEXT NOT NULL,
    reason          TEXT NOT NULL,
    since           TEXT NOT NULL,
    last_seen       TEXT NOT NULL,
    run_id          TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
) STRICT;

-- One sealed key per member; without it that member's personal data in the log can never be read again.
CREATE TABLE member_keys (
    member_id   TEXT PRIMARY KEY NOT NULL,
    wrapped_key TEXT NOT NULL
) STRICT;

-- What this store is and which environment it belongs to.
CREATE TABLE store_identity (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

-- The next number of each series; taken in blocks, so numbers may be skipped but never come twice.
CREATE TABLE serial_numbers (
    name TEXT   PRIMARY KEY NOT NULL,
    next INTEGER NOT NULL
) STRICT;

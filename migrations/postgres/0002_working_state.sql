-- How far each projection is. A rebuild runs as another version beside the one that serves.
CREATE TABLE projection_checkpoints (
    name       text   PRIMARY KEY NOT NULL,
    version    bigint NOT NULL,
    position   bigint NOT NULL,
    generation bigint NOT NULL,
    status     text NOT NULL,
    error      text
);

-- Work that could not be done and waits for a person; the rest goes on.
CREATE TABLE set_aside (
    kind            text NOT NULL,
    subject         text NOT NULL,
    generation_date text NOT NULL,
    reason          text NOT NULL,
    since           text NOT NULL,
    last_seen       text NOT NULL,
    run_id          text NOT NULL,
    PRIMARY KEY (kind, subject)
);

-- One sealed key per member; without it that member's personal data in the log can never be read again.
CREATE TABLE member_keys (
    member_id   text PRIMARY KEY NOT NULL,
    wrapped_key text NOT NULL
);

-- What this store is and which environment it belongs to.
CREATE TABLE store_identity (
    name  text PRIMARY KEY NOT NULL,
    value text NOT NULL
);

-- The next number of each series; taken in blocks, so numbers may be skipped but never come twice.
CREATE TABLE serial_numbers (
    name text   PRIMARY KEY NOT NULL,
    next bigint NOT NULL
);

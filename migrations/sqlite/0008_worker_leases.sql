-- Work that one process at a time does. The fence grows with every change of hands; the beat shows that the holder lives.
CREATE TABLE worker_leases (
    name   TEXT    PRIMARY KEY NOT NULL,
    holder TEXT    NOT NULL,
    fence  INTEGER NOT NULL,
    beat   INTEGER NOT NULL
) STRICT;

-- Work that one process at a time does. The fence grows with every change of hands; the beat shows that the holder lives.
CREATE TABLE worker_leases (
    name   text   PRIMARY KEY NOT NULL,
    holder text   NOT NULL,
    fence  bigint NOT NULL,
    beat   bigint NOT NULL
);

-- People who use the console: of a password only its Argon2 hash is kept, of a session only the SHA-256 of its token.
CREATE TABLE operators (
    operator_id   TEXT PRIMARY KEY NOT NULL,
    shop_id       TEXT NOT NULL,
    login         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    locked_until  TEXT,
    created_at    TEXT NOT NULL,
    disabled_at   TEXT
) STRICT;
CREATE INDEX operators_shops ON operators (shop_id, login);
CREATE TABLE operator_sessions (
    token_hash  TEXT PRIMARY KEY NOT NULL,
    operator_id TEXT NOT NULL,
    began_at    TEXT NOT NULL,
    seen_at     TEXT NOT NULL
) STRICT;
CREATE INDEX operator_sessions_operators ON operator_sessions (operator_id);

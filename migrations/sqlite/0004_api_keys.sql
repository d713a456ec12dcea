-- Keys of billing services, auditors and reporting tools; of a secret only its SHA-256 is kept.
CREATE TABLE api_keys (
    key_id      TEXT PRIMARY KEY NOT NULL,
    shop_id     TEXT NOT NULL,
    name        TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    revoked_at  TEXT
) STRICT;
CREATE INDEX api_keys_shops ON api_keys (shop_id, created_at);

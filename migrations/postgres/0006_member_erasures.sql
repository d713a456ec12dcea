-- Erasures under way: written before the event, taken away when the key is destroyed, so that one that was interrupted is
-- finished at the next start.
CREATE TABLE member_erasures (
    member_id text PRIMARY KEY NOT NULL
);

-- How far the log was looked at for what mails follow from. What happened before this table existed causes no mails.
CREATE TABLE mail_cursor (
    name     TEXT    PRIMARY KEY NOT NULL,
    position INTEGER NOT NULL
) STRICT;
INSERT INTO mail_cursor (name, position) SELECT 'mails', COALESCE(MAX(position), 0) FROM event_log;

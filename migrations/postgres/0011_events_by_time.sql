-- The log by the time of its events, for the end of the log as it stood at an instant.
CREATE INDEX event_log_recorded ON event_log (recorded_at COLLATE "C", position);

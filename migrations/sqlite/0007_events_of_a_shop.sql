-- Every stream's name begins with the five digits of its shop, so this finds one shop's events in the order of the log,
-- however many events other shops have in between.
CREATE INDEX event_log_shops ON event_log (substr(aggregate_id, 1, 5), position);

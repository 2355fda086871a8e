-- Sessions and what accounts hand to them are the bulk of the log; everything else is read again and again.
CREATE INDEX log_events_settings ON log_events (tenant, notification_id)
WHERE topic NOT LIKE 'session.%' AND topic NOT LIKE 'allotment.%';

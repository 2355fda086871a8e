-- Its place is taken by log_events_registered.
DROP INDEX log_events_settings;

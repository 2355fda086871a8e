-- Its place is taken by log_events_settings.
DROP INDEX log_events_catalog;

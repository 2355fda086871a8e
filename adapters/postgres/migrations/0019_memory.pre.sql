-- Memories are many, and no part of what is registered: they are left out where that is read again and again.
CREATE INDEX log_events_registered ON log_events (tenant, notification_id)
WHERE topic NOT LIKE 'session.%' AND topic NOT LIKE 'allotment.%' AND topic NOT LIKE 'memory.%';

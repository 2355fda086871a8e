-- Statements that find out whether a database is well, by name: a line "-- name" begins one. They change nothing.

-- login
-- Who we are, and whether we may work as the service.
SELECT current_user::text AS login, to_regrole('reprise_service') IS NOT NULL AS known,
       coalesce(pg_has_role(current_user, to_regrole('reprise_service')::oid, 'SET'), false) AS may

-- work_as_service
SET ROLE reprise_service

-- has_migrations
SELECT to_regclass('public.schema_migrations') IS NOT NULL AS known

-- migrations
SELECT name, checksum FROM schema_migrations ORDER BY name

-- unsafe
-- Settings with which an append that was answered may be lost, or half written.
SELECT name FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
ORDER BY name

-- clock
SELECT clock_timestamp() AS at

-- missing
-- What of the log is not there, or cannot be used.
SELECT what FROM (VALUES
    ('function append_events', to_regproc('append_events') IS NOT NULL),
    ('function next_position', to_regproc('next_position') IS NOT NULL),
    ('type log_append', to_regtype('log_append') IS NOT NULL),
    ('table log_events', to_regclass('log_events') IS NOT NULL),
    ('table log_identity', to_regclass('log_identity') IS NOT NULL),
    ('table blobs', to_regclass('blobs') IS NOT NULL)
) AS parts (what, there) WHERE NOT there
UNION ALL
SELECT 'index ' || name
FROM unnest(ARRAY['log_events_pkey', 'log_events_position', 'log_events_command', 'log_events_registered']) AS name
WHERE NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(name) AND indisvalid)

-- rights
-- What the service may do to the log but must not, and must do but may not.
SELECT ARRAY(SELECT right_ FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS right_
             WHERE has_table_privilege('log_events', right_)
                OR right_ = 'UPDATE' AND has_any_column_privilege('log_events', right_)) AS beyond,
       ARRAY(SELECT right_ FROM unnest(ARRAY['SELECT', 'INSERT']) AS right_
             WHERE NOT has_table_privilege('log_events', right_)) AS lacking

-- gap
-- The first of the newest positions at which the log, or a session in it, does not go on where it stood.
WITH head AS (
    SELECT coalesce(max(notification_id), 0) AS head FROM log_events
), newest AS (
    SELECT notification_id AS position, originator_id AS stream, originator_version AS version,
           notification_id - lag(notification_id, 1, greatest(0, head - %(newest)s)) OVER positions AS step,
           originator_version - lag(originator_version) OVER versions AS version_step
    FROM log_events CROSS JOIN head
    WHERE notification_id > head - %(newest)s
    WINDOW positions AS (ORDER BY notification_id),
           versions AS (PARTITION BY originator_id ORDER BY notification_id)
)
SELECT position, stream, version, step FROM newest WHERE step <> 1 OR version_step <> 1 ORDER BY position LIMIT 1

-- pinned
-- The newest goals, and documents: what they pin is named in them.
SELECT tenant, topic, state FROM log_events
WHERE notification_id > (SELECT coalesce(max(notification_id), 0) FROM log_events) - %(newest)s
    AND topic LIKE 'session.goal-submitted.%%'
UNION ALL
(SELECT tenant, topic, state FROM log_events
 WHERE topic NOT LIKE 'session.%%' AND topic LIKE 'document.registered.%%' LIMIT 1000)

-- lost_blobs
-- Those of these blobs that are not stored.
SELECT tenant, digest FROM unnest(%(tenants)s::text[], %(digests)s::text[]) AS pinned (tenant, digest)
WHERE NOT EXISTS (SELECT FROM blobs b WHERE b.tenant = pinned.tenant AND b.digest = pinned.digest)

-- log
-- Which log this is, and the position of its last event.
SELECT log_id::text, (SELECT coalesce(max(notification_id), 0) FROM log_events) AS head FROM log_identity

-- kept
-- How far each version of each read model is, 0 where it is built from another log.
SELECT name, version, CASE WHEN log_id = (SELECT log_id FROM log_identity) THEN position ELSE 0 END AS position
FROM read_models.versions

-- forgotten
-- Lanes and sessions with work that has been due for longer than ``seconds``; a paused session owes its timers only.
SELECT lane, session_id::text AS session, extract(epoch FROM now() - due_at)::float8 AS seconds FROM open_work w
WHERE due_at < now() - make_interval(secs => %(seconds)s)
    AND (kind = 'timer' OR NOT EXISTS (
        SELECT FROM open_work p WHERE p.session_id = w.session_id AND p.item = 'pause'))
ORDER BY due_at LIMIT 1000

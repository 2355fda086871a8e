-- Every statement of the log, by name: a line "-- name" begins one, the comment below says what it does.

-- read_stream
-- A stream's events behind a version.
SELECT originator_id, originator_version, topic, state, event_id, tenant, command_id, request_digest, prev_hash,
       notification_id
FROM log_events WHERE originator_id = %(stream)s AND originator_version > %(after)s
ORDER BY originator_version

-- stream_version
SELECT coalesce(max(originator_version), 0) FROM log_events WHERE originator_id = %(stream)s

-- read_log
-- Events behind a position.
SELECT originator_id, originator_version, topic, state, event_id, tenant, command_id, request_digest, prev_hash,
       notification_id
FROM log_events WHERE notification_id > %(after)s
ORDER BY notification_id LIMIT %(limit)s

-- read_sessions
-- The events of a tenant's sessions behind a position up to another; a text is read faster than a UUID.
SELECT originator_id::text, originator_version, notification_id, topic, state
FROM log_events
WHERE notification_id > %(after)s AND notification_id <= %(until)s
    AND tenant = %(tenant)s AND topic LIKE 'session.%%'
ORDER BY notification_id

-- read_catalog
-- A tenant's events from a position on, sessions, what accounts hand to them and memories left out; what stands
-- there is known already, and comes without its state. Served by a partial index.
SELECT originator_id, originator_version, topic, CASE WHEN notification_id > %(since)s THEN state ELSE '' END,
       event_id, tenant, command_id, request_digest, prev_hash, notification_id
FROM log_events WHERE tenant = %(tenant)s AND notification_id >= %(since)s AND topic NOT LIKE 'session.%%'
    AND topic NOT LIKE 'allotment.%%' AND topic NOT LIKE 'memory.%%'
ORDER BY notification_id

-- find_command
-- Where a command was recorded, with the position of its append's last event.
SELECT originator_id, originator_version, notification_id + following, coalesce(request_digest, '')
FROM log_events WHERE tenant = %(tenant)s AND command_id = %(command_id)s

-- find_events
-- The positions of the events that stand at these versions with these very ids and bytes.
SELECT e.notification_id
FROM unnest(%(streams)s::uuid[], %(versions)s::bigint[], %(ids)s::uuid[], %(states)s::bytea[])
    AS sent (stream, version, id, state)
JOIN log_events e ON e.originator_id = sent.stream AND e.originator_version = sent.version
WHERE e.event_id = sent.id AND e.state = sent.state

-- head
-- The position of the last event.
SELECT coalesce(max(notification_id), 0) FROM log_events

-- log_id
-- The log's random id.
SELECT log_id FROM log_identity

-- renew_log_id
-- Give the log another id: its history was replaced, and whoever followed it must begin anew.
UPDATE log_identity SET log_id = gen_random_uuid() RETURNING log_id

-- put_blobs
-- Store bytes under their digest; in the order of digests, so that two writers cannot wait for each other.
INSERT INTO blobs (tenant, digest, bytes)
SELECT DISTINCT ON (digest) %(tenant)s, digest, bytes
FROM (SELECT encode(sha256(b), 'hex') AS digest, b AS bytes FROM unnest(%(blobs)s::bytea[]) AS b) AS given
ORDER BY digest
ON CONFLICT DO NOTHING

-- missing_blobs
SELECT digest FROM unnest(%(digests)s::text[]) AS digest
WHERE NOT EXISTS (SELECT FROM blobs b WHERE b.tenant = %(tenant)s AND b.digest = digest.digest)

-- get_blob
-- The bytes under a digest.
SELECT bytes FROM blobs WHERE tenant = %(tenant)s AND digest = %(digest)s

-- row_type
-- The number under which this database knows the type of a row on its way.
SELECT 'log_append'::regtype::oid AS row_type

-- append
-- Append the units of one flush; the answer names those that were refused.
SELECT base, refused FROM append_events(%(rows)s)

-- end_stuck_writers
-- End whoever we may end of those that have held the append lock for more than a second; safe, for an append is all
-- or nothing.
SELECT pg_terminate_backend(l.pid)
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 1380995667 AND l.objid = 1 AND l.objsubid = 2 AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND a.xact_start < clock_timestamp() - interval '1 second' AND pg_has_role(a.usesysid, 'MEMBER')

-- sessions
-- Every session of the log, in the order in which they began.
SELECT originator_id FROM log_events
WHERE originator_version = 1 AND topic LIKE 'session.%%'
ORDER BY notification_id

-- session_behind
-- A session's events behind a position, at most so many, and none once those before have ``size`` bytes. Who comes back
-- names the position of an event of this very session, so that the index leads to it.
SELECT notification_id, originator_id, originator_version, topic, tenant, event_id, state
FROM (
    SELECT *, sum(octet_length(state)) OVER (ORDER BY originator_version) - octet_length(state) AS size
    FROM log_events
    WHERE originator_id = %(stream)s AND notification_id > %(after)s AND originator_version > coalesce(
        (SELECT originator_version FROM log_events WHERE notification_id = %(after)s AND originator_id = %(stream)s), 0)
    ORDER BY originator_version LIMIT %(events)s
) AS behind
WHERE size < %(size)s ORDER BY originator_version

-- tenant_behind
-- The events of a tenant's sessions behind a position up to another, and none once those before have ``size`` bytes.
SELECT notification_id, originator_id, originator_version, topic, tenant, event_id, state
FROM (
    SELECT *, sum(octet_length(state)) OVER (ORDER BY notification_id) - octet_length(state) AS size
    FROM log_events
    WHERE notification_id > %(after)s AND notification_id <= %(until)s
        AND tenant = %(tenant)s AND topic LIKE 'session.%%'
) AS behind
WHERE size < %(size)s ORDER BY notification_id

-- take_slot
SELECT take_slot(%(tenant)s, %(holder)s, %(keys)s, %(limits)s, %(patience)s)

-- find_session_key
-- The wrapped key of a session, and the name of the master key that it is under.
SELECT wrapped, master FROM session_keys WHERE tenant = %(tenant)s AND session = %(session)s::uuid

-- keep_session_key
-- Store the wrapped key of a session that has none.
INSERT INTO session_keys (tenant, session, wrapped, master)
VALUES (%(tenant)s, %(session)s::uuid, %(wrapped)s, %(master)s)
ON CONFLICT DO NOTHING RETURNING session

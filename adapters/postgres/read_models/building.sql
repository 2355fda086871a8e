-- Statements about builds of read models, by name: a line "-- name" begins one.

-- try_build
-- One builder of a read model at a time: the lock ends with the connection.
SELECT pg_try_advisory_lock(1380995668, hashtext(%(schema)s))

-- request
-- Ask for a build, unless one is open or this request was made before.
INSERT INTO read_models.builds (name, version, checking, request_key, requested_by)
VALUES (%(name)s, %(version)s, %(check)s, %(key)s, %(by)s)
ON CONFLICT DO NOTHING

-- of_key
SELECT id, name, version FROM read_models.builds WHERE request_key = %(key)s

-- steer
-- Give a build another state, if it still has the one that was seen.
UPDATE read_models.builds
SET state = %(state)s, updated_at = now(), finished_at = CASE WHEN %(state)s = 'aborted' THEN now() END
WHERE id = %(id)s AND state = %(seen)s
RETURNING id

-- unfinished
-- Builds to carry out, and next forms that a build which ended has left behind.
SELECT DISTINCT name, version FROM read_models.builds
WHERE state IN ('requested', 'building', 'comparing')
    OR state <> 'paused' AND to_regnamespace(name || '_v' || version || '_next') IS NOT NULL

-- take
-- The build to carry out.
SELECT id, log_id::text, position, checking, skipped FROM read_models.builds
WHERE name = %(name)s AND version = %(version)s AND state IN ('requested', 'building', 'comparing')
FOR UPDATE

-- paused
SELECT EXISTS (
    SELECT FROM read_models.builds WHERE name = %(name)s AND version = %(version)s AND state = 'paused'
)

-- begin
-- Say that a build is under way, from where it stands.
UPDATE read_models.builds
SET state = 'building', log_id = %(log_id)s, position = %(position)s, skipped = %(skipped)s, error = '',
    started_at = coalesce(started_at, now()), updated_at = now()
WHERE id = %(id)s

-- advance
-- Say how far a build is, if nobody has paused or aborted it.
UPDATE read_models.builds
SET position = %(position)s, head = greatest(%(head)s, %(position)s), skipped = %(skipped)s, updated_at = now()
WHERE id = %(id)s AND state IN ('building', 'comparing')
RETURNING id

-- filled
-- Say that a build's tables have come to the log's head, if nobody has paused or aborted it.
UPDATE read_models.builds SET state = 'comparing', filled_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE id = %(id)s AND state IN ('building', 'comparing')
RETURNING id

-- wait
-- Say that a build waits for the live form, if nobody has paused or aborted it.
UPDATE read_models.builds SET updated_at = now()
WHERE id = %(id)s AND state IN ('building', 'comparing')
RETURNING id

-- compared
-- Keep what the comparison found.
UPDATE read_models.builds
SET differences = %(differences)s, examples = %(examples)s, remark = %(remark)s, updated_at = now()
WHERE id = %(id)s AND state IN ('building', 'comparing')
RETURNING id

-- finish
UPDATE read_models.builds SET state = 'done', updated_at = clock_timestamp(), finished_at = clock_timestamp()
WHERE id = %(id)s AND state IN ('building', 'comparing')
RETURNING id

-- fail
UPDATE read_models.builds SET state = 'failed', error = %(error)s, updated_at = now(), finished_at = now()
WHERE id = %(id)s AND state IN ('building', 'comparing')

-- forget
-- Forget a version of a read model whose tables were dropped.
WITH builds AS (DELETE FROM read_models.builds WHERE name = %(name)s AND version = %(version)s)
DELETE FROM read_models.versions WHERE name = %(name)s AND version = %(version)s

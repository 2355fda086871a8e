-- Statements that answer questions over the read models, by name: a line "-- name" begins one. Tables are found by the
-- search path, which names the schemas of the read models that this code knows.

-- sessions
-- The newest sessions of a tenant, of one status or user or with a goal like a pattern where these are named, those
-- before another where it is named.
SELECT * FROM sessions
WHERE tenant = %(tenant)s
    AND (%(status)s::text = '' OR status = %(status)s::text)
    AND (%(user)s::text = '' OR user_id = %(user)s::text)
    AND (%(pattern)s::text = '' OR goal ILIKE %(pattern)s::text)
    AND (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s::timestamptz, %(last)s::uuid))
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s

-- sessions_of
-- Those sessions.
SELECT * FROM sessions WHERE tenant = %(tenant)s AND id = ANY (%(sessions)s)

-- tasks
-- The steps of these sessions' plans.
SELECT * FROM tasks WHERE tenant = %(tenant)s AND session_id = ANY (%(sessions)s) ORDER BY session_id, step

-- actions
-- The tool calls of a session.
SELECT * FROM actions WHERE tenant = %(tenant)s AND session_id = %(session)s ORDER BY created_at, id

-- actions_of
-- The tool calls of these tasks.
SELECT * FROM actions WHERE tenant = %(tenant)s AND task_id = ANY (%(tasks)s) ORDER BY created_at, id

-- timeline
-- What happened in a session, behind a version.
SELECT * FROM timeline
WHERE session_id = %(session)s AND tenant = %(tenant)s AND version > %(after)s
ORDER BY version
LIMIT %(limit)s

-- messages
-- What was said in each of these sessions, behind a version.
SELECT m.* FROM unnest(%(sessions)s::uuid[]) AS asked (id) CROSS JOIN LATERAL (
    SELECT * FROM timeline
    WHERE session_id = asked.id AND tenant = %(tenant)s AND version > %(after)s AND role IS NOT NULL
    ORDER BY version
    LIMIT %(limit)s
) m
ORDER BY m.position

-- events
-- What is recorded of each of these sessions, behind a position; of each no more once that has so many bytes.
SELECT position, stream, version, topic, tenant, event_id, state
FROM unnest(%(sessions)s::uuid[]) AS asked (id) CROSS JOIN LATERAL (
    SELECT *, sum(octet_length(state)) OVER (ORDER BY version) - octet_length(state) AS bytes_before
    FROM (
        SELECT notification_id AS position, originator_id AS stream, originator_version AS version, topic, tenant,
            event_id, state
        FROM log_events
        WHERE originator_id = asked.id AND tenant = %(tenant)s AND notification_id > %(after)s
        ORDER BY originator_version
        LIMIT %(limit)s
    ) recorded
) e
WHERE bytes_before < %(size)s
ORDER BY position

-- verdicts
-- What the policy said in these sessions, each with its tool.
SELECT v.*, a.tool_id FROM verdicts v LEFT JOIN actions a ON a.id = v.action_id
WHERE v.tenant = %(tenant)s AND v.session_id = ANY (%(sessions)s)
ORDER BY v.position

-- violations
-- What the policy denied in these sessions.
SELECT * FROM violations WHERE tenant = %(tenant)s AND session_id = ANY (%(sessions)s) ORDER BY position, id

-- costs
-- What each purpose of each step of these sessions took.
SELECT * FROM costs
WHERE tenant = %(tenant)s AND session_id = ANY (%(sessions)s)
ORDER BY session_id, step, purpose

-- approvals
-- The questions to humans of one status, or of all, the oldest first, each with the request that it is about.
SELECT p.*, s.goal, a.tool_id, a.operation, a.effect_class, a.request_json
FROM approvals p
    JOIN sessions s ON s.id = p.session_id
    LEFT JOIN actions a ON a.id = p.action_id
WHERE p.tenant = %(tenant)s
    AND (%(status)s::text = '' OR p.status = %(status)s::text)
    AND (%(at)s::timestamptz IS NULL OR (p.requested_at, p.id) > (%(at)s::timestamptz, %(last)s::text))
ORDER BY p.requested_at, p.id
LIMIT %(limit)s

-- approvals_of
-- The questions to humans in these sessions, the oldest first.
SELECT p.*, s.goal, a.tool_id, a.operation, a.effect_class, a.request_json
FROM approvals p
    JOIN sessions s ON s.id = p.session_id
    LEFT JOIN actions a ON a.id = p.action_id
WHERE p.tenant = %(tenant)s AND p.session_id = ANY (%(sessions)s)
ORDER BY p.requested_at, p.id

-- approval
-- One question to a human.
SELECT p.*, s.goal, a.tool_id, a.operation, a.effect_class, a.request_json
FROM approvals p
    JOIN sessions s ON s.id = p.session_id
    LEFT JOIN actions a ON a.id = p.action_id
WHERE p.tenant = %(tenant)s AND p.id = %(approval)s

-- dead_letters
-- The calls that were given up, of one status or of all, those that wait longest first, each with its request.
SELECT l.*, s.goal, s.status AS session_status, s.version, a.tool_id AS tool, a.operation, a.effect_class,
    a.request_json, a.request_digest, a.idempotency_key, a.http_status, a.response_json,
    CASE WHEN a.started_at IS NULL THEN 0 ELSE a.retry_count + 1 END AS attempts
FROM dead_letters l
    JOIN sessions s ON s.id = l.session_id
    JOIN actions a ON a.id = l.id
WHERE l.tenant = %(tenant)s
    AND (%(status)s::text = '' OR l.status = %(status)s::text)
    AND (%(at)s::timestamptz IS NULL OR (l.dead_lettered_at, l.id) > (%(at)s::timestamptz, %(last)s::text))
ORDER BY l.dead_lettered_at, l.id
LIMIT %(limit)s

-- dead_letters_of
-- The calls that were given up in these sessions.
SELECT l.*, s.goal, s.status AS session_status, s.version, a.tool_id AS tool, a.operation, a.effect_class,
    a.request_json, a.request_digest, a.idempotency_key, a.http_status, a.response_json,
    CASE WHEN a.started_at IS NULL THEN 0 ELSE a.retry_count + 1 END AS attempts
FROM dead_letters l
    JOIN sessions s ON s.id = l.session_id
    JOIN actions a ON a.id = l.id
WHERE l.tenant = %(tenant)s AND l.session_id = ANY (%(sessions)s)
ORDER BY l.dead_lettered_at, l.id

-- dead_letter
-- One call that was given up.
SELECT l.*, s.goal, s.status AS session_status, s.version, a.tool_id AS tool, a.operation, a.effect_class,
    a.request_json, a.request_digest, a.idempotency_key, a.http_status, a.response_json,
    CASE WHEN a.started_at IS NULL THEN 0 ELSE a.retry_count + 1 END AS attempts
FROM dead_letters l
    JOIN sessions s ON s.id = l.session_id
    JOIN actions a ON a.id = l.id
WHERE l.tenant = %(tenant)s AND l.id = %(letter)s

-- agents
-- The agents of a tenant, those with one capability where it is named.
SELECT * FROM agents
WHERE tenant = %(tenant)s AND (%(capability)s::text = '' OR capabilities @> ARRAY[%(capability)s::text])
ORDER BY id

-- tools
-- The tools of a tenant's APIs in their current documents, as an operator says they are: those of one API, one effect
-- class, or enabled or not, where these are named. What repeatable follows from is said in domain/catalog/overriding.py.
SELECT * FROM (
    SELECT t.tenant, t.id, t.api, t.name, t.operation, t.openapi_ref, t.description, t.parameters, t.created_at,
           coalesce(o.effect_class, t.effect_class) AS effect_class,
           CASE WHEN o.repeatable IS NOT NULL THEN o.repeatable
                WHEN o.effect_class IN ('read', 'idempotent-write') THEN true
                WHEN o.effect_class IS NOT NULL AND t.effect_class = 'read' THEN false
                ELSE t.repeatable END AS repeatable,
           coalesce(o.enabled, true) AS enabled,
           coalesce(o.deprecated, t.deprecated) AS deprecated,
           coalesce(o.scopes, '{}') AS own_scopes,
           coalesce(o.rate_limit, 0) AS own_rate_limit,
           a.scopes, a.rate_limit
    FROM tools t
        JOIN apis a ON a.tenant = t.tenant AND a.api = t.api AND a.document = t.openapi_ref
        LEFT JOIN overrides o ON o.tenant = t.tenant AND o.api = t.api AND o.operation = t.operation
    WHERE t.tenant = %(tenant)s AND (%(api)s::text = '' OR t.api = %(api)s::text) AND t.id > %(after)s
      AND (%(names)s::text[] IS NULL OR t.id = ANY(%(names)s::text[]))
) said
WHERE (%(effect)s::text = '' OR effect_class = %(effect)s::text)
  AND (%(enabled)s::boolean IS NULL OR enabled = %(enabled)s::boolean)
ORDER BY id
LIMIT %(limit)s

-- projections
-- How far each version of each read model is; this code's are those whose schemas are in the search path.
SELECT v.name, v.version, v.position, h.head, greatest(0, h.head - v.position) AS lag, v.updated_at,
       v.name || '_v' || v.version = ANY (current_schemas(false)) AS ours
FROM read_models.versions v
    CROSS JOIN (SELECT coalesce(max(notification_id), 0) AS head FROM log_events) h
WHERE to_regnamespace(v.name || '_v' || v.version) IS NOT NULL
ORDER BY v.name, v.version

-- builds
-- The last build of each version of each read model, or of one that is named, and whether a process is at it.
SELECT DISTINCT ON (b.name, b.version)
       b.id, b.name, b.version, b.state, b.checking, b.position, b.head, b.skipped, b.differences, b.examples, b.remark,
       b.error, b.requested_by, b.requested_at, b.started_at, b.filled_at, b.updated_at,
       b.finished_at,
       b.state IN ('building', 'comparing') AND EXISTS (
           SELECT FROM pg_locks l
           WHERE l.locktype = 'advisory' AND l.classid = 1380995668 AND l.objsubid = 2 AND l.granted
               AND l.objid::bigint = hashtext(b.name || '_v' || b.version)::bigint & 4294967295
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       ) AS held
FROM read_models.builds b
WHERE %(name)s::text = '' OR b.name = %(name)s::text AND b.version = %(version)s
ORDER BY b.name, b.version, b.id DESC

-- reached
-- The position that each of this code's read models has reached; one that is not built from this log is at 0.
SELECT min(coalesce(v.position, 0)) AS position
FROM regexp_split_to_table(current_setting('search_path'), ',') AS schema
    LEFT JOIN read_models.versions v
        ON v.name || '_v' || v.version = schema AND v.log_id = (SELECT log_id FROM log_identity)
WHERE schema <> 'public'

-- head
-- Where the log ends.
SELECT coalesce(max(notification_id), 0) AS head FROM log_events

-- measures
-- How much there is of everything, over all tenants: work that is due, and since how many seconds the oldest, by lane;
-- sessions that have not ended, by status; what waits for people. Everything is counted along an index, each tenant
-- for itself, so that ended sessions cost nothing however many there are.
WITH RECURSIVE due AS (
    SELECT lane, count(w.item) AS items, coalesce(extract(epoch FROM now() - min(w.due_at)), 0) AS age
    FROM unnest(ARRAY['interactive', 'standard', 'batch']) AS lanes (lane)
        LEFT JOIN (
            SELECT o.lane, o.item, o.due_at FROM open_work o
            WHERE o.due_at <= now()
                AND (o.kind = 'timer' OR NOT EXISTS (
                    SELECT FROM open_work p WHERE p.session_id = o.session_id AND p.item = 'pause'))
        ) w USING (lane)
    GROUP BY lane
), tenants AS (
    (SELECT tenant FROM sessions ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT s.tenant FROM sessions s WHERE s.tenant > t.tenant ORDER BY s.tenant LIMIT 1)
    FROM tenants t WHERE t.tenant IS NOT NULL
)
SELECT 'work_due' AS name, lane AS label, items::float8 AS value FROM due
UNION ALL
SELECT 'work_oldest_seconds', lane, age::float8 FROM due
UNION ALL
SELECT 'sessions', live.status, sum(found.sessions)::float8
FROM tenants t
    CROSS JOIN unnest(ARRAY['queued', 'running', 'waiting', 'paused']) AS live (status)
    CROSS JOIN LATERAL (
        SELECT count(*) AS sessions FROM sessions s WHERE s.tenant = t.tenant AND s.status = live.status
    ) found
GROUP BY live.status
UNION ALL
SELECT 'approvals_open', '', count(*)::float8 FROM approvals WHERE status = 'open'
UNION ALL
SELECT 'dead_letters_open', '', count(*)::float8 FROM dead_letters WHERE status = 'open'

-- past_calls_counted
-- How many calls made a request of an operation in one of these revisions.
SELECT count(*) AS calls FROM actions WHERE tenant = %(tenant)s AND document = ANY (%(documents)s)

-- past_calls
-- Those calls by id, behind one of them.
SELECT id, session_id, version, position, tool_id AS tool, operation, document, request_json AS arguments, status,
    http_status, CASE WHEN status = 'succeeded' THEN response_json END AS output
FROM actions
WHERE tenant = %(tenant)s AND document = ANY (%(documents)s) AND id > %(after)s
ORDER BY id
LIMIT %(limit)s

-- open_sessions
-- The sessions of a tenant that have not ended, by id, behind one of them.
SELECT id FROM sessions
WHERE tenant = %(tenant)s AND stage NOT IN ('completed', 'failed', 'cancelled')
    AND (%(after)s::uuid IS NULL OR id > %(after)s::uuid)
ORDER BY id
LIMIT %(limit)s

-- memory_column
-- What vectors are kept as: vector, or without pgvector an array.
SELECT t.typname::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = 'memory_vectors'::regclass AND a.attname = 'embedding'

-- memories_nearest
-- The memories that a user may know, by how close they are to a vector.
SELECT m.id, m.user_id, m.kind, m.subject, m.text, m.trusted, m.private, m.sources, m.session_id, m.step, m.created_at,
    1 - (v.embedding <=> %(vector)s) AS similarity
FROM memory_vectors v JOIN memories m ON m.tenant = v.tenant AND m.id = v.id
WHERE v.tenant = %(tenant)s AND v.space = %(space)s
    AND (m.user_id = %(user)s::text OR (m.user_id = '' AND NOT %(own)s))
    AND (%(kinds)s::text[] = '{}' OR m.kind = ANY (%(kinds)s::text[]))
    AND (%(subject)s::text = '' OR lower(m.subject) = lower(%(subject)s::text))
    AND (%(session)s::text = '' OR m.session_id = %(session)s::text)
    AND (%(source)s::text = '' OR %(source)s::text = ANY (m.sources))
    AND (%(trusted)s::boolean IS NULL OR m.trusted = %(trusted)s::boolean)
    AND (%(private)s::boolean IS NULL OR m.private = %(private)s::boolean)
    AND NOT (%(by_people)s AND EXISTS (SELECT FROM unnest(m.sources) AS source WHERE starts_with(source, 'model:')))
ORDER BY v.embedding <=> %(vector)s, m.id
LIMIT %(most)s

-- memories_newest
-- The memories that a user may know, by when they were written down.
SELECT m.id, m.user_id, m.kind, m.subject, m.text, m.trusted, m.private, m.sources, m.session_id, m.step, m.created_at
FROM memories m
WHERE m.tenant = %(tenant)s
    AND (m.user_id = %(user)s::text OR (m.user_id = '' AND NOT %(own)s))
    AND (%(kinds)s::text[] = '{}' OR m.kind = ANY (%(kinds)s::text[]))
    AND (%(subject)s::text = '' OR lower(m.subject) = lower(%(subject)s::text))
    AND (%(session)s::text = '' OR m.session_id = %(session)s::text)
    AND (%(source)s::text = '' OR %(source)s::text = ANY (m.sources))
    AND (%(trusted)s::boolean IS NULL OR m.trusted = %(trusted)s::boolean)
    AND (%(private)s::boolean IS NULL OR m.private = %(private)s::boolean)
    AND NOT (%(by_people)s AND EXISTS (SELECT FROM unnest(m.sources) AS source WHERE starts_with(source, 'model:')))
    AND (%(at)s::timestamptz IS NULL OR (m.created_at, m.id) < (%(at)s::timestamptz, %(last)s::text))
ORDER BY m.created_at DESC, m.id DESC
LIMIT %(most)s

-- memory_spaces
-- How many vectors a tenant's memories have in each space, and how many memories there are.
SELECT space, count(*) FROM memory_vectors WHERE tenant = %(tenant)s GROUP BY space
UNION ALL SELECT '', count(*) FROM memories WHERE tenant = %(tenant)s

-- memories_unembedded
-- Memories without a vector in a space, and what of them is embedded.
SELECT m.id, CASE WHEN m.subject = '' THEN m.text ELSE m.subject || ': ' || m.text END
FROM memories m LEFT JOIN memory_vectors v ON v.tenant = m.tenant AND v.space = %(space)s AND v.id = m.id
WHERE m.tenant = %(tenant)s AND v.id IS NULL AND m.id > %(after)s
ORDER BY m.id
LIMIT %(most)s

-- episodes
-- What happened in a session, by how many of a text's words it holds; any one of them will do.
SELECT t.position, t.version, t.at, t.kind, t.type, t.actor, t.title, t.detail, t.step, t.call, t.role
FROM timeline t
CROSS JOIN LATERAL to_tsvector('english', t.title || ' ' || left(t.detail, 20000)) AS said
CROSS JOIN CAST(replace(plainto_tsquery('english', %(text)s)::text, '&', '|') AS tsquery) AS asked
WHERE t.session_id = %(session)s AND t.tenant = %(tenant)s AND said @@ asked
ORDER BY ts_rank(said, asked) DESC, t.version
LIMIT %(most)s

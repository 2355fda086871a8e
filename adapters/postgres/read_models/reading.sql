-- Statements that answer questions over the read models, by name: a line "-- name" begins one.

-- sessions
-- The newest sessions of a tenant, of one status where one is named, those before another where it is named.
SELECT * FROM read_models.sessions
WHERE tenant = %(tenant)s
    AND (%(status)s::text = '' OR status = %(status)s::text)
    AND (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s::timestamptz, %(last)s::uuid))
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s

-- session
-- One session.
SELECT * FROM read_models.sessions WHERE tenant = %(tenant)s AND id = %(session)s

-- tasks
-- The steps of a session's plan.
SELECT * FROM read_models.tasks WHERE session_id = %(session)s ORDER BY step

-- actions
-- The tool calls of a session.
SELECT * FROM read_models.actions WHERE session_id = %(session)s ORDER BY created_at, id

-- timeline
-- What happened in a session, behind a version.
SELECT * FROM read_models.timeline
WHERE session_id = %(session)s AND tenant = %(tenant)s AND version > %(after)s
ORDER BY version
LIMIT %(limit)s

-- approvals
-- The questions to humans of one status, or of all, the oldest first, each with the request that it is about.
SELECT p.*, s.goal, a.tool_id, a.operation, a.effect_class, a.request_json
FROM read_models.approvals p
    JOIN read_models.sessions s ON s.id = p.session_id
    LEFT JOIN read_models.actions a ON a.id = p.action_id
WHERE p.tenant = %(tenant)s
    AND (%(status)s::text = '' OR p.status = %(status)s::text)
    AND (%(at)s::timestamptz IS NULL OR (p.requested_at, p.id) > (%(at)s::timestamptz, %(last)s::text))
ORDER BY p.requested_at, p.id
LIMIT %(limit)s

-- approval
-- One question to a human.
SELECT p.*, s.goal, a.tool_id, a.operation, a.effect_class, a.request_json
FROM read_models.approvals p
    JOIN read_models.sessions s ON s.id = p.session_id
    LEFT JOIN read_models.actions a ON a.id = p.action_id
WHERE p.tenant = %(tenant)s AND p.id = %(approval)s

-- agents
-- The agents of a tenant, those with one capability where it is named.
SELECT * FROM read_models.agents
WHERE tenant = %(tenant)s AND (%(capability)s::text = '' OR capabilities @> ARRAY[%(capability)s::text])
ORDER BY id

-- tools
-- The tools of a tenant's APIs in their current documents, those of one API where it is named.
SELECT t.*, a.scopes, a.rate_limit
FROM read_models.tools t
    JOIN read_models.apis a ON a.tenant = t.tenant AND a.api = t.api AND a.document = t.openapi_ref
WHERE t.tenant = %(tenant)s AND (%(api)s::text = '' OR t.api = %(api)s::text) AND t.id > %(after)s
ORDER BY t.id
LIMIT %(limit)s

-- projections
-- How far each read model is.
SELECT c.name, c.version, c.position, h.head, greatest(0, h.head - c.position) AS lag, c.updated_at
FROM read_models.checkpoints c
    CROSS JOIN (SELECT coalesce(max(notification_id), 0) AS head FROM log_events) h
ORDER BY c.name

-- reached
-- The position that every read model has reached.
SELECT min(position) AS position FROM read_models.checkpoints

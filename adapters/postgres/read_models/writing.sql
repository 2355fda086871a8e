-- Statements that write read models, by name: a line "-- name" begins one. Tables and types are found by the search
-- path, so that the same statements write every version, and the live tables like those of a rebuild. A null in a change
-- means unchanged.

-- write_sessions
MERGE INTO sessions t USING unnest(%(rows)s::sessions_changes[]) c ON t.id = c.id
WHEN NOT MATCHED AND c.goal IS NOT NULL THEN
    INSERT (id, tenant, user_id, goal, lane, model, stage, paused, asking, steps, open_steps, accepted, reworks, calls,
            model_calls, tool_calls, tokens, currency, money, answer, untrusted, unproven, reason, created_at, updated_at,
            finished_at, version, position)
    VALUES (c.id, c.tenant, c.user_id, c.goal, c.lane, c.model, c.stage, c.paused,
            ARRAY(SELECT DISTINCT call FROM unnest(c.asked) AS call ORDER BY call), c.steps, c.open_steps,
            c.accepted, c.reworks, c.calls, c.model_calls, c.tool_calls, c.tokens, c.currency, c.money, c.answer,
            c.untrusted, c.unproven, c.reason, c.created_at, c.updated_at, c.finished_at, c.version, c.position)
WHEN MATCHED THEN UPDATE SET
    stage = coalesce(c.stage, t.stage),
    paused = coalesce(c.paused, t.paused),
    asking = ARRAY(SELECT DISTINCT call FROM unnest(t.asking || c.asked) AS call
                   WHERE call <> ALL (c.answered) ORDER BY call),
    steps = t.steps + c.steps,
    open_steps = t.open_steps + c.open_steps,
    accepted = t.accepted + c.accepted,
    reworks = t.reworks + c.reworks,
    calls = t.calls + c.calls,
    model_calls = t.model_calls + c.model_calls,
    tool_calls = t.tool_calls + c.tool_calls,
    tokens = t.tokens + c.tokens,
    money = t.money + c.money,
    answer = coalesce(c.answer, t.answer),
    untrusted = coalesce(c.untrusted, t.untrusted),
    unproven = coalesce(c.unproven, t.unproven),
    reason = coalesce(c.reason, t.reason),
    updated_at = c.updated_at,
    finished_at = coalesce(c.finished_at, t.finished_at),
    version = c.version,
    position = c.position

-- write_tasks
MERGE INTO tasks t USING unnest(%(rows)s::tasks_changes[]) c ON t.id = c.id
WHEN NOT MATCHED AND c.goal IS NOT NULL THEN
    INSERT (id, session_id, step, tenant, agent_id, goal, criteria, after, status, round, input_json, output_json,
            output_round, reason, created_at, started_at, finished_at, updated_at, version, position)
    VALUES (c.id, c.session_id, c.step, c.tenant, c.agent_id, c.goal, c.criteria, c.after, c.status, c.round,
            c.input_json, c.output_json, coalesce(c.output_round, 0), c.reason, c.created_at, c.started_at,
            c.finished_at, c.updated_at, c.version, c.position)
WHEN MATCHED THEN UPDATE SET
    status = coalesce(c.status, t.status),
    round = coalesce(c.round, t.round),
    input_json = coalesce(c.input_json, t.input_json),
    output_json = CASE WHEN c.output_round >= t.output_round THEN c.output_json ELSE t.output_json END,
    output_round = greatest(c.output_round, t.output_round),
    reason = coalesce(c.reason, t.reason),
    started_at = coalesce(c.started_at, t.started_at),
    finished_at = coalesce(c.finished_at, t.finished_at),
    updated_at = c.updated_at,
    version = c.version,
    position = c.position

-- write_tasks_ended
-- A late answer may stand behind the end in the same batch: it keeps its place.
UPDATE tasks t SET
    status = 'cancelled',
    finished_at = c.finished_at,
    updated_at = CASE WHEN t.position < c.position THEN c.finished_at ELSE t.updated_at END,
    position = greatest(t.position, c.position)
FROM unnest(%(rows)s::tasks_ended_changes[]) c
WHERE t.session_id = c.session_id AND t.status IN ('pending', 'running', 'waiting')

-- write_actions
MERGE INTO actions t USING unnest(%(rows)s::actions_changes[]) c ON t.id = c.id
WHEN NOT MATCHED AND c.tool_id IS NOT NULL THEN
    INSERT (id, session_id, task_id, tenant, tool_id, operation, document, effect_class, request_json,
            request_digest, idempotency_key, verdict, rules, policy_set, status, status_position, reason, response_json, http_status,
            latency_ms, retry_count, created_at, started_at, finished_at, updated_at, version, position)
    VALUES (c.id, c.session_id, c.task_id, c.tenant, c.tool_id, c.operation, c.document, c.effect_class, c.request_json,
            c.request_digest, c.idempotency_key, c.verdict, c.rules, c.policy_set, c.status, c.status_position,
            c.reason, c.response_json, c.http_status, c.latency_ms, c.retry_count, c.created_at, c.started_at,
            c.finished_at, c.updated_at, c.version, c.position)
WHEN MATCHED THEN UPDATE SET
    operation = coalesce(c.operation, t.operation),
    document = coalesce(c.document, t.document),
    effect_class = coalesce(c.effect_class, t.effect_class),
    request_json = coalesce(c.request_json, t.request_json),
    request_digest = coalesce(c.request_digest, t.request_digest),
    idempotency_key = coalesce(c.idempotency_key, t.idempotency_key),
    verdict = coalesce(c.verdict, t.verdict),
    rules = coalesce(c.rules, t.rules),
    policy_set = coalesce(c.policy_set, t.policy_set),
    status = coalesce(c.status, t.status),
    status_position = coalesce(c.status_position, t.status_position),
    reason = coalesce(c.reason, t.reason),
    response_json = coalesce(c.response_json, t.response_json),
    http_status = coalesce(c.http_status, t.http_status),
    latency_ms = coalesce(c.latency_ms, t.latency_ms),
    retry_count = coalesce(c.retry_count, t.retry_count),
    started_at = coalesce(c.started_at, t.started_at),
    finished_at = coalesce(c.finished_at, t.finished_at),
    updated_at = c.updated_at,
    version = c.version,
    position = c.position

-- write_actions_ended
-- A dead letter's replay, or a late answer, may stand behind the end in the same batch: it keeps its place. A call that
-- may have happened is no unfinished one: people are asked about it.
UPDATE actions t SET
    status = 'cancelled',
    status_position = c.position,
    finished_at = c.finished_at,
    updated_at = CASE WHEN t.position < c.position THEN c.finished_at ELSE t.updated_at END,
    position = greatest(t.position, c.position)
FROM unnest(%(rows)s::actions_ended_changes[]) c
WHERE t.session_id = c.session_id AND t.id <> ALL (c.kept) AND t.status_position < c.position
    AND t.status IN ('chosen', 'waiting', 'requested', 'running', 'deferred', 'retrying')

-- write_agents
MERGE INTO agents t USING unnest(%(rows)s::agents_changes[]) c ON t.tenant = c.tenant AND t.id = c.id
WHEN NOT MATCHED THEN
    INSERT (tenant, id, name, role, prompt_template, capabilities, effects, scopes, model, policy, limits, created_at,
            updated_at, version, position)
    VALUES (c.tenant, c.id, c.name, c.role, c.prompt_template, c.capabilities, c.effects, c.scopes, c.model, c.policy,
            c.limits, c.created_at, c.updated_at, c.version, c.position)
WHEN MATCHED THEN UPDATE SET
    name = c.name,
    role = c.role,
    prompt_template = c.prompt_template,
    capabilities = c.capabilities,
    effects = c.effects,
    scopes = c.scopes,
    model = c.model,
    policy = c.policy,
    limits = c.limits,
    updated_at = c.updated_at,
    version = c.version,
    position = c.position

-- write_tools
MERGE INTO tools t USING unnest(%(rows)s::tools_changes[]) c ON t.tenant = c.tenant AND t.id = c.id AND t.openapi_ref = c.openapi_ref
WHEN NOT MATCHED THEN
    INSERT (tenant, id, api, name, operation, openapi_ref, description, effect_class, repeatable, deprecated,
            parameters, created_at, position)
    VALUES (c.tenant, c.id, c.api, c.name, c.operation, c.openapi_ref, c.description, c.effect_class, c.repeatable,
            c.deprecated, c.parameters, c.created_at, c.position)
WHEN MATCHED THEN UPDATE SET
    operation = c.operation,
    description = c.description,
    effect_class = c.effect_class,
    repeatable = c.repeatable,
    deprecated = c.deprecated,
    parameters = c.parameters,
    created_at = c.created_at,
    position = c.position

-- write_apis
-- An API has the tools of its current document only.
WITH superseded AS (
    DELETE FROM tools t USING unnest(%(rows)s::apis_changes[]) c
    WHERE t.tenant = c.tenant AND t.api = c.api AND t.openapi_ref <> c.document
)
MERGE INTO apis t USING unnest(%(rows)s::apis_changes[]) c ON t.tenant = c.tenant AND t.api = c.api
WHEN NOT MATCHED THEN
    INSERT (tenant, api, document, base_url, scopes, rate_limit, tools, skipped, created_at, position)
    VALUES (c.tenant, c.api, c.document, c.base_url, c.scopes, c.rate_limit, c.tools, c.skipped, c.created_at,
            c.position)
WHEN MATCHED THEN UPDATE SET
    document = c.document,
    base_url = c.base_url,
    scopes = c.scopes,
    rate_limit = c.rate_limit,
    tools = c.tools,
    skipped = c.skipped,
    created_at = c.created_at,
    position = c.position

-- write_overrides
-- Each says everything that is said of its operation: a null takes back what was said before.
MERGE INTO overrides t USING unnest(%(rows)s::overrides_changes[]) c
    ON t.tenant = c.tenant AND t.api = c.api AND t.operation = c.operation
WHEN NOT MATCHED THEN
    INSERT (tenant, api, operation, effect_class, repeatable, enabled, deprecated, scopes, rate_limit, reason,
            updated_at, position)
    VALUES (c.tenant, c.api, c.operation, c.effect_class, c.repeatable, c.enabled, c.deprecated, c.scopes, c.rate_limit,
            c.reason, c.updated_at, c.position)
WHEN MATCHED THEN UPDATE SET
    effect_class = c.effect_class,
    repeatable = c.repeatable,
    enabled = c.enabled,
    deprecated = c.deprecated,
    scopes = c.scopes,
    rate_limit = c.rate_limit,
    reason = c.reason,
    updated_at = c.updated_at,
    position = c.position

-- write_approvals
MERGE INTO approvals t USING unnest(%(rows)s::approvals_changes[]) c ON t.id = c.id
WHEN NOT MATCHED AND c.session_id IS NOT NULL THEN
    INSERT (id, session_id, action_id, step, tenant, question, request_digest, reason, status, requested_at,
            expires_at, decided_at, decided_by, decision_reason, requester, document, policy_set, rules, demands,
            proof, supersedes, differences, edited_json, standing, position)
    VALUES (c.id, c.session_id, c.action_id, c.step, c.tenant, c.question, c.request_digest, c.reason, c.status,
            c.requested_at, c.expires_at, c.decided_at, c.decided_by, c.decision_reason, c.requester, c.document,
            c.policy_set, c.rules, c.demands, c.proof, c.supersedes, c.differences, c.edited_json, c.standing,
            c.position)
WHEN MATCHED THEN UPDATE SET
    status = coalesce(c.status, t.status),
    decided_at = coalesce(c.decided_at, t.decided_at),
    decided_by = coalesce(c.decided_by, t.decided_by),
    decision_reason = coalesce(c.decision_reason, t.decision_reason),
    edited_json = coalesce(c.edited_json, t.edited_json),
    standing = coalesce(c.standing, t.standing),
    position = c.position

-- write_approvals_overtaken
UPDATE approvals t SET status = 'overtaken', decided_at = c.decided_at, position = c.position
FROM unnest(%(rows)s::approvals_overtaken_changes[]) c
WHERE t.session_id = c.session_id AND c.action_id IN ('', t.action_id) AND t.status = 'open' AND t.position < c.position

-- write_dead_letters
MERGE INTO dead_letters t USING unnest(%(rows)s::dead_letters_changes[]) c ON t.id = c.id
WHEN NOT MATCHED AND c.session_id IS NOT NULL THEN
    INSERT (id, session_id, task_id, step, tenant, status, reason, replays, dead_lettered_at, decided_at, decided_by,
            decision_reason, closed_at, position)
    VALUES (c.id, c.session_id, c.task_id, c.step, c.tenant, c.status, c.reason, c.replays, c.dead_lettered_at,
            c.decided_at, c.decided_by, c.decision_reason, c.closed_at, c.position)
WHEN MATCHED THEN UPDATE SET
    status = coalesce(c.status, t.status),
    reason = coalesce(c.reason, t.reason),
    replays = t.replays + c.replays,
    dead_lettered_at = coalesce(c.dead_lettered_at, t.dead_lettered_at),
    decided_at = coalesce(c.decided_at, t.decided_at),
    decided_by = coalesce(c.decided_by, t.decided_by),
    decision_reason = coalesce(c.decision_reason, t.decision_reason),
    closed_at = coalesce(c.closed_at, t.closed_at),
    position = c.position

-- write_costs
MERGE INTO costs t USING unnest(%(rows)s::costs_changes[]) c
    ON t.session_id = c.session_id AND t.step = c.step AND t.purpose = c.purpose
WHEN NOT MATCHED THEN
    INSERT (session_id, step, purpose, tenant, updated_at, position, model_calls, tool_calls, tokens_in, tokens_out,
            latency_ms, money)
    VALUES (c.session_id, c.step, c.purpose, c.tenant, c.updated_at, c.position, c.model_calls, c.tool_calls,
            c.tokens_in, c.tokens_out, c.latency_ms, c.money)
WHEN MATCHED THEN UPDATE SET
    updated_at = c.updated_at,
    position = c.position,
    model_calls = t.model_calls + c.model_calls,
    tool_calls = t.tool_calls + c.tool_calls,
    tokens_in = t.tokens_in + c.tokens_in,
    tokens_out = t.tokens_out + c.tokens_out,
    latency_ms = t.latency_ms + c.latency_ms,
    money = t.money + c.money

-- write_open_work
MERGE INTO open_work t USING unnest(%(rows)s::open_work_changes[]) c ON t.session_id = c.session_id AND t.item = c.item
WHEN MATCHED AND c.gone THEN DELETE
WHEN MATCHED THEN UPDATE SET
    kind = coalesce(c.kind, t.kind),
    due_at = coalesce(c.due_at, t.due_at),
    position = CASE WHEN c.gone IS NULL THEN t.position ELSE c.position END
WHEN NOT MATCHED AND NOT c.gone THEN
    INSERT (session_id, item, tenant, lane, kind, due_at, position)
    VALUES (c.session_id, c.item, c.tenant, c.lane, c.kind, c.due_at, c.position)

-- write_open_work_ended
DELETE FROM open_work t USING unnest(%(rows)s::open_work_ended_changes[]) c
WHERE t.session_id = c.session_id AND t.item <> ALL (c.kept) AND t.position < c.position

-- hold_schema
-- Let one process at a time make or drop a schema.
SELECT pg_advisory_xact_lock(1380995669, hashtext(%(schema)s))

-- has_schema
SELECT to_regnamespace(%(schema)s) IS NOT NULL

-- schemas
-- The schemas of read models, of whatever version.
SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = 'reprise_service' ORDER BY nspname

-- make_schema
SELECT read_models.make_schema(%(schema)s)

-- checkpoints
-- How far every version of every read model is built; one whose tables are gone is not.
SELECT name, version, log_id::text, position FROM read_models.versions
WHERE to_regnamespace(name || '_v' || version) IS NOT NULL

-- hold_checkpoints
-- Keep other runners from these read models until the transaction ends.
SELECT name, version, position FROM read_models.versions
WHERE (name, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
ORDER BY name, version FOR UPDATE

-- advance_checkpoints
UPDATE read_models.versions SET position = %(position)s, updated_at = now()
WHERE (name, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))

-- set_checkpoint
INSERT INTO read_models.versions (name, version, log_id, position)
VALUES (%(name)s, %(version)s, %(log_id)s, %(position)s)
ON CONFLICT (name, version) DO UPDATE SET
    log_id = excluded.log_id, position = excluded.position, updated_at = now()

-- change_type
-- The type in which changes travel, its array's element type and its columns' types by name.
SELECT t.oid::bigint, a.attname, a.atttypid::bigint
FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
WHERE t.oid = %(name)s::regtype
ORDER BY a.attnum

-- read_range
-- Events of a range of positions, as projections need them.
SELECT notification_id, originator_id, originator_version, topic, tenant, event_id, state
FROM public.log_events WHERE notification_id > %(after)s AND notification_id <= %(upto)s
ORDER BY notification_id LIMIT %(limit)s

-- index_definitions
-- What makes a table's indexes: name, a constraint's definition where one owns it, and the index's own.
SELECT k.relname, pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
WHERE i.indrelid = %(table)s::regclass

-- log_state
-- The log's id and head.
SELECT (SELECT log_id::text FROM public.log_identity), (SELECT coalesce(max(notification_id), 0) FROM public.log_events)

-- try_rebuild
-- One rebuild of a read model at a time.
SELECT pg_try_advisory_lock(1380995668, hashtext(%(name)s))

-- due
-- Sessions that owe something since before a time, the longest due first; a paused one owes its timers only.
SELECT session_id, min(tenant), min(lane), min(due_at)
FROM (
    SELECT session_id, tenant, lane, due_at FROM open_work w
    WHERE due_at <= %(before)s
        AND (kind = 'timer' OR NOT EXISTS (
            SELECT FROM open_work p WHERE p.session_id = w.session_id AND p.item = 'pause'))
    ORDER BY due_at LIMIT %(limit)s * 8
) items
GROUP BY session_id ORDER BY min(due_at) LIMIT %(limit)s

-- write_memories
INSERT INTO memories (tenant, id, user_id, kind, subject, text, trusted, private, sources, session_id, step, created_at,
                      version, position)
SELECT * FROM unnest(%(rows)s::memories_changes[])
ON CONFLICT (tenant, id) DO NOTHING

-- write_memory_vectors
-- What is forgotten is not remembered by what it meant.
INSERT INTO memory_vectors (tenant, id, space, embedding, position)
SELECT c.tenant, c.id, c.space, c.embedding, c.position
FROM unnest(%(rows)s::memory_vectors_changes[]) c JOIN memories m ON m.tenant = c.tenant AND m.id = c.id
ON CONFLICT (tenant, space, id) DO UPDATE SET embedding = excluded.embedding, position = excluded.position

-- write_memories_forgotten
WITH forgotten AS (
    DELETE FROM memories t USING unnest(%(rows)s::memories_forgotten_changes[]) c
    WHERE t.tenant = c.tenant AND t.id = c.id
)
DELETE FROM memory_vectors t USING unnest(%(rows)s::memories_forgotten_changes[]) c
WHERE t.tenant = c.tenant AND t.id = c.id

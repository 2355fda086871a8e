-- How changes of read models travel: many rows of one kind as one array, in one call. A null leaves a column as it is.

CREATE TYPE read_models.sessions_changes AS (
    id uuid, updated_at timestamptz, version bigint, position bigint, tenant text, user_id text, goal text, lane
    text, model text, stage text, paused boolean, answer text, reason text, created_at timestamptz, finished_at
    timestamptz, steps integer, open_steps integer, accepted integer, reworks integer, calls integer, model_calls
    integer, tool_calls integer, tokens bigint, asked text[], answered text[]
);

CREATE TYPE read_models.tasks_changes AS (
    id text, session_id uuid, step integer, updated_at timestamptz, version bigint, position bigint, tenant text,
    agent_id text, goal text, criteria text, after integer[], status text, round integer, input_json json,
    output_json json, output_round integer, reason text, created_at timestamptz, started_at timestamptz,
    finished_at timestamptz
);

CREATE TYPE read_models.tasks_ended_changes AS (
    session_id uuid, finished_at timestamptz, position bigint
);

CREATE TYPE read_models.actions_changes AS (
    id text, updated_at timestamptz, version bigint, position bigint, tenant text, session_id uuid, task_id text,
    tool_id text, operation text, effect_class text, request_json json, request_digest text, idempotency_key text,
    verdict text, rules text[], policy_set text, status text, reason text, response_json json, http_status
    integer, latency_ms integer, retry_count integer, created_at timestamptz, started_at timestamptz, finished_at
    timestamptz
);

CREATE TYPE read_models.agents_changes AS (
    tenant text, id text, name text, role text, prompt_template text, capabilities text[], updated_at timestamptz,
    version bigint, position bigint, created_at timestamptz
);

CREATE TYPE read_models.tools_changes AS (
    tenant text, id text, api text, name text, operation text, openapi_ref text, description text, effect_class
    text, repeatable boolean, parameters json, created_at timestamptz, position bigint
);

CREATE TYPE read_models.apis_changes AS (
    tenant text, api text, document text, base_url text, scopes text[], rate_limit integer, tools integer, skipped
    integer, created_at timestamptz, position bigint
);

CREATE TYPE read_models.approvals_changes AS (
    id text, position bigint, tenant text, session_id uuid, action_id text, step integer, question text,
    request_digest text, reason text, status text, requested_at timestamptz, expires_at timestamptz, decided_at
    timestamptz, decided_by text, decision_reason text
);

CREATE TYPE read_models.approvals_overtaken_changes AS (
    session_id uuid, action_id text, decided_at timestamptz, position bigint
);

CREATE TYPE read_models.open_work_changes AS (
    session_id uuid, item text, position bigint, gone boolean, tenant text, lane text, kind text, due_at
    timestamptz
);

CREATE TYPE read_models.open_work_ended_changes AS (
    session_id uuid, kept text[]
);

CREATE TABLE actions (
    id text PRIMARY KEY,
    session_id uuid NOT NULL,
    task_id text NOT NULL,
    tenant text NOT NULL,
    tool_id text NOT NULL,
    operation text,
    document text, -- the digest of the revision that its operation was called in
    effect_class text,
    request_json json NOT NULL,
    request_digest text,
    idempotency_key text,
    verdict text,
    rules text[],
    policy_set text,
    status text NOT NULL,
    status_position bigint NOT NULL, -- where it got its status
    reason text,
    response_json json,
    http_status integer,
    latency_ms integer,
    retry_count integer NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL
);
CREATE INDEX ON actions (session_id, created_at);
CREATE INDEX ON actions (task_id);
CREATE INDEX ON actions (document, id);

CREATE TYPE actions_changes AS (
    id text, updated_at timestamptz, version bigint, position bigint, tenant text, session_id uuid, task_id text,
    tool_id text, operation text, document text, effect_class text, request_json json, request_digest text, idempotency_key text,
    verdict text, rules text[], policy_set text, status text, status_position bigint, reason text, response_json
    json, http_status integer, latency_ms integer, retry_count integer, created_at timestamptz, started_at
    timestamptz, finished_at timestamptz
);

CREATE TYPE actions_ended_changes AS (
    session_id uuid, kept text[], finished_at timestamptz, position bigint
);

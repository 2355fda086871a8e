-- Read models: what the log means, in tables. They can be dropped and built again at any time.
-- Foreign JSON is kept as json, not jsonb: json keeps every digit and refuses nothing that the log holds.

CREATE TABLE read_models.checkpoints (
    name text PRIMARY KEY,
    log_id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE read_models.sessions (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    user_id text NOT NULL,
    goal text NOT NULL,
    lane text NOT NULL,
    model text NOT NULL,
    stage text NOT NULL,
    paused boolean NOT NULL,
    asking text[] NOT NULL, -- the calls about which a human is asked
    steps integer NOT NULL,
    open_steps integer NOT NULL,
    accepted integer NOT NULL,
    reworks integer NOT NULL,
    calls integer NOT NULL,
    model_calls integer NOT NULL,
    tool_calls integer NOT NULL,
    tokens bigint NOT NULL,
    answer text,
    reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    version bigint NOT NULL,
    position bigint NOT NULL,
    -- Waiting: humans are asked about everything that is open, and nothing else is owed.
    status text NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN stage IN ('completed', 'failed', 'cancelled') THEN stage
            WHEN paused THEN 'paused'
            WHEN cardinality(asking) > 0 AND cardinality(asking) >= open_steps THEN 'waiting'
            ELSE stage
        END
    ) STORED
);
CREATE INDEX ON read_models.sessions (tenant, created_at DESC, id DESC);
CREATE INDEX ON read_models.sessions (tenant, status, created_at DESC, id DESC);

CREATE TABLE read_models.tasks (
    id text PRIMARY KEY,
    session_id uuid NOT NULL,
    step integer NOT NULL,
    tenant text NOT NULL,
    agent_id text NOT NULL,
    goal text NOT NULL,
    criteria text NOT NULL,
    after integer[] NOT NULL,
    status text NOT NULL,
    round integer NOT NULL,
    input_json json,
    output_json json,
    output_round integer NOT NULL DEFAULT 0,
    reason text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL
);
CREATE UNIQUE INDEX ON read_models.tasks (session_id, step);

CREATE TABLE read_models.actions (
    id text PRIMARY KEY,
    session_id uuid NOT NULL,
    task_id text NOT NULL,
    tenant text NOT NULL,
    tool_id text NOT NULL,
    operation text,
    effect_class text,
    request_json json NOT NULL,
    request_digest text,
    idempotency_key text,
    verdict text,
    rules text[],
    policy_set text,
    status text NOT NULL,
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
CREATE INDEX ON read_models.actions (session_id, created_at);
CREATE INDEX ON read_models.actions (task_id);

CREATE TABLE read_models.agents (
    tenant text NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    prompt_template text NOT NULL,
    capabilities text[] NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX ON read_models.agents USING gin (capabilities);

CREATE TABLE read_models.apis (
    tenant text NOT NULL,
    api text NOT NULL,
    document text NOT NULL,
    base_url text NOT NULL,
    scopes text[] NOT NULL,
    rate_limit integer NOT NULL,
    tools integer NOT NULL,
    skipped integer NOT NULL,
    created_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, api)
);

CREATE TABLE read_models.tools (
    tenant text NOT NULL,
    id text NOT NULL,
    api text NOT NULL,
    name text NOT NULL,
    operation text NOT NULL,
    openapi_ref text NOT NULL,
    description text NOT NULL,
    effect_class text NOT NULL,
    repeatable boolean NOT NULL,
    parameters json NOT NULL,
    created_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, id, openapi_ref)
);
CREATE INDEX ON read_models.tools (tenant, api);

CREATE TABLE read_models.timeline (
    position bigint PRIMARY KEY,
    session_id uuid NOT NULL,
    version bigint NOT NULL,
    tenant text NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    type text NOT NULL,
    actor text NOT NULL,
    step integer NOT NULL,
    call text NOT NULL,
    role text,
    title text NOT NULL,
    detail text NOT NULL
);
CREATE INDEX ON read_models.timeline (session_id, version);

CREATE TABLE read_models.approvals (
    id text PRIMARY KEY,
    session_id uuid NOT NULL,
    action_id text NOT NULL,
    step integer NOT NULL,
    tenant text NOT NULL,
    question text NOT NULL,
    request_digest text NOT NULL,
    reason text NOT NULL,
    status text NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz,
    decided_at timestamptz,
    decided_by text,
    decision_reason text,
    position bigint NOT NULL
);
CREATE INDEX ON read_models.approvals (session_id);
CREATE INDEX ON read_models.approvals (tenant, requested_at, id) WHERE status = 'open';

CREATE TABLE read_models.open_work (
    session_id uuid NOT NULL,
    item text NOT NULL,
    tenant text NOT NULL,
    lane text NOT NULL,
    kind text NOT NULL,
    due_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (session_id, item)
);
CREATE INDEX ON read_models.open_work (due_at);

-- The next form of a read model is built beside the live one, under the same names, and then put in its place:
-- for that the service owns these tables.
CREATE SCHEMA read_models_next;
GRANT USAGE, CREATE ON SCHEMA read_models_next TO reprise_service;
DO $$
DECLARE
    made text;
BEGIN
    FOR made IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'read_models' LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO reprise_service', made);
    END LOOP;
END $$;

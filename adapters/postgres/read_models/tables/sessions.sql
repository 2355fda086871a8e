CREATE TABLE sessions (
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
    currency text NOT NULL,
    money bigint NOT NULL, -- millionths of the currency
    answer text,
    untrusted text[], -- the tools that the answer draws on, where others may have written into one
    unproven text[], -- what the answer says and nothing speaks for
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
CREATE INDEX ON sessions (tenant, created_at DESC, id DESC);
CREATE INDEX ON sessions (tenant, status, created_at DESC, id DESC);
CREATE INDEX ON sessions (tenant, user_id, created_at DESC, id DESC);

CREATE TYPE sessions_changes AS (
    id uuid, updated_at timestamptz, version bigint, position bigint, tenant text, user_id text, goal text, lane
    text, model text, currency text, stage text, paused boolean, answer text, reason text, created_at timestamptz,
    finished_at timestamptz, steps integer, open_steps integer, accepted integer, reworks integer, calls integer,
    model_calls integer, tool_calls integer, tokens bigint, money bigint, untrusted text[], unproven text[], asked
    text[], answered text[]
);

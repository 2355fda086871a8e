CREATE TABLE costs (
    session_id uuid NOT NULL,
    step integer NOT NULL,
    purpose text NOT NULL,
    tenant text NOT NULL,
    updated_at timestamptz NOT NULL,
    position bigint NOT NULL,
    model_calls integer NOT NULL,
    tool_calls integer NOT NULL,
    tokens_in bigint NOT NULL,
    tokens_out bigint NOT NULL,
    latency_ms bigint NOT NULL,
    money bigint NOT NULL, -- millionths of the currency
    PRIMARY KEY (session_id, step, purpose)
);

CREATE TYPE costs_changes AS (
    session_id uuid, step integer, purpose text, tenant text, updated_at timestamptz, position bigint, model_calls
    integer, tool_calls integer, tokens_in bigint, tokens_out bigint, latency_ms bigint, money bigint
);

CREATE TABLE tasks (
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
CREATE UNIQUE INDEX ON tasks (session_id, step);

CREATE TYPE tasks_changes AS (
    id text, session_id uuid, step integer, updated_at timestamptz, version bigint, position bigint, tenant text,
    agent_id text, goal text, criteria text, after integer[], status text, round integer, input_json json,
    output_json json, output_round integer, reason text, created_at timestamptz, started_at timestamptz,
    finished_at timestamptz
);

CREATE TYPE tasks_ended_changes AS (
    session_id uuid, finished_at timestamptz, position bigint
);

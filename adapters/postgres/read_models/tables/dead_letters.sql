CREATE TABLE dead_letters (
    id text PRIMARY KEY, -- that of its action
    session_id uuid NOT NULL,
    task_id text NOT NULL,
    step integer NOT NULL,
    tenant text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    replays integer NOT NULL,
    dead_lettered_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text,
    decision_reason text,
    closed_at timestamptz,
    position bigint NOT NULL
);
CREATE INDEX ON dead_letters (tenant, status, dead_lettered_at, id);
CREATE INDEX ON dead_letters (session_id);

CREATE TYPE dead_letters_changes AS (
    id text, position bigint, tenant text, session_id uuid, task_id text, step integer, status text, reason text,
    replays integer, dead_lettered_at timestamptz, decided_at timestamptz, decided_by text, decision_reason text,
    closed_at timestamptz
);

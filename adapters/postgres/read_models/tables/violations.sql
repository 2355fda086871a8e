CREATE TABLE violations (
    id text PRIMARY KEY,
    session_id uuid NOT NULL,
    task_id text NOT NULL,
    tenant text NOT NULL,
    severity text NOT NULL,
    rule text NOT NULL,
    details json NOT NULL,
    created_at timestamptz NOT NULL,
    position bigint NOT NULL
);
CREATE INDEX ON violations (session_id);
CREATE INDEX ON violations (task_id);

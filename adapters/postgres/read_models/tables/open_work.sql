CREATE TABLE open_work (
    session_id uuid NOT NULL,
    item text NOT NULL,
    tenant text NOT NULL,
    lane text NOT NULL,
    kind text NOT NULL,
    due_at timestamptz NOT NULL,
    position bigint NOT NULL, -- where it was made
    PRIMARY KEY (session_id, item)
);
CREATE INDEX ON open_work (due_at);

CREATE TYPE open_work_changes AS (
    session_id uuid, item text, position bigint, gone boolean, tenant text, lane text, kind text, due_at
    timestamptz
);

CREATE TYPE open_work_ended_changes AS (
    session_id uuid, position bigint, kept text[]
);

CREATE TABLE verdicts (
    position bigint PRIMARY KEY,
    session_id uuid NOT NULL,
    version bigint NOT NULL,
    tenant text NOT NULL,
    task_id text NOT NULL,
    action_id text NOT NULL,
    step integer NOT NULL,
    call text NOT NULL,
    decision text NOT NULL,
    rules text[] NOT NULL,
    policy_set text NOT NULL,
    reason text NOT NULL,
    request_digest text NOT NULL,
    at timestamptz NOT NULL,
    provenance json, -- where the call and its arguments came from, as it was judged
    observed text[] NOT NULL,
    refused text NOT NULL -- who ordered it sent again, and was refused
);
CREATE INDEX ON verdicts (session_id, step);
CREATE INDEX ON verdicts (task_id);

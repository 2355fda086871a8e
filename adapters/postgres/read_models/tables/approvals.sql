CREATE TABLE approvals (
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
    requester text,
    document text,
    policy_set text,
    rules text[],
    demands text[],
    proof text,
    supersedes text,
    differences json,
    edited_json json,
    standing text,
    position bigint NOT NULL
);
CREATE INDEX ON approvals (session_id);
CREATE INDEX ON approvals (tenant, requested_at, id) WHERE status = 'open';

CREATE TYPE approvals_changes AS (
    id text, position bigint, tenant text, session_id uuid, action_id text, step integer, question text,
    request_digest text, reason text, status text, requested_at timestamptz, expires_at timestamptz, decided_at
    timestamptz, decided_by text, decision_reason text, requester text, document text, policy_set text, rules text[],
    demands text[], proof text, supersedes text, differences json, edited_json json, standing text
);

CREATE TYPE approvals_overtaken_changes AS (
    session_id uuid, action_id text, decided_at timestamptz, position bigint
);

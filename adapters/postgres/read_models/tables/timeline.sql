CREATE TABLE timeline (
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
CREATE INDEX ON timeline (session_id, version);

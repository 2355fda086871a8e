-- The keys under which values of sessions are sealed, each wrapped under a master key that is not in the database. They
-- stand apart from the log: whoever deletes a row makes the values of that session unreadable, and history stays.
CREATE TABLE session_keys (
    tenant text NOT NULL,
    session uuid NOT NULL,
    wrapped bytea NOT NULL,
    master text NOT NULL, -- the name of the master key
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, session)
);

GRANT SELECT, INSERT ON session_keys TO reprise_service;
GRANT SELECT, DELETE ON session_keys TO reprise_retention;

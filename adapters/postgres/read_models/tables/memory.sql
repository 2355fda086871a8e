CREATE TABLE memories (
    tenant text NOT NULL,
    id text NOT NULL,
    user_id text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    text text NOT NULL,
    trusted boolean NOT NULL,
    private boolean NOT NULL,
    sources text[] NOT NULL,
    session_id text NOT NULL,
    step integer NOT NULL,
    created_at timestamptz NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX ON memories (tenant, created_at DESC, id DESC);
-- What somebody may know is found first; only that is compared, exactly.
CREATE INDEX ON memories (tenant, user_id);

CREATE TABLE memory_vectors (
    tenant text NOT NULL,
    id text NOT NULL,
    space text NOT NULL,
    embedding real[] NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, space, id)
);

CREATE TYPE memories_changes AS (
    tenant text, id text, user_id text, kind text, subject text, text text, trusted boolean, private boolean, sources
    text[], session_id text, step integer, created_at timestamptz, version bigint, position bigint
);

CREATE TYPE memory_vectors_changes AS (tenant text, id text, space text, embedding real[], position bigint);

CREATE TYPE memories_forgotten_changes AS (tenant text, id text);

-- Vectors of every space share the column. A server without pgvector keeps them as they are, and recalls nothing.
DO $$
DECLARE
    place text := (SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                   WHERE extname = 'vector');
BEGIN
    IF place IS NOT NULL THEN
        EXECUTE format('ALTER TABLE memory_vectors ALTER COLUMN embedding TYPE %1$I.vector USING embedding::%1$I.vector',
                       place);
    END IF;
END $$;

-- Every version of a read model has a schema of its own, like sessions_v1, so that two versions of the code can run side
-- by side: each writes and reads its own. What is in it is made from adapters/postgres/read_models/tables/.

-- How far each version is, and from which log it is built.
CREATE TABLE read_models.versions (
    name text NOT NULL,
    version integer NOT NULL,
    log_id uuid NOT NULL,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON read_models.versions TO reprise_service;

-- The service may make schemas for read models, and no others: to do so is not left to a right on the database, which
-- neither a copy nor a dump of it would keep.
CREATE FUNCTION read_models.make_schema(name text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF name !~ '^[a-z][a-z_]*_v[0-9]+(_next)?$' THEN
        RAISE invalid_schema_name USING MESSAGE = format('%s is no name of a read model''s schema', name);
    END IF;
    EXECUTE format('CREATE SCHEMA %I AUTHORIZATION reprise_service', name);
END $$;
REVOKE ALL ON FUNCTION read_models.make_schema FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read_models.make_schema TO reprise_service;

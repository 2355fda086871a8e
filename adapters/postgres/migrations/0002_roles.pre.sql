-- The service appends and reads; retention may drop an expired event's body. Neither can rewrite history.
-- Roles belong to the whole cluster: another database's migration may create them at the same moment.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['reprise_service', 'reprise_retention'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- somebody else was quicker, which is as good
        END;
        IF NOT pg_has_role(current_user, role, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT TRUE, SET TRUE', role);
        END IF;
    END LOOP;
END $$;

GRANT SELECT, INSERT ON log_events TO reprise_service;
GRANT SELECT, INSERT ON blobs TO reprise_service;
GRANT SELECT, UPDATE ON log_identity TO reprise_service;
GRANT SELECT ON schema_migrations TO reprise_service;

GRANT SELECT, UPDATE (state) ON log_events TO reprise_retention;
GRANT SELECT, DELETE ON blobs TO reprise_retention;

-- Read models can be built again from the log: the service owns what is in them.
CREATE SCHEMA read_models;
GRANT USAGE, CREATE ON SCHEMA read_models TO reprise_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA read_models GRANT ALL ON TABLES TO reprise_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA read_models GRANT ALL ON SEQUENCES TO reprise_service;

-- Builds: a read model's next form is filled beside the live one, in the schema <name>_v<version>_next, compared with it
-- and put in its place. What a build has done is in its rows and here, in one transaction, so that whoever takes it over
-- goes on where it stood. Pausing and aborting it is changing its state here.
CREATE TABLE read_models.builds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL DEFAULT 'requested'
        CHECK (state IN ('requested', 'building', 'comparing', 'paused', 'done', 'aborted', 'failed')),
    checking boolean NOT NULL, -- compared only, not put in place
    request_key text NOT NULL UNIQUE,
    requested_by text NOT NULL,
    log_id uuid,
    position bigint NOT NULL DEFAULT 0,
    head bigint NOT NULL DEFAULT 0,
    skipped jsonb NOT NULL DEFAULT '{}', -- events that were left out, by topic
    differences bigint, -- null until compared, or where the two cannot be compared: then the remark says why
    examples text[] NOT NULL DEFAULT '{}',
    remark text NOT NULL DEFAULT '',
    error text NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    filled_at timestamptz, -- at the log's head, with indexes
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE UNIQUE INDEX builds_open ON read_models.builds (name, version)
    WHERE state IN ('requested', 'building', 'comparing', 'paused');
GRANT SELECT, INSERT, UPDATE, DELETE ON read_models.builds TO reprise_service;

-- The log: one append-only table for sessions, catalogue and audit, in the layout of the eventsourcing library.
-- Positions (notification_id) are dense and in commit order for every writer, because whoever draws one holds the
-- append lock, advisory lock (1380995667, 1), until its transaction ends.

CREATE TABLE log_identity (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    log_id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO log_identity DEFAULT VALUES;

-- plpgsql binds late, so that the column default below can name a function that reads the table.
CREATE FUNCTION next_position() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    position bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1380995667, 1);
    SELECT coalesce(max(notification_id), 0) + 1 INTO position FROM log_events;
    RETURN position;
END $$;

CREATE TABLE log_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL CHECK (originator_version >= 0),
    topic text NOT NULL,
    state bytea NOT NULL CHECK (octet_length(state) <= 524288),
    notification_id bigint NOT NULL DEFAULT next_position() CHECK (notification_id > 0),
    tenant text NOT NULL DEFAULT 'local',
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    command_id text,
    request_digest text,
    prev_hash text,
    following integer NOT NULL DEFAULT 0 CHECK (following >= 0),
    PRIMARY KEY (originator_id, originator_version)
);
COMMENT ON COLUMN log_events.following IS 'How many events of the same append stand behind this one.';

CREATE UNIQUE INDEX log_events_position ON log_events (notification_id);
CREATE UNIQUE INDEX log_events_command ON log_events (tenant, command_id) WHERE command_id IS NOT NULL;
CREATE INDEX log_events_catalog ON log_events (tenant, notification_id) WHERE topic NOT LIKE 'session.%';

-- One event on its way into the log; unit numbers the appends of a flush. Clients send arrays of it in binary.
CREATE TYPE log_append AS (
    unit integer,
    following integer,
    originator_version bigint,
    originator_id uuid,
    event_id uuid,
    topic text,
    tenant text,
    state bytea,
    command_id text,
    request_digest text,
    prev_hash text
);

-- Append every unit whose streams stand right before its events and whose command is new; refuse the others whole.
-- The caller numbers units so that no two of a batch share a stream or a command. Answers the position before the
-- batch and null, or one object for each reason: {unit, stream, first, head} or {unit, command}.
-- One generic plan of index look-ups: a plan made for a small batch or a small table would be kept for large ones.
CREATE FUNCTION append_events(batch log_append[], OUT base bigint, OUT refused jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    bad integer[];
    appended bigint;
BEGIN
    -- First the table, then the append lock: the order of every INSERT that draws its position by default.
    LOCK TABLE log_events IN ROW EXCLUSIVE MODE;
    PERFORM pg_advisory_xact_lock(1380995667, 1);
    SELECT coalesce(max(notification_id), 0) INTO base FROM log_events;

    WITH streams AS MATERIALIZED ( -- else the head would be looked up once for every comparison
        SELECT unit, originator_id, min(originator_version) AS first, max(originator_version) AS last, count(*),
            (SELECT e.originator_version FROM log_events e WHERE e.originator_id = b.originator_id
             ORDER BY e.originator_version DESC LIMIT 1) AS head
        FROM unnest(batch) b GROUP BY unit, originator_id
    ), reasons AS (
        SELECT unit, jsonb_build_object('unit', unit, 'stream', originator_id, 'first', first, 'head', head) AS reason
        FROM streams
        WHERE first > coalesce(head + 1, 1) OR first < coalesce(head + 1, 0) OR last - first + 1 <> count
        UNION ALL
        SELECT unit, jsonb_build_object('unit', unit, 'command', command_id)
        FROM unnest(batch) b
        WHERE command_id IS NOT NULL
            AND (SELECT true FROM log_events e
                 WHERE e.tenant = b.tenant AND e.command_id = b.command_id LIMIT 1)
    )
    SELECT jsonb_agg(reason), array_agg(unit) INTO refused, bad FROM reasons;

    INSERT INTO log_events (originator_id, originator_version, topic, state, notification_id, tenant, event_id,
                            command_id, request_digest, prev_hash, following)
    SELECT originator_id, originator_version, topic, state, base + row_number() OVER (ORDER BY ordinality), tenant,
           event_id, command_id, request_digest, prev_hash, following
    FROM unnest(batch) WITH ORDINALITY
    WHERE bad IS NULL OR unit <> ALL (bad);
    GET DIAGNOSTICS appended = ROW_COUNT;
    IF appended > 0 THEN
        PERFORM pg_notify('log_events', (base + appended)::text);
    END IF;
END $$;

-- Big things once, by the SHA-256 of their bytes.
CREATE TABLE blobs (
    tenant text NOT NULL,
    digest text NOT NULL CHECK (digest = encode(sha256(bytes), 'hex')),
    bytes bytea NOT NULL,
    PRIMARY KEY (tenant, digest)
);
ALTER TABLE blobs ALTER COLUMN bytes SET STORAGE EXTERNAL;

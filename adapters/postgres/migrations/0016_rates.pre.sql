-- How often tools may be called, by all workers together. It is beside the log, not in it: a session records only that a
-- call was deferred, and until when. Losing it loses nothing but the memory of the last minute.

CREATE TABLE call_rates (
    tenant text NOT NULL,
    key text NOT NULL, -- an API, or an API and an operation
    due timestamptz NOT NULL, -- when the calls so far would have come, had they kept the gap
    PRIMARY KEY (tenant, key)
);

-- When a call may be sent, from when it asked until it was sent.
CREATE TABLE call_slots (
    tenant text NOT NULL,
    holder text NOT NULL,
    slot timestamptz NOT NULL,
    PRIMARY KEY (tenant, holder)
);
CREATE INDEX ON call_slots (slot);

GRANT SELECT, INSERT, UPDATE, DELETE ON call_rates, call_slots TO reprise_service;

-- Give a call the next slot that each of its limits, in calls a minute, leaves free, and return how many milliseconds
-- it has to wait for it. It keeps its slot, and is not given one beyond its patience.
--
-- Of a limit a fifth may come at once, the rest at even gaps, so that no minute sees more than the limit: at most
-- burst + 65 s / gap - 1 slots lie in 65 s, and a slot that was not used for 5 s is lost.
CREATE FUNCTION take_slot(of_tenant text, of_holder text, of_keys text[], limits integer[], patience_ms bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz;
    found timestamptz;
BEGIN
    INSERT INTO call_rates (tenant, key, due)
    SELECT of_tenant, key, '-infinity' FROM unnest(of_keys) key ORDER BY key
    ON CONFLICT DO NOTHING;
    -- In the order of their keys, so that no two wait for each other.
    PERFORM FROM call_rates WHERE tenant = of_tenant AND key = ANY (of_keys) ORDER BY key FOR UPDATE;
    now_ := clock_timestamp();

    SELECT slot INTO found FROM call_slots
    WHERE tenant = of_tenant AND holder = of_holder AND slot > now_ - interval '5 s';
    IF found IS NULL THEN
        WITH limited AS (
            SELECT key, greatest(1, most / 5) AS burst, interval '65 s' / (most - greatest(1, most / 5) + 1) AS gap
            FROM unnest(of_keys, limits) AS each (key, most)
        )
        SELECT greatest(now_, max(due - (burst - 1) * gap)) INTO found
        FROM limited JOIN call_rates USING (key) WHERE tenant = of_tenant;
        IF found > now_ + patience_ms * interval '1 ms' THEN
            RETURN ceil(extract(epoch FROM found - now_) * 1000);
        END IF;
        UPDATE call_rates SET due = greatest(due, found) + interval '65 s' / (most - greatest(1, most / 5) + 1)
        FROM unnest(of_keys, limits) AS each (key_, most)
        WHERE tenant = of_tenant AND key = key_;
        INSERT INTO call_slots (tenant, holder, slot) VALUES (of_tenant, of_holder, found)
        ON CONFLICT (tenant, holder) DO UPDATE SET slot = found;
        DELETE FROM call_slots WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM call_slots WHERE slot < now_ - interval '1 min' LIMIT 100 FOR UPDATE SKIP LOCKED));
    END IF;
    -- Clocks of workers differ a little from this one: who comes at its time is not sent away for a moment.
    RETURN CASE WHEN found <= now_ + interval '100 ms' THEN 0
                ELSE ceil(extract(epoch FROM found - now_) * 1000) END;
END $$;

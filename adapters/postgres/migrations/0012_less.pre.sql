-- Retention is not built yet: until it is, nobody may change or delete what was recorded.
REVOKE ALL (state) ON log_events FROM reprise_retention;
REVOKE ALL ON log_events, blobs FROM reprise_retention;

-- An index entry has at most 2,704 bytes, and a tool pattern may be longer: such an agent could not be shown. A tenant's
-- agents are few, so the index is not missed. A rebuild may have given it another name.
DO $$
DECLARE
    index regclass;
BEGIN
    FOR index IN
        SELECT i.indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
        WHERE i.indrelid = 'read_models.agents'::regclass AND a.amname = 'gin'
    LOOP
        EXECUTE format('DROP INDEX %s', index);
    END LOOP;
END $$;

-- Nodes read the notices of others here, and hear nobody who may not write this table: any role of a database may notify any
-- channel of it, and listen to it. A notification says no more than that there is something to read.
--
-- A node reads what the snapshot of a statement shows and the one of its last statement did not, so that it misses nothing and
-- reads nothing twice, in whatever order transactions end.

TRUNCATE rpc_auth_notices;

ALTER TABLE rpc_auth_notices
    -- The transaction that the notice was written in.
    ADD COLUMN made xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    DROP CONSTRAINT rpc_auth_notices_pkey,
    ADD PRIMARY KEY (made, node, number);

-- Rows live for a minute, and all of them are read by their key.
ALTER TABLE rpc_auth_notices SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- What nodes have cached of a user is out of date: written by the transaction that makes it so, whoever makes it, and read by all
-- nodes within their next 300 ms. No node has the empty name, so that each of them reads it; a user with many rows is one notice.
--
-- It notifies nobody: a queue of notifications that somebody has filled up would fail every change.
--
-- Nothing but the server's own functions and this table is found in it, whoever changes the accounts and whatever others have
-- made in the schema.
DO $migration$
DECLARE
    home text;
BEGIN
    SELECT nspname INTO home FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        WHERE pg_class.oid = 'rpc_auth_notices'::regclass;
    EXECUTE pg_catalog.format($statement$
        CREATE OR REPLACE FUNCTION %1$I.rpc_auth_announce() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER
        SET search_path = pg_catalog, pg_temp AS $body$
        DECLARE
            whose bigint;
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                INSERT INTO %1$I.rpc_auth_notices (node, number, content) VALUES ('', 0, '"missed"') ON CONFLICT DO NOTHING;
                RETURN NULL;
            END IF;
            IF TG_TABLE_NAME = 'rpc_auth_users' THEN
                whose := OLD.id;
            ELSE
                whose := OLD.user_id;
            END IF;
            INSERT INTO %1$I.rpc_auth_notices (node, number, content)
                VALUES ('', whose, '{"user":"' || whose || '"}') ON CONFLICT DO NOTHING;
            RETURN NULL;
        END
        $body$
    $statement$, home);
END
$migration$;

-- What nodes tell each other, kept until every node had time to read it. A crash loses it, as it loses all notices.
--
-- Nodes hear nobody who may not write this table: any role of a database may notify any channel of it, and listen to it. A
-- notification says no more than that there is something to read.
--
-- A node reads what the snapshot of a statement shows and the one of its last statement did not, so that it misses nothing and
-- reads nothing twice, in whatever order transactions end.

CREATE UNLOGGED TABLE rpc_bus_notices (
    -- The transaction that the notice was written in.
    made xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    node text COLLATE "C" NOT NULL,
    -- Its number among the notices of the node.
    number bigint NOT NULL,
    content text COLLATE "C" NOT NULL,
    created timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (made, node, number)
);

-- The oldest, which are swept.
CREATE INDEX rpc_bus_notices_created ON rpc_bus_notices (created);

-- Rows live for a minute, and all of them are read by their key.
ALTER TABLE rpc_bus_notices SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- Announces what a transaction does, with its commit: for triggers, which announce also what is changed with SQL. The number, and
-- the notice as nodes read it; one number is one notice a transaction, the first. No node has the empty name, so that each of
-- them reads it.
--
-- It notifies nobody: a queue of notifications that somebody has filled up would fail every change. Nothing but the server's own
-- functions and this table is found in it, whoever calls it and whatever others have made in the schema.
DO $migration$
DECLARE
    home text;
BEGIN
    SELECT nspname INTO home FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        WHERE pg_class.oid = 'rpc_bus_notices'::regclass;
    EXECUTE pg_catalog.format($statement$
        CREATE FUNCTION %1$I.rpc_bus_announce(bigint, text) RETURNS void LANGUAGE plpgsql SECURITY INVOKER
        SET search_path = pg_catalog, pg_temp AS $body$
        BEGIN
            INSERT INTO %1$I.rpc_bus_notices (node, number, content) VALUES ('', $1, $2) ON CONFLICT DO NOTHING;
        END
        $body$
    $statement$, home);
END
$migration$;

-- Notices are the bus's: it makes their table, and what announces (`rpc_core::storage::postgres::PgBus::migrator`), before these.
--
-- Nodes that run the program of before read and write them under the old name, until they are replaced.
DO $migration$
DECLARE
    home text;
    bus text;
BEGIN
    SELECT nspname INTO home FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        WHERE pg_class.oid = 'rpc_auth_notices'::regclass;
    SELECT nspname INTO bus FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        WHERE pg_class.oid = pg_catalog.to_regclass('rpc_bus_notices');
    IF bus IS NULL THEN
        RAISE 'the tables of the bus are missing: PgBus::migrator() of rpc-core makes them, and goes before this';
    END IF;
    EXECUTE pg_catalog.format($statement$
        CREATE OR REPLACE FUNCTION %1$I.rpc_auth_announce() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER
        SET search_path = pg_catalog, pg_temp AS $body$
        DECLARE
            whose bigint;
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                PERFORM %2$I.rpc_bus_announce(0::bigint, '"missed"'::text);
                RETURN NULL;
            END IF;
            IF TG_TABLE_NAME = 'rpc_auth_users' THEN
                whose := OLD.id;
            ELSE
                whose := OLD.user_id;
            END IF;
            PERFORM %2$I.rpc_bus_announce(whose, '{"user":"' || whose || '"}');
            RETURN NULL;
        END
        $body$;
        DROP TABLE %1$I.rpc_auth_notices;
        CREATE VIEW %1$I.rpc_auth_notices AS SELECT node, number, content, created, made FROM %2$I.rpc_bus_notices
    $statement$, home, bus);
END
$migration$;

//! What somebody who may make functions and operators in the schema of an application would have it run.

use sqlx::{Executor, PgPool};

/// Every function that a statement may name and every operator, for all types that columns and parameters have: where the
/// server's own takes what is given after a conversion only, one of these is the better match. Those that the server has itself
/// go second, and do no harm.
const LAY: &str = r#"
    SET search_path = pg_catalog;
    DO $lay$
    DECLARE
        types text[] := ARRAY['text', 'name', 'boolean', 'smallint', 'integer', 'bigint', 'numeric', 'double precision',
            'timestamptz', 'interval', 'jsonb', 'bytea', 'oid', 'regclass', 'inet', 'bigint[]', 'text[]'];
        functions text[] := ARRAY['count', 'sum', 'max', 'min', 'bool_or', 'unnest', 'make_interval', 'div', 'mod', 'host',
            'lower', 'length', 'to_regclass', 'jsonb_each', 'current_setting', 'set_config', 'pg_notify', 'format',
            'date_part', 'octet_length', 'nextval', 'now'];
        operators text[] := ARRAY['=', '<>', '<', '>', '<=', '>=', '||', '->', '->>', '~', '~~', '+', '-', '*', '/', '@>'];
        one text;
        other text;
        name text;
    BEGIN
        FOREACH one IN ARRAY types LOOP
            FOREACH name IN ARRAY functions LOOP
                EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE ''trapped''; END $$',
                    name, one);
            END LOOP;
            FOREACH other IN ARRAY types LOOP
                FOREACH name IN ARRAY functions LOOP
                    EXECUTE format(
                        'CREATE FUNCTION public.%I(%s, %s) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE ''trapped''; END $$',
                        name, one, other);
                END LOOP;
                EXECUTE format(
                    'CREATE FUNCTION public.trap(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE ''trapped''; END $$',
                    one, other);
                FOREACH name IN ARRAY operators LOOP
                    EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.trap)',
                        name, one, other);
                END LOOP;
            END LOOP;
        END LOOP;
    END
    $lay$;
    RESET search_path"#;

/// Makes functions and operators in the schema `public` of a database that fail when they are run, and that are run by
/// statements that do not say which ones they mean.
///
/// # Panics
///
/// They cannot be made.
pub async fn lay_traps(pool: &PgPool) {
    let mut connection = pool.acquire().await.expect("the server takes connections");
    connection.execute(LAY).await.expect("whoever may create in a schema makes functions and operators");
}

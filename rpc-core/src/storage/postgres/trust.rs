//! Who else has a part in the database: roles that could run code as this application, or be in its way.

use sqlx::PgConnection;

use super::{DatabaseError, Tables, lock};

/// Roles that need no watching: this one and those whose rights were given to it, superusers, and whoever owns the database. A
/// superuser has the rights of every role, which says nothing about them.
macro_rules! is_trusted {
    ($role:literal) => {
        concat!(
            "(",
            $role,
            " = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user) ",
            "OR (pg_catalog.pg_has_role(",
            $role,
            ", 'USAGE') AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)) ",
            "OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE pg_roles.oid = ",
            $role,
            ") ",
            "OR ",
            $role,
            " = (SELECT datdba FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))"
        )
    };
}

/// Tables that bear the name of one of this application, which begins with one of `$1`, and are somebody else's.
const FOREIGN: &str = concat!(
    "SELECT pg_catalog.format('%I.%I of %I', nspname, relname, pg_catalog.pg_get_userbyid(relowner)) \
     FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace \
     WHERE nspname = pg_catalog.current_schema() AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
        AND EXISTS (SELECT FROM pg_catalog.unnest($1::text[]) AS own (prefix) \
            WHERE pg_catalog.starts_with(relname::text, own.prefix)) \
        AND relowner <> nspowner AND NOT ",
    is_trusted!("relowner"),
    " ORDER BY relname::text LIMIT 10"
);

/// Whether there is anybody to be kept out: another role that may sign in to the server, and is no superuser.
const OTHERS: &str = "EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolcanlogin AND NOT rolsuper \
                        AND (NOT pg_catalog.pg_has_role(pg_roles.oid, 'USAGE') \
                            OR (SELECT rolsuper FROM pg_catalog.pg_roles AS own WHERE own.rolname = current_user)))";

/// Who may make objects in the schema, and so functions that statements could find; who may connect; and whether there is
/// something of others that has the name of a function of the server.
const EXPOSED: [(&str, &str); 3] = [
    (
        "SELECT pg_catalog.format('others may make functions and tables in the schema %1$I, among those of this application. \
            Try: REVOKE CREATE ON SCHEMA %1$I FROM %2$s', nspname, pg_catalog.string_agg(CASE WHEN grantee = 0::oid THEN 'PUBLIC' \
                ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)::text) END, ', ')) \
         FROM pg_catalog.pg_namespace, \
            pg_catalog.aclexplode(COALESCE(nspacl, pg_catalog.acldefault('n', nspowner))) AS granted \
         WHERE nspname = pg_catalog.current_schema() AND privilege_type = 'CREATE' AND grantee <> nspowner \
            AND NOT COALESCE(",
        ", false) GROUP BY nspname",
    ),
    (
        "SELECT pg_catalog.format('any role of the server may connect to the database, and slow it down. \
            Try: REVOKE CONNECT, TEMPORARY ON DATABASE %1$I FROM PUBLIC; GRANT CONNECT ON DATABASE %1$I TO %2$I', \
            datname, current_user) \
         FROM pg_catalog.pg_database, \
            pg_catalog.aclexplode(COALESCE(datacl, pg_catalog.acldefault('d', datdba))) AS granted \
         WHERE datname = pg_catalog.current_database() AND privilege_type = 'CONNECT' AND grantee = 0::oid \
            AND NOT COALESCE(false AND ",
        ", false) LIMIT 1",
    ),
    (
        "SELECT pg_catalog.format('functions of others have names of the server''s own, and may be run as this application. \
            Try: DROP FUNCTION %s', pg_catalog.string_agg(pg_proc.oid::pg_catalog.regprocedure::text, ', ')) \
         FROM pg_catalog.pg_proc JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace, \
            LATERAL (SELECT proowner AS grantee) AS owned \
         WHERE nspname = pg_catalog.current_schema() AND EXISTS (SELECT FROM pg_catalog.pg_proc AS own \
            WHERE own.proname = pg_proc.proname AND own.pronamespace = 'pg_catalog'::pg_catalog.regnamespace::oid) \
            AND NOT COALESCE(",
        ", false) HAVING pg_catalog.count(*) > 0",
    ),
];

/// Refuses a database in which somebody else owns a table of this application: whoever owns a table runs code as those who
/// write to it. And one in which there is no schema to work in.
pub(super) async fn check(connection: &mut PgConnection, tables: &[Tables]) -> Result<(), DatabaseError> {
    let schema: Option<String> =
        sqlx::query_scalar("SELECT pg_catalog.current_schema()::text").fetch_one(&mut *connection).await?;
    if schema.is_none() {
        return Err(DatabaseError::NoSchema);
    }
    let foreign: Vec<String> = sqlx::query_scalar(FOREIGN).bind(own_names(tables)).fetch_all(connection).await?;
    if foreign.is_empty() { Ok(()) } else { Err(DatabaseError::ForeignTables(foreign.join(", "))) }
}

/// What the names of this application's tables begin with.
fn own_names(tables: &[Tables]) -> Vec<String> {
    let of = |tables: &Tables| [tables.prefix.to_owned(), (tables.migrator)().table_name.into_owned()];
    tables.iter().flat_map(of).chain([lock::TABLE.to_owned()]).collect()
}

/// What an operator should close, each with how.
pub(super) async fn exposures(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut found = Vec::new();
    for (before, after) in EXPOSED {
        let statement = [before, is_trusted!("grantee"), after].concat();
        let statement = format!("SELECT what FROM ({statement}) AS exposed (what) WHERE {OTHERS}");
        found
            .extend(sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(statement)).fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

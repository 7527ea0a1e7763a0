//! The database that the application is opened on: its lock, its names, and other roles of the server.
#![cfg(feature = "postgres")]

use std::sync::Mutex;
use std::time::Duration;

use app_template::storage::postgres::tables;
use rpc_core::storage::postgres::{Database, DatabaseError, DatabaseOptions, Progress};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use test_postgres::{Cluster, TestDatabase};

/// What takes longer will not happen.
const PATIENCE: Duration = Duration::from_secs(30);

fn options(connection: PgConnectOptions) -> DatabaseOptions {
    DatabaseOptions { startup_wait: PATIENCE, lock_wait: PATIENCE, ..DatabaseOptions::new(connection, tables()) }
}

fn quiet(_: Progress<'_>) {}

/// A server with a database that a role owns, as `docs/operating.md` makes it, and a role that may connect to it.
struct World(Cluster);

impl World {
    async fn new() -> Self {
        let world = Self(tokio::task::spawn_blocking(Cluster::start).await.unwrap());
        let mut connection = world.0.options("postgres").connect().await.unwrap();
        for statement in ["CREATE ROLE app LOGIN", "CREATE ROLE stranger LOGIN", "CREATE DATABASE app OWNER app"] {
            connection.execute(statement).await.unwrap();
        }
        world
    }

    fn as_role(&self, role: &str) -> PgConnectOptions {
        self.0.options("app").username(role)
    }

    async fn superuser(&self) -> PgConnection {
        self.0.options("app").connect().await.unwrap()
    }

    async fn stranger(&self) -> PgConnection {
        self.as_role("stranger").connect().await.unwrap()
    }

    /// The application's database, brought up to date.
    async fn migrated(&self) -> Database {
        let database = Database::connect(options(self.as_role("app")), &quiet).await.unwrap();
        let mut lock = database.lock(&quiet).await.unwrap();
        lock.migrate(&quiet).await.unwrap();
        lock.unlock().await.unwrap();
        database
    }
}

#[test_waits::test]
async fn a_stranger_who_holds_advisory_locks_keeps_no_start_waiting() {
    let world = World::new().await;
    let mut stranger = world.stranger().await;
    // The one that was migrated under once, and others.
    stranger.execute("SELECT pg_advisory_lock(8246199964274815091)").await.unwrap();
    stranger.execute("SELECT pg_advisory_lock(i) FROM generate_series(1, 1000) AS i").await.unwrap();
    let waited = Mutex::new(Vec::new());
    let report = |progress: Progress<'_>| {
        if let Progress::Locked { .. } = progress {
            waited.lock().unwrap().push(progress.to_string());
        }
    };
    let database = Database::connect(options(world.as_role("app")), &quiet).await.unwrap();
    let mut lock = database.lock(&report).await.unwrap();
    lock.migrate(&quiet).await.unwrap();
    lock.unlock().await.unwrap();
    assert!(database.components().await.unwrap().iter().all(|component| component.pending.is_empty()));
    assert_eq!(*waited.lock().unwrap(), Vec::<String>::new());
    let refused = stranger.execute("DO $$ BEGIN LOCK TABLE _app_lock IN ACCESS SHARE MODE; END $$").await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"));
}

#[test_waits::test]
async fn a_start_that_waits_for_another_says_whose_lock_it_is_and_ends() {
    let world = World::new().await;
    let name = |name| world.as_role("app").application_name(name);
    let first = Database::connect(options(name("the first")), &quiet).await.unwrap();
    let held = first.lock(&quiet).await.unwrap();
    let told = Mutex::new(Vec::new());
    let report = |progress: Progress<'_>| told.lock().unwrap().push((progress.event(), progress.to_string()));
    let short = DatabaseOptions { lock_wait: Duration::from_secs(1), ..options(name("the second")) };
    let second = Database::connect(short, &quiet).await.unwrap();
    let refused = second.lock(&report).await.unwrap_err();
    let DatabaseError::Locked { holder, waited } = &refused else { panic!("{refused}") };
    assert!(holder.starts_with("process ") && holder.ends_with(" of app (the first)"), "{holder}");
    assert!(*waited >= Duration::from_secs(1) && *waited < PATIENCE, "{waited:?}");
    assert_eq!(refused.to_string(), format!("{holder} holds the lock of the schema for {} s", waited.as_secs()));
    {
        let told = told.lock().unwrap();
        assert_eq!(told[0].0, "migrate.locked");
        assert!(told[0].1.ends_with(&format!("0 of 1 s: {holder}")), "{told:?}");
    }
    let third = Database::connect(options(name("the third")), &quiet).await.unwrap();
    let waits = third.lock(&quiet);
    let gives_back = async {
        // A moment in which the other one waits, or not: it gets the lock all the same.
        tokio::task::yield_now().await;
        held.unlock().await.unwrap();
    };
    let (third, ()) = tokio::join!(test_waits::within(PATIENCE, "the lock", waits), gives_back);
    third.unwrap().unlock().await.unwrap();
}

/// What is open, and the command that is said to close it, in their words.
async fn exposures(database: &Database) -> Vec<(String, String)> {
    let found = database.exposures().await.unwrap();
    let split = |text: &String| {
        let (what, how) = text.split_once(" Try: ").unwrap_or_else(|| panic!("nothing to try: {text}"));
        (what.trim().to_owned(), how.to_owned())
    };
    found.iter().map(split).collect()
}

#[test_waits::test]
async fn what_others_may_do_is_told_with_commands_that_end_it() {
    let world = World::new().await;
    let database = world.migrated().await;
    let mut superuser = world.superuser().await;
    let open = "GRANT CREATE ON SCHEMA public TO stranger; GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC; \
                CREATE EXTENSION IF NOT EXISTS pg_trgm";
    superuser.execute(open).await.unwrap();
    let overload = "CREATE FUNCTION public.format(text, bigint) RETURNS text LANGUAGE sql AS 'SELECT $1'; \
                    CREATE FUNCTION public.harmless() RETURNS text LANGUAGE sql AS 'SELECT null::text'";
    world.stranger().await.execute(overload).await.unwrap();
    let found = exposures(&database).await;
    let how: Vec<&str> = found.iter().map(|(_, how)| how.as_str()).collect();
    let schema = how[0].strip_prefix("REVOKE CREATE ON SCHEMA public FROM ").unwrap();
    assert!(["PUBLIC, stranger", "stranger, PUBLIC"].contains(&schema), "{schema}");
    let others = [
        "REVOKE CONNECT, TEMPORARY ON DATABASE app FROM PUBLIC; GRANT CONNECT ON DATABASE app TO app",
        "DROP FUNCTION format(text,bigint)",
    ];
    assert_eq!(how[1..], others);
    for (_, how) in &found {
        superuser.execute(AssertSqlSafe(how.clone())).await.unwrap();
    }
    assert!(exposures(&database).await.is_empty());
    // New connections are made as before, and by nobody else.
    database.pool().execute("SELECT 1").await.unwrap();
    world.as_role("app").connect().await.unwrap();
    world.as_role("stranger").connect().await.unwrap_err();
}

#[test_waits::test]
async fn where_there_is_nobody_else_nothing_is_told() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let database = Database::connect(options(cluster.options("postgres")), &quiet).await.unwrap();
    assert!(exposures(&database).await.is_empty());
}

#[test_waits::test]
async fn the_commands_of_the_manual_close_the_database_to_others() {
    let manual = include_str!("../../../docs/operating.md");
    let (_, section) = manual.split_once("\n## Other roles of the server\n").unwrap();
    let (_, block) = section.split_once("```sql\n").unwrap();
    let commands = block.split_once("```").unwrap().0;
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    superuser.execute("GRANT ALL ON SCHEMA public TO PUBLIC").await.unwrap();
    let mut inside = world.stranger().await;
    superuser.execute(commands).await.unwrap();
    let database = world.migrated().await;
    assert!(exposures(&database).await.is_empty());
    world.as_role("stranger").connect().await.unwrap_err();
    for statement in
        ["CREATE TABLE public.mine ()", "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"]
    {
        let refused = inside.execute(statement).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"), "{statement}");
    }
    let quoted = section.split('`').find(|quote| quote.starts_with("SELECT pg_terminate_backend")).unwrap();
    superuser.execute(AssertSqlSafe(quoted.to_owned())).await.unwrap();
    inside.ping().await.unwrap_err();
}

#[test_waits::test]
async fn tables_that_somebody_else_made_first_are_refused() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    superuser.execute("GRANT CREATE ON SCHEMA public TO stranger").await.unwrap();
    let mut stranger = world.stranger().await;
    stranger.execute("CREATE TABLE public.mine ()").await.unwrap();
    Database::connect(options(world.as_role("app")), &quiet).await.unwrap();
    for (kind, name) in
        [("TABLE", "_rpc_auth_migrations"), ("TABLE", "_app_lock"), ("TABLE", "rpc_calllog_calls_20260101")]
    {
        stranger.execute(AssertSqlSafe(format!("CREATE {kind} public.{name} ()"))).await.unwrap();
        let refused = Database::connect(options(world.as_role("app")), &quiet).await.unwrap_err();
        let expected = format!("tables of this application belong to others: public.{name} of stranger");
        assert_eq!(refused.to_string(), expected);
        stranger.execute(AssertSqlSafe(format!("DROP {kind} public.{name}"))).await.unwrap();
    }
}

#[test_waits::test]
async fn a_role_that_may_make_no_tables_is_told_so_with_the_way_out() {
    let world = World::new().await;
    let database = Database::connect(options(world.as_role("stranger")), &quiet).await.unwrap();
    let refused = database.lock(&quiet).await.unwrap_err().to_string();
    let expected =
        "refuses: permission denied for schema public. Try: GRANT USAGE, CREATE ON SCHEMA public TO stranger";
    assert!(refused.ends_with(expected), "{refused}");
    world.superuser().await.execute("GRANT USAGE, CREATE ON SCHEMA public TO stranger").await.unwrap();
    database.lock(&quiet).await.unwrap().unlock().await.unwrap();
}

async fn search_path(connection: &mut PgConnection) -> String {
    sqlx::query_scalar("SHOW search_path").fetch_one(connection).await.unwrap()
}

#[test_waits::test]
async fn names_are_looked_up_in_the_one_schema_of_the_tables() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    let database = world.migrated().await;
    let mut connection = database.pool().acquire().await.unwrap();
    assert_eq!(search_path(&mut connection).await, "public, pg_temp");
    // A schema that appears later and would go first.
    superuser.execute("CREATE SCHEMA app AUTHORIZATION stranger; GRANT USAGE ON SCHEMA app TO app").await.unwrap();
    assert_eq!(search_path(&mut connection).await, "public, pg_temp");
    superuser.execute("DROP SCHEMA app; CREATE SCHEMA \"Other one\" AUTHORIZATION app").await.unwrap();
    superuser.execute("ALTER ROLE app SET search_path = nothing, \"Other one\", public").await.unwrap();
    let other = world.migrated().await;
    assert_eq!(search_path(&mut other.pool().acquire().await.unwrap()).await, "\"Other one\", pg_temp");
    let schemas = "SELECT DISTINCT schemaname::text FROM pg_tables WHERE tablename = 'rpc_bus_notices' ORDER BY 1";
    let schemas: Vec<String> = sqlx::query_scalar(schemas).fetch_all(&mut superuser).await.unwrap();
    assert_eq!(schemas, ["Other one", "public"]);
    let timeout: String = sqlx::query_scalar("SHOW statement_timeout").fetch_one(other.pool()).await.unwrap();
    assert_eq!(timeout, "1min");
    superuser.execute("ALTER ROLE app SET search_path = nothing").await.unwrap();
    let refused = Database::connect(options(world.as_role("app")), &quiet).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::NoSchema), "{refused}");
}

#[test_waits::test]
async fn of_many_who_lock_at_once_on_an_empty_database_one_after_the_other_does() {
    let database = TestDatabase::empty().await;
    let one = async || {
        let database = Database::connect(options(database.options()), &quiet).await.unwrap();
        let mut lock = database.lock(&quiet).await.unwrap();
        lock.migrate(&quiet).await.unwrap();
        lock.unlock().await.unwrap();
        database.close().await;
    };
    tokio::join!(one(), one(), one(), one(), one());
    let pool = PgPoolOptions::new().connect_with(database.options()).await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM _app_lock").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 1);
}

//! Clusters and databases for tests, tried.

use sqlx::{ConnectOptions, Connection, Executor};
use test_postgres::{Cluster, StopMode, TestDatabase, lay_traps};

#[tokio::test]
async fn databases_of_two_tests_are_apart_and_begin_as_prepared() {
    let prepare = async |pool: sqlx::PgPool| {
        pool.execute("CREATE TABLE seen (word text)").await.unwrap();
    };
    let (one, two) = tokio::join!(TestDatabase::migrated("seen", prepare), TestDatabase::migrated("seen", prepare));
    one.pool(1).await.execute("INSERT INTO seen VALUES ('one')").await.unwrap();
    for (database, expected) in [(&one, 1_i64), (&two, 0)] {
        let pool = database.pool(1).await;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM seen").fetch_one(&pool).await.unwrap();
        assert_eq!(count, expected);
    }
}

#[tokio::test]
async fn a_database_that_a_test_has_left_is_empty_for_the_next_one() {
    let prepare = async |pool: sqlx::PgPool| {
        pool.execute("CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY, word text)").await.unwrap();
    };
    for _ in 0..3 {
        let database = TestDatabase::emptied("numbered", prepare).await;
        let pool = database.pool(1).await;
        let id: i32 =
            sqlx::query_scalar("INSERT INTO numbered (word) VALUES ('x') RETURNING id").fetch_one(&pool).await.unwrap();
        assert_eq!(id, 1);
    }
}

#[tokio::test]
async fn a_database_is_gone_with_its_test() {
    let database = TestDatabase::empty().await;
    let options = database.options();
    options.connect().await.unwrap().close().await.unwrap();
    drop(database);
    let error = options.connect().await.unwrap_err();
    let code = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
    assert_eq!(code.as_deref(), Some("3D000"), "{error}");
}

#[tokio::test]
async fn a_cluster_keeps_its_data_when_it_is_stopped_and_when_it_is_killed() {
    let cluster = Cluster::start();
    let mut connection = cluster.options("postgres").connect().await.unwrap();
    connection.execute("CREATE TABLE kept (id int)").await.unwrap();
    cluster.stop(StopMode::Fast);
    assert!(connection.ping().await.is_err());
    cluster.start_again();
    cluster.options("postgres").connect().await.unwrap().execute("SELECT * FROM kept").await.unwrap();
    cluster.stop(StopMode::Immediate);
    cluster.start_again();
    cluster.options("postgres").connect().await.unwrap().execute("SELECT * FROM kept").await.unwrap();
    let folder = cluster.folder().to_owned();
    drop(cluster);
    assert!(!folder.exists());
}

#[tokio::test]
async fn text_sorts_by_language_unless_code_points_are_asked_for() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(1).await;
    let first: String =
        sqlx::query_scalar("SELECT min(w) FROM (VALUES ('B'), ('a')) AS t(w)").fetch_one(&pool).await.unwrap();
    assert_eq!(first, "a");
}

#[tokio::test]
async fn a_trap_is_run_by_statements_that_do_not_say_what_they_mean_and_by_no_others() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(1).await;
    let careless = [
        "SELECT 'a'::text || 1::bigint",
        "SELECT div(1::numeric, 2)",
        "SELECT 'pg_proc'::regclass = 'pg_proc'::regclass::oid",
    ];
    for statement in careless {
        pool.execute(statement).await.unwrap();
    }
    lay_traps(&pool).await;
    for statement in careless {
        let trapped = pool.execute(statement).await.unwrap_err();
        assert!(trapped.to_string().contains("trapped"), "{statement}: {trapped}");
    }
    for statement in
        ["SELECT 'a'::text || 'b'", "SELECT pg_catalog.div(1::numeric, 2)", "SELECT 1::oid = 'pg_proc'::regclass::oid"]
    {
        pool.execute(statement).await.unwrap();
    }
}

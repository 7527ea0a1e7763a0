//! Tables, and how they are made.

use rpc_auth::postgres::{PgStore, migrator};
use rpc_auth::{NewUser, Rows, UserQuery, UserStore};
use sqlx::{Executor, PgPool};
use test_postgres::{Cluster, TestDatabase};

async fn has_search_index(pool: &PgPool) -> bool {
    let exists = "SELECT EXISTS (SELECT FROM pg_indexes WHERE indexname = 'rpc_auth_users_search')";
    sqlx::query_scalar(exists).fetch_one(pool).await.unwrap()
}

async fn finds_ann(store: &PgStore) -> bool {
    let rows = Rows { offset: 0, limit: 1 };
    let search = Some("NN".to_owned());
    let query = UserQuery { id: None, search, name: None, with_root: false, order: Vec::new(), rows };
    store.users(&query).await.unwrap().total == 1
}

#[test_waits::test]
async fn of_many_who_migrate_at_once_each_finds_the_tables() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(4).await;
    let run = async || migrator().run(&pool).await.unwrap();
    tokio::join!(run(), run(), run(), run());
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _rpc_auth_migrations").fetch_one(&pool).await.unwrap();
    assert_eq!(usize::try_from(applied).unwrap(), migrator().iter().count());
    assert!(has_search_index(&pool).await);
}

/// Extensions are often kept in a schema of their own.
#[test_waits::test]
async fn an_extension_in_another_schema_is_used() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(1).await;
    pool.execute("CREATE SCHEMA \"Other\"; CREATE EXTENSION pg_trgm SCHEMA \"Other\"").await.unwrap();
    migrator().run(&pool).await.unwrap();
    assert!(has_search_index(&pool).await);
}

#[test_waits::test]
async fn a_user_who_may_create_no_extension_migrates_and_searches() {
    let cluster = Cluster::start();
    let superuser = PgPool::connect_with(cluster.options("postgres")).await.unwrap();
    superuser.execute("CREATE ROLE app LOGIN; GRANT CREATE ON SCHEMA public TO app").await.unwrap();
    let pool = PgPool::connect_with(cluster.options("postgres").username("app")).await.unwrap();
    migrator().run(&pool).await.unwrap();
    assert!(!has_search_index(&pool).await);
    let store = PgStore::new(pool.clone());
    store.create_user(NewUser { name: "ann".to_owned(), ..NewUser::default() }).await.unwrap();
    assert!(finds_ann(&store).await);

    superuser.execute("CREATE EXTENSION pg_trgm").await.unwrap();
    let index = "CREATE INDEX rpc_auth_users_search ON rpc_auth_users USING gin
        (lowered_name gin_trgm_ops, lowered_email gin_trgm_ops, lowered_telegram_name gin_trgm_ops) WITH (fastupdate = off)";
    pool.execute(index).await.unwrap();
    migrator().run(&pool).await.unwrap();
    assert!(finds_ann(&store).await);
}

//! Tables, and how they are made.

use rpc_auth::postgres::{PgStore, migrator};
use rpc_auth::{NewUser, PageRequest, UserChange, UserQuery, UserStore};
use rpc_core::storage::postgres::PgBus;
use rpc_core::{Bus, Notice};
use sqlx::{Executor, PgPool};
use test_postgres::{Cluster, TestDatabase};
use test_waits::until_async;
use tokio_util::task::TaskTracker;

use super::migrate;

async fn has_search_index(pool: &PgPool) -> bool {
    let exists = "SELECT EXISTS (SELECT FROM pg_indexes WHERE indexname = 'rpc_auth_users_search')";
    sqlx::query_scalar(exists).fetch_one(pool).await.unwrap()
}

async fn finds_ann(store: &PgStore) -> bool {
    let page = PageRequest { offset: 0, limit: 1 };
    let search = Some("NN".to_owned());
    let query = UserQuery { id: None, search, name: None, with_root: false, order: Vec::new(), page };
    store.users(&query).await.unwrap().total == 1
}

#[test_waits::test]
async fn of_many_who_migrate_at_once_each_finds_the_tables() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(4).await;
    let run = async || migrate(&pool).await;
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
    migrate(&pool).await;
    assert!(has_search_index(&pool).await);
}

#[test_waits::test]
async fn a_user_who_may_create_no_extension_migrates_and_searches() {
    let cluster = Cluster::start();
    let superuser = PgPool::connect_with(cluster.options("postgres")).await.unwrap();
    superuser.execute("CREATE ROLE app LOGIN; GRANT CREATE ON SCHEMA public TO app").await.unwrap();
    let pool = PgPool::connect_with(cluster.options("postgres").username("app")).await.unwrap();
    migrate(&pool).await;
    assert!(!has_search_index(&pool).await);
    let store = PgStore::new(pool.clone());
    store.create_user(NewUser { name: "ann".to_owned(), ..NewUser::default() }).await.unwrap();
    assert!(finds_ann(&store).await);

    superuser.execute("CREATE EXTENSION pg_trgm").await.unwrap();
    let index = "CREATE INDEX rpc_auth_users_search ON rpc_auth_users USING gin
        (lowered_name gin_trgm_ops, lowered_email gin_trgm_ops, lowered_telegram_name gin_trgm_ops) WITH (fastupdate = off)";
    pool.execute(index).await.unwrap();
    migrate(&pool).await;
    assert!(finds_ann(&store).await);
}

#[tokio::test]
async fn without_the_tables_of_the_bus_it_is_said_what_makes_them() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(1).await;
    let refused = migrator().run(&pool).await.unwrap_err().to_string();
    assert!(refused.contains("PgBus::migrator() of rpc-core makes them, and goes before this"), "{refused}");
    migrate(&pool).await;
}

/// The statements are those of nodes from before the notices were the bus's: they go on until they are replaced.
#[tokio::test]
async fn nodes_of_before_hear_and_are_heard_after_the_migration() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(2).await;
    migrator().run_to(5, &pool).await.unwrap();
    let store = PgStore::new(pool.clone());
    let ann = store.create_user(NewUser { name: "ann".to_owned(), ..NewUser::default() }).await.unwrap().id;
    let write = "WITH sent AS (INSERT INTO rpc_auth_notices (node, number, content)
            SELECT $1, waiting.number, waiting.content FROM unnest($2::int8[], $3::text[]) AS waiting (number, content)
            RETURNING made)
         SELECT made::text FROM sent LIMIT 1";
    let announce = async |number: i64| {
        let written = sqlx::query_scalar::<_, String>(write).bind("00ff").bind(vec![number]).bind(vec!["\"missed\""]);
        written.fetch_one(&pool).await.unwrap()
    };
    let read = "SELECT content FROM rpc_auth_notices WHERE made >= $1::xid8 AND node <> '00ff' ORDER BY made";
    let sweep = "DELETE FROM rpc_auth_notices WHERE (made, node, number) IN (
            SELECT made, node, number FROM rpc_auth_notices
            WHERE pg_visible_in_snapshot(made, pg_current_snapshot()) ORDER BY created FOR UPDATE SKIP LOCKED)";
    announce(1).await;

    migrate(&pool).await;
    let tasks = TaskTracker::new();
    let bus = PgBus::start(database.options(), &tasks);
    until_async("current", async || bus.is_current()).await;
    let made = announce(2).await;
    until_async("heard", async || bus.counters().heard == 1).await;
    let disabled = UserChange { enabled: Some(false), ..UserChange::default() };
    store.update_user(ann, &disabled).await.unwrap().unwrap();
    bus.announce(Notice::User("7".into())).await.unwrap();
    let mut told: Vec<String> = sqlx::query_scalar(read).bind(made).fetch_all(&pool).await.unwrap();
    told.retain(|content| content != "\"missed\"");
    assert_eq!(told, [format!("{{\"user\":\"{ann}\"}}"), "{\"user\":\"7\"}".to_owned()]);
    assert!(sqlx::query(sweep).execute(&pool).await.unwrap().rows_affected() >= 3);
}

//! The store in Postgres.

use rpc_auth::postgres::{PgStore, migrator};
use rpc_auth::{NewUser, UserId, UserStore};
use test_postgres::TestDatabase;

async fn migrated() -> TestDatabase {
    TestDatabase::migrated("accounts", async |pool| migrator().run(&pool).await.unwrap()).await
}

#[tokio::test]
async fn the_first_user_has_the_id_two() {
    let database = migrated().await;
    let store = PgStore::new(database.pool(4).await);
    let ann = store.create_user(NewUser { name: "ann".to_owned(), ..NewUser::default() }).await.unwrap();
    assert_eq!(ann.id, UserId::new(2));
    assert_eq!(store.user_by_name("ann").await.unwrap(), Some(ann));
    assert!(store.delete_user(UserId::new(2)).await.unwrap());
    assert!(!store.delete_user(UserId::new(2)).await.unwrap());
}

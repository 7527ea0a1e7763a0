//! Somebody's rights end while a change in their name is on its way: it waits for that, and is not made.

use std::sync::Arc;

use rpc_auth::postgres::PgStore;
use rpc_auth::{AccountError, NewSession, PasswordHash, SessionStore, SignUpFields, TokenHash, UserFields};
use rpc_core::{Identity, LocalBus, Permission, Timestamp, User};
use sqlx::{Executor, PgPool};
use test_waits::{soon, until_async};
use tokio::task::JoinSet;

use super::promoted::{CHANGES, user, waits};
use super::{CONNECTIONS, migrated};
use crate::authenticator::accounts;

/// What others do to Ann, in a transaction that they have not ended when she is looked at.
const ENDS: [(&str, bool); 4] = [
    ("UPDATE rpc_auth_users SET enabled = false WHERE name LIKE 'ann%'", false),
    ("DELETE FROM rpc_auth_users WHERE name LIKE 'ann%'", false),
    ("DELETE FROM rpc_auth_sessions", false),
    ("UPDATE rpc_auth_users SET permissions = '{}' WHERE name LIKE 'ann%'", true),
];

/// An administrator in a session.
async fn administrator(store: &PgStore, name: &str) -> Identity {
    let ann = user(store, name, &[("admin", true)]).await;
    let (hash, password) = (TokenHash::of(name), PasswordHash::unusable());
    let session = NewSession { user: ann.id, hash, password, rehashed: None, created: Timestamp::default() };
    let session = store.create_session(session, 1).await.unwrap().unwrap().id;
    User::new(&ann.id.to_string(), name).permission("admin").credential(&session.to_string()).into()
}

async fn users(pool: &PgPool) -> String {
    let users =
        "SELECT string_agg(users::text, ' ' ORDER BY id) FROM rpc_auth_users AS users WHERE name NOT LIKE 'ann%'";
    sqlx::query_scalar(users).fetch_one(pool).await.unwrap()
}

/// Why a change is refused that is made while the rights end.
async fn refusal(
    pool: &PgPool,
    end: &'static str,
    change: impl Future<Output = Result<(), AccountError>> + Send + 'static,
) -> Option<AccountError> {
    let mut ending = pool.begin().await.unwrap();
    ending.execute(end).await.unwrap();
    let mut made = JoinSet::new();
    made.spawn(change);
    until_async("the change waits", async || waits(pool).await).await;
    ending.commit().await.unwrap();
    soon("the change", made.join_next()).await.unwrap().unwrap().err()
}

#[test_waits::test]
async fn a_change_waits_for_the_end_of_the_rights_that_it_was_let_in_for() {
    for (end, lessens) in ENDS {
        let database = migrated().await;
        let pool = database.pool(CONNECTIONS).await;
        let store = PgStore::new(pool.clone());
        user(&store, "bob", &[]).await;
        let permission = Permission::new("admin", "A title", "A description");
        let accounts = accounts(Arc::new(store.clone()), Arc::new(LocalBus::default()), vec![permission]);
        let before = users(&pool).await;
        let mut refusals = Vec::new();
        for change in CHANGES {
            let ann = administrator(&store, &format!("ann-{}", refusals.len())).await;
            refusals.push(refusal(&pool, end, change.make(accounts.clone(), ann)).await);
        }
        let ann = administrator(&store, "ann-who-creates").await;
        let creation = async move {
            let account = SignUpFields { user_name: "zoe".to_owned(), ..SignUpFields::default() };
            accounts.create_user(&ann, UserFields { account, ..UserFields::default() }).await.map(drop)
        };
        refusals.push(refusal(&pool, end, creation).await);
        for refused in refusals {
            let is_told = match &refused {
                Some(AccountError::NotSignedIn) => !lessens,
                Some(AccountError::Forbidden("Not permitted")) => lessens,
                _ => false,
            };
            assert!(is_told, "after {end}: {refused:?}");
        }
        assert_eq!(users(&pool).await, before, "{end}");
    }
}

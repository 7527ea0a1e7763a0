//! Somebody is given more while an administrator changes them, who was allowed to when they looked.

use std::collections::BTreeMap;
use std::sync::Arc;

use rpc_auth::postgres::PgStore;
use rpc_auth::{AccountError, Accounts, Grants, NewUser, Password, UserRecord, UserStore};
use rpc_core::{Identity, LocalBus, Permission};
use sqlx::{Executor, PgPool};
use test_waits::{soon, until_async};
use tokio::task::JoinSet;

use super::{CONNECTIONS, migrated};
use crate::authenticator::accounts;

/// What an administrator does to Bob.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Disable,
    Delete,
    SetPassword,
    Rename,
    RenameWithPassword,
    SetPermissions,
    UpdatePermissions,
}

pub(super) const CHANGES: [Change; 7] = [
    Change::Disable,
    Change::Delete,
    Change::SetPassword,
    Change::Rename,
    Change::RenameWithPassword,
    Change::SetPermissions,
    Change::UpdatePermissions,
];

impl Change {
    pub(super) async fn make(self, accounts: Accounts, by: Identity) -> Result<(), AccountError> {
        let password = || "correct horse battery".to_owned();
        let grants = BTreeMap::from([("admin".to_owned(), false)]);
        match self {
            Self::Disable => accounts.set_user_enabled(&by, "bob", false).await,
            Self::Delete => accounts.delete_user(&by, "bob").await,
            Self::SetPassword => accounts.set_user_password(&by, "bob", Password::Given(password())).await.map(drop),
            Self::Rename => accounts.set_user_name(&by, "bob", "robert", None).await,
            Self::RenameWithPassword => accounts.set_user_name(&by, "bob", "robert", Some(password())).await,
            Self::SetPermissions => accounts.set_user_permissions(&by, "bob", grants).await,
            Self::UpdatePermissions => accounts.update_user_permissions(&by, "bob", grants).await,
        }
    }
}

pub(super) async fn user(store: &PgStore, name: &str, grants: &[(&str, bool)]) -> UserRecord {
    let permissions = Grants(grants.iter().map(|(name, held)| ((*name).to_owned(), *held)).collect());
    store.create_user(NewUser { name: name.to_owned(), permissions, ..NewUser::default() }).await.unwrap()
}

pub(super) async fn waits(pool: &PgPool) -> bool {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar::<_, i64>(query).fetch_one(pool).await.unwrap() > 0
}

/// The change waits for the row that the promotion holds: it has looked before, and is made after.
async fn is_refused(change: Change) {
    let database = migrated().await;
    let pool = database.pool(CONNECTIONS).await;
    let store = PgStore::new(pool.clone());
    user(&store, "ann", &[("admin", true)]).await;
    let bob = user(&store, "bob", &[]).await;
    let permissions = ["admin", "audit"].map(|name| Permission::new(name, "A title", "A description"));
    let accounts = accounts(Arc::new(store.clone()), Arc::new(LocalBus::default()), permissions.to_vec());
    let ann = accounts.identity_of("ann").await.unwrap().unwrap();

    let mut promotion = pool.begin().await.unwrap();
    promotion.execute("UPDATE rpc_auth_users SET permissions = '{\"audit\": true}' WHERE name = 'bob'").await.unwrap();
    let mut made = JoinSet::new();
    made.spawn(change.make(accounts, ann));
    until_async("the change waits", async || waits(&pool).await).await;
    promotion.commit().await.unwrap();

    let refused = soon("the change", made.join_next()).await.unwrap().unwrap();
    let text = "The user holds a permission that you do not hold";
    assert!(matches!(refused, Err(AccountError::Forbidden(why)) if why == text), "{change:?}: {refused:?}");
    let promoted = UserRecord { permissions: Grants([("audit".to_owned(), true)].into()), ..bob };
    assert_eq!(store.user(promoted.id).await.unwrap(), Some(promoted), "{change:?}");
}

#[test_waits::test]
async fn nobody_who_holds_more_by_then_is_changed_by_an_administrator() {
    for change in CHANGES {
        is_refused(change).await;
    }
}

//! Who changes settings may do so when they are changed, not only when they were let in.

use app_template::settings::{MemorySettings, SecretBox, SettingsError, SettingsStore};
use app_template::storage::postgres::{PgSettings, tables};
use rpc_auth::postgres::PgStore;
use rpc_auth::{
    AccountStore, Authority, AuthorityError, CallerRights, Credential, Grants, MemoryStore, NewUser, UserChange,
};
use serde_json::json;
use test_postgres::TestDatabase;

use super::properties::{at, change, stored};

async fn hold_against(accounts: &impl AccountStore, settings: &impl SettingsStore) {
    let permissions = Grants([("admin".to_owned(), true)].into());
    let ann = accounts.create_user(NewUser { name: "ann".to_owned(), permissions, ..NewUser::default() });
    let ann = ann.await.unwrap();
    let permissions = [("admin".to_owned(), false)].into();
    let by = Authority::Caller(CallerRights { user: ann.id, credential: Credential::None, permissions });
    settings.update(&change(&json!({"telegram_bot_name": "first_bot"})), at(1), &by).await.unwrap();
    let before = stored(settings).await;
    let denied = rpc_auth::GrantsChange::Merge([("admin".to_owned(), false)].into());
    let demoted = UserChange { permissions: Some(denied), ..UserChange::default() };
    let disabled = UserChange { enabled: Some(false), ..UserChange::default() };
    for (ended, expected) in [(demoted, AuthorityError::Lost), (disabled, AuthorityError::Ended)] {
        accounts.update_user(ann.id, &ended).await.unwrap().unwrap();
        let refused = settings.update(&change(&json!({"telegram_bot_name": "second_bot"})), at(2), &by).await;
        assert!(matches!(refused, Err(SettingsError::Authority(why)) if why == expected), "{refused:?}");
        assert_eq!(stored(settings).await, before);
    }
    settings.update(&change(&json!({"telegram_bot_name": "third_bot"})), at(3), &Authority::Application).await.unwrap();
    assert_eq!(stored(settings).await["telegram_bot_name"], "third_bot");
}

#[test_waits::test]
async fn whoever_was_shut_out_changes_no_settings_in_memory() {
    let accounts = MemoryStore::default();
    hold_against(&accounts, &MemorySettings::beside(accounts.clone())).await;
}

#[test_waits::test]
async fn whoever_was_shut_out_changes_no_settings_in_postgres() {
    let database = TestDatabase::migrated("settings-and-accounts", async |pool| {
        for tables in tables() {
            (tables.migrator)().run(&pool).await.unwrap();
        }
    })
    .await;
    let pool = database.pool(2).await;
    hold_against(&PgStore::new(pool.clone()), &PgSettings::new(pool, SecretBox::without_key())).await;
}

#[test_waits::test]
async fn settings_in_memory_without_accounts_are_changed_by_nobody() {
    let user = rpc_auth::UserId::new(2);
    let rights = CallerRights { user, credential: Credential::None, permissions: [].into() };
    let refused = MemorySettings::default().update(&change(&json!({})), at(0), &Authority::Caller(rights)).await;
    assert!(matches!(refused, Err(SettingsError::Authority(AuthorityError::Ended))), "{refused:?}");
}

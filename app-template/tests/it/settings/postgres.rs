//! What the store in Postgres does with secrets, and when it cannot.

use app_template::settings::{PgSettings, SealError, SecretBox, SettingsError, SettingsStore, postgres::migrator};
use rpc_auth::{Authority, Secret};
use serde_json::json;
use sqlx::{PgPool, Row};
use test_postgres::TestDatabase;

use super::properties::{at, change, everything, told};

pub(super) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(super) async fn migrated() -> TestDatabase {
    TestDatabase::migrated("settings", async |pool| migrator().run(&pool).await.unwrap()).await
}

pub(super) fn secrets(key: &str) -> SecretBox {
    SecretBox::with_key(key).unwrap()
}

/// Whether a secret can be read from what is stored.
async fn is_readable(pool: &PgPool) -> bool {
    let row = sqlx::query("SELECT smtp_password, telegram_bot_key FROM app_settings").fetch_one(pool).await.unwrap();
    let stored = [row.get::<Vec<u8>, _>(0), row.get(1)].concat();
    ["hunter2", "1:key"].iter().any(|secret| stored.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()))
}

#[tokio::test]
async fn a_change_with_a_key_encrypts_what_was_stored_without_one() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    let without_key = PgSettings::new(pool.clone(), SecretBox::without_key());
    let settings = without_key.update(&everything(), at(0), &Authority::Application).await.unwrap();
    assert!(is_readable(&pool).await);

    let with_key = PgSettings::new(pool.clone(), secrets(KEY));
    assert_eq!(told(&with_key.load().await.unwrap()), told(&settings));
    with_key.update(&change(&json!({"app_url": null})), at(1), &Authority::Application).await.unwrap();
    assert!(!is_readable(&pool).await);
    let loaded = with_key.load().await.unwrap();
    assert_eq!(loaded.smtp_password.as_ref().map(Secret::expose), Some("hunter2-\u{e4}"));
}

#[tokio::test]
async fn secrets_are_encrypted_when_an_application_starts_with_a_key() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    let without_key = PgSettings::new(pool.clone(), SecretBox::without_key());
    let settings = without_key.update(&everything(), at(0), &Authority::Application).await.unwrap();
    assert!(!without_key.seed(&everything(), at(1)).await.unwrap());
    assert!(is_readable(&pool).await);

    let with_key = PgSettings::new(pool.clone(), secrets(KEY));
    for _ in 0..2 {
        assert!(!with_key.seed(&everything(), at(1)).await.unwrap());
        assert!(!is_readable(&pool).await);
        assert_eq!(told(&with_key.load().await.unwrap()), told(&settings));
    }
}

#[tokio::test]
async fn first_settings_are_encrypted_too() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    assert!(PgSettings::new(pool.clone(), secrets(KEY)).seed(&everything(), at(0)).await.unwrap());
    assert!(!is_readable(&pool).await);
}

#[tokio::test]
async fn a_missing_or_wrong_key_is_an_error_that_names_the_setting_and_changes_nothing() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    let right = PgSettings::new(pool.clone(), secrets(KEY));
    let settings = right.update(&everything(), at(0), &Authority::Application).await.unwrap();
    for (secrets, expected) in [(SecretBox::without_key(), SealError::NoKey), (secrets(OTHER_KEY), SealError::WrongKey)]
    {
        let store = PgSettings::new(pool.clone(), secrets);
        for failure in
            [store.load().await, store.update(&change(&json!({"app_url": null})), at(1), &Authority::Application).await]
        {
            let Err(SettingsError::Secret(error)) = failure else { panic!("{failure:?}") };
            assert_eq!(error, expected);
            assert!(error.to_string().contains("`secret-key`"), "{error}");
        }
    }
    assert_eq!(told(&right.load().await.unwrap()), told(&settings));
}

#[tokio::test]
async fn a_secret_in_anothers_place_does_not_open() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    let store = PgSettings::new(pool.clone(), secrets(KEY));
    store.update(&everything(), at(0), &Authority::Application).await.unwrap();
    sqlx::query("UPDATE app_settings SET smtp_password = telegram_bot_key").execute(&pool).await.unwrap();
    assert!(matches!(store.load().await, Err(SettingsError::Secret(SealError::WrongKey))));
}

#[tokio::test]
async fn a_database_without_tables_is_an_error() {
    let database = TestDatabase::empty().await;
    let store = PgSettings::new(database.pool(1).await, SecretBox::without_key());
    assert!(matches!(store.load().await, Err(SettingsError::Store(_))));
    assert!(matches!(store.update(&everything(), at(0), &Authority::Application).await, Err(SettingsError::Store(_))));
    assert!(!format!("{store:?}").contains("hunter2"));
}

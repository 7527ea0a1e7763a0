//! What the store in Postgres does with secrets, and when it cannot.

use app_template::settings::{SealError, SecretBox, SettingsError, SettingsStore};
use app_template::storage::postgres::PgSettings;
use rpc_auth::{Authority, Secret};
use serde_json::json;
use sqlx::{PgPool, Row};
use test_postgres::TestDatabase;

use crate::mail::Log;

use super::properties::{at, change, everything, told};

pub(super) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(super) async fn migrated() -> TestDatabase {
    TestDatabase::migrated("settings", async |pool| PgSettings::migrator().run(&pool).await.unwrap()).await
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

#[test_waits::test]
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

#[test_waits::test]
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

#[test_waits::test]
async fn first_settings_are_encrypted_too() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    assert!(PgSettings::new(pool.clone(), secrets(KEY)).seed(&everything(), at(0)).await.unwrap());
    assert!(!is_readable(&pool).await);
}

#[test_waits::test]
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

/// Runs a statement past the application, and tells which secrets it has then.
async fn after(pool: &PgPool, store: &PgSettings, sql: &'static str) -> [Option<String>; 2] {
    sqlx::query(sql).execute(pool).await.unwrap();
    let settings = store.load().await.unwrap();
    [settings.smtp_password, settings.telegram_bot_key].map(|secret| secret.map(|secret| secret.expose().to_owned()))
}

#[test_waits::test]
async fn a_secret_in_anothers_place_or_beside_another_account_is_not_used() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    let store = PgSettings::new(pool.clone(), secrets(KEY));
    let (password, key) = (Some("hunter2-\u{e4}".to_owned()), Some("1:key".to_owned()));
    for (sql, expected) in [
        ("UPDATE app_settings SET smtp_hostname = 'thief.example'", [None, key.clone()]),
        ("UPDATE app_settings SET smtp_hostname = 'MAIL.example.com'", [None, key.clone()]),
        ("UPDATE app_settings SET smtp_hostname = NULL", [None, key.clone()]),
        ("UPDATE app_settings SET smtp_port = 25", [None, key.clone()]),
        ("UPDATE app_settings SET smtp_port = NULL", [None, key.clone()]),
        ("UPDATE app_settings SET smtp_username = 'thief'", [None, key.clone()]),
        ("UPDATE app_settings SET smtp_username = NULL", [None, key.clone()]),
        ("UPDATE app_settings SET telegram_bot_name = 'other_bot'", [password.clone(), None]),
        ("UPDATE app_settings SET smtp_password = telegram_bot_key", [None, key.clone()]),
        ("UPDATE app_settings SET smtp_from = 'x@example.com', app_url = NULL", [password.clone(), key.clone()]),
    ] {
        store.update(&everything(), at(0), &Authority::Application).await.unwrap();
        assert_eq!(after(&pool, &store, sql).await, expected, "{sql}");
        assert!(!store.seed(&everything(), at(1)).await.unwrap(), "a start goes on");
        let back = "UPDATE app_settings SET smtp_hostname = 'mail.example.com', smtp_port = 65535, \
                    smtp_username = 'ann\\', telegram_bot_name = 'example_bot'";
        let put_back =
            if sql.contains("smtp_password") { [None, key.clone()] } else { [password.clone(), key.clone()] };
        assert_eq!(after(&pool, &store, back).await, put_back, "{sql}");
    }
}

#[test_waits::test]
async fn the_log_tells_once_that_a_secret_is_not_used_and_what_to_do() {
    let (log, _guard) = Log::begin();
    let database = migrated().await;
    let pool = database.pool(2).await;
    let store = PgSettings::new(pool.clone(), secrets(KEY));
    store.update(&everything(), at(0), &Authority::Application).await.unwrap();
    for times in 1..3 {
        after(&pool, &store, "UPDATE app_settings SET smtp_hostname = 'thief.example'").await;
        store.load().await.unwrap();
        assert_eq!(log.lines_with("settings.misplaced_secret"), times, "{}", log.text());
        after(&pool, &store, "UPDATE app_settings SET smtp_hostname = 'mail.example.com'").await;
    }
    let text = log.text();
    assert!(text.contains("Set smtp_password anew with /v1/admin/settings/update"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test_waits::test]
async fn a_password_that_is_not_used_is_replaced_by_a_change() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    let store = PgSettings::new(pool.clone(), secrets(KEY));
    store.update(&everything(), at(0), &Authority::Application).await.unwrap();
    after(&pool, &store, "UPDATE app_settings SET smtp_hostname = 'mail.example.org'").await;
    let settings =
        store.update(&change(&json!({"smtp_password": "hunter3"})), at(1), &Authority::Application).await.unwrap();
    assert_eq!(settings.smtp_password.as_ref().map(Secret::expose), Some("hunter3"));
    assert_eq!(told(&store.load().await.unwrap()), told(&settings));
}

#[test_waits::test]
async fn what_the_version_before_sealed_opens_and_is_bound_to_its_account_at_a_start() {
    let older = "UPDATE app_settings SET \
        smtp_password = decode('016465666768696a6b6c6d6e6f707172737475767778797a7b\
                                140697c49a5cbbaf4494a788862c51fbd652873c3bca2a1b0940', 'hex'), \
        telegram_bot_key = decode('0165666768696a6b6c6d6e6f707172737475767778797a7b7c\
                                   0cd0324665d52d54a222fcc2ca0b9259c1d525bdb9', 'hex')";
    let database = migrated().await;
    let pool = database.pool(2).await;
    let store = PgSettings::new(pool.clone(), secrets(KEY));
    let settings = store.update(&everything(), at(0), &Authority::Application).await.unwrap();
    let both = [Some("hunter2-\u{e4}".to_owned()), Some("1:key".to_owned())];
    assert_eq!(after(&pool, &store, older).await, both);
    for _ in 0..2 {
        assert!(!store.seed(&everything(), at(1)).await.unwrap());
        assert_eq!(told(&store.load().await.unwrap()), told(&settings));
    }
    let stolen = "UPDATE app_settings SET smtp_hostname = 'thief.example', telegram_bot_name = 'thief_bot'";
    assert_eq!(after(&pool, &store, stolen).await, [None, None]);
}

#[test_waits::test]
async fn a_database_without_tables_is_an_error() {
    let database = TestDatabase::empty().await;
    let store = PgSettings::new(database.pool(1).await, SecretBox::without_key());
    assert!(matches!(store.load().await, Err(SettingsError::Store(_))));
    assert!(matches!(store.update(&everything(), at(0), &Authority::Application).await, Err(SettingsError::Store(_))));
    assert!(!format!("{store:?}").contains("hunter2"));
}

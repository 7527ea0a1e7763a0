//! What every store of settings does.

use app_template::settings::{Settings, SettingsChange, SettingsStore};
use futures_util::future::join_all;
use rpc_auth::{Authority, Secret};
use rpc_core::Timestamp;
use serde_json::{Value, json};

pub(super) fn change(members: &Value) -> SettingsChange {
    SettingsChange::parse(members.as_object().unwrap()).unwrap()
}

/// Every setting, each with a value of its own.
pub(super) fn everything() -> SettingsChange {
    change(&json!({
        "app_url": "https://app.example.com/?a=%25_", "smtp_from": "Ann\u{e4} <ann@example.com>",
        "smtp_hostname": "mail.example.com", "smtp_port": 65535, "smtp_username": "ann\\", "smtp_password": "hunter2-\u{e4}",
        "telegram_bot_name": "example_bot", "telegram_bot_key": "1:key", "telegram_bot_enabled": true,
        "telegram_signin_enabled": true,
    }))
}

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

/// All of the settings, the secrets included.
pub(super) fn told(settings: &Settings) -> Value {
    let mut told = serde_json::to_value(settings.public()).unwrap();
    told["smtp_password"] = json!(settings.smtp_password.as_ref().map(Secret::expose));
    told["telegram_bot_key"] = json!(settings.telegram_bot_key.as_ref().map(Secret::expose));
    told
}

pub(super) async fn stored(store: &impl SettingsStore) -> Value {
    told(&store.load().await.unwrap())
}

pub(super) async fn before_a_change_settings_are_the_default_ones(store: &impl SettingsStore) {
    assert_eq!(stored(store).await, told(&Settings::default()));
}

pub(super) async fn settings_are_kept_as_they_were_given(store: &impl SettingsStore) {
    let mut expected = Settings::default();
    everything().apply(&mut expected, at(123));
    assert_eq!(told(&store.update(&everything(), at(123), &Authority::Application).await.unwrap()), told(&expected));
    assert_eq!(stored(store).await, told(&expected));
}

pub(super) async fn a_change_leaves_alone_what_it_does_not_name(store: &impl SettingsStore) {
    let mut expected = Settings::default();
    for (number, next) in
        [everything(), change(&json!({"telegram_bot_name": "other_bot"})), change(&json!({}))].iter().enumerate()
    {
        let now = at(i64::try_from(number).unwrap());
        next.apply(&mut expected, now);
        assert_eq!(told(&store.update(next, now, &Authority::Application).await.unwrap()), told(&expected));
        assert_eq!(stored(store).await, told(&expected));
    }
}

pub(super) async fn null_clears(store: &impl SettingsStore) {
    store.update(&everything(), at(0), &Authority::Application).await.unwrap();
    let nothing = change(&json!({
        "app_url": null, "smtp_from": null, "smtp_hostname": null, "smtp_port": null, "smtp_username": null,
        "smtp_password": null, "telegram_bot_name": null, "telegram_bot_key": null, "telegram_bot_enabled": false,
        "telegram_signin_enabled": false,
    }));
    store.update(&nothing, at(1), &Authority::Application).await.unwrap();
    assert_eq!(stored(store).await, told(&Settings { updated: at(1), ..Settings::default() }));
}

pub(super) async fn a_password_goes_with_the_account_that_it_was_entered_for(store: &impl SettingsStore) {
    store.update(&everything(), at(0), &Authority::Application).await.unwrap();
    store.update(&change(&json!({"smtp_hostname": "mail.example.org"})), at(1), &Authority::Application).await.unwrap();
    let stored = stored(store).await;
    assert_eq!((&stored["smtp_password"], &stored["telegram_bot_key"]), (&Value::Null, &json!("1:key")));
}

/// Also when they are the first.
pub(super) async fn changes_made_at_once_are_all_kept(store: &impl SettingsStore) {
    let changes = [
        json!({"app_url": "https://app.example.com"}),
        json!({"smtp_from": "ann@example.com"}),
        json!({"telegram_bot_name": "example_bot"}),
        json!({"telegram_bot_key": "1:key"}),
        json!({"telegram_bot_enabled": true}),
        json!({"telegram_signin_enabled": true}),
    ];
    let changes = changes.map(|members| change(&members));
    for answer in join_all(changes.iter().map(|change| store.update(change, at(5), &Authority::Application))).await {
        answer.unwrap();
    }
    let mut expected = Settings::default();
    changes.iter().for_each(|change| change.apply(&mut expected, at(5)));
    assert_eq!(stored(store).await, told(&expected));
}

pub(super) async fn first_settings_are_made_once(store: &impl SettingsStore) {
    assert!(store.seed(&everything(), at(0)).await.unwrap());
    let first = stored(store).await;
    assert!(!store.seed(&change(&json!({"app_url": "https://other.example.com"})), at(1)).await.unwrap());
    assert_eq!(stored(store).await, first);
    assert_eq!(first["smtp_hostname"], "mail.example.com");
}

pub(super) async fn of_many_who_make_the_first_settings_at_once_one_does(store: &impl SettingsStore) {
    let ports = [1, 2, 3, 4, 5, 6, 7, 8].map(|port| change(&json!({"smtp_port": port})));
    let made = join_all(ports.iter().map(|first| store.seed(first, at(0)))).await;
    let made: Vec<bool> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    let winner = made.iter().position(|made| *made).unwrap() + 1;
    assert_eq!(stored(store).await["smtp_port"], winner);
}

pub(super) async fn settings_that_were_changed_are_not_the_first(store: &impl SettingsStore) {
    store.update(&change(&json!({})), at(0), &Authority::Application).await.unwrap();
    assert!(!store.seed(&everything(), at(1)).await.unwrap());
    assert_eq!(stored(store).await, told(&Settings { updated: at(0), ..Settings::default() }));
}

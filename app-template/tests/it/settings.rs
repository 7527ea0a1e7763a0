//! The stores of settings: what each of them does, and what that in Postgres does beside.

mod postgres;
mod properties;
mod rights;

use app_template::settings::{MemorySettings, SecretBox};
use app_template::storage::postgres::PgSettings;

/// Makes a module of tests, one for each property of a store of settings. `$fixture` is a future of an empty store, and of
/// what has to outlive it.
macro_rules! settings_store {
    ($module:ident, $fixture:expr, [$($property:ident),* $(,)?]) => {
        mod $module {
            use super::*;

            $(#[test_waits::test]
            async fn $property() {
                let (store, _guard) = $fixture.await;
                properties::$property(&store).await;
            })*
        }
    };
}

macro_rules! every_settings_store {
    ($($module:ident: $fixture:expr;)*) => {$(
        settings_store!($module, $fixture, [
            before_a_change_settings_are_the_default_ones,
            settings_are_kept_as_they_were_given,
            a_change_leaves_alone_what_it_does_not_name,
            null_clears,
            a_password_goes_with_the_account_that_it_was_entered_for,
            changes_made_at_once_are_all_kept,
            first_settings_are_made_once,
            of_many_who_make_the_first_settings_at_once_one_does,
            settings_that_were_changed_are_not_the_first,
        ]);
    )*};
}

every_settings_store! {
    in_memory: async { (MemorySettings::default(), ()) };
    in_postgres: async {
        let database = postgres::migrated().await;
        (PgSettings::new(database.pool(8).await, SecretBox::without_key()), database)
    };
    in_postgres_encrypted: async {
        let database = postgres::migrated().await;
        (PgSettings::new(database.pool(8).await, postgres::secrets(postgres::KEY)), database)
    };
}

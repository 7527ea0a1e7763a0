//! Settings in Postgres.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rpc_auth::postgres::hold;
use rpc_auth::{Authority, Secret};
use rpc_core::Timestamp;
use rpc_core::storage::{self, StoreError};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row};

use crate::settings::{SealError, SecretBox, Settings, SettingsChange, SettingsError, SettingsStore};
use crate::storage::bound::BoundSecret;

/// The table that says which migrations a database has.
const MIGRATIONS_TABLE: &str = "_app_migrations";

/// Each with its version and purpose. What was released is never changed: databases remember its checksum.
const MIGRATIONS: [(i64, &str, &str); 1] = [(1, "settings", include_str!("../../../migrations/0001_settings.sql"))];

macro_rules! columns {
    () => {
        "app_url, smtp_from, smtp_hostname, smtp_port, smtp_username, smtp_password, telegram_bot_name, \
         telegram_bot_key, telegram_bot_enabled, telegram_signin_enabled, updated"
    };
}

/// Whatever the database's default is: what is locked has to be seen as it is then.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const LOAD: &str = concat!("SELECT ", columns!(), " FROM app_settings");
const LOCK: &str = concat!("SELECT ", columns!(), " FROM app_settings FOR UPDATE");
/// There has to be a row before it can be locked.
const MAKE: &str = "INSERT INTO app_settings (updated) VALUES ('epoch') ON CONFLICT (one) DO NOTHING";
const SEED: &str = concat!(
    "INSERT INTO app_settings (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (one) DO NOTHING"
);
const UPDATE: &str =
    concat!("UPDATE app_settings SET (", columns!(), ") = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");

const SEAL: &str = "UPDATE app_settings SET smtp_password = $1, telegram_bot_key = $2";

/// A [`SettingsStore`] in Postgres, in the database of the accounts whose users change it. Secrets are stored as a
/// [`SecretBox`] seals them. Those that were stored before there was a key, or bound to less than today, are sealed anew when
/// an application starts with a key, by its [`seed`](SettingsStore::seed).
///
/// A sealed secret beside another account than it was stored for is as if it was not there: somebody has changed the account past
/// the application, which tells so in the log, once. The next change of settings removes it.
pub struct PgSettings {
    pool: PgPool,
    secrets: SecretBox,
    /// Whether the log tells already that a secret is not used, by its place in [`BoundSecret::ALL`].
    told: [AtomicBool; 2],
}

impl PgSettings {
    /// Makes the table, or brings it up to date. It remembers what it did in a table of its own, `_app_migrations`.
    #[must_use]
    pub fn migrator() -> Migrator {
        storage::migrator(MIGRATIONS_TABLE, &MIGRATIONS)
    }

    /// A store over connections to a database that [`migrator`](Self::migrator) has run on.
    #[must_use]
    pub fn new(pool: PgPool, secrets: SecretBox) -> Self {
        Self { pool, secrets, told: Default::default() }
    }

    fn settings(&self, row: &PgRow) -> Result<Settings, SettingsError> {
        let port: Option<i32> = row.try_get("smtp_port")?;
        let smtp_port = port.map(u16::try_from).transpose().map_err(|error| StoreError(error.into()))?;
        let mut settings = Settings {
            app_url: row.try_get("app_url")?,
            smtp_from: row.try_get("smtp_from")?,
            smtp_hostname: row.try_get("smtp_hostname")?,
            smtp_port,
            smtp_username: row.try_get("smtp_username")?,
            smtp_password: None,
            telegram_bot_name: row.try_get("telegram_bot_name")?,
            telegram_bot_key: None,
            telegram_bot_enabled: row.try_get("telegram_bot_enabled")?,
            telegram_signin_enabled: row.try_get("telegram_signin_enabled")?,
            updated: row.try_get("updated")?,
        };
        settings.smtp_password = self.secret(row, BoundSecret::SmtpPassword, &settings)?;
        settings.telegram_bot_key = self.secret(row, BoundSecret::TelegramBotKey, &settings)?;
        Ok(settings)
    }

    /// A secret, if one is stored for the account that is stored.
    fn secret(&self, row: &PgRow, secret: BoundSecret, settings: &Settings) -> Result<Option<Secret>, SettingsError> {
        let stored: Option<&[u8]> = row.try_get(secret.name())?;
        let open = |stored| self.secrets.open(secret.name(), &secret.account(settings), stored);
        let opened = match stored.map(open).transpose() {
            Err(SealError::Misplaced) => None,
            opened => Some(opened?),
        };
        self.tell(secret, opened.is_none());
        Ok(opened.flatten())
    }

    /// Tells that a secret is not used, once until it is again.
    fn tell(&self, secret: BoundSecret, is_misplaced: bool) {
        if self.told[secret as usize].swap(is_misplaced, Ordering::Relaxed) || !is_misplaced {
            return;
        }
        let (name, account) = (secret.name(), secret.account_names());
        tracing::warn!(
            event = "settings.misplaced_secret",
            setting = name,
            "the stored {name} is not used: it was stored for another {account}, and the database was changed since. \
             Set {name} anew with /v1/admin/settings/update, or put back what was changed"
        );
    }

    fn sealed(&self, secret: BoundSecret, settings: &Settings) -> Result<Option<Vec<u8>>, SettingsError> {
        let value = match secret {
            BoundSecret::SmtpPassword => &settings.smtp_password,
            BoundSecret::TelegramBotKey => &settings.telegram_bot_key,
        };
        let seal = |value| self.secrets.seal(secret.name(), &secret.account(settings), value);
        Ok(value.as_ref().map(seal).transpose()?)
    }

    /// Seals anew what was stored before there was a key, or bound to less than today.
    async fn seal_anew(&self) -> Result<(), SettingsError> {
        if !self.improves(&sqlx::query(LOAD).fetch_one(&self.pool).await?)? {
            return Ok(());
        }
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let row = sqlx::query(LOCK).fetch_one(&mut *transaction).await?;
        let settings = self.settings(&row)?;
        let mut statement = sqlx::query(SEAL);
        for secret in BoundSecret::ALL {
            let stored: Option<&[u8]> = row.try_get(secret.name())?;
            let kept = stored.filter(|stored| !self.secrets.improves(stored)).map(<[u8]>::to_vec);
            statement = statement.bind(if kept.is_some() { kept } else { self.sealed(secret, &settings)? });
        }
        statement.execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether a row has a secret that could be sealed better than it is.
    fn improves(&self, row: &PgRow) -> Result<bool, sqlx::Error> {
        for secret in BoundSecret::ALL {
            if row.try_get::<Option<&[u8]>, _>(secret.name())?.is_some_and(|stored| self.secrets.improves(stored)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A statement that stores all settings.
    fn storing<'q>(
        &self,
        statement: &'static str,
        settings: &'q Settings,
    ) -> Result<Query<'q, Postgres, PgArguments>, SettingsError> {
        Ok(sqlx::query(statement)
            .bind(&settings.app_url)
            .bind(&settings.smtp_from)
            .bind(&settings.smtp_hostname)
            .bind(settings.smtp_port.map(i32::from))
            .bind(&settings.smtp_username)
            .bind(self.sealed(BoundSecret::SmtpPassword, settings)?)
            .bind(&settings.telegram_bot_name)
            .bind(self.sealed(BoundSecret::TelegramBotKey, settings)?)
            .bind(settings.telegram_bot_enabled)
            .bind(settings.telegram_signin_enabled)
            .bind(settings.updated))
    }
}

impl fmt::Debug for PgSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgSettings").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

impl From<sqlx::Error> for SettingsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

#[async_trait]
impl SettingsStore for PgSettings {
    async fn load(&self) -> Result<Settings, SettingsError> {
        let row = sqlx::query(LOAD).fetch_optional(&self.pool).await?;
        row.map_or_else(|| Ok(Settings::default()), |row| self.settings(&row))
    }

    async fn update(&self, change: &SettingsChange, now: Timestamp, by: &Authority) -> Result<Settings, SettingsError> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        hold(&mut transaction, by).await??;
        sqlx::query(MAKE).execute(&mut *transaction).await?;
        let row = sqlx::query(LOCK).fetch_one(&mut *transaction).await?;
        let mut settings = self.settings(&row)?;
        change.apply(&mut settings, now);
        self.storing(UPDATE, &settings)?.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(settings)
    }

    async fn seed(&self, first: &SettingsChange, now: Timestamp) -> Result<bool, SettingsError> {
        let mut settings = Settings::default();
        first.apply(&mut settings, now);
        let made = self.storing(SEED, &settings)?.execute(&self.pool).await?.rows_affected() == 1;
        if !made && self.secrets.encrypts() {
            self.seal_anew().await?;
        }
        Ok(made)
    }
}

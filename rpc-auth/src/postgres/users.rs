//! Users in Postgres.

use async_trait::async_trait;
use rpc_core::Timestamp;
use rpc_core::storage::postgres::retrying;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgExecutor, Postgres, Row, Transaction};

use super::authority::{self, Held, Intent};
use super::rows::{self, user_columns};
use super::{PgStore, confirmations, list, sessions};
use crate::model::{Authority, GrantCeiling, NewUser, SessionsChange, UserChange, UserId, UserRecord};
use crate::password::PasswordHash;
use crate::store::search::lowered;
use crate::store::{Page, StoreError, UserError, UserQuery, UserStore};

/// `$1` to `$7` as they are, `$8` to `$10` name, address and Telegram name in lower case.
const CREATE: &str = concat!(
    "WITH seen AS (
        SELECT EXISTS (SELECT FROM rpc_auth_users WHERE name = $1) AS name_taken,
               EXISTS (SELECT FROM rpc_auth_users WHERE email = $3 AND email_confirmed) AS email_taken,
               EXISTS (SELECT FROM rpc_auth_users WHERE telegram_name = $4) AS telegram_name_taken
     ), made AS (
        INSERT INTO rpc_auth_users (name, password, email, telegram_name, enabled, permissions, created,
                                    lowered_name, lowered_email, lowered_telegram_name)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
        FROM seen WHERE NOT (name_taken OR email_taken OR telegram_name_taken)
        RETURNING ",
    user_columns!(),
    ") SELECT name_taken, email_taken, telegram_name_taken, ",
    user_columns!(),
    " FROM seen LEFT JOIN made ON true"
);

const CREATE_ROOT: &str = "INSERT INTO rpc_auth_users (id, name, password, enabled, created, lowered_name)
     VALUES (1, $1, $2, true, $3, $4) ON CONFLICT (id) DO NOTHING";

const USER: &str = concat!("SELECT ", user_columns!(), " FROM rpc_auth_users WHERE id = $1");
const BY_NAME: &str = concat!("SELECT ", user_columns!(), " FROM rpc_auth_users WHERE name = $1");
const BY_LOGIN: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM (
        SELECT 1 AS place, ",
    user_columns!(),
    "   FROM rpc_auth_users WHERE email = $1 AND email_confirmed
        UNION ALL
        SELECT 2, ",
    user_columns!(),
    "   FROM rpc_auth_users WHERE name = $1
     ) AS found ORDER BY place LIMIT 1"
);

/// Whether the row of a user is within a ceiling, which a parameter has. A scalar subquery is evaluated again for a row that
/// another transaction has changed meanwhile; `NOT EXISTS` may become a join, which is not.
macro_rules! is_within {
    ($ceiling:literal) => {
        concat!(
            "(SELECT bool_or(coalesce(permissions -> permission, by_default) = 'true') FROM jsonb_each(",
            $ceiling,
            ") AS lacked (permission, by_default)) IS NOT TRUE"
        )
    };
}

/// `$1` is who, `$2` the name, `$3` whether there is another address and `$4` which, `$5` and `$6` the Telegram name
/// likewise, `$7` the password, `$8` enabled, `$9` what is decided about permissions; `$10` to `$12` are name, address and
/// Telegram name in lower case; `$13` is the ceiling. The right-hand sides are those of the row as it is once it is locked, and
/// so is what the ceiling is held against.
const UPDATE: &str = concat!(
    "WITH seen AS (
        SELECT EXISTS (SELECT FROM rpc_auth_users WHERE name = $2 AND id <> $1) AS name_taken,
               EXISTS (SELECT FROM rpc_auth_users WHERE email = $4 AND email_confirmed AND id <> $1) AS email_taken,
               EXISTS (SELECT FROM rpc_auth_users WHERE telegram_name = $6 AND id <> $1) AS telegram_name_taken
        FROM rpc_auth_users WHERE id = $1
     ), changed AS (
        UPDATE rpc_auth_users SET
            name = coalesce($2, name),
            lowered_name = coalesce($10, lowered_name),
            email = CASE WHEN $3 THEN $4 ELSE email END,
            lowered_email = CASE WHEN $3 THEN $11 ELSE lowered_email END,
            email_confirmed = email_confirmed AND NOT ($3 AND email IS DISTINCT FROM $4),
            telegram_name = CASE WHEN $5 THEN $6 ELSE telegram_name END,
            lowered_telegram_name = CASE WHEN $5 THEN $12 ELSE lowered_telegram_name END,
            password = coalesce($7, password),
            enabled = coalesce($8, enabled),
            permissions = permissions || $9
        FROM seen WHERE id = $1 AND NOT (name_taken OR email_taken OR telegram_name_taken) AND ",
    is_within!("$13"),
    " RETURNING ",
    user_columns!(),
    ") SELECT name_taken, email_taken, telegram_name_taken, ",
    user_columns!(),
    " FROM seen LEFT JOIN changed ON true"
);

/// Nothing is made for a user who is locked. What goes with them is locked in the order in which everybody does.
const LOCK_THEIRS: [&str; 4] = [
    "SELECT FROM rpc_auth_sessions WHERE user_id = $1 ORDER BY id FOR UPDATE",
    "SELECT FROM rpc_auth_api_tokens WHERE user_id = $1 ORDER BY id FOR UPDATE",
    "SELECT FROM rpc_auth_confirmations WHERE user_id = $1 ORDER BY kind FOR UPDATE",
    "SELECT FROM rpc_auth_networks WHERE user_id = $1 ORDER BY network FOR UPDATE",
];
const DELETE: &str = concat!("DELETE FROM rpc_auth_users WHERE id = $1 AND ", is_within!("$2"));

impl PgStore {
    async fn make(&self, user: &NewUser) -> Held<PgRow> {
        if user.by == Authority::Application {
            return insert(&self.pool, user).await.map(Ok);
        }
        let mut transaction = self.begin().await?;
        if let Err(refused) = authority::hold(&mut transaction, &user.by).await? {
            return Ok(Err(refused));
        }
        let row = insert(&mut *transaction, user).await?;
        transaction.commit().await?;
        Ok(Ok(row))
    }

    async fn change(&self, id: UserId, change: &UserChange) -> Held<Option<PgRow>> {
        if is_of_the_row_alone(change) {
            return update(&self.pool, id, change).await.map(Ok);
        }
        // Several statements: each sees what was made for the user before the first one locked them.
        let mut transaction = self.begin().await?;
        let before = match authority::hold_over(&mut transaction, &change.by, id, Intent::Change).await? {
            Ok(Some(before)) => before,
            Ok(None) => return Ok(Ok(None)),
            Err(refused) => return Ok(Err(refused)),
        };
        let row = update(&mut *transaction, id, change).await?;
        if row.as_ref().is_some_and(|row| matches!(outcome(row), Ok(Some(_)))) {
            end_sessions(&mut transaction, id, change.sessions).await?;
            if change.voids_confirmations(&before) {
                confirmations::void(&mut transaction, id).await?;
            }
            transaction.commit().await?;
        }
        Ok(Ok(row))
    }

    async fn insert_root(&self, name: &str, password: &PasswordHash, now: Timestamp) -> Result<bool, sqlx::Error> {
        let root = sqlx::query(CREATE_ROOT).bind(name).bind(password.expose()).bind(now).bind(lowered(name));
        Ok(root.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Whether a user was removed who was there.
    async fn remove(&self, id: UserId, ceiling: &GrantCeiling, by: &Authority) -> Held<Option<bool>> {
        let mut transaction = self.begin().await?;
        match authority::hold_over(&mut transaction, by, id, Intent::Delete).await? {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Ok(None)),
            Err(refused) => return Ok(Err(refused)),
        }
        for lock in LOCK_THEIRS {
            sqlx::query(lock).bind(id.number()).execute(&mut *transaction).await?;
        }
        let removal = sqlx::query(DELETE).bind(id.number()).bind(Json(&ceiling.0));
        let removed = removal.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(Ok(Some(removed == 1)))
    }

    async fn find(&self, statement: &'static str, text: &str) -> Result<Option<UserRecord>, StoreError> {
        let row = sqlx::query(statement).bind(text).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(rows::user).transpose()?)
    }
}

async fn insert(executor: impl PgExecutor<'_>, user: &NewUser) -> Result<PgRow, sqlx::Error> {
    let (email, telegram_name) = (user.email.as_deref(), user.telegram_name.as_deref());
    sqlx::query(CREATE)
        .bind(&user.name)
        .bind(user.password.expose())
        .bind(email)
        .bind(telegram_name)
        .bind(user.enabled)
        .bind(Json(&user.permissions.0))
        .bind(user.created)
        .bind(lowered(&user.name))
        .bind(email.map(lowered))
        .bind(telegram_name.map(lowered))
        .fetch_one(executor)
        .await
}

/// Whether a change looks at and touches nothing but the row of the user, whatever that says: one statement does it.
fn is_of_the_row_alone(change: &UserChange) -> bool {
    let may_void = change.password.is_some() || change.enabled == Some(false) || change.email.is_some();
    change.by == Authority::Application && change.sessions == SessionsChange::Keep && !may_void
}

/// Of a user who is locked.
async fn end_sessions(
    transaction: &mut Transaction<'static, Postgres>,
    user: UserId,
    change: SessionsChange,
) -> Result<(), sqlx::Error> {
    let kept = match change {
        SessionsChange::Keep => return Ok(()),
        SessionsChange::End => None,
        SessionsChange::EndOthers(kept) => Some(kept.number()),
    };
    sqlx::query(sessions::DELETE_OF).bind(user.number()).bind(kept).execute(&mut **transaction).await?;
    Ok(())
}

async fn update(executor: impl PgExecutor<'_>, id: UserId, change: &UserChange) -> Result<Option<PgRow>, sqlx::Error> {
    let email = change.email.as_ref().and_then(Option::as_deref);
    let telegram_name = change.telegram_name.as_ref().and_then(Option::as_deref);
    let decided = change.permissions.as_ref().map(|change| change.decided()).unwrap_or_default();
    sqlx::query(UPDATE)
        .bind(id.number())
        .bind(change.name.as_deref())
        .bind(change.email.is_some())
        .bind(email)
        .bind(change.telegram_name.is_some())
        .bind(telegram_name)
        .bind(change.password.as_ref().map(PasswordHash::expose))
        .bind(change.enabled)
        .bind(Json(decided))
        .bind(change.name.as_deref().map(lowered))
        .bind(email.map(lowered))
        .bind(telegram_name.map(lowered))
        .bind(Json(&change.ceiling.0))
        .fetch_optional(executor)
        .await
}

/// What came of a creation or change: the user as they are then, or which unique value is taken.
fn outcome(row: &PgRow) -> Result<Option<UserRecord>, UserError> {
    let is_taken = |column: &str| row.try_get(column).map_err(StoreError::from);
    if is_taken("name_taken")? {
        return Err(UserError::NameTaken);
    }
    if is_taken("email_taken")? {
        return Err(UserError::EmailTaken);
    }
    if is_taken("telegram_name_taken")? {
        return Err(UserError::TelegramNameTaken);
    }
    Ok(rows::joined_user(row).map_err(StoreError::from)?)
}

#[async_trait]
impl UserStore for PgStore {
    async fn create_user(&self, user: NewUser) -> Result<UserRecord, UserError> {
        let row = retrying(|| self.make(&user)).await.map_err(StoreError::from)??;
        let made = outcome(&row)?;
        made.ok_or_else(|| StoreError::from(sqlx::Error::RowNotFound).into())
    }

    async fn create_root(&self, name: &str, password: PasswordHash, now: Timestamp) -> Result<bool, StoreError> {
        Ok(retrying(|| self.insert_root(name, &password, now)).await?)
    }

    async fn user(&self, id: UserId) -> Result<Option<UserRecord>, StoreError> {
        let row = sqlx::query(USER).bind(id.number()).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(rows::user).transpose()?)
    }

    async fn user_by_login(&self, login: &str) -> Result<Option<UserRecord>, StoreError> {
        self.find(BY_LOGIN, login).await
    }

    async fn user_by_name(&self, name: &str) -> Result<Option<UserRecord>, StoreError> {
        self.find(BY_NAME, name).await
    }

    async fn users(&self, query: &UserQuery) -> Result<Page<UserRecord>, StoreError> {
        Ok(list::users(&self.pool, query).await?)
    }

    async fn update_user(&self, id: UserId, change: &UserChange) -> Result<Option<UserRecord>, UserError> {
        let row = retrying(|| self.change(id, change)).await.map_err(StoreError::from)??;
        match row.as_ref().map_or(Ok(None), outcome)? {
            // Gone, or beyond the ceiling: nothing was changed in either case.
            None if change.ceiling != GrantCeiling::NONE && self.user(id).await?.is_some() => Err(UserError::HoldsMore),
            changed => Ok(changed),
        }
    }

    async fn delete_user(&self, id: UserId, ceiling: &GrantCeiling, by: &Authority) -> Result<bool, UserError> {
        match retrying(|| self.remove(id, ceiling, by)).await.map_err(StoreError::from)?? {
            Some(false) => Err(UserError::HoldsMore),
            removed => Ok(removed.is_some()),
        }
    }
}

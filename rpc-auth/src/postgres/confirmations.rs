//! Confirmation tokens in Postgres.

use async_trait::async_trait;
use rpc_core::Timestamp;
use rpc_core::storage::postgres::retrying;
use sqlx::{Postgres, Transaction};

use super::rows::{self, user_columns};
use super::{PgStore, sessions};
use crate::model::{ConfirmationKind, NewConfirmation, UserId, UserRecord};
use crate::password::PasswordHash;
use crate::store::{ConfirmationError, ConfirmationStore, StoreError};
use crate::token::hash::TokenHash;

/// Waits for whoever changes or deletes the user, and looks at what they are then.
const CREATE: &str = "INSERT INTO rpc_auth_confirmations (user_id, kind, hash, email, expires)
     SELECT id, $2, $3, $4, $5 FROM rpc_auth_users WHERE id = $1 AND enabled AND email = $4 FOR SHARE
     ON CONFLICT (user_id, kind) DO UPDATE SET hash = excluded.hash, email = excluded.email, expires = excluded.expires";

/// The user to whom the token `$1` of the kind `$2` applies at the moment `$3`.
macro_rules! owner {
    ($columns:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (
                SELECT user_id, kind, email AS confirmed FROM rpc_auth_confirmations
                WHERE hash = $1 AND kind = $2 AND expires > $3
             ) AS token JOIN rpc_auth_users AS owner ON owner.id = user_id
             WHERE email = confirmed AND CASE kind
                WHEN 'email' THEN NOT EXISTS (
                    SELECT FROM rpc_auth_users AS other
                    WHERE other.email = confirmed AND other.email_confirmed AND other.id <> owner.id
                )
                ELSE enabled
             END"
        )
    };
}

const OWNER: &str = owner!(user_columns!());
/// Waits for whoever changes the user or uses another token of theirs.
const LOCK_OWNER: &str = concat!(owner!("id"), " FOR NO KEY UPDATE OF owner");

/// Removes nothing when another has used the token meanwhile, or a newer one took its place.
const CONSUME: &str = "DELETE FROM rpc_auth_confirmations WHERE hash = $1 AND user_id = $2";

/// Whether nobody else has confirmed the address of the user `$1`.
macro_rules! is_free {
    () => {
        "NOT EXISTS (
            SELECT FROM rpc_auth_users AS other
            WHERE other.email = owner.email AND other.email_confirmed AND other.id <> owner.id
         )"
    };
}

const CONFIRM: &str = concat!(
    "UPDATE rpc_auth_users AS owner SET email_confirmed = true, had_confirmed_email = true WHERE id = $1 AND ",
    is_free!(),
    " RETURNING ",
    user_columns!()
);
const RESET: &str = concat!(
    "UPDATE rpc_auth_users AS owner SET password = $2, email_confirmed = email_confirmed OR ",
    is_free!(),
    ", had_confirmed_email = had_confirmed_email OR ",
    is_free!(),
    " WHERE id = $1 RETURNING ",
    user_columns!()
);

const DISABLE_API_TOKENS: &str = "WITH locked AS MATERIALIZED (
        SELECT id FROM rpc_auth_api_tokens WHERE user_id = $1 AND enabled ORDER BY id FOR NO KEY UPDATE
     )
     UPDATE rpc_auth_api_tokens AS token SET enabled = false FROM locked WHERE token.id = locked.id";

/// All tokens of a user, who is locked.
const VOID: &str = "WITH locked AS MATERIALIZED (
        SELECT user_id, kind FROM rpc_auth_confirmations WHERE user_id = $1 ORDER BY kind FOR UPDATE
     )
     DELETE FROM rpc_auth_confirmations AS token USING locked
     WHERE token.user_id = locked.user_id AND token.kind = locked.kind";

const PURGE: &str = "WITH locked AS MATERIALIZED (
        SELECT user_id, kind FROM rpc_auth_confirmations WHERE expires < $1 ORDER BY user_id, kind FOR UPDATE
     )
     DELETE FROM rpc_auth_confirmations AS token USING locked
     WHERE token.user_id = locked.user_id AND token.kind = locked.kind";

const fn stored(kind: ConfirmationKind) -> &'static str {
    match kind {
        ConfirmationKind::Email => "email",
        ConfirmationKind::PasswordReset => "password-reset",
    }
}

/// Uses up a token. Returns the user, who is locked until the end of the transaction; `None` when it does not apply.
async fn consume(
    transaction: &mut Transaction<'static, Postgres>,
    hash: &TokenHash,
    kind: ConfirmationKind,
    now: Timestamp,
) -> Result<Option<UserId>, sqlx::Error> {
    let owner = sqlx::query_scalar(LOCK_OWNER).bind(hash.as_bytes()).bind(stored(kind)).bind(now);
    let Some(id): Option<i64> = owner.fetch_optional(&mut **transaction).await? else { return Ok(None) };
    let used = sqlx::query(CONSUME).bind(hash.as_bytes()).bind(id).execute(&mut **transaction).await?;
    Ok((used.rows_affected() == 1).then_some(UserId::new(id)))
}

/// Removes all tokens of a user, who is locked until the end of the transaction: none is made meanwhile.
pub(super) async fn void(transaction: &mut Transaction<'static, Postgres>, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query(VOID).bind(user.number()).execute(&mut **transaction).await?;
    Ok(())
}

impl PgStore {
    async fn keep(&self, confirmation: &NewConfirmation) -> Result<bool, sqlx::Error> {
        let NewConfirmation { user, kind, hash, email, expires } = confirmation;
        let creation = sqlx::query(CREATE).bind(user.number()).bind(stored(*kind)).bind(hash.as_bytes());
        let kept = creation.bind(email).bind(*expires).execute(&self.pool).await?;
        Ok(kept.rows_affected() == 1)
    }

    async fn confirm(&self, hash: &TokenHash, now: Timestamp) -> Result<Option<UserRecord>, sqlx::Error> {
        let mut transaction = self.begin().await?;
        let Some(user) = consume(&mut transaction, hash, ConfirmationKind::Email, now).await? else { return Ok(None) };
        let row = sqlx::query(CONFIRM).bind(user.number()).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(None) };
        transaction.commit().await?;
        rows::user(&row).map(Some)
    }

    async fn reset(
        &self,
        hash: &TokenHash,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<Option<UserRecord>, sqlx::Error> {
        let mut transaction = self.begin().await?;
        let user = consume(&mut transaction, hash, ConfirmationKind::PasswordReset, now).await?;
        let Some(user) = user else { return Ok(None) };
        void(&mut transaction, user).await?;
        let user = user.number();
        sqlx::query(sessions::DELETE_OF).bind(user).bind(None::<i64>).execute(&mut *transaction).await?;
        sqlx::query(DISABLE_API_TOKENS).bind(user).execute(&mut *transaction).await?;
        let row = sqlx::query(RESET).bind(user).bind(password.expose()).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        rows::user(&row).map(Some)
    }
}

#[async_trait]
impl ConfirmationStore for PgStore {
    async fn create_confirmation(&self, confirmation: NewConfirmation) -> Result<bool, StoreError> {
        Ok(retrying(|| self.keep(&confirmation)).await?)
    }

    async fn confirm_email(&self, hash: &TokenHash, now: Timestamp) -> Result<UserRecord, ConfirmationError> {
        let user = retrying(|| self.confirm(hash, now)).await.map_err(StoreError::from)?;
        user.ok_or(ConfirmationError::Invalid)
    }

    async fn reset_password(
        &self,
        hash: &TokenHash,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<UserRecord, ConfirmationError> {
        let user = retrying(|| self.reset(hash, &password, now)).await.map_err(StoreError::from)?;
        user.ok_or(ConfirmationError::Invalid)
    }

    async fn confirmation_user(
        &self,
        hash: &TokenHash,
        kind: ConfirmationKind,
        now: Timestamp,
    ) -> Result<Option<UserRecord>, StoreError> {
        let owner = sqlx::query(OWNER).bind(hash.as_bytes()).bind(stored(kind)).bind(now);
        Ok(owner.fetch_optional(&self.pool).await?.as_ref().map(rows::user).transpose()?)
    }

    async fn purge_confirmations(&self, expired: Timestamp) -> Result<u64, StoreError> {
        let deletion = || sqlx::query(PURGE).bind(expired).execute(&self.pool);
        Ok(retrying(deletion).await?.rows_affected())
    }
}

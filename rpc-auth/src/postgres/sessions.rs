//! Sessions in Postgres.

use async_trait::async_trait;
use rpc_core::Timestamp;
use rpc_core::storage::postgres::retrying;
use sqlx::Executor;

use super::PgStore;
use super::rows::{self, session_columns, user_columns};
use super::touch::{self, touch};
use crate::model::{NewSession, OpenedSession, SessionId, SessionRecord, UserRecord};
use crate::password::PasswordHash;
use crate::store::{SessionStore, StoreError};
use crate::token::hash::TokenHash;

/// Waits for whoever changes the user, and looks at what they are then.
const LOCK_AS_CHECKED: &str =
    "SELECT id FROM rpc_auth_users WHERE id = $1 AND enabled AND password = $2 FOR NO KEY UPDATE";
const REHASH: &str = "UPDATE rpc_auth_users SET password = $2 WHERE id = $1";

/// `$1` is the user, `$4` how many other sessions they keep: those that were used last, of several those made last.
const CREATE: &str = "WITH surplus AS MATERIALIZED (
        SELECT id FROM rpc_auth_sessions WHERE user_id = $1 ORDER BY last_used DESC, id DESC OFFSET $4
     ), locked AS MATERIALIZED (
        SELECT id FROM rpc_auth_sessions WHERE id IN (SELECT id FROM surplus) ORDER BY id FOR UPDATE
     ), ended AS (
        DELETE FROM rpc_auth_sessions USING locked WHERE rpc_auth_sessions.id = locked.id RETURNING 1
     )
     INSERT INTO rpc_auth_sessions (user_id, hash, created, last_used) VALUES ($1, $2, $3, $3)
     RETURNING id, (SELECT count(*) FROM ended)";

const SESSION: &str = concat!(
    "SELECT session_id, user_id, hash, session_created, last_used, ",
    user_columns!(),
    " FROM (SELECT ",
    session_columns!(),
    " FROM rpc_auth_sessions WHERE hash = $1) AS session JOIN rpc_auth_users ON id = user_id"
);

const TOUCH: &str = touch!("rpc_auth_sessions");

const DELETE: &str = "DELETE FROM rpc_auth_sessions WHERE id = $1";

/// `$1` is the user, `$2` the session that stays.
pub(super) const DELETE_OF: &str = "WITH locked AS MATERIALIZED (
        SELECT id FROM rpc_auth_sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 ORDER BY id FOR UPDATE
     )
     DELETE FROM rpc_auth_sessions USING locked WHERE rpc_auth_sessions.id = locked.id";

/// What has expired is not announced: it is over on all nodes by itself. A session in whose name something is being changed
/// is left for the next time: whoever changes it may wait for other sessions, which are locked here.
const SWEEPS: &str = "SET LOCAL rpc_auth.sweeps = on";
const PURGE: &str = "WITH locked AS MATERIALIZED (
        SELECT id FROM rpc_auth_sessions WHERE created < $1 OR last_used < $2 ORDER BY id FOR UPDATE SKIP LOCKED
     )
     DELETE FROM rpc_auth_sessions USING locked WHERE rpc_auth_sessions.id = locked.id";

impl PgStore {
    async fn begin_session(&self, session: &NewSession, max: usize) -> Result<Option<OpenedSession>, sqlx::Error> {
        let user = session.user.number();
        let mut transaction = self.begin().await?;
        let as_checked = sqlx::query(LOCK_AS_CHECKED).bind(user).bind(session.password.expose());
        if as_checked.fetch_optional(&mut *transaction).await?.is_none() {
            return Ok(None);
        }
        if let Some(rehashed) = session.rehashed.as_ref().map(PasswordHash::expose) {
            sqlx::query(REHASH).bind(user).bind(rehashed).execute(&mut *transaction).await?;
        }
        let (id, ended): (i64, i64) = sqlx::query_as(CREATE)
            .bind(user)
            .bind(session.hash.as_bytes())
            .bind(session.created)
            .bind(i64::try_from(max.saturating_sub(1)).unwrap_or(i64::MAX))
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Some(OpenedSession { id: SessionId::new(id), ended: ended.unsigned_abs() }))
    }

    async fn sweep_sessions(&self, created: Timestamp, used: Timestamp) -> Result<u64, sqlx::Error> {
        let mut transaction = self.begin().await?;
        transaction.execute(SWEEPS).await?;
        let purge = sqlx::query(PURGE).bind(created).bind(used);
        let swept = purge.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(swept)
    }
}

#[async_trait]
impl SessionStore for PgStore {
    async fn create_session(&self, session: NewSession, max: usize) -> Result<Option<OpenedSession>, StoreError> {
        Ok(retrying(|| self.begin_session(&session, max)).await?)
    }

    async fn session(&self, hash: &TokenHash) -> Result<Option<(SessionRecord, UserRecord)>, StoreError> {
        let Some(row) = sqlx::query(SESSION).bind(hash.as_bytes()).fetch_optional(&self.pool).await? else {
            return Ok(None);
        };
        Ok(Some((rows::session(&row)?, rows::user(&row)?)))
    }

    async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let used = used.iter().map(|(id, moment)| (id.number(), *moment)).collect();
        Ok(touch::note(&self.pool, TOUCH, used).await?)
    }

    async fn delete_session(&self, id: SessionId) -> Result<bool, StoreError> {
        let deletion = || sqlx::query(DELETE).bind(id.number()).execute(&self.pool);
        Ok(retrying(deletion).await?.rows_affected() == 1)
    }

    async fn purge_sessions(&self, created: Timestamp, used: Timestamp) -> Result<u64, StoreError> {
        Ok(retrying(|| self.sweep_sessions(created, used)).await?)
    }
}

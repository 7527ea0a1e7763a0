//! API tokens in Postgres.

use async_trait::async_trait;
use rpc_core::Timestamp;
use rpc_core::storage::postgres::retrying;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::types::Json;

use super::PgStore;
use super::authority::{self, Held, Intent};
use super::rows::{self, api_token_columns, user_columns};
use super::touch::{self, touch};
use crate::model::{ApiTokenId, ApiTokenRecord, Authority, GrantsChange, UserId, UserRecord};
use crate::store::{ApiTokenError, ApiTokenQuery, ApiTokenStore, Page, StoreError};
use crate::token::hash::TokenHash;

/// Tokens of one user, who is locked, are made one after the other.
const CREATE: &str = concat!(
    "INSERT INTO rpc_auth_api_tokens (user_id, name, hash, enabled, created) SELECT $1, $2, $3, true, $4
     WHERE (SELECT count(*) FROM rpc_auth_api_tokens WHERE user_id = $1) < $5 RETURNING ",
    api_token_columns!()
);

const BY_HASH: &str = concat!(
    "SELECT token_id, user_id, token_name, hash, token_enabled, token_permissions, token_created, last_used, ",
    user_columns!(),
    " FROM (SELECT ",
    api_token_columns!(),
    " FROM rpc_auth_api_tokens WHERE hash = $1) AS token JOIN rpc_auth_users ON id = user_id"
);
const TOKEN: &str =
    concat!("SELECT ", api_token_columns!(), " FROM rpc_auth_api_tokens WHERE user_id = $1 AND id = $2");

/// `$2` is the only token that is asked for, if there is one.
const PAGE: &str = concat!(
    "SELECT total, page.* FROM (
        SELECT count(*) AS total FROM rpc_auth_api_tokens WHERE user_id = $1 AND ($2 IS NULL OR id = $2)
     ) AS counted LEFT JOIN (
        SELECT ",
    api_token_columns!(),
    "   FROM rpc_auth_api_tokens WHERE user_id = $1 AND ($2 IS NULL OR id = $2) ORDER BY id LIMIT $3 OFFSET $4
     ) AS page ON true ORDER BY token_id"
);

const SET_ENABLED: &str = concat!(
    "UPDATE rpc_auth_api_tokens SET enabled = $3 WHERE user_id = $1 AND id = $2 RETURNING ",
    api_token_columns!()
);
const MERGE: &str = concat!(
    "UPDATE rpc_auth_api_tokens SET permissions = permissions || $3 WHERE user_id = $1 AND id = $2 RETURNING ",
    api_token_columns!()
);
const DELETE: &str =
    concat!("DELETE FROM rpc_auth_api_tokens WHERE user_id = $1 AND id = $2 RETURNING ", api_token_columns!());
const TOUCH: &str = touch!("rpc_auth_api_tokens");

impl PgStore {
    async fn make_api_token(
        &self,
        by: &Authority,
        user: UserId,
        name: &str,
        hash: &TokenHash,
        now: Timestamp,
        max: i64,
    ) -> Result<Result<ApiTokenRecord, ApiTokenError>, sqlx::Error> {
        let mut transaction = self.begin().await?;
        match authority::hold_over(&mut transaction, by, user, Intent::Change).await? {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Err(ApiTokenError::NoUser)),
            Err(refused) => return Ok(Err(refused.into())),
        }
        let creation = sqlx::query(CREATE).bind(user.number()).bind(name).bind(hash.as_bytes());
        let creation = creation.bind(now).bind(max);
        let Some(row) = creation.fetch_optional(&mut *transaction).await? else {
            return Ok(Err(ApiTokenError::TooMany));
        };
        transaction.commit().await?;
        rows::api_token(&row).map(Ok)
    }

    /// Makes a change of one token while its owner is locked: whoever is locked with them may rely on it.
    async fn change_api_token(
        &self,
        by: &Authority,
        user: UserId,
        change: Query<'_, Postgres, PgArguments>,
    ) -> Held<Option<PgRow>> {
        let mut transaction = self.begin().await?;
        if let Err(refused) = authority::hold_over(&mut transaction, by, user, Intent::Change).await? {
            return Ok(Err(refused));
        }
        let row = change.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Ok(row))
    }
}

/// What came of a change.
fn changed(held: Held<Option<PgRow>>) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
    let row = held.map_err(StoreError::from)??;
    Ok(row.as_ref().map(rows::api_token).transpose().map_err(StoreError::from)?)
}

#[async_trait]
impl ApiTokenStore for PgStore {
    async fn create_api_token(
        &self,
        user: UserId,
        name: &str,
        hash: TokenHash,
        now: Timestamp,
        max: usize,
        by: &Authority,
    ) -> Result<ApiTokenRecord, ApiTokenError> {
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        retrying(|| self.make_api_token(by, user, name, &hash, now, max)).await.map_err(StoreError::from)?
    }

    async fn api_token_by_hash(&self, hash: &TokenHash) -> Result<Option<(ApiTokenRecord, UserRecord)>, StoreError> {
        let Some(row) = sqlx::query(BY_HASH).bind(hash.as_bytes()).fetch_optional(&self.pool).await? else {
            return Ok(None);
        };
        Ok(Some((rows::api_token(&row)?, rows::user(&row)?)))
    }

    async fn api_token(&self, user: UserId, id: ApiTokenId) -> Result<Option<ApiTokenRecord>, StoreError> {
        let row = sqlx::query(TOKEN).bind(user.number()).bind(id.number()).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(rows::api_token).transpose()?)
    }

    async fn api_tokens(&self, user: UserId, query: &ApiTokenQuery) -> Result<Page<ApiTokenRecord>, StoreError> {
        let page = sqlx::query(PAGE)
            .bind(user.number())
            .bind(query.id.map(ApiTokenId::number))
            .bind(i64::from(query.page.limit))
            .bind(i64::try_from(query.page.offset).unwrap_or(i64::MAX));
        Ok(rows::page(&page.fetch_all(&self.pool).await?, "token_id", rows::api_token)?)
    }

    async fn set_api_token_enabled(
        &self,
        user: UserId,
        id: ApiTokenId,
        enabled: bool,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let change = || sqlx::query(SET_ENABLED).bind(user.number()).bind(id.number()).bind(enabled);
        changed(retrying(|| self.change_api_token(by, user, change())).await)
    }

    async fn change_api_token_grants(
        &self,
        user: UserId,
        id: ApiTokenId,
        change: &GrantsChange,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let decided = change.decided();
        let merge = || sqlx::query(MERGE).bind(user.number()).bind(id.number()).bind(Json(&decided));
        changed(retrying(|| self.change_api_token(by, user, merge())).await)
    }

    async fn delete_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let deletion = || sqlx::query(DELETE).bind(user.number()).bind(id.number());
        changed(retrying(|| self.change_api_token(by, user, deletion())).await)
    }

    async fn touch_api_tokens(&self, used: &[(ApiTokenId, Timestamp)]) -> Result<(), StoreError> {
        let used = used.iter().map(|(id, moment)| (id.number(), *moment)).collect();
        Ok(touch::note(&self.pool, TOUCH, used).await?)
    }
}

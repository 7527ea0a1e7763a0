//! Trusted networks in Postgres.

use std::net::IpAddr;

use async_trait::async_trait;
use rpc_core::Timestamp;
use rpc_core::storage::postgres::retrying;

use super::PgStore;
use crate::model::UserId;
use crate::store::{NetworkStore, StoreError};

/// Waits for whoever changes the user, or trusts another network for them.
const LOCK_USER: &str = "SELECT id FROM rpc_auth_users WHERE id = $1 FOR NO KEY UPDATE";
const TRUST: &str = "INSERT INTO rpc_auth_networks AS stored (user_id, network, trusted_until) VALUES ($1, $2::text::inet, $3)
     ON CONFLICT (user_id, network) DO UPDATE SET trusted_until = greatest(stored.trusted_until, excluded.trusted_until)";
/// `$2` is the network that stays, `$3` how many others do.
const MAKE_ROOM: &str = "WITH surplus AS MATERIALIZED (
        SELECT network FROM rpc_auth_networks WHERE user_id = $1 AND network <> $2::text::inet
        ORDER BY trusted_until DESC, network DESC OFFSET $3
     ), locked AS MATERIALIZED (
        SELECT network FROM rpc_auth_networks WHERE user_id = $1 AND network IN (SELECT network FROM surplus)
        ORDER BY network FOR UPDATE
     )
     DELETE FROM rpc_auth_networks AS stored USING locked WHERE stored.user_id = $1 AND stored.network = locked.network";

const IS_TRUSTED: &str = "SELECT EXISTS (
        SELECT FROM rpc_auth_networks WHERE user_id = $1 AND network = $2::text::inet AND trusted_until > $3
     )";

const PURGE: &str = "WITH locked AS MATERIALIZED (
        SELECT user_id, network FROM rpc_auth_networks WHERE trusted_until < $1 ORDER BY user_id, network FOR UPDATE SKIP LOCKED
     )
     DELETE FROM rpc_auth_networks AS stored USING locked
     WHERE stored.user_id = locked.user_id AND stored.network = locked.network";

impl PgStore {
    async fn trust(&self, user: i64, network: &str, until: Timestamp, max: usize) -> Result<(), sqlx::Error> {
        let mut transaction = self.begin().await?;
        if sqlx::query(LOCK_USER).bind(user).fetch_optional(&mut *transaction).await?.is_none() {
            return Ok(());
        }
        let trust = sqlx::query(TRUST).bind(user).bind(network).bind(until);
        trust.execute(&mut *transaction).await?;
        let others = i64::try_from(max.saturating_sub(1)).unwrap_or(i64::MAX);
        sqlx::query(MAKE_ROOM).bind(user).bind(network).bind(others).execute(&mut *transaction).await?;
        transaction.commit().await
    }
}

#[async_trait]
impl NetworkStore for PgStore {
    async fn trust_network(
        &self,
        user: UserId,
        network: IpAddr,
        until: Timestamp,
        max: usize,
    ) -> Result<(), StoreError> {
        let network = network.to_string();
        Ok(retrying(|| self.trust(user.number(), &network, until, max)).await?)
    }

    async fn is_trusted_network(&self, user: UserId, network: IpAddr, now: Timestamp) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar(IS_TRUSTED).bind(user.number()).bind(network.to_string()).bind(now);
        Ok(query.fetch_one(&self.pool).await?)
    }

    async fn purge_networks(&self, ended: Timestamp) -> Result<u64, StoreError> {
        let deletion = || sqlx::query(PURGE).bind(ended).execute(&self.pool);
        Ok(retrying(deletion).await?.rows_affected())
    }
}

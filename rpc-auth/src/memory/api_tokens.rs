//! API tokens in memory.

use async_trait::async_trait;
use rpc_core::Timestamp;

use super::owned::OwnedRows;
use super::{Duplicate, MemoryStore};
use crate::model::{ApiTokenId, ApiTokenRecord, Authority, Grants, GrantsChange, UserId, UserRecord};
use crate::store::{ApiTokenError, ApiTokenQuery, ApiTokenStore, Page, StoreError};
use crate::token::hash::TokenHash;

impl OwnedRows<ApiTokenRecord> {
    /// A token, if it is the user's.
    fn one_of(&self, user: UserId, id: ApiTokenId) -> Option<&ApiTokenRecord> {
        self.row(id).filter(|token| token.user == user)
    }

    /// Changes a token, if it is the user's. Returns the changed token.
    fn change(
        &mut self,
        user: UserId,
        id: ApiTokenId,
        change: impl FnOnce(&mut ApiTokenRecord),
    ) -> Option<ApiTokenRecord> {
        let token = self.row_mut(id).filter(|token| token.user == user)?;
        change(token);
        Some(token.clone())
    }
}

#[async_trait]
impl ApiTokenStore for MemoryStore {
    async fn create_api_token(
        &self,
        user: UserId,
        name: &str,
        hash: TokenHash,
        now: Timestamp,
        max: usize,
        by: &Authority,
    ) -> Result<ApiTokenRecord, ApiTokenError> {
        let rows = &mut *self.write();
        rows.hold(by)?;
        if rows.users.user(user).is_none() {
            return Err(ApiTokenError::NoUser);
        }
        if rows.api_tokens.of(user).count() >= max {
            return Err(ApiTokenError::TooMany);
        }
        if rows.api_tokens.by_hash(&hash).is_some() {
            return Err(StoreError::from(Duplicate("hash of an API token")).into());
        }
        let token = ApiTokenRecord {
            id: rows.api_tokens.next_id(),
            user,
            name: name.to_owned(),
            hash,
            enabled: true,
            permissions: Grants::default(),
            created: now,
            last_used: None,
        };
        rows.api_tokens.insert(token.clone());
        Ok(token)
    }

    async fn api_token_by_hash(&self, hash: &TokenHash) -> Result<Option<(ApiTokenRecord, UserRecord)>, StoreError> {
        let rows = self.read();
        let with_owner = |token: &ApiTokenRecord| Some((token.clone(), rows.users.user(token.user)?.clone()));
        Ok(rows.api_tokens.by_hash(hash).and_then(with_owner))
    }

    async fn api_token(&self, user: UserId, id: ApiTokenId) -> Result<Option<ApiTokenRecord>, StoreError> {
        Ok(self.read().api_tokens.one_of(user, id).cloned())
    }

    async fn api_tokens(&self, user: UserId, query: &ApiTokenQuery) -> Result<Page<ApiTokenRecord>, StoreError> {
        let tokens = &self.read().api_tokens;
        let is_asked_for = |id: &ApiTokenId| query.id.is_none_or(|only| *id == only);
        let found: Vec<ApiTokenId> = tokens.of(user).filter(is_asked_for).collect();
        let offset = usize::try_from(query.page.offset).unwrap_or(usize::MAX);
        let limit = usize::try_from(query.page.limit).unwrap_or(usize::MAX);
        let rows = found.iter().skip(offset).take(limit).filter_map(|id| tokens.row(*id)).cloned().collect();
        Ok(Page { rows, total: found.len() as u64 })
    }

    async fn set_api_token_enabled(
        &self,
        user: UserId,
        id: ApiTokenId,
        enabled: bool,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let rows = &mut *self.write();
        rows.hold(by)?;
        Ok(rows.api_tokens.change(user, id, |token| token.enabled = enabled))
    }

    async fn change_api_token_grants(
        &self,
        user: UserId,
        id: ApiTokenId,
        change: &GrantsChange,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let rows = &mut *self.write();
        rows.hold(by)?;
        Ok(rows.api_tokens.change(user, id, |token| token.permissions.apply(change)))
    }

    async fn delete_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let rows = &mut *self.write();
        rows.hold(by)?;
        let tokens = &mut rows.api_tokens;
        let own = tokens.one_of(user, id).map(|token| token.id);
        Ok(own.and_then(|id| tokens.remove(id)))
    }

    async fn touch_api_tokens(&self, used: &[(ApiTokenId, Timestamp)]) -> Result<(), StoreError> {
        let tokens = &mut self.write().api_tokens;
        for (id, moment) in used {
            if let Some(token) = tokens.row_mut(*id) {
                token.last_used = token.last_used.max(Some(*moment));
            }
        }
        Ok(())
    }
}

//! The caller's own API tokens. A token of another user counts as none.

use std::collections::BTreeMap;

use rpc_core::Identity;

use super::error::{AccountError, Field};
use super::profile::invalid;
use super::{Accounts, Caller};
use crate::model::{ApiTokenId, ApiTokenRecord, GrantsChange, PermissionState};
use crate::names;
use crate::secret::Secret;
use crate::store::{ApiTokenQuery, Page};
use crate::token::TokenKind;
use crate::token::hash::TokenHash;

const MISSING: AccountError = AccountError::NotFound("Token");

impl Accounts {
    /// Makes a token without permissions. The secret is returned this once.
    ///
    /// # Errors
    ///
    /// `Invalid` for the name, `TooMany`.
    pub async fn create_api_token(
        &self,
        identity: &Identity,
        name: &str,
    ) -> Result<(ApiTokenRecord, Secret), AccountError> {
        let caller = self.caller(identity).await?;
        let name = names::token_name(name).map_err(|fault| invalid(Field::TokenName, &fault))?;
        let token = self.0.options.tokens.generate(TokenKind::Api)?;
        let (hash, max) = (TokenHash::of(token.expose()), self.0.options.tokens_per_user);
        let (user, by) = (caller.user.id, caller.own_authority(BTreeMap::new()));
        let record = self.store().create_api_token(user, &name, hash, self.now(), max, &by).await?;
        Ok((record, token))
    }

    /// A page of the caller's tokens, each with what it holds.
    ///
    /// # Errors
    ///
    /// `Store`.
    pub async fn api_tokens(
        &self,
        identity: &Identity,
        query: &ApiTokenQuery,
    ) -> Result<Page<(ApiTokenRecord, Vec<&'static str>)>, AccountError> {
        let caller = self.caller(identity).await?;
        let page = self.store().api_tokens(caller.user.id, query).await?;
        let held = |token: ApiTokenRecord| {
            let held = self.0.vocabulary.held_by_token(&token.permissions, &caller.user);
            (token, held.into_iter().collect())
        };
        Ok(Page { rows: page.rows.into_iter().map(held).collect(), total: page.total })
    }

    /// Removes a token.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub async fn delete_api_token(&self, identity: &Identity, id: &str) -> Result<(), AccountError> {
        let (caller, id) = self.own(identity, id).await?;
        let (user, by) = (caller.user.id, caller.own_authority(BTreeMap::new()));
        let deletion = self.change(user, move |store| async move { store.delete_api_token(user, id, &by).await });
        deletion.await?.map(drop).ok_or(MISSING)
    }

    /// Enables or disables a token.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub async fn set_api_token_enabled(
        &self,
        identity: &Identity,
        id: &str,
        enabled: bool,
    ) -> Result<(), AccountError> {
        let (caller, id) = self.own(identity, id).await?;
        let (user, by) = (caller.user.id, caller.own_authority(BTreeMap::new()));
        let change =
            self.change(user, move |store| async move { store.set_api_token_enabled(user, id, enabled, &by).await });
        change.await?.map(drop).ok_or(MISSING)
    }

    /// The permissions that the caller holds, each with whether the token does.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub async fn api_token_permissions(
        &self,
        identity: &Identity,
        id: &str,
    ) -> Result<Vec<PermissionState>, AccountError> {
        let (caller, id) = self.own(identity, id).await?;
        let token = self.store().api_token(caller.user.id, id).await?.ok_or(MISSING)?;
        let held = self.0.vocabulary.held_by(&caller.user);
        Ok(self.0.vocabulary.states(&held, |name| token.permissions.holds(name, false)))
    }

    /// Replaces all permissions of a token.
    ///
    /// # Errors
    ///
    /// `NotFound`; `Invalid` naming the permissions that the caller does not hold.
    pub async fn set_api_token_permissions(
        &self,
        identity: &Identity,
        id: &str,
        grants: BTreeMap<String, bool>,
    ) -> Result<(), AccountError> {
        let all = self.0.vocabulary.permissions().iter().map(|permission| permission.name.to_owned());
        let change = GrantsChange::Replace { scope: all.collect(), grants };
        self.change_api_token_grants(identity, id, change).await
    }

    /// Changes some permissions of a token and leaves the others alone.
    ///
    /// # Errors
    ///
    /// As [`set_api_token_permissions`](Self::set_api_token_permissions).
    pub async fn update_api_token_permissions(
        &self,
        identity: &Identity,
        id: &str,
        grants: BTreeMap<String, bool>,
    ) -> Result<(), AccountError> {
        self.change_api_token_grants(identity, id, GrantsChange::Merge(grants)).await
    }

    async fn change_api_token_grants(
        &self,
        identity: &Identity,
        id: &str,
        change: GrantsChange,
    ) -> Result<(), AccountError> {
        let (caller, id) = self.own(identity, id).await?;
        let (GrantsChange::Merge(grants) | GrantsChange::Replace { grants, .. }) = &change;
        self.store().api_token(caller.user.id, id).await?.ok_or(MISSING)?;
        self.check_grants(grants, &self.0.vocabulary.held_by(&caller.user))?;
        let given = self.0.vocabulary.with_defaults(|name| grants.contains_key(name));
        let (user, by) = (caller.user.id, caller.own_authority(given));
        let change =
            self.change(user, move |store| async move { store.change_api_token_grants(user, id, &change, &by).await });
        change.await?.map(drop).ok_or(MISSING)
    }

    /// The caller, and the id that a text may be.
    async fn own(&self, identity: &Identity, id: &str) -> Result<(Caller, ApiTokenId), AccountError> {
        let caller = self.caller(identity).await?;
        Ok((caller, id.parse().map_err(|_| MISSING)?))
    }
}

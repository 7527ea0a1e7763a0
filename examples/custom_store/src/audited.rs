//! An audit trail around a store.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rpc_auth::{
    AccountStore, ApiTokenError, ApiTokenId, ApiTokenRecord, Authority, ConfirmationError, GrantCeiling, GrantsChange,
    NewSession, NewUser, OpenedSession, PasswordHash, SessionId, SessionsChange, StoreDecorator, StoreError, TokenHash,
    UserChange, UserError, UserId, UserRecord,
};
use rpc_core::Timestamp;

/// A store that writes a line for every change of another store: what happened to whom, never a password or a token. What is
/// only read, refused, or looked after in the background (times of use, expiry) has no line.
///
/// Each operation stays one operation of the inner store, so it is as atomic as there. When a line cannot be written, the
/// change was made all the same; the caller hears that the storage is unavailable.
pub(crate) struct Audited<S, W> {
    store: S,
    trail: Mutex<W>,
}

impl<S, W: Write> Audited<S, W> {
    /// Around a store, with a trail to write.
    pub(crate) fn new(store: S, trail: W) -> Self {
        Self { store, trail: Mutex::new(trail) }
    }

    fn note(&self, line: fmt::Arguments<'_>) -> Result<(), StoreError> {
        let mut trail = self.trail.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(trail, "{line}").and_then(|()| trail.flush()).map_err(|error| StoreError(Box::new(error)))
    }
}

/// The fields that a change names, without what they are changed to.
fn changed(change: &UserChange) -> String {
    let UserChange { name, password, email, telegram_name, enabled, permissions, sessions, ceiling: _, by: _ } = change;
    let fields = [
        ("name", name.is_some()),
        ("password", password.is_some()),
        ("email", email.is_some()),
        ("telegram_name", telegram_name.is_some()),
        ("enabled", enabled.is_some()),
        ("permissions", permissions.is_some()),
        ("sessions", *sessions != SessionsChange::Keep),
    ];
    let named: Vec<&str> = fields.into_iter().filter_map(|(field, is_named)| is_named.then_some(field)).collect();
    named.join(", ")
}

#[async_trait]
impl<S: AccountStore, W: Write + Send + 'static> StoreDecorator for Audited<S, W> {
    type Inner = S;

    fn inner(&self) -> &S {
        &self.store
    }

    async fn create_user(&self, user: NewUser) -> Result<UserRecord, UserError> {
        let user = self.inner().create_user(user).await?;
        self.note(format_args!("user {} {:?} was made", user.id, user.name))?;
        Ok(user)
    }

    async fn create_root(&self, name: &str, password: PasswordHash, now: Timestamp) -> Result<bool, StoreError> {
        let is_made = self.inner().create_root(name, password, now).await?;
        if is_made {
            self.note(format_args!("user {} {name:?} was made", UserId::ROOT))?;
        }
        Ok(is_made)
    }

    async fn update_user(&self, id: UserId, change: &UserChange) -> Result<Option<UserRecord>, UserError> {
        let user = self.inner().update_user(id, change).await?;
        if user.is_some() {
            self.note(format_args!("user {id} was changed: {}", changed(change)))?;
        }
        Ok(user)
    }

    async fn delete_user(&self, id: UserId, ceiling: &GrantCeiling, by: &Authority) -> Result<bool, UserError> {
        let is_deleted = self.inner().delete_user(id, ceiling, by).await?;
        if is_deleted {
            self.note(format_args!("user {id} was deleted"))?;
        }
        Ok(is_deleted)
    }

    async fn create_session(&self, session: NewSession, max: usize) -> Result<Option<OpenedSession>, StoreError> {
        let user = session.user;
        let opened = self.inner().create_session(session, max).await?;
        if let Some(OpenedSession { id, .. }) = opened {
            self.note(format_args!("session {id} of user {user} began"))?;
        }
        Ok(opened)
    }

    async fn delete_session(&self, id: SessionId) -> Result<bool, StoreError> {
        let is_ended = self.inner().delete_session(id).await?;
        if is_ended {
            self.note(format_args!("session {id} ended"))?;
        }
        Ok(is_ended)
    }

    async fn create_api_token(
        &self,
        user: UserId,
        name: &str,
        hash: TokenHash,
        now: Timestamp,
        max: usize,
        by: &Authority,
    ) -> Result<ApiTokenRecord, ApiTokenError> {
        let token = self.inner().create_api_token(user, name, hash, now, max, by).await?;
        self.note(format_args!("API token {} of user {user} was made", token.id))?;
        Ok(token)
    }

    async fn set_api_token_enabled(
        &self,
        user: UserId,
        id: ApiTokenId,
        enabled: bool,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let token = self.inner().set_api_token_enabled(user, id, enabled, by).await?;
        if token.is_some() {
            let change = if enabled { "enabled" } else { "disabled" };
            self.note(format_args!("API token {id} of user {user} was {change}"))?;
        }
        Ok(token)
    }

    async fn change_api_token_grants(
        &self,
        user: UserId,
        id: ApiTokenId,
        change: &GrantsChange,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let token = self.inner().change_api_token_grants(user, id, change, by).await?;
        if token.is_some() {
            self.note(format_args!("API token {id} of user {user} was changed: permissions"))?;
        }
        Ok(token)
    }

    async fn delete_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        let token = self.inner().delete_api_token(user, id, by).await?;
        if token.is_some() {
            self.note(format_args!("API token {id} of user {user} was deleted"))?;
        }
        Ok(token)
    }

    async fn confirm_email(&self, hash: &TokenHash, now: Timestamp) -> Result<UserRecord, ConfirmationError> {
        let user = self.inner().confirm_email(hash, now).await?;
        self.note(format_args!("user {} confirmed their address", user.id))?;
        Ok(user)
    }

    async fn reset_password(
        &self,
        hash: &TokenHash,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<UserRecord, ConfirmationError> {
        let user = self.inner().reset_password(hash, password, now).await?;
        self.note(format_args!("user {} set their password by mail", user.id))?;
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use std::io::sink;

    use rpc_auth::MemoryStore;

    use super::Audited;

    rpc_auth::account_store_conformance!(conforms, async { (Audited::new(MemoryStore::default(), sink()), ()) });
}

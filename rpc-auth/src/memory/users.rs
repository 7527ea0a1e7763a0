//! Users in memory.

use async_trait::async_trait;
use rpc_core::Timestamp;

use super::user_rows::record;
use super::{AllRows, Duplicate, MemoryStore, list};
use crate::model::{Authority, GrantCeiling, NewUser, SessionsChange, UserChange, UserId, UserRecord};
use crate::password::PasswordHash;
use crate::store::{Page, StoreError, UserError, UserQuery, UserStore};

/// Makes all changes but those of what is unique, which somebody has checked.
fn apply(change: &UserChange, user: &mut UserRecord) {
    if let Some(name) = &change.name {
        user.name.clone_from(name);
    }
    if let Some(password) = &change.password {
        user.password.clone_from(password);
    }
    if let Some(email) = &change.email
        && *email != user.email
    {
        user.email.clone_from(email);
        user.email_confirmed = false;
    }
    if let Some(telegram_name) = &change.telegram_name {
        user.telegram_name.clone_from(telegram_name);
    }
    user.enabled = change.enabled.unwrap_or(user.enabled);
    if let Some(grants) = &change.permissions {
        user.permissions.apply(grants);
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn create_user(&self, user: NewUser) -> Result<UserRecord, UserError> {
        let rows = &mut *self.write();
        rows.hold(&user.by)?;
        let users = &mut rows.users;
        users.check_unique(None, Some(&user.name), user.email.as_deref(), user.telegram_name.as_deref())?;
        let user = record(users.next_id(), user);
        users.insert(user.clone());
        Ok(user)
    }

    async fn create_root(&self, name: &str, password: PasswordHash, now: Timestamp) -> Result<bool, StoreError> {
        let users = &mut self.write().users;
        if users.user(UserId::ROOT).is_some() {
            return Ok(false);
        }
        if users.by_name(name).is_some() {
            return Err(Duplicate("name of root").into());
        }
        let root = NewUser { name: name.to_owned(), password, created: now, ..NewUser::default() };
        users.insert(record(UserId::ROOT, root));
        Ok(true)
    }

    async fn user(&self, id: UserId) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.read().users.user(id).cloned())
    }

    async fn user_by_login(&self, login: &str) -> Result<Option<UserRecord>, StoreError> {
        let users = &self.read().users;
        let id = users.by_confirmed_email(login).or_else(|| users.by_name(login));
        Ok(id.and_then(|id| users.user(id)).cloned())
    }

    async fn user_by_name(&self, name: &str) -> Result<Option<UserRecord>, StoreError> {
        let users = &self.read().users;
        Ok(users.by_name(name).and_then(|id| users.user(id)).cloned())
    }

    async fn users(&self, query: &UserQuery) -> Result<Page<UserRecord>, StoreError> {
        Ok(list::users(&self.read().users, query))
    }

    async fn update_user(&self, id: UserId, change: &UserChange) -> Result<Option<UserRecord>, UserError> {
        let rows = &mut *self.write();
        rows.hold(&change.by)?;
        let AllRows { users, sessions, confirmations, .. } = rows;
        let Some(before) = users.user(id) else { return Ok(None) };
        let voids = change.voids_confirmations(before);
        let email = change.email.as_ref().and_then(Option::as_deref);
        let telegram_name = change.telegram_name.as_ref().and_then(Option::as_deref);
        users.check_unique(Some(id), change.name.as_deref(), email, telegram_name)?;
        users.check_ceiling(id, &change.ceiling)?;
        match change.sessions {
            SessionsChange::Keep => {}
            SessionsChange::End => sessions.remove_of(id, None),
            SessionsChange::EndOthers(kept) => sessions.remove_of(id, Some(kept)),
        }
        if voids {
            confirmations.remove_of(id);
        }
        Ok(users.change(id, |user| apply(change, user)))
    }

    async fn delete_user(&self, id: UserId, ceiling: &GrantCeiling, by: &Authority) -> Result<bool, UserError> {
        let rows = &mut *self.write();
        rows.hold(by)?;
        rows.users.check_ceiling(id, ceiling)?;
        rows.sessions.remove_of(id, None);
        rows.api_tokens.remove_of(id, None);
        rows.confirmations.remove_of(id);
        rows.networks.remove_of(id);
        Ok(rows.users.remove(id).is_some())
    }
}

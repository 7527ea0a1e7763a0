//! Users in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use rpc_core::Timestamp;

use super::index::Index;
use super::{AllRows, Duplicate, MemoryStore, list};
use crate::model::{Authority, Bound, NewUser, SessionsChange, UserChange, UserId, UserRecord};
use crate::password::PasswordHash;
use crate::store::{Page, StoreError, UserError, UserQuery, UserStore};

/// All users, with what finds them.
#[derive(Default)]
pub(super) struct UserRows {
    // Boxed, so that growing moves pointers and the empty places cost little.
    rows: HashMap<UserId, Box<UserRecord>>,
    last: Option<UserId>,
    names: Index<UserId>,
    confirmed_emails: Index<UserId>,
    telegram_names: Index<UserId>,
}

fn confirmed_email(user: &UserRecord) -> Option<&str> {
    user.email.as_deref().filter(|_| user.email_confirmed)
}

impl UserRows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn user(&self, id: UserId) -> Option<&UserRecord> {
        self.rows.get(&id).map(AsRef::as_ref)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &UserRecord> {
        self.rows.values().map(AsRef::as_ref)
    }

    fn by_name(&self, name: &str) -> Option<UserId> {
        self.names.find(name, |id| Some(self.user(id)?.name.as_str()))
    }

    pub(super) fn by_confirmed_email(&self, email: &str) -> Option<UserId> {
        self.confirmed_emails.find(email, |id| confirmed_email(self.user(id)?))
    }

    fn by_telegram_name(&self, name: &str) -> Option<UserId> {
        self.telegram_names.find(name, |id| self.user(id)?.telegram_name.as_deref())
    }

    /// Whether a user, or a new one, may have the values that are given.
    fn check_unique(
        &self,
        user: Option<UserId>,
        name: Option<&str>,
        email: Option<&str>,
        telegram_name: Option<&str>,
    ) -> Result<(), UserError> {
        let is_another = |owner: Option<UserId>| owner.is_some() && owner != user;
        if is_another(name.and_then(|name| self.by_name(name))) {
            return Err(UserError::NameTaken);
        }
        if is_another(email.and_then(|email| self.by_confirmed_email(email))) {
            return Err(UserError::EmailTaken);
        }
        if is_another(telegram_name.and_then(|name| self.by_telegram_name(name))) {
            return Err(UserError::TelegramNameTaken);
        }
        Ok(())
    }

    /// Whether somebody with a bound may change a user.
    fn check_bound(&self, id: UserId, bound: &Bound) -> Result<(), UserError> {
        let exceeds = self.user(id).is_some_and(|user| bound.is_exceeded_by(&user.permissions));
        if exceeds { Err(UserError::HoldsMore) } else { Ok(()) }
    }

    fn next_id(&mut self) -> UserId {
        let id = UserId::new(self.last.unwrap_or(UserId::ROOT).number() + 1);
        self.last = Some(id);
        id
    }

    fn insert(&mut self, user: UserRecord) {
        let id = user.id;
        self.rows.insert(id, Box::new(user));
        self.link(id);
    }

    fn link(&mut self, id: UserId) {
        let Self { rows, names, confirmed_emails, telegram_names, .. } = self;
        let row = |id| rows.get(&id).map(AsRef::as_ref);
        let Some(user) = row(id) else { return };
        names.insert(user.name.as_str(), id, |id| Some(row(id)?.name.as_str()));
        if let Some(email) = confirmed_email(user) {
            confirmed_emails.insert(email, id, |id| confirmed_email(row(id)?));
        }
        if let Some(name) = &user.telegram_name {
            telegram_names.insert(name.as_str(), id, |id| row(id)?.telegram_name.as_deref());
        }
    }

    fn unlink(&mut self, user: &UserRecord) {
        self.names.remove(user.name.as_str(), user.id);
        if let Some(email) = confirmed_email(user) {
            self.confirmed_emails.remove(email, user.id);
        }
        if let Some(name) = &user.telegram_name {
            self.telegram_names.remove(name.as_str(), user.id);
        }
    }

    /// Removes a user, and says who it was.
    fn remove(&mut self, id: UserId) -> Option<UserRecord> {
        let user = self.rows.remove(&id)?;
        self.unlink(&user);
        Some(*user)
    }

    /// Changes a user, without a look at what is unique. What they are then.
    pub(super) fn change(&mut self, id: UserId, change: impl FnOnce(&mut UserRecord)) -> Option<UserRecord> {
        let mut user = self.remove(id)?;
        change(&mut user);
        self.insert(user.clone());
        Some(user)
    }
}

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

fn record(id: UserId, user: NewUser) -> UserRecord {
    let NewUser { name, password, email, telegram_name, enabled, permissions, created, by: _ } = user;
    let (email_confirmed, had_confirmed_email) = (false, false);
    UserRecord {
        id,
        name,
        password,
        email,
        email_confirmed,
        had_confirmed_email,
        telegram_name,
        enabled,
        permissions,
        created,
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
        users.check_bound(id, &change.bound)?;
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

    async fn delete_user(&self, id: UserId, bound: &Bound, by: &Authority) -> Result<bool, UserError> {
        let rows = &mut *self.write();
        rows.hold(by)?;
        rows.users.check_bound(id, bound)?;
        rows.sessions.remove_of(id, None);
        rows.api_tokens.remove_of(id, None);
        rows.confirmations.remove_of(id);
        rows.networks.remove_of(id);
        Ok(rows.users.remove(id).is_some())
    }
}

#[cfg(test)]
mod tests {
    use rpc_core::Timestamp;

    use super::{UserRows, record};
    use crate::model::{NewUser, UserId};

    #[test]
    fn what_a_user_left_stays_in_no_index() {
        let mut users = UserRows::default();
        let [email, telegram_name] = ["a@example.com", "ann_t"].map(|text| Some(text.to_owned()));
        let ann = NewUser {
            name: "ann".to_owned(),
            email,
            telegram_name,
            created: Timestamp::default(),
            ..NewUser::default()
        };
        users.insert(record(UserId::new(2), ann));
        let sizes =
            |users: &UserRows| [&users.names, &users.confirmed_emails, &users.telegram_names].map(|index| index.len());
        assert_eq!(sizes(&users), [1, 0, 1]);
        users.change(UserId::new(2), |user| (user.name, user.email_confirmed) = ("anna".to_owned(), true));
        assert_eq!(sizes(&users), [1, 1, 1]);
        users.change(UserId::new(2), |user| (user.email_confirmed, user.telegram_name) = (false, None));
        assert_eq!(sizes(&users), [1, 0, 0]);
        users.remove(UserId::new(2));
        assert_eq!(sizes(&users), [0, 0, 0]);
    }
}

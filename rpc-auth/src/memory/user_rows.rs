//! All users in memory, and what finds them.

use std::collections::HashMap;

use super::index::Index;
use crate::model::{GrantCeiling, NewUser, UserId, UserRecord};
use crate::store::UserError;

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

    pub(super) fn by_name(&self, name: &str) -> Option<UserId> {
        self.names.find(name, |id| Some(self.user(id)?.name.as_str()))
    }

    pub(super) fn by_confirmed_email(&self, email: &str) -> Option<UserId> {
        self.confirmed_emails.find(email, |id| confirmed_email(self.user(id)?))
    }

    fn by_telegram_name(&self, name: &str) -> Option<UserId> {
        self.telegram_names.find(name, |id| self.user(id)?.telegram_name.as_deref())
    }

    /// Whether a user, or a new one, may have the values that are given.
    pub(super) fn check_unique(
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
    pub(super) fn check_ceiling(&self, id: UserId, ceiling: &GrantCeiling) -> Result<(), UserError> {
        let exceeds = self.user(id).is_some_and(|user| ceiling.is_exceeded_by(&user.permissions));
        if exceeds { Err(UserError::HoldsMore) } else { Ok(()) }
    }

    pub(super) fn next_id(&mut self) -> UserId {
        let id = UserId::new(self.last.unwrap_or(UserId::ROOT).number() + 1);
        self.last = Some(id);
        id
    }

    pub(super) fn insert(&mut self, user: UserRecord) {
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
    pub(super) fn remove(&mut self, id: UserId) -> Option<UserRecord> {
        let user = self.rows.remove(&id)?;
        self.unlink(&user);
        Some(*user)
    }

    /// Changes a user, without a check of what is unique. Returns the changed user.
    pub(super) fn change(&mut self, id: UserId, change: impl FnOnce(&mut UserRecord)) -> Option<UserRecord> {
        let mut user = self.remove(id)?;
        change(&mut user);
        self.insert(user.clone());
        Some(user)
    }
}

/// A new user, as they are stored.
pub(super) fn record(id: UserId, user: NewUser) -> UserRecord {
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

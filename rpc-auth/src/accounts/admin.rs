//! What administrators do with users. Nobody grants what they do not hold, nobody touches a user who holds more; root and
//! oneself are protected. Guards look at the resolved user, never at the text of a parameter.

use std::collections::BTreeMap;

use rpc_core::{Identity, Proof};

use super::error::{AccountError, FieldFault, HOLDS_MORE};
use super::sign_up::SignUpFields;
use super::{Accounts, Caller};
use crate::model::{
    AuthorityError, Grants, GrantsChange, NewUser, PermissionState, SessionsChange, UserChange, UserRecord,
};
use crate::password::generate_password;
use crate::secret::Secret;
use crate::store::{Page, UserQuery};

const MISSING: AccountError = AccountError::NotFound("User");

/// As methods for sessions only say it: whoever could set the password that they sign in with would get a session by an API token.
const SIGN_IN: AccountError = AccountError::Forbidden("Sign in to do this");

/// A user to be made by an administrator.
#[derive(Debug, Clone, Default)]
pub struct UserFields {
    /// Name, password, address, Telegram name. Without a password one is generated.
    pub account: SignUpFields,
    /// Whether the user may sign in.
    pub enabled: bool,
    /// What is granted.
    pub permissions: BTreeMap<String, bool>,
}

/// A user who was made.
#[derive(Debug)]
pub struct CreatedUser {
    /// The user.
    pub user: UserRecord,
    /// The password, if it was generated.
    pub password: Option<Secret>,
}

/// A password to be set.
#[derive(Clone)]
pub enum Password {
    /// This one.
    Given(String),
    /// A new one, which is generated and returned.
    Generated,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Which users an operation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Anybody but root.
    NotRoot,
    /// Anybody but root and the caller.
    NotRootNorOneself,
    /// Root only by root.
    RootByRoot,
}

impl Accounts {
    /// A page of users. Root is among them only for root.
    ///
    /// # Errors
    ///
    /// `Store`.
    pub async fn users(&self, identity: &Identity, query: UserQuery) -> Result<Page<UserRecord>, AccountError> {
        let query = UserQuery { with_root: identity.is_root(), ..query };
        Ok(self.store().users(&query).await?)
    }

    /// Makes a user.
    ///
    /// # Errors
    ///
    /// `Invalid` with all faults, permissions that the caller does not hold among them; `Taken`.
    pub async fn create_user(&self, identity: &Identity, fields: UserFields) -> Result<CreatedUser, AccountError> {
        let caller = self.administrator(identity).await?;
        let checked = self.check_fields(&fields.account);
        let granted = self.check_grants(&fields.permissions, &caller.held);
        let checked = match (checked, granted) {
            (Ok(checked), Ok(())) => checked,
            (Err(AccountError::Invalid(mut faults)), Err(AccountError::Invalid(more))) => {
                faults.extend(more);
                return Err(AccountError::Invalid(faults));
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        let (plain, generated) = match fields.account.password {
            Some(password) => (password, None),
            None => {
                let password = generate_password()?;
                (password.expose().to_owned(), Some(password))
            }
        };
        let user = NewUser {
            name: checked.name,
            password: self.0.hasher.hash(&plain).await?,
            email: checked.email,
            telegram_name: checked.telegram_name,
            enabled: fields.enabled,
            permissions: Grants(fields.permissions),
            created: self.now(),
            by: caller.authority(),
        };
        let user = self.store().create_user(user).await?;
        Ok(CreatedUser { user, password: generated })
    }

    /// Removes a user with everything that is theirs.
    ///
    /// # Errors
    ///
    /// `NotFound`, `NotPossible` for root and oneself, `Forbidden`.
    pub async fn delete_user(&self, identity: &Identity, user: &str) -> Result<(), AccountError> {
        let (caller, user) = self.target(identity, user, Target::NotRootNorOneself).await?;
        let (id, ceiling, by) = (user.id, self.0.vocabulary.ceiling_of(&caller.held), caller.authority());
        let deletion = self.change(id, move |store| async move { store.delete_user(id, &ceiling, &by).await });
        if deletion.await? { Ok(()) } else { Err(MISSING) }
    }

    /// Enables or disables a user. Disabling ends the sessions.
    ///
    /// # Errors
    ///
    /// As [`delete_user`](Self::delete_user).
    pub async fn set_user_enabled(&self, identity: &Identity, user: &str, enabled: bool) -> Result<(), AccountError> {
        let (caller, user) = self.target(identity, user, Target::NotRootNorOneself).await?;
        let sessions = if enabled { SessionsChange::Keep } else { SessionsChange::End };
        let change = UserChange { enabled: Some(enabled), sessions, ..UserChange::default() };
        self.change_user(&caller, &user, change).await
    }

    /// Sets a user's password and ends their sessions, except the caller's own. Returns a generated password.
    ///
    /// # Errors
    ///
    /// `Invalid`, `NotFound`, `Forbidden`, which one's own account by an API token is too; `NotPossible` for root by somebody
    /// else.
    pub async fn set_user_password(
        &self,
        identity: &Identity,
        user: &str,
        password: Password,
    ) -> Result<Option<Secret>, AccountError> {
        let (caller, user) = self.target(identity, user, Target::RootByRoot).await?;
        self.replace_password(&caller, &user, password, UserChange::default()).await
    }

    /// Gives a user another name, and another password if there is one.
    ///
    /// # Errors
    ///
    /// `Invalid`, `Taken`, `NotFound`, `Forbidden`, which one's own account by an API token is too; `NotPossible` for root.
    pub async fn set_user_name(
        &self,
        identity: &Identity,
        user: &str,
        name: &str,
        password: Option<String>,
    ) -> Result<(), AccountError> {
        let (caller, user) = self.target(identity, user, Target::NotRoot).await?;
        let name = self.check_user_name(name).map_err(|fault| AccountError::Invalid(vec![fault]))?;
        let change = UserChange { name: Some(name.clone()), ..UserChange::default() };
        match password {
            Some(password) => {
                let renamed = UserRecord { name, ..user };
                self.replace_password(&caller, &renamed, Password::Given(password), change).await?;
            }
            None => {
                self.change_user(&caller, &user, change).await?;
            }
        }
        Ok(())
    }

    /// Hashing takes a while: whether the caller may do this is held against what is stored after it, as for every change.
    async fn replace_password(
        &self,
        caller: &Caller,
        user: &UserRecord,
        password: Password,
        change: UserChange,
    ) -> Result<Option<Secret>, AccountError> {
        let (plain, generated) = match password {
            Password::Given(password) => (password, None),
            Password::Generated => {
                let password = generate_password()?;
                (password.expose().to_owned(), Some(password))
            }
        };
        if generated.is_none() {
            let invalid = |fault: FieldFault| AccountError::Invalid(vec![fault]);
            self.check_password(&plain, &user.name, user.email.as_deref()).map_err(invalid)?;
        }
        let password = Some(self.0.hasher.hash(&plain).await?);
        let sessions = caller.session.map_or(SessionsChange::End, SessionsChange::EndOthers);
        self.change_user(caller, user, UserChange { password, sessions, ..change }).await?;
        Ok(generated)
    }

    /// The permissions that the caller holds, each with whether the user does.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub async fn user_permissions(
        &self,
        identity: &Identity,
        user: &str,
    ) -> Result<Vec<PermissionState>, AccountError> {
        let caller = self.caller(identity).await?;
        let user = self.visible(&caller, user).await?;
        let held = self.0.vocabulary.held_by(&user);
        Ok(self.0.vocabulary.states(&caller.held, |name| held.contains(name)))
    }

    /// Replaces a user's permissions among those that the caller holds.
    ///
    /// # Errors
    ///
    /// `Invalid` naming what is unknown or not the caller's to give; `NotFound`, `NotPossible` for root and oneself,
    /// `Forbidden`.
    pub async fn set_user_permissions(
        &self,
        identity: &Identity,
        user: &str,
        grants: BTreeMap<String, bool>,
    ) -> Result<(), AccountError> {
        let (caller, user) = self.target(identity, user, Target::NotRootNorOneself).await?;
        let scope = caller.held.iter().map(|&name| name.to_owned()).collect();
        self.change_grants(&caller, &user, GrantsChange::Replace { scope, grants }).await
    }

    /// Changes some permissions of a user and leaves the others alone.
    ///
    /// # Errors
    ///
    /// As [`set_user_permissions`](Self::set_user_permissions).
    pub async fn update_user_permissions(
        &self,
        identity: &Identity,
        user: &str,
        grants: BTreeMap<String, bool>,
    ) -> Result<(), AccountError> {
        let (caller, user) = self.target(identity, user, Target::NotRootNorOneself).await?;
        self.change_grants(&caller, &user, GrantsChange::Merge(grants)).await
    }

    async fn change_grants(
        &self,
        caller: &Caller,
        user: &UserRecord,
        change: GrantsChange,
    ) -> Result<(), AccountError> {
        let (GrantsChange::Merge(grants) | GrantsChange::Replace { grants, .. }) = &change;
        self.check_grants(grants, &caller.held)?;
        self.change_user(caller, user, UserChange { permissions: Some(change), ..UserChange::default() }).await
    }

    /// Changes a user. They may have been given more since they were looked at, and the caller may hold less: the ceiling and the
    /// caller's rights are held against what is stored then.
    async fn change_user(&self, caller: &Caller, user: &UserRecord, change: UserChange) -> Result<(), AccountError> {
        let id = user.id;
        let change =
            UserChange { ceiling: self.0.vocabulary.ceiling_of(&caller.held), by: caller.authority(), ..change };
        let change = self.change(id, move |store| async move { store.update_user(id, &change).await });
        change.await?.map(drop).ok_or(MISSING)
    }

    /// The caller, if they still hold everything that they were let in with. It is not known here which of it the call needed.
    async fn administrator(&self, identity: &Identity) -> Result<Caller, AccountError> {
        let caller = self.caller(identity).await?;
        if caller.has_lost_something() { Err(AuthorityError::Lost.into()) } else { Ok(caller) }
    }

    /// The user whom a caller may know of. Root is known to root alone.
    async fn visible(&self, caller: &Caller, user: &str) -> Result<UserRecord, AccountError> {
        let user = self.user_by_text(user).await?.ok_or(MISSING)?;
        if user.is_root() && !caller.is_root { Err(MISSING) } else { Ok(user) }
    }

    /// The user whom a caller may change.
    async fn target(
        &self,
        identity: &Identity,
        user: &str,
        target: Target,
    ) -> Result<(Caller, UserRecord), AccountError> {
        let caller = self.administrator(identity).await?;
        let user = self.user_by_text(user).await?.ok_or(MISSING)?;
        if user.is_root() && !(target == Target::RootByRoot && caller.is_root) {
            return Err(AccountError::NotPossible("The root user cannot be changed like this"));
        }
        if user.id == caller.user.id && target == Target::NotRootNorOneself {
            return Err(AccountError::NotPossible("You cannot do this to yourself"));
        }
        if user.id == caller.user.id && identity.user().is_some_and(|user| user.proof == Proof::ApiToken) {
            return Err(SIGN_IN);
        }
        if !self.0.vocabulary.held_by(&user).is_subset(&caller.held) {
            return Err(HOLDS_MORE);
        }
        Ok((caller, user))
    }
}

//! In whose name something is changed, and what they have to hold when it is.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{ApiTokenId, ApiTokenRecord, Grants, SessionId, SessionRecord, UserId, UserRecord};

/// In whose name a change is made.
///
/// What a caller may do is looked up before they are let in, and much may happen until a change is made: a password is hashed,
/// a lock is waited for. So each change comes with the rights that it was allowed for, and a store holds these against what is
/// stored in the very step that makes it. Whoever was disabled, signed out, or has lost a permission by then changes nothing
/// more, however long ago they began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Authority {
    /// The application, or whoever runs it. Nothing is checked.
    #[default]
    Application,
    /// A caller.
    Caller(CallerRights),
}

/// What a caller has to hold for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerRights {
    /// The user, who has to exist and to be enabled.
    pub user: UserId,
    /// The credential that they came with, which has to be theirs, and good.
    pub credential: Credential,
    /// The permissions that they have to hold, each with whether a user holds it about whom nothing was decided. Root holds
    /// everything; an API token holds what was given to it, as far as its owner does.
    pub permissions: BTreeMap<String, bool>,
}

/// The credential that a caller came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// None that is stored: whoever runs the application acts in their name.
    None,
    /// A session.
    Session(SessionId),
    /// An API token.
    ApiToken(ApiTokenId),
}

/// A caller does not hold what a change was allowed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AuthorityError {
    /// The user is gone or disabled, or the credential is.
    #[error("whoever makes the change is signed in no longer")]
    Ended,
    /// They lack a permission.
    #[error("whoever makes the change lacks a permission")]
    Lost,
}

impl CallerRights {
    /// Checks them against what is stored of the caller: the user, and the session or API token that they came with. For stores,
    /// which call it on rows that nobody can change before the change is made.
    ///
    /// # Errors
    ///
    /// Something is missing.
    pub fn check(
        &self,
        user: Option<&UserRecord>,
        session: Option<&SessionRecord>,
        api_token: Option<&ApiTokenRecord>,
    ) -> Result<(), AuthorityError> {
        let is_there = |user: &&UserRecord| user.id == self.user && user.enabled;
        let user = user.filter(is_there).ok_or(AuthorityError::Ended)?;
        let given = self.given(session, api_token)?;
        let holds = |(permission, default): (&String, &bool)| {
            let owner_holds = user.is_root() || user.permissions.holds(permission, *default);
            owner_holds && given.is_none_or(|given| given.holds(permission, false))
        };
        if self.permissions.iter().all(holds) { Ok(()) } else { Err(AuthorityError::Lost) }
    }

    /// What was given to the API token, where there is one.
    fn given<'r>(
        &self,
        session: Option<&SessionRecord>,
        api_token: Option<&'r ApiTokenRecord>,
    ) -> Result<Option<&'r Grants>, AuthorityError> {
        match self.credential {
            Credential::None => Ok(None),
            Credential::Session(id) => {
                let is_theirs = |session: &SessionRecord| session.id == id && session.user == self.user;
                session.is_some_and(is_theirs).then_some(None).ok_or(AuthorityError::Ended)
            }
            Credential::ApiToken(id) => {
                let is_good = |token: &&ApiTokenRecord| token.id == id && token.user == self.user && token.enabled;
                let token = api_token.filter(is_good).ok_or(AuthorityError::Ended)?;
                Ok(Some(&token.permissions))
            }
        }
    }
}

//! Why an operation on accounts does not succeed.

use std::time::Duration;

use thiserror::Error;

use crate::model::AuthorityError;
use crate::names::NameFault;
use crate::password::{HasherBusy, PasswordFault};
use crate::store::{ApiTokenError, ConfirmationError, StoreError, UserError};
use crate::token::RandomError;

/// Why an operation does not succeed. The texts are for callers, and tell them no more than they may know.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The caller is not signed in, or no longer.
    #[error("Not authenticated")]
    NotSignedIn,
    /// Unknown user, wrong password, disabled user: callers cannot tell which.
    #[error("User name or password is wrong")]
    BadCredentials,
    /// The caller is known, and may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// It does not exist, or is not the caller's.
    #[error("{0} is not found")]
    NotFound(&'static str),
    /// The operation makes no sense for this user.
    #[error("{0}")]
    NotPossible(&'static str),
    /// Values are refused; all of them.
    #[error("Parameters are invalid")]
    Invalid(Vec<FieldFault>),
    /// A unique value is taken.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// A confirmation token is wrong, used or expired.
    #[error("Token is invalid")]
    TokenInvalid,
    /// The user has as many as allowed.
    #[error("There are too many {0}")]
    TooMany(&'static str),
    /// Too many attempts; the next one is looked at after this time.
    #[error("Too many attempts")]
    Throttled(Duration),
    /// Passwords cannot be hashed now.
    #[error("Service is unavailable")]
    Busy(Duration),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// The user whom the caller would change holds more than they do.
pub(super) const HOLDS_MORE: AccountError = AccountError::Forbidden("The user holds a permission that you do not hold");

/// The field of a user or token that a refused value was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The user's name.
    UserName,
    /// The password.
    Password,
    /// The address.
    Email,
    /// The Telegram name.
    TelegramName,
    /// The API token's name.
    TokenName,
    /// The permission with this name.
    Permission(String),
}

/// One refused value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The field that it was for.
    pub field: Field,
    /// The rule that refuses, as a JSON Schema keyword where there is one.
    pub keyword: &'static str,
    /// What is expected, for people.
    pub message: String,
}

impl FieldFault {
    pub(crate) fn permission(name: &str, why: &str) -> Self {
        Self { field: Field::Permission(name.to_owned()), keyword: "permission", message: why.to_owned() }
    }

    pub(crate) fn name(field: Field, fault: &NameFault) -> Self {
        Self { field, keyword: fault.keyword(), message: fault.to_string() }
    }

    pub(crate) fn password(fault: &PasswordFault) -> Self {
        Self { field: Field::Password, keyword: fault.keyword(), message: fault.to_string() }
    }
}

impl From<AuthorityError> for AccountError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Ended => Self::NotSignedIn,
            AuthorityError::Lost => Self::Forbidden("Not permitted"),
        }
    }
}

impl From<UserError> for AccountError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NameTaken => Self::Taken("User name"),
            UserError::EmailTaken => Self::Taken("E-mail address"),
            UserError::TelegramNameTaken => Self::Taken("Telegram name"),
            UserError::HoldsMore => HOLDS_MORE,
            UserError::Authority(error) => error.into(),
            UserError::Store(error) => Self::Store(error),
        }
    }
}

impl From<ApiTokenError> for AccountError {
    fn from(error: ApiTokenError) -> Self {
        match error {
            ApiTokenError::TooMany => Self::TooMany("API tokens"),
            ApiTokenError::NoUser => Self::NotSignedIn,
            ApiTokenError::Authority(error) => error.into(),
            ApiTokenError::Store(error) => Self::Store(error),
        }
    }
}

impl From<ConfirmationError> for AccountError {
    fn from(error: ConfirmationError) -> Self {
        match error {
            ConfirmationError::Invalid => Self::TokenInvalid,
            ConfirmationError::Store(error) => Self::Store(error),
        }
    }
}

impl From<HasherBusy> for AccountError {
    fn from(busy: HasherBusy) -> Self {
        Self::Busy(busy.retry_after)
    }
}

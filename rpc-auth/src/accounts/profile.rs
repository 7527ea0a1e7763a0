//! What users change of themselves.

use rpc_core::Identity;

use super::Accounts;
use super::error::{AccountError, Field, FieldFault};
use crate::mail::{AccountMailKind, MailCause};
use crate::model::{UserChange, UserRecord};
use crate::names;

impl Accounts {
    /// Sets or removes the caller's address. A new one is unconfirmed; the previous one, if confirmed, is told.
    ///
    /// # Errors
    ///
    /// `Invalid`; `Taken` when another user has confirmed the address.
    pub async fn set_email(&self, identity: &Identity, email: Option<&str>) -> Result<(), AccountError> {
        let before = self.caller(identity).await?.user;
        let email = email.map(names::email).transpose().map_err(|fault| invalid(Field::Email, &fault))?;
        let change = UserChange { email: Some(email), ..UserChange::default() };
        let after = self.change_oneself(&before, &change).await?;
        if before.email_confirmed && before.email != after.email {
            self.mail(&before, AccountMailKind::AddressChanged, MailCause::User(before.id));
        }
        Ok(())
    }

    /// Sets or removes the caller's Telegram name.
    ///
    /// # Errors
    ///
    /// `Invalid`, `Taken`.
    pub async fn set_telegram_name(&self, identity: &Identity, name: Option<&str>) -> Result<(), AccountError> {
        let user = self.caller(identity).await?.user;
        let name = name.map(names::telegram_name).transpose().map_err(|fault| invalid(Field::TelegramName, &fault))?;
        self.change_oneself(&user, &UserChange { telegram_name: Some(name), ..UserChange::default() }).await?;
        Ok(())
    }

    async fn change_oneself(&self, user: &UserRecord, change: &UserChange) -> Result<UserRecord, AccountError> {
        self.store().update_user(user.id, change).await?.ok_or(AccountError::NotSignedIn)
    }
}

pub(super) fn invalid(field: Field, fault: &names::NameFault) -> AccountError {
    AccountError::Invalid(vec![FieldFault::name(field, fault)])
}

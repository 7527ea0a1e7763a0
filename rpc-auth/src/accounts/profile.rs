//! What users change of themselves.

use std::collections::BTreeMap;

use rpc_core::Identity;

use super::error::{AccountError, Field, FieldFault};
use super::{Accounts, Caller};
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
        let caller = self.caller(identity).await?;
        let email = email.map(names::email).transpose().map_err(|fault| invalid(Field::Email, &fault))?;
        let change = UserChange { email: Some(email), ..UserChange::default() };
        let (after, before) = (self.change_oneself(&caller, change).await?, caller.user);
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
        let caller = self.caller(identity).await?;
        let name = name.map(names::telegram_name).transpose().map_err(|fault| invalid(Field::TelegramName, &fault))?;
        self.change_oneself(&caller, UserChange { telegram_name: Some(name), ..UserChange::default() }).await?;
        Ok(())
    }

    async fn change_oneself(&self, caller: &Caller, change: UserChange) -> Result<UserRecord, AccountError> {
        let change = UserChange { by: caller.own_authority(BTreeMap::new()), ..change };
        self.store().update_user(caller.user.id, &change).await?.ok_or(AccountError::NotSignedIn)
    }
}

pub(super) fn invalid(field: Field, fault: &names::NameFault) -> AccountError {
    AccountError::Invalid(vec![FieldFault::name(field, fault)])
}

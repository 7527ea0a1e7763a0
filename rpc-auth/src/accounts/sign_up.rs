//! Making one's own account.

use std::net::IpAddr;

use super::Accounts;
use super::error::{AccountError, Field, FieldFault};
use super::options::SignUp;
use crate::mail::{AccountMailKind, MailCause};
use crate::model::NewUser;
use crate::names;
use crate::password::PasswordHash;
use crate::store::UserError;
use crate::token::TokenKind;

/// What somebody who signs up says of themselves.
#[derive(Clone, Default)]
pub struct SignUpFields {
    /// The user name.
    pub user_name: String,
    /// The password; without one, a mail to set it is sent to the address.
    pub password: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The Telegram name.
    pub telegram_name: Option<String>,
}

impl std::fmt::Debug for SignUpFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignUpFields").field("user_name", &self.user_name).finish_non_exhaustive()
    }
}

/// Names and a password that are fit to be stored.
pub(super) struct Checked {
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) telegram_name: Option<String>,
}

impl Accounts {
    /// Makes an account for `client`. The address is unconfirmed; a confirmed owner of it is told by mail, and the caller is not.
    ///
    /// # Errors
    ///
    /// `Forbidden` when people do not make their own accounts, `Invalid` with all faults, `Taken` for a user name or a
    /// Telegram name.
    pub async fn sign_up(&self, fields: &SignUpFields, client: Option<IpAddr>) -> Result<(), AccountError> {
        if self.0.options.sign_up == SignUp::Off {
            return Err(AccountError::Forbidden("Sign-up is closed"));
        }
        let checked = self.check_fields(fields)?;
        let password = match &fields.password {
            Some(password) => self.0.hasher.hash(password).await?,
            None => PasswordHash::unusable(),
        };
        let user = NewUser {
            name: checked.name,
            password,
            email: checked.email,
            telegram_name: checked.telegram_name,
            enabled: self.0.options.sign_up == SignUp::On,
            created: self.now(),
            ..NewUser::default()
        };
        let cause = MailCause::guest(client);
        match self.store().create_user(user.clone()).await {
            Ok(user) if fields.password.is_none() => {
                self.send_reset_to(&user, AccountMailKind::SetPassword, cause, client).await
            }
            Ok(_) => Ok(()),
            Err(UserError::EmailTaken) => self.sign_up_without_address(user, cause).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Makes an account for somebody who gave an address that is another's, and tells its owner.
    async fn sign_up_without_address(&self, user: NewUser, cause: MailCause) -> Result<(), AccountError> {
        let email = user.email.clone().unwrap_or_default();
        self.store().create_user(NewUser { email: None, ..user }).await?;
        let owner = self.store().user_by_login(&email).await?;
        if let Some(owner) = owner.filter(|owner| owner.email_confirmed && owner.email.as_deref() == Some(&*email)) {
            self.mail_in_use(&owner, cause).await?;
        }
        Ok(())
    }

    /// Checks everything and tells of all that is wrong.
    pub(super) fn check_fields(&self, fields: &SignUpFields) -> Result<Checked, AccountError> {
        let mut faults = Vec::new();
        let name = self.check_user_name(&fields.user_name).map_err(|fault| faults.push(fault)).unwrap_or_default();
        let email = fields.email.as_deref().map(names::email).transpose().unwrap_or_else(|fault| {
            faults.push(FieldFault::name(Field::Email, &fault));
            None
        });
        let telegram_name = fields.telegram_name.as_deref().map(names::telegram_name).transpose();
        let telegram_name = telegram_name.unwrap_or_else(|fault| {
            faults.push(FieldFault::name(Field::TelegramName, &fault));
            None
        });
        if let Some(password) = &fields.password {
            faults.extend(self.check_password(password, &name, email.as_deref()).err());
        }
        if faults.is_empty() { Ok(Checked { name, email, telegram_name }) } else { Err(AccountError::Invalid(faults)) }
    }

    pub(super) fn check_user_name(&self, text: &str) -> Result<String, FieldFault> {
        let name = names::user_name(text).map_err(|fault| FieldFault::name(Field::UserName, &fault))?;
        if self.0.options.username_is_email {
            names::email(&name).map_err(|fault| FieldFault::name(Field::UserName, &fault))?;
        }
        Ok(name)
    }

    /// Whether a password is good enough for a user with this name and address.
    pub(super) fn check_password(&self, password: &str, name: &str, email: Option<&str>) -> Result<(), FieldFault> {
        let email = email.unwrap_or_default();
        let local_part = email.split('@').next().unwrap_or_default();
        let context = [name, email, local_part, self.0.options.app_name.as_str()];
        let context: Vec<&str> = context.into_iter().filter(|word| !word.is_empty()).collect();
        self.0.options.passwords.check(password, &context).map_err(|fault| FieldFault::password(&fault))
    }

    /// A new token of the kind that a mail's link carries.
    pub(super) fn confirmation_token(&self) -> Result<crate::Secret, AccountError> {
        Ok(self.0.options.tokens.generate(TokenKind::Confirmation)?)
    }
}

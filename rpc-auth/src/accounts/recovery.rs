//! Confirming an address, and setting a password without knowing the old one: both by mail.

use std::net::IpAddr;

use rpc_core::Timestamp;

use super::Accounts;
use super::error::AccountError;
use crate::mail::{AccountMail, AccountMailKind, MailCause};
use crate::model::{ConfirmationKind, NewConfirmation, UserRecord};
use crate::names;
use crate::secret::Secret;
use crate::token::TokenKind;
use crate::token::hash::TokenHash;

impl Accounts {
    /// Sends a mail with which a user, by name or address, confirms their address. Where there is nothing to confirm it sends
    /// nothing, and does not say so. `client` asks for it.
    ///
    /// # Errors
    ///
    /// `Store`, `Random`.
    pub async fn send_confirmation(&self, login: &str, client: Option<IpAddr>) -> Result<(), AccountError> {
        let Some(user) = self.mail_user(login).await? else { return Ok(()) };
        let Some(email) = user.email.clone().filter(|_| !user.email_confirmed) else { return Ok(()) };
        if !self.may_mail(&user, &email, ["confirm"; 2], client).await? {
            return Ok(());
        }
        let token = self.confirmation_token()?;
        if self.keep(&user, ConfirmationKind::Email, &token, email).await? {
            self.mail(&user, AccountMailKind::ConfirmEmail(token), MailCause::guest(client));
        }
        Ok(())
    }

    /// Sends a mail with which a user, by name or address, sets a new password. To a confirmed address; to an unconfirmed one
    /// only while the account never had a confirmed one. `client` asks for it.
    ///
    /// # Errors
    ///
    /// `Store`, `Random`.
    pub async fn send_password_reset(&self, login: &str, client: Option<IpAddr>) -> Result<(), AccountError> {
        let Some(user) = self.mail_user(login).await? else { return Ok(()) };
        self.send_reset_to(&user, AccountMailKind::ResetPassword, MailCause::guest(client), client).await
    }

    pub(super) async fn send_reset_to(
        &self,
        user: &UserRecord,
        kind: fn(Secret) -> AccountMailKind,
        cause: MailCause,
        client: Option<IpAddr>,
    ) -> Result<(), AccountError> {
        let may = user.email_confirmed || !user.had_confirmed_email;
        let Some(email) = user.email.clone().filter(|_| may) else { return Ok(()) };
        if !self.may_mail(user, &email, ["reset", "reset at home"], client).await? {
            return Ok(());
        }
        let token = self.confirmation_token()?;
        if self.keep(user, ConfirmationKind::PasswordReset, &token, email).await? {
            self.mail(user, kind(token), cause);
        }
        Ok(())
    }

    /// Confirms an address with the token of a mail. From then on the user may sign in from the address of the `client`, whoever
    /// guesses elsewhere.
    ///
    /// # Errors
    ///
    /// `TokenInvalid`.
    pub async fn confirm_email(&self, token: &str, client: Option<IpAddr>) -> Result<(), AccountError> {
        let hash = self.read_confirmation(token)?;
        let user = self.store().confirm_email(&hash, self.now()).await?;
        self.trust_by_mail(&user, client).await;
        Ok(())
    }

    /// Sets a password with the token of a mail. Ends all sessions, and disables all API tokens of the user. From then on the
    /// user may sign in from the address of the `client`, whoever guesses elsewhere.
    ///
    /// # Errors
    ///
    /// `TokenInvalid`; `Invalid` for the password, and the token is still good then.
    pub async fn set_password_by_token(
        &self,
        token: &str,
        password: &str,
        client: Option<IpAddr>,
    ) -> Result<(), AccountError> {
        let (hash, kind) = (self.read_confirmation(token)?, ConfirmationKind::PasswordReset);
        let user = self.store().confirmation_user(&hash, kind, self.now()).await?;
        let user = user.filter(|user| user.enabled).ok_or(AccountError::TokenInvalid)?;
        self.check_password(password, &user.name, user.email.as_deref())
            .map_err(|fault| AccountError::Invalid(vec![fault]))?;
        let password = self.0.hasher.hash(password).await?;
        let now = self.now();
        let reset = self.change(user.id, move |store| async move { store.reset_password(&hash, password, now).await });
        let user = reset.await?;
        self.trust_by_mail(&user, client).await;
        Ok(())
    }

    /// Mails are sent to users who exist and are enabled.
    async fn mail_user(&self, login: &str) -> Result<Option<UserRecord>, AccountError> {
        let Some(login) = names::login(login) else { return Ok(None) };
        Ok(self.store().user_by_login(&login).await?.filter(|user| user.enabled))
    }

    /// Whether the token is kept: it is void from the start for who was disabled, or left the address, meanwhile.
    async fn keep(
        &self,
        user: &UserRecord,
        kind: ConfirmationKind,
        token: &Secret,
        email: String,
    ) -> Result<bool, AccountError> {
        let life = match kind {
            ConfirmationKind::Email => self.0.options.confirmation_life,
            ConfirmationKind::PasswordReset => self.0.options.reset_life,
        };
        let expires: Timestamp = self.now().after(life);
        let confirmation = NewConfirmation { user: user.id, kind, hash: TokenHash::of(token.expose()), email, expires };
        Ok(self.store().create_confirmation(confirmation).await?)
    }

    fn read_confirmation(&self, token: &str) -> Result<TokenHash, AccountError> {
        let parsed = self.0.options.tokens.parse(token).filter(|parsed| parsed.kind == TokenKind::Confirmation);
        parsed.map(|parsed| parsed.hash).ok_or(AccountError::TokenInvalid)
    }

    /// Whether a mail of a kind may go to a user's address now; then it is counted. A confirmed address has its own quota, which
    /// nobody uses up by making accounts with the same address; and from where its owner came in it has another one, which nobody
    /// uses up by asking from elsewhere.
    async fn may_mail(
        &self,
        user: &UserRecord,
        email: &str,
        [kind, at_home]: [&'static str; 2],
        client: Option<IpAddr>,
    ) -> Result<bool, AccountError> {
        let (quota, now) = (&self.0.mail_quota, self.now());
        let may = if user.email_confirmed {
            let is_home = self.is_trusted(Some(user), Self::normal_client(client), now).await?;
            quota.take_of_account(user.id, if is_home { at_home } else { kind }, now)
        } else {
            quota.take(email, kind, now)
        };
        if !may {
            tracing::debug!(event = "mail.withheld", user = %user.id, kind, "a mailbox has had its mails of this hour");
        }
        Ok(may)
    }

    /// Tells the owner of an address that somebody signs up with it.
    pub(super) async fn mail_in_use(&self, user: &UserRecord, cause: MailCause) -> Result<(), AccountError> {
        let Some(email) = &user.email else { return Ok(()) };
        if self.may_mail(user, email, ["in use"; 2], None).await? {
            self.mail(user, AccountMailKind::AddressInUse, cause);
        }
        Ok(())
    }

    /// Hands a mail over, if the user has an address.
    pub(super) fn mail(&self, user: &UserRecord, kind: AccountMailKind, cause: MailCause) {
        let Some(to) = user.email.clone() else { return };
        let user_name = user.email_confirmed.then(|| user.name.clone());
        self.0.mailer.send(AccountMail { to, user_name, cause, kind });
    }
}

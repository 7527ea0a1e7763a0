//! What accounts have to say, as the mails of the application.

use rpc_auth::{AccountMail, AccountMailKind, AccountMailer};

use crate::mail::Mails;

/// Writes the mails of accounts.
pub(super) struct AccountMails(pub(super) Mails);

impl AccountMailer for AccountMails {
    fn send(&self, mail: AccountMail) {
        let AccountMail { to, user_name, kind } = mail;
        match kind {
            AccountMailKind::ConfirmEmail(token) => self.0.confirm_email(&to, &user_name, &token),
            AccountMailKind::ResetPassword(token) => self.0.reset_password(&to, &user_name, &token),
            AccountMailKind::SetPassword(token) => self.0.set_password(&to, &user_name, &token),
            AccountMailKind::AddressInUse => self.0.address_in_use(&to, &user_name),
            AccountMailKind::AddressChanged => self.0.address_changed(&to, &user_name),
        }
    }
}

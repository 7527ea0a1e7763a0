//! The mails of accounts, as mails of the application.

use rpc_auth::{AccountMail, AccountMailKind, AccountMailer};

use crate::mail::{Addressee, Mails};

/// Writes the mails of accounts.
pub(super) struct AccountMails(pub(super) Mails);

impl AccountMailer for AccountMails {
    fn send(&self, mail: AccountMail) {
        let AccountMail { to, user_name, cause, kind } = mail;
        let addressee = Addressee { address: to, user_name, cause };
        match kind {
            AccountMailKind::ConfirmEmail(token) => self.0.confirm_email(&addressee, &token),
            AccountMailKind::ResetPassword(token) => self.0.reset_password(&addressee, &token),
            AccountMailKind::SetPassword(token) => self.0.set_password(&addressee, &token),
            AccountMailKind::AddressInUse => self.0.address_in_use(&addressee),
            AccountMailKind::AddressChanged => self.0.address_changed(&addressee),
        }
    }
}

//! What accounts have to say by mail. Who writes and sends it is the application's matter.

use crate::secret::Secret;

/// A mail to be written. Sending takes place later; whether it worked is nobody's business here, so that callers cannot tell
/// which addresses exist.
#[derive(Debug)]
pub struct AccountMail {
    /// The address.
    pub to: String,
    /// The name of the user.
    pub user_name: String,
    /// What it is about.
    pub kind: AccountMailKind,
}

/// What a mail is about.
#[derive(Debug)]
pub enum AccountMailKind {
    /// With a link that confirms the address.
    ConfirmEmail(Secret),
    /// With a link to set a new password.
    ResetPassword(Secret),
    /// The account was made without a password: with a link to set one.
    SetPassword(Secret),
    /// Somebody tried to sign up with the address.
    AddressInUse,
    /// The account has another address now, or none.
    AddressChanged,
}

/// Writes mails, and sends them some time. It returns at once.
pub trait AccountMailer: Send + Sync + 'static {
    /// Takes a mail in.
    fn send(&self, mail: AccountMail);
}

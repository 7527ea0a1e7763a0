//! The mails of accounts. The application writes and sends them.

use std::net::IpAddr;

use crate::model::UserId;
use crate::secret::Secret;

/// A mail to be written. It is sent later, and nobody here learns whether that worked, so that callers cannot tell which
/// addresses exist.
#[derive(Debug)]
pub struct AccountMail {
    /// The address.
    pub to: String,
    /// The name of the user, where the address is a confirmed one. To any other it is not told: whoever made the account chose
    /// the name, and could write to strangers with it.
    pub user_name: Option<String>,
    /// Who caused it.
    pub cause: MailCause,
    /// What it is about.
    pub kind: AccountMailKind,
}

/// Who caused a mail. Whatever mails share, such as a queue, is divided fairly among these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailCause {
    /// A user, whatever their credentials and wherever they are.
    User(UserId),
    /// Guests of a [site](rpc_core::site).
    Site(IpAddr),
    /// The application itself, and guests inside the process.
    House,
}

impl MailCause {
    /// A guest with an address.
    #[must_use]
    pub fn guest(client: Option<IpAddr>) -> Self {
        client.map_or(Self::House, |client| Self::Site(rpc_core::site(client)))
    }
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

/// Writes mails, and sends them later. It returns at once.
pub trait AccountMailer: Send + Sync + 'static {
    /// Accepts a mail.
    fn send(&self, mail: AccountMail);
}

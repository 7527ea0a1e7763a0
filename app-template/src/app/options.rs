//! The options of the application.

use rpc_auth::{AccountOptions, TokenFormat};
use rpc_calllog::CallLogOptions;
use rpc_core::Permission;

use crate::mail::{QueueOptions, SmtpOptions};

/// Where pictures of users come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Avatars {
    /// There are none.
    #[default]
    None,
    /// From gravatar.com, by the address of the user. Whoever shows one tells that site about it.
    Gravatar,
}

/// The options of the application.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// The options of accounts.
    pub accounts: AccountOptions,
    /// Permissions beside the application's own, for methods that a binary adds.
    pub permissions: Vec<Permission>,
    /// The options of the queue of mails.
    pub mail_queue: QueueOptions,
    /// How to speak with mail servers.
    pub smtp: SmtpOptions,
    /// Where pictures of users come from.
    pub avatars: Avatars,
    /// The options of the log of calls.
    pub call_log: CallLogOptions,
}

impl AppOptions {
    /// The defaults, for an application with a name: what mails call it, and what is no password.
    #[must_use]
    pub fn new(app_name: &str, tokens: TokenFormat) -> Self {
        Self {
            accounts: AccountOptions::new(app_name, tokens),
            permissions: Vec::new(),
            mail_queue: QueueOptions::default(),
            smtp: SmtpOptions::default(),
            avatars: Avatars::default(),
            call_log: CallLogOptions::default(),
        }
    }
}

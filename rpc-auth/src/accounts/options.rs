//! The options of accounts.

use std::time::Duration;

use crate::password::{HasherOptions, PasswordPolicy};
use crate::throttle::ThrottleOptions;
use crate::token::TokenFormat;

const HOUR: Duration = Duration::from_secs(3600);

/// Whether people make their own accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignUp {
    /// Yes.
    #[default]
    On,
    /// Yes, and an administrator enables them.
    Disabled,
    /// No.
    Off,
}

/// The options of accounts.
#[derive(Debug, Clone)]
pub struct AccountOptions {
    /// How tokens look.
    pub tokens: TokenFormat,
    /// The application's name, which is no password.
    pub app_name: String,
    /// Whether people make their own accounts. Default: yes.
    pub sign_up: SignUp,
    /// Whether user names must be addresses. Default: no.
    pub username_is_email: bool,
    /// Which passwords are refused.
    pub passwords: PasswordPolicy,
    /// What a hash costs, and how many are computed at once.
    pub hasher: HasherOptions,
    /// When sign-in is slowed down.
    pub throttle: ThrottleOptions,
    /// How long an unused session lasts. Default: 30 days.
    pub session_idle: Duration,
    /// How long a session lasts. Default: 90 days.
    pub session_absolute: Duration,
    /// Sessions of a user. Default: 100.
    pub sessions_per_user: usize,
    /// API tokens of a user. Default: 100.
    pub tokens_per_user: usize,
    /// How long a token that confirms an address is good. Default: 24 hours.
    pub confirmation_life: Duration,
    /// How long a token that resets a password is good. Default: 30 minutes.
    pub reset_life: Duration,
    /// Mails of one kind to one address. Default: 3 an hour.
    pub mails_per_hour: u32,
    /// Identities that are kept in memory. Default: 100,000.
    pub cached_identities: usize,
}

impl AccountOptions {
    /// The defaults, for an application with a name.
    #[must_use]
    pub fn new(app_name: &str, tokens: TokenFormat) -> Self {
        Self {
            tokens,
            app_name: app_name.to_owned(),
            sign_up: SignUp::default(),
            username_is_email: false,
            passwords: PasswordPolicy::default(),
            hasher: HasherOptions::default(),
            throttle: ThrottleOptions::default(),
            session_idle: 30 * 24 * HOUR,
            session_absolute: 90 * 24 * HOUR,
            sessions_per_user: 100,
            tokens_per_user: 100,
            confirmation_life: 24 * HOUR,
            reset_life: HOUR / 2,
            mails_per_hour: 3,
            cached_identities: 100_000,
        }
    }
}

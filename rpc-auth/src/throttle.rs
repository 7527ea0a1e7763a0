//! Slows down whoever guesses passwords, and limits the mails that anybody can cause.

mod mail;
mod sign_in;
mod table;
mod trusted;

pub use self::mail::MailQuota;
pub use self::sign_in::{PendingSignIn, RateLimited, SignInAttempt, SignInThrottle, ThrottleOptions};
pub(crate) use self::trusted::{TRUSTED_PER_USER, TrustedNetworks};

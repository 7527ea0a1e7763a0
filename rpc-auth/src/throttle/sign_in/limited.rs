//! What is said of a sign-in that may not be tried now.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::oneshot;

/// Why a sign-in may not be tried now.
#[derive(Debug)]
pub enum RateLimited {
    /// Too many were refused, or too many wait: the time until it may be tried, at most
    /// [`max_delay`](crate::ThrottleOptions::max_delay).
    Delayed(Duration),
    /// As many are tried at this moment as may be refused. Any of them may turn out right: to be asked again after the next
    /// outcome.
    Pending(PendingSignIn),
}

/// The next outcome of an attempt that somebody waits for.
#[derive(Debug)]
pub struct PendingSignIn(oneshot::Receiver<Infallible>);

impl PendingSignIn {
    pub(super) fn new(ended: oneshot::Receiver<Infallible>) -> Self {
        Self(ended)
    }

    /// Waits until an attempt has ended.
    pub async fn ended(self) {
        let Err(_) = self.0.await;
    }
}

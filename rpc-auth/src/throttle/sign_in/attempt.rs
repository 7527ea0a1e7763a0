//! A sign-in that may be tried, and what is said of one that may not.

use std::convert::Infallible;
use std::time::Duration;

use rpc_core::Timestamp;
use tokio::sync::oneshot;

use super::SignInThrottle;
use super::counts::Who;

/// A sign-in that may be tried. It counts as refused until its result is reported or it is dropped. One that is dropped, because
/// its caller went away or a part of the system is down or busy, counts as none.
#[derive(Debug)]
#[must_use = "an attempt that is dropped is over"]
pub struct SignInAttempt {
    throttle: SignInThrottle,
    who: Who,
}

impl SignInAttempt {
    pub(super) fn new(throttle: SignInThrottle, who: Who) -> Self {
        Self { throttle, who }
    }

    /// Reports that the credentials were wrong.
    pub fn refused(self, now: Timestamp) {
        self.throttle.counts().refuse(self.who, now);
    }

    /// Reports that the credentials were right: the refusals of this name from this address are forgotten.
    pub fn succeeded(self) {
        self.throttle.counts().clear(self.who);
    }
}

impl Drop for SignInAttempt {
    fn drop(&mut self) {
        self.throttle.counts().release(self.who);
    }
}

/// Why a sign-in may not be tried now.
#[derive(Debug)]
pub enum RateLimited {
    /// Too many were refused, or too many wait: the time until it may be tried, at most
    /// [`max_delay`](super::ThrottleOptions::max_delay).
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

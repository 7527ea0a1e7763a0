//! A sign-in that may be tried.

use rpc_core::Timestamp;

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

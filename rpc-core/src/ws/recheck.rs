//! When an open connection rechecks its credentials, and what follows: one recheck at a time, and never behind what waits to be
//! written.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::check::{self, RecheckResult};
use super::connection::Connection;
use crate::call::Credentials;
use crate::error::ErrorCode;

impl Connection {
    /// Begins a recheck when one is due, and goes on with one that runs.
    pub(super) fn poll_recheck(&mut self, cx: &mut Context<'_>) {
        if self.recheck.is_some() || self.registration.socket.rights().is_doubted() {
            self.recheck(cx);
        }
    }

    /// Asks the authenticator again, unless that is being done already. A guest stays one.
    pub(super) fn recheck(&mut self, cx: &mut Context<'_>) {
        if !self.may_hear() || !self.has_credentials() {
            self.recheck = None;
            return;
        }
        let mut recheck = self
            .recheck
            .take()
            .unwrap_or_else(|| check::begin(self.api.clone(), &self.context, Arc::clone(&self.registration.socket)));
        match recheck.as_mut().poll(cx) {
            Poll::Pending => self.recheck = Some(recheck),
            Poll::Ready(found) => {
                self.found(found);
                if self.registration.socket.rights().is_doubted() {
                    // There is a newer reason. Others have their turn before.
                    cx.waker().wake_by_ref();
                }
            }
        }
    }

    /// Whether its peer is somebody by a token, or by the head of its upgrade.
    fn has_credentials(&self) -> bool {
        let is_user = || self.registration.socket.rights().latest().user().is_some();
        !matches!(self.context.credentials, Credentials::None) || (self.api.authenticator().reads_head() && is_user())
    }

    fn found(&mut self, RecheckResult { began, result }: RecheckResult) {
        match result {
            // A user who is a guest now has lost the credentials.
            Ok(identity)
                if identity.user().is_none() && self.registration.socket.rights().latest().user().is_some() =>
            {
                self.leave();
            }
            Ok(identity) => {
                self.registration.socket.rights().found(identity, began);
                self.timers.rechecked();
            }
            Err(error) if error.code() == ErrorCode::Unauthorized => self.leave(),
            // It stays open: each call says that it cannot be answered, and what is not for everyone waits.
            Err(_unavailable) => {
                self.registration.socket.rights().not_found(began);
                self.timers.recheck_failed(self.api.limits());
            }
        }
    }
}

//! When an open connection looks at its credentials again, and what follows: one look at a time, and never behind what waits to be
//! written.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::connection::Connection;
use super::look::{self, Found};
use crate::call::Credentials;
use crate::error::ErrorCode;

impl Connection {
    /// Begins a look when one is owed, and goes on with one that runs.
    pub(super) fn poll_look(&mut self, cx: &mut Context<'_>) {
        if self.look.is_some() || self.registration.socket.rights().is_doubted() {
            self.look(cx);
        }
    }

    /// Asks the authenticator again, unless that is being done already. A guest stays one.
    pub(super) fn look(&mut self, cx: &mut Context<'_>) {
        if !self.may_hear() || matches!(self.context.credentials, Credentials::None) {
            self.look = None;
            return;
        }
        let mut look = self
            .look
            .take()
            .unwrap_or_else(|| look::begin(self.api.clone(), &self.context, Arc::clone(&self.registration.socket)));
        match look.as_mut().poll(cx) {
            Poll::Pending => self.look = Some(look),
            Poll::Ready(found) => {
                self.found(found);
                if self.registration.socket.rights().is_doubted() {
                    // There is a newer reason. Others have their turn before.
                    cx.waker().wake_by_ref();
                }
            }
        }
    }

    fn found(&mut self, Found { began, result }: Found) {
        match result {
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

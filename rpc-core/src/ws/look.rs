//! Further looks at the credentials of an open connection: one at a time, and never behind what waits to be written.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::timeout;

use super::connection::Connection;
use super::rights::Began;
use super::session::is_gone;
use crate::call::Credentials;
use crate::error::ApiError;
use crate::identity::Identity;
use crate::pipeline::authenticate::authenticate;

/// How long a look may take before it counts as one that could not find out: whoever does not answer is asked anew, and does not
/// keep others from looking.
const MOST: Duration = Duration::from_secs(10);

/// What a look found.
pub(super) struct Found {
    began: Began,
    result: Result<Identity, ApiError>,
}

/// A look that runs.
pub(super) type Look = Pin<Box<dyn Future<Output = Found> + Send>>;

impl Connection {
    /// Begins a look when one is owed, and goes on with one that runs.
    pub(super) fn poll_look(&mut self, cx: &mut Context<'_>) {
        if self.look.is_some() || self.place.socket.rights().is_doubted() {
            self.look(cx);
        }
    }

    /// Asks the authenticator again, unless that is being done already. A guest stays one.
    pub(super) fn look(&mut self, cx: &mut Context<'_>) {
        if !self.may_hear() || matches!(self.origin.credentials, Credentials::None) {
            self.look = None;
            return;
        }
        let mut look = self.look.take().unwrap_or_else(|| self.begin_look());
        match look.as_mut().poll(cx) {
            Poll::Pending => self.look = Some(look),
            Poll::Ready(found) => {
                self.found(found);
                if self.place.socket.rights().is_doubted() {
                    // There is a newer reason. Others have their turn before.
                    cx.waker().wake_by_ref();
                }
            }
        }
    }

    fn begin_look(&self) -> Look {
        let (api, credentials, client) = (self.api.clone(), self.origin.credentials.clone(), self.origin.client);
        let socket = Arc::clone(&self.place.socket);
        Box::pin(async move {
            // Never closed.
            let _turn = api.hub().rechecks.acquire().await;
            let began = socket.rights().begin();
            let result = match timeout(MOST, authenticate(&api, credentials, client)).await {
                Ok(result) => result,
                Err(late) => Err(ApiError::unavailable(late, Duration::ZERO)),
            };
            Found { began, result }
        })
    }

    fn found(&mut self, Found { began, result }: Found) {
        match result {
            Ok(identity) => {
                self.place.socket.rights().found(identity, began);
                self.timers.rechecked();
            }
            Err(error) if is_gone(&error) => self.leave(),
            // It stays open: each call says that it cannot be answered, and what is not for everyone waits.
            Err(_unavailable) => {
                self.place.socket.rights().not_found(began);
                self.timers.recheck_failed(self.api.limits());
            }
        }
    }
}

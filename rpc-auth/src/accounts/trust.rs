//! The networks that users come in from: delays that others cause by guessing do not hold there.

use std::net::IpAddr;

use rpc_core::{Timestamp, network};

use super::Accounts;
use crate::model::{UserId, UserRecord};
use crate::store::StoreError;
use crate::throttle::TRUSTED_PER_USER;

/// An id that nobody has: what is asked of the store for a user who does not exist is what is asked for one who does.
const NOBODY: UserId = UserId::new(0);

impl Accounts {
    /// Whether a user came in from an address not long ago, on whatever node.
    pub(super) async fn is_trusted(
        &self,
        user: Option<&UserRecord>,
        client: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (user, Some(network)) = (user.map_or(NOBODY, |user| user.id), client.map(network)) else {
            return Ok(false);
        };
        Ok(self.0.trusted.has(user, network, now) || self.store().is_trusted_network(user, network, now).await?)
    }

    /// A user has come in from an address, which is trusted from now on. Where that cannot be stored, nothing else fails.
    pub(super) async fn trust(&self, user: UserId, client: Option<IpAddr>) {
        let (now, Some(network)) = (self.now(), client.map(network)) else { return };
        if self.0.trusted.is_fresh(user, network, now) {
            return;
        }
        let until = now.after(self.0.options.throttle.trust_for);
        match self.store().trust_network(user, network, until, TRUSTED_PER_USER).await {
            Ok(()) => self.0.trusted.add(user, network, now),
            Err(error) => {
                let user = user.to_string();
                tracing::warn!(event = "accounts.untrusted", user, %error, "where a user came from could not be noted");
            }
        }
    }

    /// A user has come in by a mail: the address is trusted, and what was guessed from there with their name is forgotten.
    pub(super) async fn trust_by_mail(&self, user: &UserRecord, client: Option<IpAddr>) {
        let client = Self::normal_client(client);
        for login in [Some(&user.name), user.email.as_ref()].into_iter().flatten() {
            self.0.throttle.clear(login, client);
        }
        self.trust(user.id, client).await;
    }
}

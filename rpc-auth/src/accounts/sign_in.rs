//! Signing in and out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rpc_core::Identity;
use rpc_core::reserved::{ROOT, USER};
use tokio::time::timeout;

use super::Accounts;
use super::error::AccountError;
use crate::model::{NewSession, OpenedSession, SessionId, UserRecord};
use crate::names;
use crate::password::{PasswordHash, Verified};
use crate::secret::Secret;
use crate::throttle::{RateLimited, SignInAttempt};
use crate::token::TokenKind;
use crate::token::hash::TokenHash;

/// How often a password is checked before it is refused, if its hash is another one by the time that a session is made: often a
/// sign-in at the same time has hashed the same password anew.
const CHECKS: usize = 2;

/// How long a sign-in waits for the outcome of others with the same name, or from the same address.
const LONGEST_TURN: Duration = Duration::from_secs(5);

/// Somebody has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's token, returned this once.
    pub token: Secret,
    /// The session.
    pub session: SessionId,
    /// The user.
    pub user: UserRecord,
}

impl Accounts {
    /// Signs in with a user name, or a confirmed address, and a password.
    ///
    /// With `required`, the user must hold one of the permissions (`user` and `root` may be named), before a session is made.
    ///
    /// # Errors
    ///
    /// `BadCredentials` for an unknown user, a wrong password and a disabled user, at the same cost; `Throttled` before
    /// anything is hashed; `Forbidden` when none of the required permissions is held.
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
        required: Option<&[String]>,
        client: Option<IpAddr>,
    ) -> Result<SignedIn, AccountError> {
        let (login, client) = (names::login(login), Self::normal_client(client));
        for _ in 0..CHECKS {
            let (user, verified) = self.check(login.as_deref(), password, client).await?;
            if !self.meets(&user, required) {
                return Err(AccountError::Forbidden("Not permitted"));
            }
            let rehashed = match verified {
                // Not now is no reason to refuse: the next sign-in tries again.
                Verified::YesButWeak => self.0.hasher.hash(password).await.ok(),
                Verified::Yes | Verified::No => None,
            };
            if let Some(signed_in) = self.open_session(user, rehashed).await? {
                self.trust(signed_in.user.id, client).await;
                return Ok(signed_in);
            }
        }
        Err(AccountError::BadCredentials)
    }

    /// The user with a login and a password, and what their hash is worth. A text that cannot be a login is one that nobody has.
    async fn check(
        &self,
        login: Option<&str>,
        password: &str,
        client: Option<IpAddr>,
    ) -> Result<(UserRecord, Verified), AccountError> {
        let known = match login {
            Some(login) => self.store().user_by_login(login).await?,
            None => None,
        };
        let attempt = self.turn_to_try(login.unwrap_or_default(), known.as_ref(), client).await?;
        let known = known.filter(|user| user.enabled);
        let (is_known, clock) = (known.is_some(), Arc::clone(&self.0.clock));
        let hash = known.as_ref().map(|user| &user.password);
        // Once it is hashed it counts for what it was, also when the caller has gone away; until then it counts for nothing.
        let checked = self.0.hasher.verify_then(password, hash, move |verified| {
            if is_known && verified != Verified::No {
                attempt.succeeded();
            } else {
                attempt.refused(clock.now().into());
            }
            verified
        });
        let verified = checked.await?;
        known.filter(|_| verified != Verified::No).map(|user| (user, verified)).ok_or(AccountError::BadCredentials)
    }

    /// Waits until a sign-in may be tried: while others are tried that may turn out right, for [`LONGEST_TURN`] at most.
    async fn turn_to_try(
        &self,
        login: &str,
        known: Option<&UserRecord>,
        client: Option<IpAddr>,
    ) -> Result<SignInAttempt, AccountError> {
        let throttle = &self.0.throttle;
        let turn = async {
            loop {
                let now = self.now();
                let trusted = throttle.is_delayed(login, client, now) && self.is_trusted(known, client, now).await?;
                match throttle.check(login, client, trusted, now) {
                    Ok(attempt) => return Ok(attempt),
                    Err(RateLimited::Delayed(wait)) => return Err(AccountError::Throttled(wait)),
                    Err(RateLimited::Pending(outcome)) => outcome.ended().await,
                }
            }
        };
        timeout(LONGEST_TURN, turn).await.unwrap_or(Err(AccountError::Throttled(self.0.options.throttle.first_delay)))
    }

    /// Whether a user holds one of the required permissions. Without a list everybody does; with an empty list nobody does.
    #[must_use]
    pub fn meets(&self, user: &UserRecord, required: Option<&[String]>) -> bool {
        let Some(required) = required else { return true };
        let held = self.0.vocabulary.held_by(user);
        required.iter().any(|name| match name.as_str() {
            USER => true,
            ROOT => user.is_root(),
            declared => held.contains(declared),
        })
    }

    /// Makes a session, if the user may still come in with the hash that was checked.
    async fn open_session(
        &self,
        user: UserRecord,
        rehashed: Option<PasswordHash>,
    ) -> Result<Option<SignedIn>, AccountError> {
        let token = self.0.options.tokens.generate(TokenKind::Session)?;
        let new = NewSession {
            user: user.id,
            hash: TokenHash::of(token.expose()),
            password: user.password.clone(),
            rehashed,
            created: self.now(),
        };
        let session = self.store().create_session(new, self.0.options.sessions_per_user).await?;
        let Some(OpenedSession { id, ended }) = session else { return Ok(None) };
        if ended > 0 {
            self.announce(user.id).await;
        }
        Ok(Some(SignedIn { token, session: id, user }))
    }

    /// The user behind an identity, as the store knows them now.
    ///
    /// # Errors
    ///
    /// `NotSignedIn` for a guest.
    pub async fn user_of(&self, identity: &Identity) -> Result<UserRecord, AccountError> {
        Ok(self.caller(identity).await?.user)
    }

    /// Ends the session that an identity came with.
    ///
    /// # Errors
    ///
    /// `NotFound` when it did not come with one.
    pub async fn sign_out(&self, identity: &Identity) -> Result<(), AccountError> {
        let missing = AccountError::NotFound("Session");
        let caller = match self.caller(identity).await {
            Ok(caller) => caller,
            Err(AccountError::NotSignedIn) => return Err(missing),
            Err(error) => return Err(error),
        };
        let Some(session) = caller.session else { return Err(missing) };
        let end = self.change(caller.user.id, move |store| async move { store.delete_session(session).await });
        if end.await? { Ok(()) } else { Err(missing) }
    }
}

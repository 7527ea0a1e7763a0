//! Background work: it writes when tokens were used, and removes what has expired. And the first user.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Accounts;
use super::error::{AccountError, FieldFault};
use crate::authenticator::Uses;
use crate::model::{SessionsChange, UserChange, UserId};
use crate::names::ROOT_NAME;
use crate::password::generate_password;
use crate::secret::Secret;

/// How often uses are written.
const WRITE_USES: Duration = Duration::from_secs(60);
/// How often expired rows are removed.
const PURGE: Duration = Duration::from_secs(3600);

impl Accounts {
    /// Does the background work until it is told to stop; then it waits for the changes that are being made, and writes the last
    /// uses. Uses are written each minute, and sooner when there are many, so that they take no more memory than the identities
    /// that are kept.
    pub async fn maintain(&self, stop: CancellationToken) {
        let (mut writes, mut purges) = (interval(WRITE_USES), interval(PURGE));
        writes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        purges.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let worked = tokio::select! {
                () = stop.cancelled() => break,
                _ = writes.tick() => self.write_uses().await,
                () = self.0.cache.many_uses() => self.write_uses().await,
                _ = purges.tick() => self.purge().await,
            };
            if let Err(error) = worked {
                tracing::warn!(event = "accounts.maintenance", error = %error, "background work failed");
            }
        }
        self.0.changes.close();
        self.0.changes.wait().await;
        if let Err(error) = self.write_uses().await {
            tracing::warn!(event = "accounts.maintenance", error = %error, "the last uses could not be written");
        }
    }

    /// Writes when sessions and API tokens were used last.
    ///
    /// # Errors
    ///
    /// `Store`; what could not be written is gone.
    pub async fn write_uses(&self) -> Result<(), AccountError> {
        let Uses { sessions, api_tokens } = self.0.cache.take_uses();
        if !sessions.is_empty() {
            self.store().touch_sessions(&Vec::from_iter(sessions)).await?;
        }
        if !api_tokens.is_empty() {
            self.store().touch_api_tokens(&Vec::from_iter(api_tokens)).await?;
        }
        Ok(())
    }

    /// Removes sessions, confirmation tokens and trusted networks that are good no longer.
    ///
    /// # Errors
    ///
    /// `Store`.
    pub async fn purge(&self) -> Result<(), AccountError> {
        let (now, options) = (self.now(), &self.0.options);
        let (oldest, longest_idle) = (now.before(options.session_absolute), now.before(options.session_idle));
        self.store().purge_sessions(oldest, longest_idle).await?;
        self.store().purge_confirmations(now).await?;
        self.store().purge_networks(now).await?;
        Ok(())
    }

    /// Makes the root user, if there is none, with the given or a new password. It is up to the caller to show the new one.
    ///
    /// # Errors
    ///
    /// `Invalid` for a given password; `Store`, `Busy`.
    pub async fn ensure_root(&self, given: Option<&Secret>) -> Result<RootUser, AccountError> {
        if self.store().user(UserId::ROOT).await?.is_some() {
            return Ok(RootUser::Existed);
        }
        let generated = given.is_none().then(generate_password).transpose()?;
        let password = given.or(generated.as_ref()).map(Secret::expose).unwrap_or_default();
        self.check_password(password, ROOT_NAME, None)
            .map_err(|fault: FieldFault| AccountError::Invalid(vec![fault]))?;
        let hash = self.0.hasher.hash(password).await?;
        let made = self.store().create_root(ROOT_NAME, hash, self.now()).await?;
        Ok(match (made, generated) {
            (false, _) => RootUser::Existed,
            (true, None) => RootUser::Made,
            (true, Some(password)) => RootUser::MadeWith(password),
        })
    }

    /// Gives root a new password and ends root's sessions; for whoever has lost it and runs the application.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no root user; `Store`, `Busy`.
    pub async fn reset_root_password(&self) -> Result<Secret, AccountError> {
        let password = generate_password()?;
        let hash = self.0.hasher.hash(password.expose()).await?;
        let change = UserChange { password: Some(hash), sessions: SessionsChange::End, ..UserChange::default() };
        let reset = self.change(UserId::ROOT, |store| async move { store.update_user(UserId::ROOT, &change).await });
        reset.await?.ok_or(AccountError::NotFound("Root user"))?;
        Ok(password)
    }
}

/// The result of making the root user.
#[derive(Debug)]
pub enum RootUser {
    /// There was one.
    Existed,
    /// It was made with the given password.
    Made,
    /// It was made with this new password, returned this once.
    MadeWith(Secret),
}

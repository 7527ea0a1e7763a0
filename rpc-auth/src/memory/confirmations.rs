//! Confirmation tokens in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use rpc_core::Timestamp;

use super::{AllRows, MemoryStore};
use crate::model::{ApiTokenId, ConfirmationKind, NewConfirmation, UserId, UserRecord};
use crate::password::PasswordHash;
use crate::store::{ConfirmationError, ConfirmationStore, StoreError};
use crate::token::hash::TokenHash;

/// All confirmation tokens: one of each kind a user.
#[derive(Default)]
pub(super) struct Confirmations {
    by_hash: HashMap<TokenHash, NewConfirmation>,
    newest: HashMap<(UserId, ConfirmationKind), TokenHash>,
}

impl Confirmations {
    fn insert(&mut self, confirmation: NewConfirmation) {
        let NewConfirmation { user, kind, hash, .. } = confirmation;
        if let Some(older) = self.newest.insert((user, kind), hash) {
            self.by_hash.remove(&older);
        }
        self.by_hash.insert(hash, confirmation);
    }

    fn remove(&mut self, hash: &TokenHash) {
        if let Some(confirmation) = self.by_hash.remove(hash) {
            self.newest.remove(&(confirmation.user, confirmation.kind));
        }
    }

    pub(super) fn remove_of(&mut self, user: UserId) {
        for kind in [ConfirmationKind::Email, ConfirmationKind::PasswordReset] {
            if let Some(hash) = self.newest.remove(&(user, kind)) {
                self.by_hash.remove(&hash);
            }
        }
    }

    /// Removes what expired before a moment. Returns how many.
    fn purge(&mut self, moment: Timestamp) -> u64 {
        let is_over = |confirmation: &&NewConfirmation| confirmation.expires < moment;
        let over: Vec<TokenHash> =
            self.by_hash.values().filter(is_over).map(|confirmation| confirmation.hash).collect();
        for hash in &over {
            self.remove(hash);
        }
        over.len() as u64
    }
}

impl AllRows {
    /// The user to whom a token applies now.
    fn confirming(&self, hash: &TokenHash, kind: ConfirmationKind, now: Timestamp) -> Option<&UserRecord> {
        let confirmation = self.confirmations.by_hash.get(hash)?;
        if confirmation.kind != kind || confirmation.expires <= now {
            return None;
        }
        let user = self.users.user(confirmation.user)?;
        let applies = user.email.as_ref() == Some(&confirmation.email)
            && match kind {
                ConfirmationKind::Email => self.may_confirm(user),
                ConfirmationKind::PasswordReset => user.enabled,
            };
        applies.then_some(user)
    }

    /// Whether nobody else has confirmed the address of a user.
    fn may_confirm(&self, user: &UserRecord) -> bool {
        let owner = user.email.as_deref().and_then(|email| self.users.by_confirmed_email(email));
        owner.is_none_or(|owner| owner == user.id)
    }

    /// Uses up a token. Returns whose it is, and whether they may confirm their address.
    fn consume(
        &mut self,
        hash: &TokenHash,
        kind: ConfirmationKind,
        now: Timestamp,
    ) -> Result<(UserId, bool), ConfirmationError> {
        let user = self.confirming(hash, kind, now).ok_or(ConfirmationError::Invalid)?;
        let (id, may_confirm) = (user.id, self.may_confirm(user));
        self.confirmations.remove(hash);
        Ok((id, may_confirm))
    }

    fn disable_api_tokens(&mut self, user: UserId) {
        let ids: Vec<ApiTokenId> = self.api_tokens.of(user).collect();
        for id in ids {
            if let Some(token) = self.api_tokens.row_mut(id) {
                token.enabled = false;
            }
        }
    }
}

fn confirm(user: &mut UserRecord) {
    user.email_confirmed = true;
    user.had_confirmed_email = true;
}

#[async_trait]
impl ConfirmationStore for MemoryStore {
    async fn create_confirmation(&self, confirmation: NewConfirmation) -> Result<bool, StoreError> {
        let rows = &mut *self.write();
        let user = rows.users.user(confirmation.user);
        let is_kept = user.is_some_and(|user| user.enabled && user.email.as_ref() == Some(&confirmation.email));
        if is_kept {
            rows.confirmations.insert(confirmation);
        }
        Ok(is_kept)
    }

    async fn confirm_email(&self, hash: &TokenHash, now: Timestamp) -> Result<UserRecord, ConfirmationError> {
        let rows = &mut *self.write();
        let (user, _) = rows.consume(hash, ConfirmationKind::Email, now)?;
        rows.users.change(user, confirm).ok_or(ConfirmationError::Invalid)
    }

    async fn reset_password(
        &self,
        hash: &TokenHash,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<UserRecord, ConfirmationError> {
        let rows = &mut *self.write();
        let (user, may_confirm) = rows.consume(hash, ConfirmationKind::PasswordReset, now)?;
        rows.sessions.remove_of(user, None);
        rows.disable_api_tokens(user);
        rows.confirmations.remove_of(user);
        let change = |row: &mut UserRecord| {
            row.password = password;
            if may_confirm {
                confirm(row);
            }
        };
        rows.users.change(user, change).ok_or(ConfirmationError::Invalid)
    }

    async fn confirmation_user(
        &self,
        hash: &TokenHash,
        kind: ConfirmationKind,
        now: Timestamp,
    ) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.read().confirming(hash, kind, now).cloned())
    }

    async fn purge_confirmations(&self, expired: Timestamp) -> Result<u64, StoreError> {
        Ok(self.write().confirmations.purge(expired))
    }
}

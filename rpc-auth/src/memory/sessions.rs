//! Sessions in memory.

use async_trait::async_trait;
use rpc_core::Timestamp;

use super::owned::OwnedRows;
use super::{Duplicate, MemoryStore};
use crate::model::{NewSession, OpenedSession, SessionId, SessionRecord, UserId, UserRecord};
use crate::store::{SessionStore, StoreError};
use crate::token::hash::TokenHash;

impl OwnedRows<SessionRecord> {
    /// Ends sessions of a user that were idle longest, so that at most that many others are left. Returns how many it ended.
    fn make_room(&mut self, user: UserId, others: usize) -> u64 {
        let mut idle: Vec<SessionId> = self.of(user).collect();
        let surplus = idle.len().saturating_sub(others);
        if surplus > 0 {
            // Stable: of several that were idle equally long, the older goes.
            idle.sort_by_key(|id| self.row(*id).map(|session| session.last_used));
        }
        idle.truncate(surplus);
        self.remove_all(&idle)
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create_session(&self, session: NewSession, max: usize) -> Result<Option<OpenedSession>, StoreError> {
        let NewSession { user, hash, password, rehashed, created } = session;
        let rows = &mut *self.write();
        let is_as_checked = |row: &UserRecord| row.enabled && row.password == password;
        if !rows.users.user(user).is_some_and(is_as_checked) {
            return Ok(None);
        }
        if rows.sessions.by_hash(&hash).is_some() {
            return Err(Duplicate("hash of a session").into());
        }
        if let Some(rehashed) = rehashed {
            rows.users.change(user, |row| row.password = rehashed);
        }
        let ended = rows.sessions.make_room(user, max.saturating_sub(1));
        let id = rows.sessions.next_id();
        rows.sessions.insert(SessionRecord { id, user, hash, created, last_used: created });
        Ok(Some(OpenedSession { id, ended }))
    }

    async fn session(&self, hash: &TokenHash) -> Result<Option<(SessionRecord, UserRecord)>, StoreError> {
        let rows = self.read();
        let with_user = |session: &SessionRecord| Some((session.clone(), rows.users.user(session.user)?.clone()));
        Ok(rows.sessions.by_hash(hash).and_then(with_user))
    }

    async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let sessions = &mut self.write().sessions;
        for (id, moment) in used {
            if let Some(session) = sessions.row_mut(*id) {
                session.last_used = session.last_used.max(*moment);
            }
        }
        Ok(())
    }

    async fn delete_session(&self, id: SessionId) -> Result<bool, StoreError> {
        Ok(self.write().sessions.remove(id).is_some())
    }

    async fn purge_sessions(&self, created: Timestamp, used: Timestamp) -> Result<u64, StoreError> {
        let sessions = &mut self.write().sessions;
        let is_over = |session: &&SessionRecord| session.created < created || session.last_used < used;
        let over: Vec<SessionId> = sessions.all().filter(is_over).map(|session| session.id).collect();
        Ok(sessions.remove_all(&over))
    }
}

//! The rights of callers, held against what is in memory.

use super::{AllRows, MemoryStore};
use crate::model::{Authority, AuthorityError, Credential};

impl AllRows {
    /// Whether a change may be made in somebody's name, for as long as the lock is held.
    pub(super) fn hold(&self, by: &Authority) -> Result<(), AuthorityError> {
        let Authority::Caller(rights) = by else { return Ok(()) };
        let (session, api_token) = match rights.credential {
            Credential::None => (None, None),
            Credential::Session(id) => (self.sessions.row(id), None),
            Credential::ApiToken(id) => (None, self.api_tokens.row(id)),
        };
        rights.check(self.users.user(rights.user), session, api_token)
    }
}

impl MemoryStore {
    /// Makes a change of something else while somebody may make it: nobody takes their rights away before it is made. For stores
    /// in memory beside this one. `change` must not use this store: it would wait for itself.
    ///
    /// # Errors
    ///
    /// They may not; nothing was changed.
    pub fn hold<T>(&self, by: &Authority, change: impl FnOnce() -> T) -> Result<T, AuthorityError> {
        let rows = self.read();
        rows.hold(by)?;
        let changed = change();
        drop(rows);
        Ok(changed)
    }
}

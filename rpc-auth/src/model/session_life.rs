//! How long sessions last.

use std::time::Duration;

use rpc_core::Timestamp;

use super::SessionRecord;

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionLife {
    /// How long an unused session lasts.
    pub(crate) idle: Duration,
    /// How long any session lasts.
    pub(crate) absolute: Duration,
}

impl SessionLife {
    /// When a session ends, however much it is used.
    pub(crate) fn end_of(self, session: &SessionRecord) -> Timestamp {
        session.created.after(self.absolute)
    }

    /// Whether a session is over.
    pub(crate) fn is_over(self, session: &SessionRecord, now: Timestamp) -> bool {
        now >= self.end_of(session) || now >= session.last_used.after(self.idle)
    }
}

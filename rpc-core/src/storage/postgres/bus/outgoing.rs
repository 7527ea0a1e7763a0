//! A notice that waits to be sent, and why it was not.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::oneshot;

/// A notice that waits to be sent to other nodes.
#[derive(Debug)]
pub(super) struct OutgoingNotice {
    pub(super) content: String,
    pub(super) reply: oneshot::Sender<Result<(), NoticeError>>,
}

impl OutgoingNotice {
    pub(super) fn answer(self, result: Result<(), NoticeError>) {
        // Whoever announced it may be gone.
        let _ = self.reply.send(result);
    }
}

/// Why other nodes may not have heard a notice.
#[derive(Debug, Clone, Error)]
pub(super) enum NoticeError {
    #[error("the database did not answer in time")]
    TimedOut,
    #[error("the database did not take a notice")]
    Refused(#[source] Arc<sqlx::Error>),
    #[error("the database answered something that is not understood")]
    NotUnderstood,
    #[error("too many notices wait to be sent")]
    Full,
    #[error("the bus has been stopped")]
    Stopped,
    #[error("a notice cannot be encoded")]
    Encoding(#[source] Arc<serde_json::Error>),
    #[error("a notice is larger than 16 MiB, or nested deeper than 127 levels")]
    TooLarge,
}

impl NoticeError {
    /// Whether it says nothing about the notices that wait behind.
    pub(super) fn is_of_its_own(&self) -> bool {
        matches!(self, Self::Refused(error) if error.as_database_error().is_some())
    }
}

impl From<sqlx::Error> for NoticeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Refused(Arc::new(error))
    }
}
